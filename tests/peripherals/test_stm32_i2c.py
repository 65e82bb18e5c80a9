"""STM32's I2C masters with nobody on the wires: both generations, as drivers use them."""

from __future__ import annotations

import pytest
from device_bench import Bench, get, put, round_trip

from peripherals.stm32.i2c import I2c
from peripherals.stm32.i2c_v1 import I2cV1

LINES = ("event", "error")

# -- F1, F4: registers of RM0090 chapter 27 ------------------------------------------------------
PE, START, STOP, SWRST = 1, 1 << 8, 1 << 9, 1 << 15
SB, AF = 1, 1 << 10
MSL, BUSY = 1, 2
ITERREN, ITEVTEN = 1 << 8, 1 << 9
ADDRESS = 0x76 << 1


def older(bench: Bench, ccr: int = 5) -> I2cV1:
    device: I2cV1 = bench.build(I2cV1, "i2c1", lines=LINES)
    put(device, "CCR", ccr)
    put(device, "CR1", PE)
    return device


def test_an_older_master_finds_nobody_and_frees_the_bus() -> None:
    """Start, address, no acknowledge, stop; a period of SCL is two CCR."""
    bench = Bench()
    device = older(bench)
    put(device, "CR1", PE | START)
    bench.run(9)
    assert get(device, "SR1") == 0
    bench.run(1)
    assert (get(device, "SR1"), get(device, "SR2"), get(device, "CR1")) == (SB, MSL | BUSY, PE)
    put(device, "DR", ADDRESS)
    assert get(device, "SR1") == 0
    bench.run(89)
    assert get(device, "SR1") == 0
    bench.run(1)
    assert (get(device, "SR1"), get(device, "SR2")) == (AF, MSL | BUSY)
    put(device, "CR1", PE | STOP)
    put(device, "SR1", ~AF & 0xFFFF)
    assert get(device, "CR1") == PE | STOP
    bench.run(10)
    assert (get(device, "SR1"), get(device, "SR2"), get(device, "CR1")) == (0, 0, PE)
    round_trip(device)


@pytest.mark.parametrize(("ccr", "period"), [(10, 20), (1 << 15 | 10, 30), (3 << 14 | 10, 250)])
def test_an_older_masters_modes_have_their_own_periods(ccr: int, period: int) -> None:
    bench = Bench()
    device = older(bench, ccr)
    put(device, "CR1", PE | START)
    bench.run(period - 1)
    assert not get(device, "SR1") & SB
    bench.run(1)
    assert get(device, "SR1") & SB


def test_an_older_masters_lines_follow_their_enables() -> None:
    bench = Bench()
    device = older(bench)
    put(device, "CR1", PE | START)
    bench.run(10)
    event, error = bench.lines["event"], bench.lines["error"]
    assert not event.level
    put(device, "CR2", ITEVTEN | ITERREN)
    assert event.level
    put(device, "DR", ADDRESS)
    assert not event.level
    bench.run(90)
    assert error.level
    put(device, "SR1", ~AF & 0xFFFF)
    assert not error.level


def test_an_older_master_stops_before_it_starts_anew() -> None:
    """HAL's look for a device asks for both within one transfer."""
    bench = Bench()
    device = older(bench)
    put(device, "CR1", PE | START)
    bench.run(10)
    put(device, "DR", ADDRESS)
    put(device, "CR1", PE | STOP | START)  # while the address goes out
    bench.run(90)
    assert get(device, "SR1") == AF
    bench.run(10)
    assert (get(device, "SR2"), get(device, "CR1")) == (0, PE | START)
    bench.run(10)
    assert (get(device, "SR1"), get(device, "CR1")) == (AF | SB, PE)


def test_an_older_master_is_stopped_by_disabling_and_by_its_reset() -> None:
    bench = Bench()
    device = older(bench)
    for last in (0, SWRST):
        put(device, "CR1", PE | START)
        bench.run(10)
        put(device, "DR", ADDRESS)
        put(device, "CR1", last)
        bench.run(1000)
        assert (get(device, "SR1"), get(device, "SR2"), get(device, "CR1")) == (0, 0, last)
    assert get(device, "CCR") == 0  # the reset's value
    put(device, "CR1", 0)
    put(device, "CR1", STOP | PE)  # on a bus that nobody holds
    assert get(device, "CR1") == PE
    put(device, "CR1", PE | 2)
    assert [what for _offset, _access, what in bench.unmodelled] == ["the time-outs of SMBus"]


# -- the newer block: registers of RM0351 chapter 39 ---------------------------------------------
GO, END, AUTOEND = 1 << 13, 1 << 14, 1 << 25
TXE, NACKF, STOPF, ON_BUS = 1, 1 << 4, 1 << 5, 1 << 15
NACKIE, STOPIE = 1 << 4, 1 << 5


def newer(bench: Bench, control: int = PE) -> I2c:
    device: I2c = bench.build(I2c, "i2c1", lines=LINES)
    put(device, "TIMINGR", 1 << 28 | 1 << 8 | 2)  # SCLL 2, SCLH 1, PRESC 1: ten ticks
    put(device, "CR1", control)
    return device


def test_a_newer_master_is_not_acknowledged_and_stops_by_itself() -> None:
    bench = Bench()
    device = newer(bench)
    assert get(device, "ISR") == TXE
    put(device, "CR2", ADDRESS | 1 << 16 | AUTOEND | GO)
    assert get(device, "ISR") == TXE | ON_BUS
    bench.run(99)
    assert get(device, "ISR") == TXE | ON_BUS
    bench.run(1)
    assert get(device, "ISR") == TXE | ON_BUS | NACKF
    assert not get(device, "CR2") & GO
    bench.run(9)
    assert not get(device, "ISR") & STOPF
    bench.run(1)
    assert get(device, "ISR") == TXE | NACKF | STOPF
    round_trip(device)
    put(device, "ICR", NACKF | STOPF)
    assert get(device, "ISR") == TXE


def test_a_newer_masters_flags_assert_its_line_as_enabled() -> None:
    bench = Bench()
    device = newer(bench, PE | STOPIE)
    put(device, "CR2", ADDRESS | GO)
    bench.run(100)
    event = bench.lines["event"]
    assert not event.level
    put(device, "CR1", PE | NACKIE | STOPIE)
    assert event.level
    put(device, "ICR", NACKF)
    assert not event.level
    bench.run(10)
    assert event.level
    put(device, "ICR", STOPF)
    assert not event.level
    assert not bench.lines["error"].level


def test_a_start_that_is_asked_for_while_the_bus_is_freed_follows() -> None:
    bench = Bench()
    device = newer(bench)
    put(device, "CR2", ADDRESS | GO)
    bench.run(105)
    put(device, "CR2", ADDRESS | GO)
    bench.run(5)
    assert get(device, "ISR") & (STOPF | ON_BUS) == STOPF | ON_BUS
    assert get(device, "CR2") & GO
    bench.run(110)
    assert not get(device, "ISR") & ON_BUS


def test_what_waits_in_txdr_is_flushed_by_writing_txe() -> None:
    bench = Bench()
    device = newer(bench)
    put(device, "TXDR", 0x55)
    assert not get(device, "ISR") & TXE
    put(device, "ISR", TXE)
    assert get(device, "ISR") & TXE


def test_a_newer_master_that_is_off_does_nothing() -> None:
    bench = Bench()
    device = newer(bench, 0)
    put(device, "CR2", ADDRESS | GO | END)
    bench.run(1000)
    assert (get(device, "ISR"), get(device, "CR2")) == (TXE, ADDRESS)
    put(device, "CR1", PE)
    put(device, "CR2", ADDRESS | GO)
    put(device, "CR1", 0)
    bench.run(1000)
    assert (get(device, "ISR"), get(device, "CR2")) == (TXE, ADDRESS)
    put(device, "TIMEOUTR", 1 << 15)
    assert [what for _offset, _access, what in bench.unmodelled] == ["the time-outs of SMBus"]
