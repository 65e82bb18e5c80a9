"""Timers and real-time counters of nRF52 and nRF53 on the bench."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, get, put, round_trip
from nordic_bench import (
    LOW_HZ,
    MS,
    PERIPHERAL_CYCLES,
    SECOND,
    US,
    captured,
    clear,
    clocked_bench,
    do,
    happened,
)

from peripherals.nordic.rtc import Rtc
from peripherals.nordic.timer import Timer


# -- TIMER --------------------------------------------------------------------------------
def timer(bench: Bench, **parameters: Any) -> Timer:
    device: Timer = bench.build(Timer, "timer", lines=("global",), **parameters)
    put(device, "BITMODE", 3)
    put(device, "PRESCALER", 4)  # 1 MHz
    return device


def test_timer_counts_and_compares() -> None:
    bench = clocked_bench()
    device = timer(bench)
    put(device, "CC0", 1000)
    put(device, "INTENSET", 1 << 16)
    do(device, "START")
    bench.run(1000 * US - 1)
    assert not happened(device, "COMPARE0")
    bench.run(1)
    assert happened(device, "COMPARE0")
    assert bench.lines["global"].level
    bench.run(500 * US)
    assert captured(device) == 1500
    do(device, "STOP")
    bench.run(500 * US)
    assert captured(device) == 1500
    do(device, "CLEAR")
    assert captured(device) == 0
    round_trip(device)


def test_compare_clears_periodically() -> None:
    bench = clocked_bench()
    device = timer(bench)
    put(device, "CC0", 100)
    put(device, "SHORTS", 1)
    put(device, "INTENSET", 1 << 16)
    do(device, "START")
    for _ in range(5):
        bench.run(100 * US - 1)
        assert not happened(device, "COMPARE0")
        bench.run(1)
        assert happened(device, "COMPARE0")
        clear(device, "COMPARE0")
    bench.run(42 * US)
    assert captured(device) == 42


def test_compares_do_not_look_back() -> None:
    bench = clocked_bench()
    device = timer(bench)
    put(device, "CC0", 1000)
    do(device, "START")
    bench.run(500 * US)
    put(device, "CC0", 300)
    assert not happened(device, "COMPARE0")
    put(device, "CC0", 501)
    bench.run(US)
    assert happened(device, "COMPARE0")


def test_compare_stops() -> None:
    bench = clocked_bench()
    device = timer(bench)
    put(device, "CC1", 100)
    put(device, "SHORTS", 1 << 9)
    do(device, "START")
    bench.run(1000 * US)
    assert captured(device) == 100
    assert happened(device, "COMPARE1")
    put(device, "SHORTS", 1 << 9 | 1 << 1)  # and clears
    do(device, "CLEAR")
    do(device, "START")
    bench.run(1000 * US)
    assert captured(device) == 0


def test_a_count_beyond_the_compare_that_clears_goes_round_first() -> None:
    bench = clocked_bench()
    device = timer(bench)
    put(device, "BITMODE", 1)  # 8 bits
    do(device, "START")
    bench.run(50 * US)
    put(device, "CC0", 20)
    put(device, "SHORTS", 1)
    clear(device, "COMPARE0")
    bench.run(206 * US)
    assert captured(device) == 0
    assert not happened(device, "COMPARE0")
    bench.run(20 * US)
    assert captured(device) == 0
    assert happened(device, "COMPARE0")


@pytest.mark.parametrize(("mode", "bits"), [(0, 16), (1, 8), (2, 24), (3, 32)])
def test_widths(mode: int, bits: int) -> None:
    bench = clocked_bench()
    device = timer(bench)
    put(device, "BITMODE", mode)
    put(device, "PRESCALER", 0)
    do(device, "START")
    bench.run(PERIPHERAL_CYCLES * ((1 << bits) + 5))
    assert captured(device) == 5


def test_prescalers() -> None:
    for prescaler in range(10):
        bench = clocked_bench()
        device = timer(bench)
        put(device, "PRESCALER", prescaler)
        do(device, "START")
        bench.run(PERIPHERAL_CYCLES * (77 << prescaler))
        assert captured(device) == 77


def test_counter_mode() -> None:
    bench = clocked_bench()
    device = timer(bench)
    put(device, "MODE", 1)
    put(device, "CC0", 3)
    put(device, "SHORTS", 1)
    do(device, "START")
    bench.run(MS)
    for count in (1, 2):
        do(device, "COUNT")
        assert captured(device) == count
        assert not happened(device, "COMPARE0")
    do(device, "COUNT")
    assert happened(device, "COMPARE0")
    assert captured(device) == 0


def test_a_compare_that_happens_once() -> None:
    bench = clocked_bench()
    device = timer(bench, dppi=True)
    put(device, "BITMODE", 1)
    put(device, "CC0", 10)
    put(device, "ONESHOTEN0", 1)
    do(device, "START")
    bench.run(10 * US)
    assert happened(device, "COMPARE0")
    clear(device, "COMPARE0")
    bench.run(256 * US)
    assert not happened(device, "COMPARE0")


# -- RTC ----------------------------------------------------------------------------------
def rtc(bench: Bench, **parameters: Any) -> Rtc:
    device: Rtc = bench.build(Rtc, "rtc", lines=("global",), **parameters)
    return device


def test_real_time_counter_counts_behind_its_prescaler() -> None:
    bench = clocked_bench()
    device = rtc(bench)
    put(device, "PRESCALER", 32)
    assert get(device, "COUNTER") == 0
    do(device, "START")
    bench.run(SECOND)
    assert get(device, "COUNTER") == LOW_HZ // 33
    assert bench.ramp is not None
    do(device, "STOP")
    bench.run(SECOND)
    assert get(device, "COUNTER") == LOW_HZ // 33
    do(device, "CLEAR")
    assert get(device, "COUNTER") == 0
    round_trip(device)


def test_events_happen_when_somebody_asks_for_them() -> None:
    bench = clocked_bench()
    device = rtc(bench)
    put(device, "CC0", 100)
    put(device, "CC1", 200)
    put(device, "EVTENSET", 1 << 17)
    do(device, "START")
    bench.run(SECOND)
    assert not happened(device, "COMPARE0")
    assert happened(device, "COMPARE1")
    assert not happened(device, "TICK")
    put(device, "INTENSET", 1)
    bench.run(SECOND // LOW_HZ + 1)
    assert happened(device, "TICK")
    assert bench.lines["global"].level


def test_compares_of_the_real_time_counter_do_not_look_back() -> None:
    bench = clocked_bench()
    device = rtc(bench)
    put(device, "CC0", 20_000)
    put(device, "CC1", 10)
    put(device, "EVTENSET", 1 << 16)
    do(device, "START")
    bench.run(SECOND // 2)
    put(device, "CC0", 10_000)
    put(device, "EVTENSET", 1 << 17)
    assert not happened(device, "COMPARE0")
    assert not happened(device, "COMPARE1")


def test_overflow_at_its_cycle() -> None:
    bench = clocked_bench()
    device = rtc(bench)
    put(device, "INTENSET", 1 << 1)
    do(device, "START")
    do(device, "TRIGOVRFLW")
    assert get(device, "COUNTER") == 0xFFFFF0
    bench.run(16 * SECOND // LOW_HZ - 1)
    assert not happened(device, "OVRFLW")
    bench.run(1)
    assert happened(device, "OVRFLW")
    assert get(device, "COUNTER") == 0


def test_compare_clears_on_nrf53() -> None:
    bench = clocked_bench()
    device = rtc(bench, dppi=True)
    put(device, "CC2", 1000)
    put(device, "SHORTS", 1 << 2)
    put(device, "EVTENSET", 1 << 18)
    do(device, "START")
    bench.run(SECOND * 2500 // LOW_HZ + 1)
    assert get(device, "COUNTER") == 500
    do(device, "CAPTURE0")
    assert get(device, "CC0") == 500
