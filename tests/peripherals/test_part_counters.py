"""Counters by themselves: against counting one clock at a time, on a clock that changes, with events."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from device_bench import Bench

from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.parts.counter import CENTER, DOWN, UP
from peripherals.parts.down_counter import DownCounter
from peripherals.parts.paced_deadline import PacedDeadline

CLOCK = "timer"


def counter(
    bench: Bench,
    hz: int,
    maximum: int = 0xFFFF,
    *,
    on_event: Callable[[], None] = lambda: None,
    on_wrap: Callable[[], None] = lambda: None,
    on_span: Callable[[int, int], None] = lambda _low, _high: None,
    can_skip: Callable[[], bool] = lambda: False,
) -> ClockedCounter:
    bench.clocks.frequencies[CLOCK] = hz
    made = ClockedCounter(
        bench.context(), "event", CLOCK, maximum,
        on_event=on_event, on_wrap=on_wrap, on_span=on_span, can_skip=can_skip,
    )  # fmt: skip
    made.restart(reload=maximum)
    return made


class Plain:
    """The same counter, one timer clock at a time, as the manuals describe it."""

    def __init__(self, direction: str, reload: int, prescaler: int, count: int) -> None:
        self.direction, self.reload, self.prescaler, self.count = direction, reload, prescaler, count
        self.clocks = self.wraps = 0
        self.falling = False
        self.values: list[int] = []

    def clock(self) -> None:
        self.clocks += 1
        if self.clocks % (self.prescaler + 1):
            return
        if self.direction == CENTER:
            end = 0 if self.falling else self.reload
            self.count += -1 if self.falling else 1
            if self.count == end:
                self.falling = not self.falling
                self.wraps += 1
        elif self.direction == UP:
            wraps = self.count == self.reload
            self.count = 0 if wraps else self.count + 1
            self.wraps += wraps
        else:
            wraps = self.count == 0
            self.count = self.reload if wraps else self.count - 1
            self.wraps += wraps
        self.values.append(self.count)


@pytest.mark.parametrize("direction", [UP, DOWN, CENTER])
@pytest.mark.parametrize("seed", range(8))
def test_as_if_every_clock_were_counted(direction: str, seed: int) -> None:
    chance = random.Random(seed)
    reload, prescaler = chance.randint(1, 9), chance.randint(0, 4)
    start = reload if direction == DOWN else 0
    bench = Bench(1_000_000)
    wraps: list[int] = []
    values: list[int] = []
    fast = counter(
        bench, 1_000_000, on_wrap=lambda: wraps.append(1),
        on_span=lambda low, high: values.extend(range(low, high + 1)),
    )  # fmt: skip
    fast.restart(reload=reload, count=start, direction=direction)
    fast.state.prescaler, fast.state.running = prescaler, True
    slow = Plain(direction, reload, prescaler, start)
    for _ in range(40):
        cycles = chance.randint(0, 25)
        bench.run(cycles)
        for _ in range(cycles):
            slow.clock()
        assert (fast.read(), len(wraps)) == (slow.count, slow.wraps)
        assert sorted(values) == sorted(slow.values), "each value once, each time it is taken"
    assert bench.touches == 40


@pytest.mark.parametrize("direction", [UP, DOWN, CENTER])
@pytest.mark.parametrize("seed", range(8))
def test_a_ramp_has_the_values_that_are_read_later(direction: str, seed: int) -> None:
    chance = random.Random(seed)
    reload, prescaler, hz = chance.randint(20, 900), chance.randint(0, 9), chance.randint(10_000, 3_000_000)
    bench = Bench(1_000_000)
    count = counter(bench, hz)
    count.restart(reload=reload, count=chance.randint(0, reload), direction=direction)
    count.state.prescaler, count.state.running = prescaler, True
    compared = 0
    for _ in range(200):
        bench.run(chance.randint(0, 300))
        read = count.read()
        ramp = bench.ramp
        assert ramp is not None
        assert (ramp.cycle, ramp.value) == (bench.clock.now(), read)
        for _ in range(5):
            bench.run(chance.randint(0, 40))
            if bench.clock.now() < ramp.until:
                assert ramp.values(bench.clock.now()) == count.read()
                compared += 1
    assert compared > 50, "not all of them cross a wrap"


def test_skipped_periods_leave_the_count_right() -> None:
    bench = Bench(1_000_000)
    wraps: list[int] = []
    fast = counter(bench, 1_000_000, on_wrap=lambda: wraps.append(1), can_skip=lambda: True)
    fast.state.reload, fast.state.running = 9, True
    bench.run(10_000_000_007)
    assert fast.read() == 7
    assert len(wraps) == 1


def test_plans_for_the_nearest_value_or_the_wrap() -> None:
    bench = Bench(1_000_000)
    events: list[int] = []
    fast = counter(bench, 500_000, on_event=lambda: events.append(bench.cycles))
    fast.state.reload, fast.state.running = 99, True
    events.clear()
    fast.plan((70, 30, 200))
    bench.run(1000)
    assert events == [60], "two cycles a count; nothing is planned after that"
    fast.catch_up()
    fast.state.count = 30
    fast.plan((10,))
    bench.run(1000)
    assert events == [60, 1000 + 2 * 70], "10 comes after the wrap"
    fast.plan((10,))
    fast.plan_nothing()
    bench.run(1000)
    assert len(events) == 2
    fast.state.running = False
    fast.plan((90,))
    assert bench.clock.next_cycles() > 1 << 62


def test_a_change_of_the_clock_is_heard_and_keeps_the_count() -> None:
    bench = Bench(1_000_000)
    events: list[int] = []
    fast = counter(bench, 1_000_000, on_event=lambda: events.append(bench.cycles))
    fast.state.running = True
    events.clear()
    bench.run(1000)
    bench.clocks.set({"core": 2_000_000, CLOCK: 500_000})
    assert events == [1000]
    bench.run(1000)
    assert fast.read() == 1250


def test_a_clock_begins_when_it_is_restarted() -> None:
    bench = Bench(1_000_000)
    fast = counter(bench, 1000)
    bench.run(700)
    fast.catch_up()
    fast.restart_clock()
    fast.state.running = True
    bench.run(999)
    assert fast.read() == 0
    bench.run(1)
    assert fast.read() == 1


def test_snapshots() -> None:
    bench = Bench(3_000_000)
    fast = counter(bench, 2_000_000)
    fast.state.running, fast.state.prescaler = True, 6
    bench.run(12_345)
    fast.catch_up()
    saved, clock, cycles = fast.save(), bench.clock.save(), bench.cycles
    bench.run(1000)
    expected = fast.read()
    fast.load(saved)
    bench.clock.load(clock)
    bench.cycles = cycles
    bench.run(1000)
    assert fast.read() == expected


def down_counter(bench: Bench) -> tuple[DownCounter, list[int]]:
    zeros: list[int] = []
    made = DownCounter(bench.context(), "zero", "core", lambda: zeros.append(bench.cycles))
    made.reset(0, 0)
    return made, zeros


def test_a_period_is_the_reload_value_and_one() -> None:
    bench = Bench()
    down, zeros = down_counter(bench)
    down.set(count=9, reload=9, running=True)
    bench.run(39)
    assert zeros == [9, 19, 29, 39]
    assert down.count() == 0
    bench.run(1)
    assert down.count() == 9
    down.set_prescaler(4)
    bench.run(4)
    assert down.count() == 8


def test_one_shot_and_a_flag_that_is_set_already() -> None:
    bench = Bench()
    down, zeros = down_counter(bench)
    down.options.pending = True
    down.set(count=9, reload=9, running=True)
    assert bench.clock.next_cycles() > 1 << 62, "its flag is set: nobody waits"
    down.options.one_shot = True
    down.set(count=5)
    bench.run(1000)
    assert zeros == [5]
    assert down.count() == 0
    saved = down.save()
    down.reset(1, 1)
    down.load(saved)
    assert down.save() == saved


def test_a_deadline_in_ticks_moves_with_its_clock() -> None:
    bench = Bench(1_000_000)
    bench.clocks.frequencies["slow"] = 1000
    called: list[int] = []
    deadline = PacedDeadline(bench.context(), "end", "slow", lambda: called.append(bench.cycles))
    assert deadline.ticks_left() == 0
    deadline.arm(10)
    bench.run(4000)
    assert (deadline.armed, deadline.ticks_left()) == (True, 6)
    bench.clocks.set({"core": 2_000_000})
    bench.run(11_999)
    assert called == []
    bench.run(1)
    assert called == [16_000]
    deadline.arm(5)
    deadline.disarm()
    bench.run(100_000)
    assert len(called) == 1
