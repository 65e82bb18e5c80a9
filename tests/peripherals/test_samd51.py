"""SAM D51's devices on the bench, each with the values that its data sheet gives."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, round_trip

from emulator.device import SOFTWARE, reset_cause
from peripherals.microchip.cmcc import Cmcc
from peripherals.microchip.gclk_d51 import GclkD51
from peripherals.microchip.mclk import Mclk
from peripherals.microchip.nvmctrl_d51 import NvmctrlD51
from peripherals.microchip.osc32kctrl import Osc32kctrl
from peripherals.microchip.oscctrl import Oscctrl
from peripherals.microchip.rstc import Rstc
from peripherals.microchip.sercom import SercomD51
from peripherals.microchip.supc import Supc
from peripherals.microchip.wdt import WdtD51

MHZ = 1_000_000
DFLL, DPLL0, XOSC32K = 6, 7, 5
GENERATOR_ON, CLOCK_ON = 1 << 8, 1 << 6
GENCTRL, PCHCTRL = 0x20, 0x80
DPLL0CTRLA, DPLL0RATIO, DPLL0CTRLB = 0x30, 0x34, 0x38


def clock_tree(bench: Bench) -> tuple[Any, Any, Any]:
    gclk = bench.build(GclkD51, "gclk")
    lines = ("xosc0", "xosc1", "dfll", "dpll0", "dpll1")
    oscctrl = bench.build(Oscctrl, "oscctrl", lines=lines, xosc1_hz=12 * MHZ)
    mclk = bench.build(Mclk, "mclk", lines=("global",))
    for device in (gclk, oscctrl, mclk):
        device.reset()
    return gclk, oscctrl, mclk


def test_a_pll_from_a_generator() -> None:
    bench = Bench()
    gclk, oscctrl, mclk = clock_tree(bench)
    assert bench.clocks.hz("core") == 48 * MHZ
    gclk.write(GENCTRL + 4 * 2, 4, DFLL | GENERATOR_ON | 24 << 16)
    gclk.write(PCHCTRL + 4 * 1, 4, CLOCK_ON | 2)
    oscctrl.write(0x08, 4, 1 << 16)
    oscctrl.write(DPLL0RATIO, 4, 59)
    oscctrl.write(DPLL0CTRLB, 4, 0)
    assert not bench.lines["dpll0"].level
    oscctrl.write(DPLL0CTRLA, 1, 2)
    assert (get(oscctrl, "DPLL0STATUS"), bench.lines["dpll0"].level) == (3, True)
    gclk.write(GENCTRL, 4, DPLL0 | GENERATOR_ON)
    assert bench.clocks.hz("core") == 120 * MHZ
    oscctrl.write(DPLL0RATIO, 4, 59 | 16 << 16)
    assert bench.clocks.hz("core") == 121 * MHZ
    mclk.write(0x05, 1, 4)
    assert bench.clocks.hz("core") == 30_250_000
    round_trip(gclk)
    round_trip(oscctrl)


def test_a_pll_from_a_crystal_and_one_from_nothing() -> None:
    bench = Bench()
    gclk, oscctrl, _mclk = clock_tree(bench)
    oscctrl.write(0x18, 4, 1 << 1)
    assert get(oscctrl, "STATUS") & 3 == 2
    oscctrl.write(0x4C, 4, 3 << 5 | 2 << 16)  # DPLL1CTRLB: XOSC1 by 6
    oscctrl.write(0x48, 4, 49)
    oscctrl.write(0x44, 1, 2)
    gclk.write(GENCTRL + 4, 4, 8 | GENERATOR_ON | 4 << 16)
    assert bench.clocks.hz("gclk1") == 25 * MHZ
    oscctrl.write(0x38, 4, 2 << 5)  # DPLL0CTRLB: XOSC0, which the board does not fit
    oscctrl.write(0x30, 1, 2)
    assert get(oscctrl, "DPLL0STATUS") == 0


def test_a_device_has_the_clock_of_its_generator() -> None:
    bench = Bench()
    gclk, _oscctrl, _mclk = clock_tree(bench)
    gclk.write(GENCTRL + 4 * 3, 4, DFLL | GENERATOR_ON | 1 << 12 | 3 << 16)  # by 2 ** 4
    gclk.write(PCHCTRL + 4 * 24, 4, CLOCK_ON | 3)
    assert bench.clocks.hz("sercom3") == 3 * MHZ
    gclk.write(PCHCTRL + 4 * 24, 4, 3)
    assert bench.clocks.hz("sercom3") == 0
    gclk.write(0, 1, 1)
    assert gclk.read(GENCTRL, 4) == DFLL | GENERATOR_ON


def test_the_slow_clocks() -> None:
    bench = Bench()
    slow = bench.build(Osc32kctrl, "osc32kctrl", lines=("global",))
    slow.reset()
    assert (bench.clocks.hz("rtc"), bench.clocks.hz("wdt")) == (1024, 1024)
    slow.write(0x10, 1, 5)
    assert bench.clocks.hz("rtc") == 0, "no crystal runs"
    slow.write(0x04, 4, 1)
    slow.write(0x14, 2, 1 << 3 | 1 << 2 | 1 << 1)
    assert (bench.clocks.hz("rtc"), bench.lines["global"].level) == (32768, True)
    assert bench.signals.get("clock:xosc32k") == 32768
    slow.write(0x10, 1, 4)
    assert bench.clocks.hz("rtc") == 0, "its 1 kHz output is off"
    round_trip(slow)


def test_reset_causes_and_the_supply() -> None:
    bench = Bench()
    rstc = bench.build(Rstc, "rstc")
    bench.signals.set(reset_cause(SOFTWARE), 1)
    rstc.reset()
    assert rstc.read(0, 1) == 1 << 6
    supc = bench.build(Supc, "supc", lines=("global", "detection"))
    supc.reset()
    assert get(supc, "STATUS") == 1 << 10 | 1 << 8
    supc.write(0x10, 4, 2)
    assert get(supc, "STATUS") == 1 << 10 | 1 << 8 | 1
    mclk = bench.build(Mclk, "mclk", lines=("global",))
    mclk.reset()
    mclk.write(2, 1, 1)
    assert (mclk.read(3, 1), mclk.read(1, 1)) == (1, 1)
    assert bench.lines["global"].level
    mclk.write(1, 1, 1)
    assert not bench.lines["global"].level


def test_four_lines_of_a_usart() -> None:
    bench = Bench(48 * MHZ)
    lines = ("line0", "line1", "line2", "line3")
    usart = bench.build(SercomD51, "sercom3", lines=lines, clock="core")
    usart.write(0x0C, 2, 63019)
    usart.write(0x04, 4, 1 << 16 | 1 << 17)
    usart.write(0x00, 4, 1 << 2 | 1 << 1)
    assert abs(bench.serial.bauds[-1] - 115_200) < 100
    usart.write(0x16, 1, 0x87)
    assert [bench.lines[line].level for line in lines] == [True, False, False, False]
    usart.write(0x28, 4, ord("a"))
    usart.write(0x28, 4, ord("b"))
    assert not bench.lines["line0"].level
    bench.run(2 * 4168)
    assert [bench.lines[line].level for line in lines] == [True, True, False, False]
    bench.serial.feed(b"wxyz")
    bench.run(5 * 4168)
    assert [bench.lines[line].level for line in lines] == [True, True, True, True]
    usart.write(0x18, 1, 1 << 7)
    assert not bench.lines["line3"].level
    round_trip(usart)


def flash(bench: Bench) -> Any:
    nvm = bench.build(
        NvmctrlD51, "nvmctrl", lines=("done", "smart_eeprom"), accelerator="nvm", flash_bytes=0x80000
    )
    nvm.reset()
    return nvm


def test_blocks_are_erased_and_pages_programmed_in_their_time() -> None:
    bench = Bench(MHZ)
    nvm = flash(bench)
    assert get(nvm, "PARAM") == 6 << 16 | 1024
    bench.memory.write_all(0x4000, bytes(2 * 8192))
    nvm.write(0x0E, 2, 1)
    nvm.write(0x14, 4, 0x4123)
    nvm.write(0x04, 2, 0xA501)
    assert bench.memory.read(0x4000, 4) == bench.memory.read(0x5FFC, 4) == 0xFFFFFFFF
    assert bench.memory.read(0x6000, 4) == 0, "the next block"
    assert (nvm.read(0x12, 2) & 1, bench.lines["done"].level) == (0, False)
    bench.run(50_000)
    assert (nvm.read(0x12, 2) & 1, nvm.read(0x10, 2), bench.lines["done"].level) == (1, 1, True)
    nvm.write(0x10, 2, 1)
    assert not bench.lines["done"].level
    assert bench.flash.store(0x4200, 4, 0x12345678)
    assert nvm.read(0x12, 2) & 4, "the buffer is loaded"
    assert bench.memory.read(0x4200, 4) == 0xFFFFFFFF
    nvm.write(0x04, 2, 0xA503)
    assert bench.memory.read(0x4200, 4) == 0x12345678
    bench.run(1499)
    assert nvm.read(0x12, 2) & 1 == 0
    bench.run(1)
    nvm.write(0x04, 2, 0x5A01)  # another key
    assert nvm.read(0x10, 2) == 5
    nvm.write(0x00, 2, 2 << 4)  # quad words by themselves
    for n in range(4):
        assert bench.flash.store(0x4210 + 4 * n, 4, n)
    assert [bench.memory.read(0x4210 + 4 * n, 4) for n in range(4)] == [0, 1, 2, 3]
    bench.run(1500)
    nvm.write(0x14, 4, 0x804000)
    nvm.write(0x04, 2, 0xA503)
    assert nvm.read(0x10, 2) & 2, "the user page is written by quad words alone"
    round_trip(nvm)


def test_the_user_page() -> None:
    bench = Bench(MHZ)
    nvm = flash(bench)
    bench.memory.write_all(0x804000, bytes(512))
    nvm.write(0x14, 4, 0x804000)
    nvm.write(0x04, 2, 0xA500)
    assert bench.memory.read(0x8041FC, 4) == 0xFFFFFFFF
    bench.run(50_000)
    for n in range(4):
        assert bench.flash.store(0x804010 + 4 * n, 4, n)
    nvm.write(0x04, 2, 0xA504)
    assert [bench.memory.read(0x804010 + 4 * n, 4) for n in range(4)] == [0, 1, 2, 3]
    bench.run(1500)
    nvm.write(0x14, 4, 0x1000)
    nvm.write(0x04, 2, 0xA500)
    nvm.write(0x04, 2, 0xA51A)
    assert nvm.read(0x12, 2) == 1 << 5 | 1, "BPDIS, READY"
    nvm.write(0x04, 2, 0xA51B)
    assert nvm.read(0x12, 2) == 1
    assert nvm.read(0x10, 2) == 3, "a page of the main flash is not erased alone"


@pytest.mark.parametrize(
    ("core_hz", "right"),
    [(24 * MHZ, 0), (48 * MHZ, 1), (77 * MHZ, 2), (100 * MHZ, 3), (119 * MHZ, 4), (120 * MHZ, 5)],
)
def test_automatic_wait_states(core_hz: int, right: int) -> None:
    bench = Bench(core_hz)
    nvm = flash(bench)
    assert bench.tuning.parameters["nvm"]["wait_states"] == right
    nvm.write(0x00, 2, 7 << 8)
    assert bench.tuning.parameters["nvm"]["wait_states"] == 7


def test_the_cache() -> None:
    bench = Bench()
    cmcc = bench.build(Cmcc, "cmcc", accelerator="nvm")
    cmcc.reset()
    assert (get(cmcc, "TYPE"), bench.tuning.parameters["nvm"]) == (0x12D2, {"instruction_cache": 0})
    cmcc.write(0x08, 4, 1)
    assert (get(cmcc, "SR"), bench.tuning.parameters["nvm"]) == (1, {"instruction_cache": 1})
    cmcc.write(0x2C, 4, 1)
    bench.run(100)
    assert cmcc.read(0x34, 4) == 100
    cmcc.write(0x30, 4, 1)
    assert cmcc.read(0x34, 4) == 0
    cmcc.write(0x04, 4, 0x26)
    assert bench.tuning.parameters["nvm"] == {"instruction_cache": 0}
    cmcc.write(0x10, 4, 1)
    assert "locked ways" in bench.unmodelled[-1][2]
    round_trip(cmcc)


def test_the_watchdog() -> None:
    bench = Bench(1024)
    bench.clocks.set({"wdt": 1024})
    dog = bench.build(WdtD51, "wdt", lines=("global",), clock="wdt")
    dog.reset()
    dog.write(0x01, 1, 3)
    dog.write(0x00, 1, 2)
    bench.run(63)
    dog.write(0x0C, 1, 0xA5)
    bench.run(63)
    assert not bench.resets
    bench.run(1)
    assert len(bench.resets) == 1
    round_trip(dog)
