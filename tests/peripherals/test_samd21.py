"""SAM D21's devices on the bench, each with the values that its data sheet gives."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, round_trip

from emulator.device import SOFTWARE, reset_cause
from peripherals.microchip.gclk import Gclk
from peripherals.microchip.nvmctrl import Nvmctrl
from peripherals.microchip.pm import Pm
from peripherals.microchip.port import Port
from peripherals.microchip.sercom import Sercom
from peripherals.microchip.sysctrl import Sysctrl
from peripherals.microchip.wdt import Wdt

MHZ = 1_000_000
DFLL, XOSC32K, OSC8M = 7, 5, 6
GENERATOR_ON, CLOCK_ON = 1 << 16, 1 << 14


def clock_tree(bench: Bench) -> tuple[Any, Any, Any]:
    gclk = bench.build(Gclk, "gclk")
    sysctrl = bench.build(Sysctrl, "sysctrl", lines=("global",))
    pm = bench.build(Pm, "pm")
    for device in (gclk, sysctrl, pm):
        device.reset()
    return gclk, sysctrl, pm


def test_the_dfll_in_open_and_closed_loop() -> None:
    bench = Bench()
    gclk, sysctrl, pm = clock_tree(bench)
    assert bench.clocks.hz("core") == MHZ
    sysctrl.write(0x24, 2, 1 << 1)
    assert get(sysctrl, "PCLKSR") & 1 << 4
    gclk.write(4, 4, 0 | DFLL << 8 | GENERATOR_ON)
    assert bench.clocks.hz("core") == 48 * MHZ
    gclk.write(4, 4, 1 | XOSC32K << 8 | GENERATOR_ON)
    gclk.write(2, 2, 0 | CLOCK_ON | 1 << 8)
    sysctrl.write(0x14, 2, 1 << 1)
    sysctrl.write(0x2C, 4, 1464)
    sysctrl.write(0x24, 2, 1 << 2 | 1 << 1)
    assert bench.clocks.hz("core") == 1464 * 32768
    assert get(sysctrl, "PCLKSR") >> 6 & 3 == 3
    pm.write(0x08, 1, 2)
    assert bench.clocks.hz("core") == 366 * 32768
    round_trip(gclk)
    round_trip(sysctrl)


def test_a_device_has_the_clock_of_its_generator() -> None:
    bench = Bench()
    gclk, sysctrl, _pm = clock_tree(bench)
    sysctrl.write(0x20, 4, 0x87070082)  # OSC8M undivided
    gclk.write(8, 4, 3 | 4 << 8)
    gclk.write(4, 4, 3 | OSC8M << 8 | GENERATOR_ON)
    gclk.write(2, 2, 0x19 | CLOCK_ON | 3 << 8)
    assert bench.clocks.hz("sercom5") == 2 * MHZ
    gclk.write(8, 4, 3 | 4 << 8)
    gclk.write(4, 4, 3 | OSC8M << 8 | GENERATOR_ON | 1 << 20)  # divided by 2 ** 5
    assert bench.clocks.hz("sercom5") == 250_000
    gclk.write(2, 1, 3)  # the watchdog's, read back
    assert gclk.read(2, 2) == 3 | CLOCK_ON | 2 << 8
    assert bench.clocks.hz("wdt") == 32768
    gclk.write(2, 2, 0x19)
    assert bench.clocks.hz("sercom5") == 0


def test_the_fractional_pll() -> None:
    bench = Bench()
    gclk, sysctrl, _pm = clock_tree(bench)
    gclk.write(4, 4, 1 | OSC8M << 8 | GENERATOR_ON)
    gclk.write(2, 2, 1 | CLOCK_ON | 1 << 8)
    sysctrl.write(0x4C, 4, 2 << 4)
    sysctrl.write(0x48, 4, 47 | 8 << 16)
    sysctrl.write(0x44, 1, 2)
    assert bench.signals.get("clock:dpll96m") == 48_500_000
    assert get(sysctrl, "DPLLSTATUS") == 7
    sysctrl.write(4, 4, 1 << 15)
    assert bench.lines["global"].level
    sysctrl.write(8, 4, 1 << 15)
    assert not bench.lines["global"].level


def test_reset_causes() -> None:
    bench = Bench()
    pm = bench.build(Pm, "pm", lines=("global",))
    bench.signals.set(reset_cause(SOFTWARE), 1)
    pm.reset()
    assert get(pm, "RCAUSE") == 1 << 6
    pm.write(0x35, 1, 1)
    assert bench.lines["global"].level
    pm.write(0x36, 1, 1)
    assert not bench.lines["global"].level


@pytest.mark.parametrize(
    ("control", "baud", "right"),
    [
        (0, 63019, 115_200),
        (1 << 13, 26, 115_385),
        (2 << 13, 64278, 115_200),
        (3 << 13, 52, 115_385),
    ],
)
def test_baud_rates(control: int, baud: int, right: int) -> None:
    bench = Bench(48 * MHZ)
    usart = bench.build(Sercom, "sercom5", lines=("global",), clock="core")
    usart.write(0x0C, 2, baud)
    usart.write(0x04, 4, 1 << 16 | 1 << 17)
    usart.write(0x00, 4, control | 1 << 2 | 1 << 1)
    assert abs(bench.serial.bauds[-1] - right) <= right // 1000


def test_characters_both_ways_and_an_overrun() -> None:
    bench = Bench(48 * MHZ)
    usart = bench.build(Sercom, "sercom5", lines=("global",), clock="core")
    usart.write(0x0C, 2, 63019)
    usart.write(0x04, 4, 1 << 16 | 1 << 17)
    usart.write(0x00, 4, 1 << 2 | 1 << 1)
    assert (usart.read(0x18, 1), bench.signals.get("dma:sercom5_TX")) == (1, 1)
    usart.write(0x28, 2, ord("a"))
    assert usart.read(0x18, 1) == 1, "it went to the shift register"
    usart.write(0x28, 2, ord("b"))
    assert usart.read(0x18, 1) == 0
    bench.run(2 * 4168)
    assert (bench.serial.sent, usart.read(0x18, 1)) == ([ord("a"), ord("b")], 3)
    usart.write(0x16, 1, 1 << 2)
    bench.serial.feed(b"xyz!")
    bench.run(4168)
    assert bench.lines["global"].level
    bench.run(4 * 4168)
    assert usart.read(0x18, 1) & 0x84 == 0x84
    assert usart.read(0x1A, 2) == 1 << 2
    assert [usart.read(0x28, 2) for _ in range(2)] == [ord("x"), ord("y")]
    usart.write(0x14, 1, 1 << 2)
    assert (usart.read(0x16, 1), bench.lines["global"].level) == (0, False)
    usart.write(0x00, 4, 3 << 2 | 1 << 1)
    usart.write(0x00, 4, 1)
    round_trip(usart)
    usart.write(0x00, 4, 2 << 2 | 1 << 1)
    assert "SPI slave" in bench.unmodelled[-1][2]


def test_rows_are_erased_and_pages_programmed_in_their_time() -> None:
    bench = Bench(MHZ)
    nvm = bench.build(Nvmctrl, "nvmctrl", lines=("global",), accelerator="nvm")
    nvm.reset()
    assert get(nvm, "PARAM") == 3 << 16 | 4096
    bench.memory.write_all(0x1000, bytes(512))
    nvm.write(0x1C, 4, 0x1000 // 2)
    nvm.write(0x00, 2, 0xA502)
    assert bench.memory.read(0x1000, 4) == 0xFFFFFFFF
    assert bench.memory.read(0x1100, 4) == 0, "the next row"
    assert nvm.read(0x14, 1) == 0
    bench.run(6000)
    assert nvm.read(0x14, 1) == 1
    assert bench.flash.store(0x1000, 4, 0x12345678)
    assert bench.memory.read(0x1000, 4) == 0xFFFFFFFF, "it is in the buffer"
    nvm.write(0x00, 2, 0xA504)
    assert bench.memory.read(0x1000, 4) == 0x12345678
    bench.run(2499)
    assert nvm.read(0x14, 1) == 0
    bench.run(1)
    nvm.write(0x00, 2, 0x5A02)  # another key
    assert (nvm.read(0x14, 1), nvm.read(0x18, 2)) == (3, 4)
    nvm.write(0x14, 1, 2)
    nvm.write(0x04, 4, 1 << 1)  # not by hand: the last word does it
    assert bench.tuning.parameters["nvm"] == {"wait_states": 1, "instruction_cache": 1}
    assert bench.flash.store(0x10FC, 4, 0x55AA55AA)
    assert bench.memory.read(0x10FC, 4) == 0x55AA55AA
    assert not bench.flash.store(0x1080, 1, 0), "bytes are a bus fault"
    bench.run(2500)
    bench.memory.write_all(0x804000, bytes(256))
    nvm.write(0x1C, 4, 0x804000 // 2)
    nvm.write(0x00, 2, 0xA505)
    assert bench.memory.read(0x8040FC, 4) == 0xFFFFFFFF
    bench.run(6000)
    nvm.write(0x04, 4, 1 << 7)
    assert bench.flash.store(0x804040, 4, 0xD8E0C7FF)
    nvm.write(0x00, 2, 0xA506)
    assert bench.memory.read(0x804040, 4) == 0xD8E0C7FF
    round_trip(nvm)


def test_pins() -> None:
    bench = Bench()
    port = bench.build(Port, "port")
    port.write(0x88, 4, 1 << 3)  # DIRSET of group B
    port.write(0x98, 4, 1 << 3)
    assert (bench.signals.get("PB03"), port.read(0xA0, 4)) == (1, 8)
    port.write(0x9C, 4, 1 << 3)
    assert bench.signals.get("PB03") == 0
    port.write(0x28, 4, 1 << 31 | 1 << 30 | 1 << 28 | 3 << 24 | 7 << 16 | 1 << 2)  # PA18
    assert (port.read(0x52, 1), port.read(0x39, 1) & 15) == (7, 3)
    port.write(0x18, 4, 1 << 18)
    assert port.read(0x20, 4) == 1 << 18, "pulled up"
    round_trip(port)


def test_the_watchdog() -> None:
    bench = Bench(1024)
    bench.clocks.set({"wdt": 1024})
    dog = bench.build(Wdt, "wdt", lines=("global",), clock="wdt")
    dog.reset()
    dog.write(0x01, 1, 3)  # 64 clocks
    dog.write(0x02, 1, 1)  # early: 16
    dog.write(0x05, 1, 1)
    dog.write(0x00, 1, 2)
    bench.run(16)
    assert bench.lines["global"].level
    bench.run(40)
    dog.write(0x08, 1, 0xA5)
    bench.run(63)
    assert not bench.resets
    bench.run(1)
    assert len(bench.resets) == 1
    dog.write(0x08, 1, 0x5A)
    assert len(bench.resets) == 2
    round_trip(dog)
