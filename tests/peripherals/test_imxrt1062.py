"""i.MX RT1060's clocks, pins and smaller devices, each with the values that its reference manual gives."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, offset_of, put, round_trip

from peripherals.nxp.ccm import Ccm
from peripherals.nxp.ccm_analog import CcmAnalog
from peripherals.nxp.gpio import Gpio
from peripherals.nxp.iomuxc_gpr import IomuxcGpr
from peripherals.nxp.quiet import AliasedQuiet
from peripherals.nxp.trng import Trng
from peripherals.nxp.usb import Usb

MHZ = 1_000_000
LOCK = 1 << 31


def clock_tree() -> tuple[Bench, Any, Any]:
    bench = Bench(12 * MHZ)
    ccm = bench.build(Ccm, "ccm")
    analog = bench.build(CcmAnalog, "ccm_analog")
    return bench, ccm, analog


# -- clocks ------------------------------------------------------------------------------------
def test_after_reset_the_core_runs_at_half_the_crystal() -> None:
    bench, _ccm, _analog = clock_tree()
    assert bench.clocks.hz("core") == 12 * MHZ
    assert bench.clocks.hz("ipg") == 3 * MHZ


def test_a_teensy_runs_at_600_mhz() -> None:
    bench, ccm, analog = clock_tree()
    put(analog, "PLL_ARM", 1 << 12)
    assert not get(analog, "PLL_ARM") & LOCK
    put(analog, "PLL_ARM", 1 << 13 | 100)
    assert get(analog, "PLL_ARM") & LOCK
    assert bench.clocks.hz("pll1") == 1200 * MHZ
    assert bench.clocks.hz("core") == 600 * MHZ  # CACRR divides by 2 after reset
    assert bench.clocks.hz("ipg") == 150 * MHZ
    assert bench.tuning.parameters["ocram"]["bus_divider"] == 4
    put(ccm, "CBCDR", get(ccm, "CBCDR") & ~0x300 | 1 << 8)
    assert bench.clocks.hz("ipg") == 300 * MHZ


def test_the_core_runs_from_periph_clk2_while_its_pll_is_set() -> None:
    bench, ccm, analog = clock_tree()
    put(analog, "PLL_USB1", 1 << 13 | 1 << 12 | 1 << 6)
    assert bench.clocks.hz("pll3") == 480 * MHZ
    put(ccm, "CBCMR", get(ccm, "CBCMR") & ~(3 << 12))
    put(ccm, "CBCDR", get(ccm, "CBCDR") | 1 << 25 | 3 << 27)
    assert bench.clocks.hz("core") == 120 * MHZ
    put(ccm, "CBCMR", get(ccm, "CBCMR") | 1 << 12)
    assert bench.clocks.hz("core") == 6 * MHZ


def test_fractional_dividers_and_the_system_pll() -> None:
    bench, ccm, analog = clock_tree()
    put(analog, "PLL_SYS", 1 << 13 | 1)
    put(analog, "PFD_528", 0x2018101B)
    hz = bench.clocks.hz
    assert (hz("pll2"), hz("pll2_pfd0"), hz("pll2_pfd1"), hz("pll2_pfd2"), hz("pll2_pfd3")) == (
        528 * MHZ, 352 * MHZ, 594 * MHZ, 396 * MHZ, 297 * MHZ,
    )  # fmt: skip
    analog.write(offset_of(analog, "PFD_528_SET"), 4, 1 << 23)
    assert hz("pll2_pfd2") == 0
    analog.write(offset_of(analog, "PFD_528_CLR"), 4, 1 << 23)
    assert hz("pll2_pfd2") == 396 * MHZ
    put(ccm, "CBCMR", get(ccm, "CBCMR") & ~(3 << 18) | 1 << 18)
    assert hz("core") == 396 * MHZ
    put(analog, "PLL_SYS_NUM", 1)
    put(analog, "PLL_SYS_DENOM", 2)
    assert hz("pll2") == 540 * MHZ
    analog.write(offset_of(analog, "PLL_SYS_TOG"), 4, 1 << 16)
    assert hz("pll2") == 24 * MHZ


def test_kernel_clocks_have_their_switches_and_dividers() -> None:
    bench, ccm, analog = clock_tree()
    put(analog, "PLL_USB1", 1 << 13 | 1 << 12)
    put(analog, "PFD_480", 0x1311100D)
    hz = bench.clocks.hz
    put(ccm, "CSCDR1", 3)
    assert hz("uart") == 20 * MHZ  # PLL3 / 6 / 4
    put(ccm, "CSCDR1", 1 << 6)
    assert hz("uart") == 24 * MHZ
    put(ccm, "CSCMR1", 1 << 6 | 3 << 29 | 4 << 23)
    assert hz("perclk") == 24 * MHZ
    assert hz("flexspi") == 480 * MHZ * 18 // 13 // 5
    put(ccm, "CSCDR2", 1 << 19)
    assert hz("lpi2c") == 30 * MHZ
    assert (hz("osc24m"), hz("ckil")) == (24 * MHZ, 32_768)
    round_trip(ccm)
    round_trip(analog)


def test_the_crystal_is_up_whatever_firmware_does_to_it() -> None:
    _bench, _ccm, analog = clock_tree()
    put(analog, "LOWPWR_CTRL", 0)
    assert get(analog, "LOWPWR_CTRL") == 1 << 16
    analog.write(offset_of(analog, "MISC0_SET"), 4, 1 << 16)
    assert get(analog, "MISC0") & 1 << 15


def test_the_temperature_is_measured_at_once() -> None:
    _bench, _ccm, analog = clock_tree()
    assert not get(analog, "TEMPSENSE0") & 4
    analog.write(offset_of(analog, "TEMPSENSE0_CLR"), 4, 1)
    assert get(analog, "TEMPSENSE0") & 4
    assert get(analog, "TEMPSENSE0") >> 8 & 0xFFF == 0x5C0


# -- FlexRAM -----------------------------------------------------------------------------------
def banks(bench: Bench) -> list[int]:
    return [bench.signals.get(f"flexram:{memory}") for memory in ("itcm", "dtcm", "ocram")]


def test_flexram_is_divided_as_the_fuses_or_gpr17_say() -> None:
    bench = Bench()
    gpr = bench.build(IomuxcGpr, "iomuxc_gpr")
    assert banks(bench) == [4, 4, 8]
    put(gpr, "GPR17", 0xAAAAAAAB)
    assert banks(bench) == [4, 4, 8]  # not chosen yet
    put(gpr, "GPR16", 0x00200007)
    assert banks(bench) == [1, 15, 0]  # as PJRC's start-up code divides it
    put(gpr, "GPR14", 0x00AA0000)
    assert banks(bench) == [1, 15, 0]  # 512 KB each are more than there are
    put(gpr, "GPR17", 0x55AAAA0F)
    assert banks(bench) == [2, 8, 4]  # two banks are nobody's
    round_trip(gpr)
    gpr.reset()
    assert banks(bench) == [4, 4, 8]


def test_a_tcm_ends_where_the_core_is_told_that_it_does() -> None:
    bench = Bench()
    gpr = bench.build(IomuxcGpr, "iomuxc_gpr")
    put(gpr, "GPR14", 7 << 20 | 6 << 16)
    assert banks(bench) == [1, 2, 8]
    put(gpr, "GPR14", 3 << 16)
    assert banks(bench) == [1, 4, 8]  # 4 KB, as a whole bank
    put(gpr, "GPR16", 0x00200002)
    assert banks(bench) == [0, 4, 8]
    put(gpr, "GPR16", 0x00200001)
    assert banks(bench) == [1, 0, 8]


# -- pins --------------------------------------------------------------------------------------
def test_a_pad_is_the_slow_ports_until_it_is_given_to_the_fast_one() -> None:
    bench = Bench()
    gpr = bench.build(IomuxcGpr, "iomuxc_gpr")
    slow = bench.build(Gpio, "gpio2", port=2)
    fast = bench.build(Gpio, "gpio7", port=2, fast=True)
    for port in (slow, fast):
        put(port, "GDIR", 1 << 3)
    put(slow, "DR_SET", 1 << 3)
    assert bench.signals.get("GPIO2_IO03") == 1
    put(gpr, "GPR27", 0xFFFFFFFF)
    assert bench.signals.get("GPIO2_IO03") == 0
    put(fast, "DR_TOGGLE", 1 << 3)
    assert bench.signals.get("GPIO2_IO03") == 1
    assert get(slow, "PSR") == get(fast, "PSR") == 1 << 3
    put(slow, "DR_CLEAR", 1 << 3)
    assert bench.signals.get("GPIO2_IO03") == 1
    round_trip(fast)


@pytest.mark.parametrize(
    ("kind", "edge_select", "moves"),
    [(2, False, {1: True, 0: False}), (3, False, {1: False, 0: True}), (0, True, {1: True, 0: True})],
)
def test_edges_raise_flags(kind: int, edge_select: bool, moves: dict[int, bool]) -> None:
    bench = Bench()
    device = bench.build(Gpio, "gpio1", lines=("low", "high", "pin5"), port=1)
    put(device, "ICR1", 1 << 2 * 6 | kind << 2 * 5)  # the others: at a high level here
    put(device, "ICR2", 2 << 2 * 4)
    put(device, "EDGE_SEL", 1 << 5 if edge_select else 0)
    put(device, "ISR", 0xFFFFFFFF)
    put(device, "IMR", 1 << 5 | 1 << 20)
    for level, raises in moves.items():
        bench.signals.set("GPIO1_IO05", level)
        assert (bench.lines["low"].level, bench.lines["pin5"].level) == (raises, raises)
        put(device, "ISR", 1 << 5)
        assert not bench.lines["low"].level
    bench.signals.set("GPIO1_IO20", 1)
    assert (bench.lines["low"].level, bench.lines["high"].level) == (False, True)


def test_a_level_asks_as_long_as_it_lasts() -> None:
    bench = Bench()
    device = bench.build(Gpio, "gpio5", lines=("low",), port=5)
    put(device, "ICR1", 1)
    put(device, "IMR", 1)
    put(device, "ISR", 0xFFFFFFFF)
    assert not bench.lines["low"].level
    bench.signals.set("GPIO5_IO00", 1)
    put(device, "ISR", 1)
    assert bench.lines["low"].level
    bench.signals.set("GPIO5_IO00", 0)
    put(device, "ISR", 1)
    assert not bench.lines["low"].level


def test_four_fast_ports_share_a_line() -> None:
    bench = Bench()
    first = bench.build(Gpio, "gpio6", lines=("global",), port=1, fast=True, shares=["gpio7"])
    second = bench.build(Gpio, "gpio7", port=2, fast=True)
    put(second, "ICR1", 2 << 4)
    put(second, "IMR", 1 << 2)
    put(second, "ISR", 0xFFFFFFFF)
    assert not bench.lines["global"].level
    bench.signals.set("GPIO2_IO02", 1)
    assert bench.lines["global"].level
    put(first, "ISR", 0xFFFFFFFF)
    assert bench.lines["global"].level
    put(second, "ISR", 1 << 2)
    assert not bench.lines["global"].level


# -- the rest ------------------------------------------------------------------------------------
def test_random_words_are_the_same_after_every_reset() -> None:
    bench = Bench()
    device = bench.build(Trng, "trng", lines=("global",))
    assert get(device, "ENT0") == 0
    put(device, "MCTL", 0x12041)  # to defaults, in the programming mode
    assert not get(device, "MCTL") & 1 << 10
    put(device, "MCTL", 0x2021)
    assert get(device, "MCTL") & 1 << 10
    words = [get(device, f"ENT{n}") for n in range(16)]
    assert len(set(words)) == 16
    device.reset()
    put(device, "MCTL", 0x2021)
    assert [get(device, f"ENT{n}") for n in range(16)] == words


def test_usb_is_told_by_name_and_once() -> None:
    bench = Bench()
    device = bench.build(Usb, "usb")
    put(device, "USB1_USBCMD", 2)
    assert get(device, "USB1_USBCMD") == 0x80000
    put(device, "USB1_USBMODE", 2)
    put(device, "USB1_USBCMD", 1)
    put(device, "USB1_USBCMD", 1)
    assert [what for _offset, _access, what in bench.unmodelled if "no host" in what]
    assert len(bench.unmodelled) == 1


def test_aliases_of_stored_registers_set_clear_and_toggle() -> None:
    device = Bench().build(AliasedQuiet, registers={"CTRL": 0x30}, clear=["CTRL.31"], silent=True)
    put(device, "CTRL", 0x80000001)
    assert get(device, "CTRL") == 1
    device.write(0x34, 4, 6)
    device.write(0x38, 4, 2)
    device.write(0x3C, 4, 0x11)
    assert get(device, "CTRL") == device.read(0x34, 4) == 0x14
