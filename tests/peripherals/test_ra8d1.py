"""RA8D1's devices on the bench: figures of R01UH0995, as Renesas' FSP programs them."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, round_trip

from emulator.board.reader import load_board
from peripherals.renesas.agt import Agt
from peripherals.renesas.gpt import Gpt
from peripherals.renesas.icu import Icu
from peripherals.renesas.memory_settings import FlashSettings, SramSettings
from peripherals.renesas.mstp import ModuleStop
from peripherals.renesas.ports import Ports
from peripherals.renesas.sci_b import SciB
from peripherals.renesas.system import System

MHZ = 1_000_000
PRCR, SCKDIVCR, SCKDIVCR2, SCKSCR = 0x3FA, 0x20, 0x24, 0x26
PLLCCR, PLLCR, MOSCCR, HOCOCR, OSCSF, PLLCCR2 = 0x28, 0x2A, 0x32, 0x36, 0x3C, 0x4C
SCICKDIVCR, SCICKCR = 0x54, 0x55
HOCO, MOCO, PLL1P = 0, 1, 5
IELSR = 0x300
PERIPHERAL_CLOCKS = {
    "iclk": 240,
    "pclka": 120,
    "pclkb": 60,
    "pclkc": 60,
    "pclkd": 120,
    "pclke": 240,
    "fclk": 60,
}


def system(bench: Bench) -> Any:
    made = bench.build(System, "system", mosc_hz=20 * MHZ, memories=["flash", "sram"])
    made.reset()
    return made


def opened(bench: Bench) -> Any:
    made = system(bench)
    made.write(PRCR, 2, 0xA503)
    return made


def test_480_mhz_from_the_crystal() -> None:
    """FSP's clocks of EK-RA8D1: 20 MHz / 2 * 96 / 2."""
    bench = Bench()
    cgc = opened(bench)
    assert bench.clocks.hz("core") == 8 * MHZ
    assert cgc.read(OSCSF, 1) == 0
    cgc.write(MOSCCR, 1, 0)
    assert cgc.read(OSCSF, 1) == 1 << 3
    cgc.write(PLLCCR, 2, 95 << 8 | 1)
    cgc.write(PLLCCR2, 2, 3 << 4 | 1)
    cgc.write(PLLCR, 1, 0)
    assert cgc.read(OSCSF, 1) == 1 << 3 | 1 << 5
    cgc.write(SCKDIVCR, 4, 0x31122332)
    cgc.write(SCKSCR, 1, PLL1P)
    assert bench.clocks.hz("core") == 480 * MHZ
    for name, mhz in PERIPHERAL_CLOCKS.items():
        assert bench.clocks.hz(name) == mhz * MHZ, name
    assert bench.tuning.parameters["flash"]["bus_divider"] == 2
    cgc.write(SCKDIVCR2, 1, 8)
    assert bench.clocks.hz("core") == 160 * MHZ
    round_trip(cgc)


@pytest.mark.parametrize(("fraction", "hz"), [(0, 240), (1, 241.25), (2, 242.5), (3, 241.875)])
def test_a_multiplier_has_thirds_and_halves(fraction: int, hz: float) -> None:
    """7.5 MHz * 64 and a fraction / 2, from a HOCO of 15 MHz."""
    bench = Bench()
    cgc = bench.build(System, "system", hoco_hz=15 * MHZ)
    cgc.reset()
    cgc.write(PRCR, 2, 0xA501)
    cgc.write(HOCOCR, 1, 0)
    cgc.write(PLLCCR, 2, 63 << 8 | fraction << 6 | 1 << 4 | 1)
    cgc.write(PLLCCR2, 2, 1)
    cgc.write(PLLCR, 1, 0)
    cgc.write(SCKSCR, 1, PLL1P)
    assert bench.clocks.hz("core") == pytest.approx(hz * MHZ, abs=2)


def test_registers_are_protected_until_their_key_comes() -> None:
    bench = Bench()
    cgc = system(bench)
    cgc.write(MOSCCR, 1, 0)
    assert cgc.read(MOSCCR, 1) == 1, "PRC0 is 0"
    cgc.write(PRCR, 2, 0x5A01)
    cgc.write(MOSCCR, 1, 0)
    assert (cgc.read(PRCR, 2), cgc.read(MOSCCR, 1)) == (0, 1), "a wrong key"
    cgc.write(PRCR, 2, 0xA501)
    cgc.write(MOSCCR, 1, 0)
    assert (cgc.read(PRCR, 2), cgc.read(MOSCCR, 1)) == (1, 0)
    cgc.write(PRCR, 2, 0xA500)
    cgc.write(MOSCCR, 1, 1)
    assert cgc.read(MOSCCR, 1) == 0


def test_the_serial_ports_clock_is_changed_on_request() -> None:
    bench = Bench()
    cgc = opened(bench)
    cgc.write(SCICKCR, 1, 1 << 6 | MOCO)
    assert cgc.read(SCICKCR, 1) >> 7
    cgc.write(SCICKDIVCR, 1, 2)
    cgc.write(SCICKCR, 1, MOCO)
    assert not cgc.read(SCICKCR, 1) >> 7
    assert bench.clocks.hz("sciclk") == 2 * MHZ


def test_a_stopped_module_does_not_answer() -> None:
    bench = Bench()
    stops = bench.build(ModuleStop, "mstp")
    gpt = bench.build(Gpt, "gpt0", stop="E31")
    for device in (stops, gpt):
        device.reset()
    gpt.write(0x64, 4, 99)
    assert gpt.read(0x64, 4) == 0
    stops.write(0x10, 4, 0x7FFFFFFF)
    gpt.write(0x64, 4, 99)
    assert gpt.read(0x64, 4) == 99
    stops.write(0x10, 4, 0xFFFFFFFF)
    assert gpt.read(0x64, 4) == 0
    round_trip(stops)


def test_an_event_asserts_the_interrupt_until_its_request_is_cleared() -> None:
    bench = Bench()
    icu = bench.build(Icu, "icu", lines=("irq0", "irq7"))
    icu.reset()
    icu.write(IELSR + 4 * 7, 4, 0x163)
    for level in (1, 0):
        bench.signals.set("event:355", level)
    assert bench.lines["irq7"].level
    assert icu.read(IELSR + 4 * 7, 4) == 0x163 | 1 << 16
    icu.write(IELSR + 4 * 7, 4, 0x163 | 1 << 16)
    assert bench.lines["irq7"].level, "writing 1 changes nothing"
    icu.write(IELSR + 4 * 7, 4, 0x163)
    assert not bench.lines["irq7"].level
    icu.write(IELSR, 4, 0x163)
    icu.write(IELSR + 4 * 7, 4, 0)
    for level in (1, 0):
        bench.signals.set("event:355", level)
    assert (bench.lines["irq0"].level, bench.lines["irq7"].level) == (True, False)
    round_trip(icu)


def serial(bench: Bench, *, fifos: bool = False) -> Any:
    """SCI9 at 10 clocks a microsecond: 16 * 5 clocks a bit, 8 us; events from 100 on."""
    bench.clocks.frequencies |= {"sciclk": 10 * MHZ}
    sci = bench.build(SciB, "sci9", events=100)
    sci.reset()
    sci.write(0x14, 4, 0x1202 | (1 << 20 if fifos else 0))
    sci.write(0x10, 4, 4 << 8 | 1 << 4)
    return sci


def events(bench: Bench) -> list[int]:
    """Which have begun since last asked."""
    begun = [int(name[6:]) for name, level in bench.signals.history if name.startswith("event:") and level]
    bench.signals.history.clear()
    return begun


def test_characters_leave_at_the_pace_of_ccr2() -> None:
    bench = Bench()
    sci = serial(bench)
    assert sci.read(0x48, 4) >> 29 & 3 == 3, "TDRE and TEND"
    sci.write(0x08, 4, 1 << 4 | 1 << 20 | 1 << 21)
    assert events(bench) == [101, 102], "TXI as TE and TIE are set, TEI as nothing is to be sent"
    sci.write(0x04, 4, ord("a"))
    sci.write(0x04, 4, ord("b"))
    assert sci.read(0x48, 4) >> 29 & 3 == 0
    assert bench.serial.bauds[-1] == 125_000
    bench.run(80)
    assert bench.serial.sent == [ord("a")]
    assert events(bench) == [101, 101], "both went to the shift register"
    bench.run(80)
    assert bench.serial.sent == [ord("a"), ord("b")]
    assert events(bench) == [102]
    round_trip(sci)


def test_characters_come_and_overrun() -> None:
    bench = Bench()
    sci = serial(bench)
    sci.write(0x08, 4, 1 << 0 | 1 << 16)
    bench.serial.feed(b"xy")
    bench.run(80)
    assert (sci.read(0x48, 4) >> 31, events(bench)) == (1, [100])
    bench.run(80)
    assert (sci.read(0x48, 4) >> 24 & 1, events(bench)) == (1, [103]), "ORER, ERI"
    assert sci.read(0x00, 4) & 0xFF == ord("x")
    assert sci.read(0x48, 4) >> 31 == 0
    sci.write(0x68, 4, 1 << 24)
    assert sci.read(0x48, 4) >> 24 & 1 == 0
    bench.serial.feed(b"z")
    bench.run(80)
    assert sci.read(0x00, 4) & 0xFF == ord("z")


def test_a_fifo_tells_at_its_trigger_and_after_a_while() -> None:
    bench = Bench()
    sci = serial(bench, fifos=True)
    sci.write(0x24, 4, 3 << 16)
    sci.write(0x08, 4, 1 << 0 | 1 << 16)
    bench.serial.feed(b"abcd")
    bench.run(160)
    assert events(bench) == []
    bench.run(160)
    assert (events(bench), sci.read(0x50, 4) >> 8) == ([100], 4)
    assert bytes(sci.read(0x00, 4) & 0xFF for _ in range(4)) == b"abcd"
    bench.serial.feed(b"e")
    bench.run(300)
    assert (events(bench), sci.read(0x50, 4)) == ([100], 1 << 8 | 1), "DR"
    sci.write(0x70, 4, 1)
    assert sci.read(0x50, 4) == 1 << 8
    round_trip(sci)


def test_the_asynchronous_timer_underflows() -> None:
    bench = Bench()
    agt = bench.build(Agt, "agt0", events=70)
    agt.reset()
    agt.write(0x00, 2, 99)
    agt.write(0x02, 2, 40)
    agt.write(0x0E, 1, 1)
    agt.write(0x08, 1, 1)
    assert agt.read(0x08, 1) == 3, "TSTART, TCSTF"
    bench.run(50)
    assert agt.read(0x00, 2) == 49
    bench.run(10)
    assert events(bench) == [71]
    bench.run(40)
    assert events(bench) == [70]
    assert agt.read(0x08, 1) == 3 | 1 << 5 | 1 << 6
    agt.write(0x08, 1, 1 | 1 << 6)
    assert agt.read(0x08, 1) == 3 | 1 << 6
    agt.write(0x08, 1, 4)
    assert agt.read(0x08, 1) == 0
    round_trip(agt)


def test_the_asynchronous_timer_counts_an_eighth_or_the_low_clock() -> None:
    bench = Bench()
    bench.clocks.frequencies |= {"pclkb": MHZ, "loco": 32_768}
    agt = bench.build(Agt, "agt0")
    agt.reset()
    agt.write(0x09, 1, 1 << 4)
    agt.write(0x00, 2, 999)
    agt.write(0x08, 1, 1)
    bench.run(800)
    assert agt.read(0x00, 2) == 899
    agt.write(0x08, 1, 4)
    agt.write(0x09, 1, 4 << 4)
    agt.write(0x0A, 1, 1)
    agt.write(0x00, 2, 999)
    agt.write(0x08, 1, 1)
    bench.run(1_000_000 // 16_384 * 10)
    assert 989 <= agt.read(0x00, 2) <= 990


def test_a_general_timer_counts_up_to_its_period() -> None:
    bench = Bench()
    timers = [bench.build(Gpt, f"gpt{n}", channel=n, events=161 + 9 * n) for n in range(2)]
    for timer in timers:
        timer.reset()
        timer.write(0x10, 4, 1 << 31)
        timer.write(0x64, 4, 99)
        timer.write(0x4C, 4, 30)
    timers[1].write(0x2C, 4, 1 << 23)
    timers[0].write(0x04, 4, 3)
    assert [timer.read(0x2C, 4) & 1 for timer in timers] == [1, 1], "both by one channel's GTSTR"
    bench.run(50)
    assert [timer.read(0x48, 4) for timer in timers] == [50, 25]
    bench.run(50)
    assert events(bench) == [161, 170, 167]
    assert [get(timer, "GTST") & 0xC1 for timer in timers] == [0x41, 0x01]
    timers[0].write(0x3C, 4, 0)
    assert get(timers[0], "GTST") & 0x40 == 0
    timers[0].write(0x08, 4, 1)
    assert timers[0].read(0x2C, 4) & 1, "GTPSR does not let software stop it"
    timers[0].write(0x14, 4, 1 << 31)
    timers[0].write(0x08, 4, 1)
    assert not timers[0].read(0x2C, 4) & 1
    round_trip(timers[0])


def test_a_general_timer_is_guarded() -> None:
    bench = Bench()
    timer = bench.build(Gpt, "gpt0")
    timer.reset()
    timer.write(0x00, 4, 0xA501)
    timer.write(0x64, 4, 99)
    assert timer.read(0x64, 4) == 0xFFFFFFFF
    timer.write(0x00, 4, 0x0000)
    timer.write(0x64, 4, 99)
    assert timer.read(0x64, 4) == 0xFFFFFFFF, "without the key"
    timer.write(0x00, 4, 0xA500)
    timer.write(0x64, 4, 99)
    assert timer.read(0x64, 4) == 99


def test_pins_and_what_they_are_for() -> None:
    bench = Bench()
    ports = bench.build(Ports, "ports")
    ports.reset()
    function = 0x800 + 0x40 * 6
    ports.write(function, 4, 1 << 2 | 1)
    assert bench.signals.get("P600") == 0, "PFS is guarded"
    ports.write(0xD14, 1, 1 << 6)
    ports.write(function, 4, 1 << 2 | 1)
    assert bench.signals.get("P600") == 0, "B0WI was set"
    for value in (0, 1 << 6):
        ports.write(0xD14, 1, value)
    ports.write(function, 4, 1 << 2 | 1)
    assert bench.signals.get("P600") == 1
    ports.write(0x20 * 6 + 0x0A, 2, 1)
    assert bench.signals.get("P600") == 0
    ports.write(0x20 * 6 + 0x08, 2, 1)
    assert (bench.signals.get("P600"), ports.read(function, 4) & 7) == (1, 7)
    bench.signals.set("P009", 1)
    assert ports.read(0x04, 2) == 1 << 9
    ports.write(function, 4, 1 << 16 | 5 << 24)
    ports.write(0x20 * 6, 4, 1)
    assert bench.signals.get("P600") == 1, "the pin is a peripheral's"
    round_trip(ports)


def test_memories_wait_as_they_are_told() -> None:
    bench = Bench()
    flash = bench.build(FlashSettings, "flash_settings", accelerator="flash")
    sram = bench.build(SramSettings, "sram_settings", accelerator="sram")
    for device in (flash, sram):
        device.reset()
    flash.write(0x11C, 1, 4)
    sram.write(0x08, 1, 1)
    assert bench.tuning.parameters["flash"] == {"wait_states": 4}
    assert bench.tuning.parameters["sram"] == {"wait_states": 1}


def test_a_line_of_the_flash_cache_comes_at_once() -> None:
    read_bytes = {found.name: found.parameters["read_bytes"] for found in load_board("ek-ra8d1").accelerators}
    assert (read_bytes["flash"], read_bytes["sram"]) == (16, 8)
