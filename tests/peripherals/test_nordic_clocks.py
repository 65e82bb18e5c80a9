"""Clock, power and reset control of nRF52 and nRF53 on the bench."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip
from nordic_bench import CORE_HZ, LOW_HZ, MS, clear, do, happened

from emulator.device import SOFTWARE, reset_cause
from peripherals.nordic.ipc import Ipc
from peripherals.nordic.nrf53_clock import Nrf53Clock
from peripherals.nordic.power_clock import PowerClock

RUNNING, CRYSTAL = 1 << 16, 1


def clocked() -> tuple[Bench, PowerClock]:
    bench = Bench(CORE_HZ)
    return bench, bench.build(PowerClock, "power_clock", lines=("global",))


def test_the_crystal_takes_its_time_and_interrupts() -> None:
    bench, clock = clocked()
    assert get(clock, "HFCLKSTAT") == RUNNING
    put(clock, "INTENSET", 1)
    do(clock, "HFCLKSTART")
    bench.run(360 * MS // 1000 - 1)
    assert not happened(clock, "HFCLKSTARTED")
    bench.run(1)
    assert happened(clock, "HFCLKSTARTED")
    assert get(clock, "HFCLKSTAT") == RUNNING | CRYSTAL
    assert bench.lines["global"].level
    clear(clock, "HFCLKSTARTED")
    assert not bench.lines["global"].level
    do(clock, "HFCLKSTOP")
    assert get(clock, "HFCLKSTAT") == RUNNING
    round_trip(clock)


def test_the_low_clock_runs_from_its_oscillator_until_the_crystal_is_stable() -> None:
    bench, clock = clocked()
    put(clock, "LFCLKSRC", 1)
    do(clock, "LFCLKSTART")
    assert bench.clocks.hz("lfclk") == 0
    bench.run(MS)
    assert bench.clocks.hz("lfclk") == LOW_HZ
    assert get(clock, "LFCLKSTAT") == RUNNING
    assert not happened(clock, "LFCLKSTARTED")
    bench.run(250 * MS)
    assert happened(clock, "LFCLKSTARTED")
    assert get(clock, "LFCLKSTAT") == RUNNING | CRYSTAL
    do(clock, "LFCLKSTOP")
    assert bench.clocks.hz("lfclk") == 0


def test_what_outlives_a_reset() -> None:
    bench, clock = clocked()
    put(clock, "GPREGRET", 0x57)
    put(clock, "DCDCEN", 1)
    bench.signals.set(reset_cause(SOFTWARE), 1)
    clock.reset()
    bench.signals.set(reset_cause(SOFTWARE), 0)
    assert get(clock, "GPREGRET") == 0x57
    assert get(clock, "DCDCEN") == 0
    assert get(clock, "RESETREAS") == 1 << 2
    put(clock, "RESETREAS", 1 << 2)
    assert get(clock, "RESETREAS") == 0


# -- nRF53 ---------------------------------------------------------------------------------------
def clocked_nrf53() -> tuple[Bench, Nrf53Clock]:
    bench = Bench(CORE_HZ)
    return bench, bench.build(Nrf53Clock, "clock", lines=("global",), dppi=True, ram_blocks=0)


def test_the_core_runs_at_twice_its_first_clock() -> None:
    bench, clock = clocked_nrf53()
    assert bench.clocks.hz("core") == 64_000_000
    put(clock, "HFCLKCTRL", 0)
    assert bench.clock.core_hz == 128_000_000
    assert bench.clocks.hz("pclk16m") == 16_000_000
    put(clock, "INTENSET", 1 << 8)
    do(clock, "HFCLKAUDIOSTART")
    assert get(clock, "INTPEND") == 1 << 8
    assert bench.lines["global"].level
    assert get(clock, "HFCLKAUDIOSTAT") == RUNNING


def test_its_low_clock_numbers_its_sources_from_1() -> None:
    bench, clock = clocked_nrf53()
    put(clock, "LFCLKSRC", 2)  # the crystal
    do(clock, "LFCLKSTART")
    bench.run(MS)
    assert get(clock, "LFCLKSTAT") == RUNNING | 1
    bench.run(250 * MS)
    assert happened(clock, "LFCLKSTARTED")
    assert get(clock, "LFCLKSTAT") == RUNNING | 2


def test_the_network_core_is_told_to_be_missing() -> None:
    bench, clock = clocked_nrf53()
    assert get(clock, "NETWORK_FORCEOFF") == 1
    put(clock, "NETWORK_FORCEOFF", 0)
    ipc = bench.build(Ipc, "ipc", lines=("ipc",), dppi=True)
    put(ipc, "SEND_CNF3", 1 << 3)
    do(ipc, "SEND3")
    assert [what for _offset, _access, what in bench.unmodelled if "network core" in what]
    assert len(bench.unmodelled) == 2
