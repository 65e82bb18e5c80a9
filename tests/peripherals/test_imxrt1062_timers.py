"""i.MX RT1060's timers, watchdogs and reset controller, with the values that its reference manual gives."""

from __future__ import annotations

from typing import Any

from device_bench import Bench, get, put, round_trip

from emulator.device import POWER_ON, SOFTWARE, reset_cause
from peripherals.nxp.gpt import Gpt
from peripherals.nxp.pit import Pit
from peripherals.nxp.rtwdog import Rtwdog
from peripherals.nxp.snvs import Snvs
from peripherals.nxp.src import ROM_BASE, Src
from peripherals.nxp.wdog import Wdog

MHZ = 1_000_000


# -- timers ------------------------------------------------------------------------------------
def gpt() -> tuple[Bench, Any]:
    bench = Bench(MHZ)
    bench.clocks.frequencies.update(ipg=MHZ, perclk=500_000, ckil=32_768, osc24m=250_000)
    return bench, bench.build(Gpt, "gpt1", lines=("global",))


def test_gpt_starts_again_at_its_first_compare_value() -> None:
    bench, device = gpt()
    put(device, "OCR1", 99)
    put(device, "OCR2", 49)
    put(device, "IR", 1 << 1)
    put(device, "CR", 1 << 6 | 1 << 1 | 1)
    bench.run(48)
    assert (get(device, "CNT"), get(device, "SR")) == (48, 0)
    assert not bench.lines["global"].level
    bench.run(2)
    assert get(device, "SR") == 1 << 1
    assert bench.lines["global"].level
    put(device, "SR", 1 << 1)
    assert not bench.lines["global"].level
    bench.run(49)
    assert (get(device, "CNT"), get(device, "SR")) == (99, 1)
    bench.run(1)
    assert get(device, "CNT") == 0
    round_trip(device)


def test_gpt_takes_its_clocks_with_their_prescalers() -> None:
    bench, device = gpt()
    put(device, "PR", 9)
    put(device, "CR", 1 << 9 | 2 << 6 | 1 << 1 | 1)  # the reference, 500 kHz
    bench.run(200)
    assert get(device, "CNT") == 10
    put(device, "PR", 4 << 12 | 9)
    put(device, "CR", 1 << 10 | 1 << 9 | 5 << 6 | 1 << 1)
    put(device, "CR", 1 << 10 | 1 << 9 | 5 << 6 | 1 << 1 | 1)  # the crystal, by 5 and 10
    bench.run(400)
    assert get(device, "CNT") == 2


def test_gpt_tells_its_rollover_and_software_reset() -> None:
    bench, device = gpt()
    put(device, "CR", 1 << 9 | 1 << 6 | 1)
    bench.run((1 << 32) - 1)
    assert not get(device, "SR") & 1 << 5
    bench.run(1)
    assert get(device, "SR") & 1 << 5
    put(device, "CR", 1 << 15)
    assert (get(device, "CNT"), get(device, "SR"), get(device, "OCR1")) == (0, 0, 0xFFFFFFFF)


def test_pit_counts_down_over_ldval_plus_one() -> None:
    bench = Bench(MHZ)
    device = bench.build(Pit, "pit", lines=("global",), clock="core")
    put(device, "MCR", 0)
    put(device, "TIMER1_LDVAL", 99)
    put(device, "TIMER1_TCTRL", 3)
    bench.run(40)
    assert get(device, "TIMER1_CVAL") == 59
    bench.run(59)
    assert (get(device, "TIMER1_TFLG"), bench.lines["global"].level) == (1, True)
    put(device, "TIMER1_TFLG", 1)
    assert not bench.lines["global"].level
    bench.run(99)
    assert not bench.lines["global"].level
    bench.run(1)
    assert bench.lines["global"].level
    put(device, "TIMER1_TCTRL", 0)
    assert not bench.lines["global"].level
    round_trip(device)


def test_two_chained_pit_channels_are_a_long_one() -> None:
    bench = Bench(MHZ)
    device = bench.build(Pit, "pit", lines=("global",), clock="core")
    put(device, "MCR", 0)
    put(device, "TIMER0_LDVAL", 999)
    put(device, "TIMER1_LDVAL", 0xFFFFFFFF)
    put(device, "TIMER1_TCTRL", 5)
    put(device, "TIMER0_TCTRL", 1)
    bench.run(2500)
    assert get(device, "LTMR64H") == 0xFFFFFFFF - 2
    assert get(device, "LTMR64L") == 499


def test_snvs_counts_seconds_and_outlives_a_reset() -> None:
    bench = Bench(MHZ)
    device = bench.build(Snvs, "snvs", lines=("alarm",))
    put(device, "LPSRTCLR", 1_546_300_800 << 15 & 0xFFFFFFFF)
    put(device, "LPSRTCMR", 1_546_300_800 >> 17)
    put(device, "LPCR", 0x21)
    bench.run(3 * MHZ)
    seconds = get(device, "LPSRTCMR") << 17 | get(device, "LPSRTCLR") >> 15
    assert seconds == 1_546_300_803
    put(device, "LPGPR0", 7)
    device.reset()
    assert (get(device, "LPGPR0"), get(device, "LPCR")) == (7, 0x21)
    put(device, "HPCR", 1 << 16 | 1)
    assert get(device, "HPRTCMR") << 17 | get(device, "HPRTCLR") >> 15 == 1_546_300_803
    put(device, "LPTAR", 1_546_300_805 & 0xFFFFFFFF)
    put(device, "LPCR", 0x23)
    bench.run(2 * MHZ - 1000)
    assert not bench.lines["alarm"].level
    bench.run(1000)
    assert bench.lines["alarm"].level
    put(device, "LPSR", 1)
    assert not bench.lines["alarm"].level
    round_trip(device)


# -- watchdogs, resets ---------------------------------------------------------------------------
def test_the_watchdog_bites_after_its_half_seconds() -> None:
    bench = Bench(MHZ)
    bench.clocks.frequencies["ckil"] = 32_768
    device = bench.build(Wdog, "wdog1", lines=("global",), clock="ckil")
    device.write(6, 2, 1 << 15 | 1)  # WICR: half a second before the end
    device.write(0, 2, 0x0134)  # WT 1: a second
    assert device.register_name(2) == "WSR"
    bench.run(499_000)
    assert not bench.lines["global"].level
    bench.run(2_000)
    assert bench.lines["global"].level
    device.write(2, 2, 0x5555)
    device.write(2, 2, 0xAAAA)
    bench.run(990_000)
    assert not bench.resets
    device.write(0, 2, 0x0130)
    assert device.read(0, 2) & 4  # which nothing but a reset takes back
    bench.run(20_000)
    assert len(bench.resets) == 1
    assert bench.signals.get(reset_cause("wdog")) == 1
    device.reset()
    assert device.read(4, 2) == 1 << 1


def test_the_watchdog_resets_when_it_is_asked_to() -> None:
    bench = Bench(MHZ)
    device = bench.build(Wdog, "wdog1", clock="core")
    device.write(0, 2, 0x20)
    assert len(bench.resets) == 1


def test_wdog3_runs_until_it_is_unlocked_and_stopped() -> None:
    bench = Bench(MHZ)
    bench.clocks.frequencies["ckil"] = 32_768
    device = bench.build(Rtwdog, "rtwdog")
    bench.run(31_000)
    assert not bench.resets
    put(device, "CNT", 0xB480A602)
    bench.run(31_000)
    assert not bench.resets
    bench.run(1_000)
    assert len(bench.resets) == 1
    device.reset()
    put(device, "CNT", 0xD928C520)
    put(device, "TOVAL", 0xFFFF)
    put(device, "CS", 0x2120)
    bench.run(5 * MHZ)
    assert len(bench.resets) == 1
    put(device, "TOVAL", 1)
    assert len(bench.resets) == 2  # locked again
    device.write(4, 2, 0xC520)
    device.write(4, 2, 0xD928)
    put(device, "TOVAL", 2)
    assert (len(bench.resets), get(device, "TOVAL")) == (2, 2)


def test_src_says_why_and_holds_the_boot_roms_program() -> None:
    bench = Bench()
    device = bench.build(Src, "src")
    assert get(device, "SRSR") == 1
    assert bench.memory.read(ROM_BASE, 4) == 0x20208000
    put(device, "SRSR", 1)
    put(device, "GPR3", 0x1234)
    bench.signals.set(reset_cause(SOFTWARE), 1)
    device.reset()
    assert (get(device, "SRSR"), get(device, "GPR3")) == (1 << 1, 0x1234)
    bench.signals.set(reset_cause(SOFTWARE), 0)
    bench.signals.set(reset_cause("wdog3"), 1)
    device.reset()
    assert get(device, "SRSR") == 1 << 1 | 1 << 7
    bench.signals.set(reset_cause("wdog3"), 0)
    bench.signals.set(reset_cause(POWER_ON), 1)
    device.reset()
    assert get(device, "SRSR") == 1
