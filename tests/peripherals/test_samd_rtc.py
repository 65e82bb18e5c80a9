"""The RTCs of SAM D21 and SAM D51 on the bench: counters of 32 and 16 bits, the calendar."""

from __future__ import annotations

from typing import Any

import pytest
from device_bench import Bench, round_trip

from peripherals.microchip.rtc import Rtc
from peripherals.microchip.rtc_calendar import clock_register, next_alarm, seconds_of
from peripherals.microchip.rtc_d51 import RtcD51

COUNT = {Rtc: 0x10, RtcD51: 0x18}
COMPARE = {Rtc: 0x18, RtcD51: 0x20}
FLAGS = {Rtc: 0x08, RtcD51: 0x0C}
ENABLES = {Rtc: (0x07, 1), RtcD51: (0x0A, 2)}
MATCH, OVERFLOW = {Rtc: 1, RtcD51: 1 << 8}, {Rtc: 1 << 7, RtcD51: 1 << 15}
ENABLE, MATCH_CLEARS, COUNT16, CALENDAR = 1 << 1, 1 << 7, 1 << 2, 2 << 2
KINDS = pytest.mark.parametrize("kind", [Rtc, RtcD51])


def rtc(kind: Any) -> tuple[Bench, Any]:
    """Four cycles a clock of 1024 Hz."""
    bench = Bench(4096)
    bench.clocks.set({"rtc": 1024})
    made = bench.build(kind, "rtc", lines=("global",), clock="rtc")
    made.reset()
    if kind is RtcD51:
        made.write(0x24, 4, 0xFFFFFFFF)  # the further compare values, which 0 would match
    return bench, made


def flags(made: Any) -> int:
    """INTFLAG, without SAM D21's SYNCRDY."""
    kind = type(made)
    value: int = made.read(FLAGS[kind], ENABLES[kind][1])
    return value & ~(1 << 6) if kind is Rtc else value


def divided_by_1024(kind: Any) -> int:
    return (10 if kind is Rtc else 11) << 8


@KINDS
def test_a_match_and_a_period(kind: Any) -> None:
    bench, made = rtc(kind)
    made.write(COMPARE[kind], 4, 10)
    made.write(*ENABLES[kind], MATCH[kind])
    made.write(0x00, 2, ENABLE)
    bench.run(4 * 9)
    assert (made.read(COUNT[kind], 4), flags(made), bench.lines["global"].level) == (9, 0, False)
    bench.run(4)
    assert (flags(made), bench.lines["global"].level) == (MATCH[kind], True)
    made.write(FLAGS[kind], ENABLES[kind][1], MATCH[kind])
    assert not bench.lines["global"].level
    made.write(0x00, 2, ENABLE | MATCH_CLEARS)
    made.write(COUNT[kind], 4, 8)
    bench.run(4 * 4)
    assert (made.read(COUNT[kind], 4), flags(made)) == (1, MATCH[kind] | OVERFLOW[kind])
    round_trip(made)


@KINDS
def test_sixteen_bits_with_a_period(kind: Any) -> None:
    bench, made = rtc(kind)
    made.write(0x14 if kind is Rtc else 0x1C, 2, 99)
    made.write(COMPARE[kind], 2, 1000)  # never
    made.write(COMPARE[kind] + 2, 2, 50)
    made.write(0x00, 2, ENABLE | COUNT16)
    bench.run(4 * 50)
    assert flags(made) == MATCH[kind] << 1
    bench.run(4 * 50)
    assert (made.read(COUNT[kind], 2), flags(made)) == (0, MATCH[kind] << 1 | OVERFLOW[kind])


@KINDS
def test_the_calendar_and_its_alarm(kind: Any) -> None:
    bench, made = rtc(kind)
    made.write(0x00, 2, ENABLE | CALENDAR | divided_by_1024(kind))
    new_year = 24 << 26 | 12 << 22 | 31 << 17 | 23 << 12 | 59 << 6 | 58
    made.write(COUNT[kind], 4, new_year)
    made.write(COMPARE[kind], 4, 25 << 26 | 1 << 22 | 1 << 17)
    made.write(COMPARE[kind] + 4, 1, 6)
    made.write(*ENABLES[kind], MATCH[kind])
    bench.run(4096)
    assert (made.read(COUNT[kind], 4), flags(made)) == (new_year + 1, 0)
    bench.run(4096)
    assert made.read(COUNT[kind], 4) == 25 << 26 | 1 << 22 | 1 << 17
    assert (flags(made), bench.lines["global"].level) == (MATCH[kind], True)
    made.write(0x00, 2, 1)
    assert (made.read(COUNT[kind], 4), flags(made)) == (0, 0)


def test_dates_and_alarms() -> None:
    assert clock_register(0) == 1 << 22 | 1 << 17
    leap_day = 28 << 26 | 2 << 22 | 29 << 17 | 6 << 12 | 30 << 6 | 15
    assert clock_register(seconds_of(leap_day)) == leap_day
    assert clock_register(seconds_of(leap_day) + 86_400) == leap_day + (1 << 22) - (28 << 17)
    at = seconds_of(leap_day)
    assert next_alarm(leap_day, 0, 0) is None
    assert [next_alarm(leap_day, selection, at) for selection in range(1, 7)] == [at] * 6
    assert next_alarm(leap_day, 1, at + 1) == at + 60
    assert next_alarm(leap_day, 2, at + 1) == at + 3_600
    assert next_alarm(leap_day, 3, at + 1) == at + 86_400
    assert next_alarm(leap_day, 4, at + 1) == at + 29 * 86_400
    assert next_alarm(leap_day, 5, at + 1) == at + (4 * 365 + 1) * 86_400
    assert next_alarm(leap_day, 6, at + 1) is None
