"""SERCOM as a master of SPI and I2C with nobody on the wires: flags, bus state, time, lines."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, put, round_trip

from peripherals.microchip.sercom import Sercom, SercomD51

ENABLE, SPI, I2C, RXEN = 2, 3 << 2, 5 << 2, 1 << 17
DRE, TXC, RXC, ERROR = 1, 2, 4, 1 << 7
MB, RXNACK, CLKHOLD, BUSERR = 1, 1 << 18, 1 << 23, 1 << 16
UNKNOWN, IDLE, OWNER = 0, 1 << 20, 2 << 20
STOP = 3 << 16
CHARACTER = 8 * 2 * 5  # cycles: BAUD is 4
PERIOD = 10 + 2 * 5  # cycles: BAUD is 5


def spi(bench: Bench, kind: type[Any] = Sercom, control: int = RXEN, **parameters: Any) -> Any:
    device = bench.build(kind, "sercom4", lines=kind.LINES, clock="core", **parameters)
    put(device, "BAUD", 4)
    put(device, "CTRLB", control)
    put(device, "CTRLA", SPI | ENABLE)
    return device


def i2c(bench: Bench, state: int = IDLE) -> Sercom:
    device: Sercom = bench.build(Sercom, "sercom3", lines=("global",), clock="core")
    put(device, "BAUD", 5)
    put(device, "CTRLA", I2C | ENABLE)
    put(device, "INTFLAG", state)
    return device


@pytest.mark.parametrize(("miso", "expected"), [(1, 0xFF), (0, 0)])
def test_a_character_of_spi_takes_its_time_and_brings_the_pins_level(miso: int, expected: int) -> None:
    bench = Bench()
    device = spi(bench, miso=miso)
    assert get(device, "INTFLAG") == DRE
    put(device, "DATA", 0xA5)
    assert get(device, "INTFLAG") == DRE, "it is in the shift register"
    bench.run(CHARACTER - 1)
    assert get(device, "INTFLAG") == DRE
    bench.run(1)
    assert get(device, "INTFLAG") == DRE | TXC | RXC
    round_trip(device)
    assert get(device, "DATA") == expected
    assert get(device, "INTFLAG") == DRE | TXC


def test_characters_of_spi_follow_without_a_pause() -> None:
    bench = Bench()
    device = spi(bench, control=0)
    put(device, "DATA", 1)
    put(device, "DATA", 2)
    assert get(device, "INTFLAG") == 0
    bench.run(CHARACTER)
    assert get(device, "INTFLAG") == DRE
    bench.run(CHARACTER)
    assert get(device, "INTFLAG") == DRE | TXC, "and nothing is received without RXEN"
    put(device, "DATA", 3)
    assert get(device, "INTFLAG") == DRE


def test_a_third_character_that_nobody_reads_is_an_overflow() -> None:
    bench = Bench()
    device = spi(bench)
    for _ in range(3):
        put(device, "DATA", 0)
        bench.run(CHARACTER)
    assert get(device, "INTFLAG") == DRE | TXC | RXC | ERROR | RXNACK, "STATUS.BUFOVF has the same place"
    put(device, "INTFLAG", ERROR | RXNACK)
    assert get(device, "INTFLAG") == DRE | TXC | RXC


def test_nine_bits_and_the_lines_of_sam_d51() -> None:
    bench = Bench()
    device = spi(bench, SercomD51, RXEN | 1)
    device.write(0x16, 1, RXC)
    put(device, "DATA", 0)
    bench.run(9 * 2 * 5)
    assert bench.lines["line2"].level
    assert not bench.lines["line0"].level
    assert get(device, "DATA") == 0x1FF
    assert not bench.lines["line2"].level
    put(device, "CTRLC", 1 << 24)
    assert [what for _o, _a, what in bench.unmodelled] == ["four bytes in an access to DATA"]


def test_turning_it_off_forgets_what_was_under_way() -> None:
    bench = Bench()
    device = spi(bench)
    put(device, "DATA", 1)
    put(device, "CTRLA", SPI)
    bench.run(CHARACTER)
    assert get(device, "INTFLAG") == 0
    put(device, "CTRLA", 2 << 2 | ENABLE)
    assert [what for _o, _a, what in bench.unmodelled] == ["a SERCOM as SPI slave: nothing moves"]


# -- I2C -----------------------------------------------------------------------------------------
def test_an_address_is_not_acknowledged_and_the_master_stops() -> None:
    bench = Bench()
    device = i2c(bench)
    device.write(0x16, 1, MB)
    assert get(device, "INTFLAG") == IDLE
    put(device, "ADDR", 0x68 << 1)
    assert get(device, "INTFLAG") == OWNER
    bench.run(10 * PERIOD - 1)
    assert get(device, "INTFLAG") == OWNER
    bench.run(1)
    assert get(device, "INTFLAG") == OWNER | MB | RXNACK | CLKHOLD
    assert bench.lines["global"].level
    assert bench.signals.get("dma:sercom3_TX") == 0
    round_trip(device)
    put(device, "CTRLB", STOP)
    assert get(device, "CTRLB") == 0
    bench.run(PERIOD)
    assert get(device, "INTFLAG") == IDLE | RXNACK
    assert not bench.lines["global"].level


def test_a_byte_and_a_repeated_start_find_nobody_either() -> None:
    bench = Bench()
    device = i2c(bench)
    put(device, "ADDR", 0x68 << 1)
    bench.run(10 * PERIOD)
    put(device, "DATA", 1)
    bench.run(9 * PERIOD)
    assert get(device, "INTFLAG") == OWNER | MB | RXNACK | CLKHOLD
    put(device, "INTFLAG", MB)
    assert get(device, "INTFLAG") == OWNER | RXNACK
    put(device, "ADDR", 0x69 << 1 | 1)
    bench.run(10 * PERIOD)
    assert get(device, "INTFLAG") & MB


def test_a_bus_of_unknown_state_is_an_error_until_it_is_told_idle() -> None:
    bench = Bench()
    device = i2c(bench, UNKNOWN)
    put(device, "ADDR", 0x68 << 1)
    assert get(device, "INTFLAG") == UNKNOWN | MB | ERROR | BUSERR | CLKHOLD
    put(device, "INTFLAG", MB | ERROR | BUSERR | IDLE)
    assert get(device, "INTFLAG") == IDLE
    waits = bench.build(Sercom, "sercom2", lines=("global",), clock="core")
    put(waits, "CTRLA", I2C | ENABLE | 1 << 28)
    assert get(waits, "INTFLAG") == IDLE, "INACTOUT"
    put(waits, "BAUD", 5 | 15 << 8)
    put(waits, "ADDR", 2)
    bench.run(10 * 30)
    assert get(waits, "INTFLAG") & MB
