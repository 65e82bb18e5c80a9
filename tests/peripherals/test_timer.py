"""Timers: exact counts at any moment, flags, preloads, modes, and deadlines only where needed."""

from __future__ import annotations

import pytest
from device_bench import Bench, get, put, round_trip

from peripherals.stm32.timer import Timer

CEN, OPM, DIR, ARPE, URS, UDIS = 1 << 0, 1 << 3, 1 << 4, 1 << 7, 1 << 2, 1 << 1
UIF, CC1, CC2 = 1 << 0, 1 << 1, 1 << 2


def timer(bench: Bench, *, lines: tuple[str, ...] = ("global",), **parameters: object) -> Timer:
    device: Timer = bench.build(Timer, "tim", lines=lines, **parameters)
    return device


def test_reset_values() -> None:
    assert get(timer(Bench()), "ARR") == 0xFFFF
    device = timer(Bench(), bits=32)
    assert get(device, "ARR") == 0xFFFFFFFF
    assert all(get(device, name) == 0 for name in ("CR1", "SR", "CNT", "PSC", "CCR1"))
    names = [row.name for row in timer(Bench(), channels=0).register_table()]
    assert names == ["CR1", "CR2", "DIER", "SR", "EGR", "CNT", "PSC", "ARR"]
    assert {"RCR", "BDTR", "CCR6"} <= {row.name for row in timer(Bench(), channels=6).register_table()}


def test_microsecond_counter() -> None:
    """As mbed sets its time source: prescaler by UG, 32 bits, free-running."""
    bench = Bench(120_000_000)
    device = timer(bench, bits=32)
    put(device, "PSC", 119)
    put(device, "EGR", 1)
    put(device, "SR", 0)
    put(device, "CR1", CEN)
    for cycles, count in ((119, 0), (1, 1), (120, 2), (1_200_000_000, 10_000_002)):
        bench.run(cycles)
        assert get(device, "CNT") == count
    assert bench.touches == 4
    assert device.read(0x24, 2) == 10_000_002 & 0xFFFF


def test_a_clock_that_does_not_divide_the_core_loses_nothing() -> None:
    bench = Bench(3_000_000)
    bench.clocks.frequencies["odd"] = 2_000_000
    device = timer(bench, bits=32, clock="odd")
    put(device, "CR1", CEN)
    for _ in range(1001):
        bench.run(1)
        get(device, "CNT")
    assert get(device, "CNT") == 1001 * 2 // 3


def test_update_interrupt_comes_at_its_cycle() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "ARR", 99)
    put(device, "DIER", 1)
    put(device, "CR1", CEN)
    bench.run(99)
    assert not bench.lines["global"].level
    bench.run(1)
    assert bench.lines["global"].level
    assert get(device, "CNT") == 0
    put(device, "SR", ~UIF)
    assert not bench.lines["global"].level
    bench.run(100)
    assert bench.lines["global"].rises == 2


def test_nothing_is_scheduled_once_every_flag_is_set() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "ARR", 9)
    put(device, "CR1", CEN)
    bench.run(25)
    assert get(device, "SR") == 0x1F
    assert bench.clock.next_cycles() > 1 << 62
    bench.run(1_000_003)
    assert get(device, "CNT") == (1_000_003 + 25) % 10


def test_compare_flags() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "ARR", 999)
    put(device, "CCR1", 250)
    put(device, "CCR2", 2000)
    put(device, "DIER", CC1)
    put(device, "CR1", CEN)
    bench.run(249)
    assert not bench.lines["global"].level
    bench.run(1)
    assert bench.lines["global"].level
    bench.run(3000)
    assert not get(device, "SR") & CC2  # never reached


def test_preloads_wait_for_the_update_event() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "ARR", 9)
    put(device, "CR1", CEN | ARPE)
    bench.run(3)
    put(device, "PSC", 1)
    put(device, "ARR", 4)
    bench.run(6)
    assert get(device, "CNT") == 9
    bench.run(1)
    assert get(device, "CNT") == 0
    bench.run(9)
    assert get(device, "CNT") == 4
    bench.run(1)
    assert get(device, "CNT") == 0


def test_update_generation_and_its_masks() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "CNT", 77)
    put(device, "EGR", 1)
    assert get(device, "CNT") == 0
    assert get(device, "SR") & UIF
    put(device, "SR", 0)
    put(device, "CR1", URS)
    put(device, "EGR", 1)
    assert not get(device, "SR") & UIF
    put(device, "CR1", UDIS)
    put(device, "EGR", 1)
    assert not get(device, "SR") & UIF


def test_one_pulse_stops() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "ARR", 9)
    put(device, "CR1", CEN | OPM)
    bench.run(100)
    assert get(device, "CR1") == OPM
    assert get(device, "CNT") == 0


def test_down_and_center_aligned() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "ARR", 9)
    put(device, "CR1", DIR)
    put(device, "EGR", 1)
    put(device, "CR1", CEN | DIR)
    bench.run(4)
    assert get(device, "CNT") == 5
    bench.run(6)
    assert get(device, "CNT") == 9
    other = timer(bench := Bench())
    put(other, "ARR", 4)
    put(other, "CR1", CEN | 1 << 5)
    seen = []
    for _ in range(10):
        seen.append(get(other, "CNT"))
        bench.run(1)
    assert seen == [0, 1, 2, 3, 4, 3, 2, 1, 0, 1]


def test_repetition_counter() -> None:
    bench = Bench()
    device = timer(bench, lines=("update", "compare"), channels=6)
    put(device, "ARR", 9)
    put(device, "RCR", 2)
    put(device, "EGR", 1)
    put(device, "SR", 0)
    put(device, "DIER", 1)
    put(device, "CR1", CEN)
    bench.run(29)
    assert not bench.lines["update"].level
    bench.run(1)
    assert bench.lines["update"].level
    assert not bench.lines["compare"].level


def test_count_above_reload_runs_to_the_end() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "CR1", CEN)
    bench.run(100)
    put(device, "ARR", 49)
    bench.run(0x10000 - 100)
    assert get(device, "CNT") == 0
    bench.run(50)
    assert get(device, "CNT") == 0


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_reading_often_changes_nothing(step: int) -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "PSC", 2)
    put(device, "ARR", 6)
    put(device, "CCR1", 3)
    put(device, "EGR", 1)
    put(device, "CR1", CEN)
    for _ in range(7000 // step):
        bench.run(step)
        get(device, "SR")
    assert get(device, "CNT") == 7000 // 3 % 7


def test_clock_change_keeps_the_count() -> None:
    bench = Bench()
    device = timer(bench, clock="timpclk1", bits=32)
    put(device, "CR1", CEN)
    bench.run(1000)
    bench.clocks.set({"core": 2_000_000, "timpclk1": 500_000})
    bench.run(1000)
    assert get(device, "CNT") == 1250


def test_update_flag_copy() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "EGR", 1)
    put(device, "CR1", 1 << 11)
    assert get(device, "CNT") == 1 << 31


def test_not_modelled_is_reported() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "SMCR", 7)
    put(device, "CCMR1", 1)
    put(device, "DIER", 1 << 8)
    assert {what for _offset, _access, what in bench.unmodelled} == {
        "slave mode",
        "input capture",
        "DMA requests of a timer",
    }


def test_snapshot() -> None:
    bench = Bench()
    device = timer(bench)
    put(device, "PSC", 6)
    put(device, "EGR", 1)
    put(device, "CR1", CEN)
    bench.run(12_345)
    saved, clock, cycles = device.save(), bench.clock.save(), bench.cycles
    bench.run(1000)
    expected = get(device, "CNT")
    device.load(saved)
    bench.clock.load(clock)
    bench.cycles = cycles
    bench.run(1000)
    assert get(device, "CNT") == expected
    round_trip(device)
