"""The calendar of STM32's RTC: seconds since 1 January 2000, as its registers show and compare them.

Years are 0 to 99, every fourth is a leap year; the day of the week is whatever was set, and goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

DAY_S, HOUR_S, MINUTE_S = 86_400, 3600, 60
FIRST_DAY = date(2000, 1, 1)
CENTURY_DAYS = 36_525
WEEK_DAYS, HALF_DAY_HOURS = 7, 12
PM = 1 << 22
MASK_SECONDS, MASK_MINUTES, MASK_HOURS, MASK_DAY = 1 << 7, 1 << 15, 1 << 23, 1 << 31
BY_WEEKDAY = 1 << 30
MOST_DAYS_AHEAD = 63
"""A day of the month comes again within two months."""


def from_bcd(value: int) -> int:
    """Two digits."""
    return 10 * (value >> 4) + (value & 0xF)


def to_bcd(value: int) -> int:
    """Two digits."""
    return value // 10 << 4 | value % 10


def hours_of(word: int, *, twelve: bool) -> int:
    """Hours since midnight of a time or alarm register."""
    hours = from_bcd(word >> 16 & 0x3F)
    return hours % HALF_DAY_HOURS + (HALF_DAY_HOURS if word & PM else 0) if twelve else hours


def time_register(second: int, *, twelve: bool) -> int:
    """TR at a second since 2000."""
    hours, minutes, seconds = second // HOUR_S % 24, second // MINUTE_S % 60, second % 60
    afternoon = PM if twelve and hours >= HALF_DAY_HOURS else 0
    if twelve:
        hours = hours % HALF_DAY_HOURS or HALF_DAY_HOURS
    return afternoon | to_bcd(hours) << 16 | to_bcd(minutes) << 8 | to_bcd(seconds)


def date_register(second: int, weekday_shift: int) -> int:
    """DR at a second since 2000; ``weekday_shift``: days by which its week differs from ours."""
    day = _day(second)
    return (
        to_bcd(day.year % 100) << 16
        | weekday(second, weekday_shift) << 13
        | to_bcd(day.month) << 8
        | to_bcd(day.day)
    )


def weekday(second: int, shift: int) -> int:
    """1 to 7."""
    return (second // DAY_S + shift) % WEEK_DAYS + 1


def seconds_of(time: int, day: int, *, twelve: bool) -> tuple[int, int]:
    """Seconds since 2000 of what was written to TR and DR, and the shift of its week.

    What is no date counts as the next one that is.
    """
    year, month = from_bcd(day >> 16 & 0xFF) % 100, min(max(1, from_bcd(day >> 8 & 0x1F)), 12)
    begin = date(2000 + year, month, 1) + timedelta(days=max(1, from_bcd(day & 0x3F)) - 1)
    days = (begin - FIRST_DAY).days
    of_day = hours_of(time, twelve=twelve) * HOUR_S + from_bcd(time >> 8 & 0x7F) * MINUTE_S
    return days * DAY_S + of_day + from_bcd(time & 0x7F), ((day >> 13 & 7) - 1 - days) % WEEK_DAYS


def next_fraction(word: int, last: int, first: int) -> int | None:
    """The first tick of a second, from ``first`` on, at which an alarm's sub-seconds are equal; None: none.

    ``word``: ALRMASSR or ALRMBSSR. ``last``: a second's last tick, from which SSR counts down.
    """
    mask = (1 << min(15, word >> 24 & 0xF)) - 1
    if not mask:
        return 0 if first == 0 else None
    left = last - first
    if left < 0:
        return None
    shown = left - ((left - word) & mask)  # the next value below whose low bits are the alarm's
    return last - shown if shown >= 0 else None


@dataclass(frozen=True, slots=True)
class Alarm:
    """What an alarm register compares; ``word``: ALRMAR or ALRMBR."""

    word: int
    twelve: bool
    weekday_shift: int

    def next_second(self, first: int) -> int | None:
        """The first second from ``first`` on that is equal; None: there is none."""
        for ahead in range(MOST_DAYS_AHEAD):
            begin = (first // DAY_S + ahead) * DAY_S
            if self._is_day(begin):
                found = next(self._of_day(max(0, first - begin)), None)
                if found is not None:
                    return begin + found
        return None

    def _is_day(self, second: int) -> bool:
        if self.word & MASK_DAY:
            return True
        if self.word & BY_WEEKDAY:
            return weekday(second, self.weekday_shift) == self.word >> 24 & 0xF
        return _day(second).day == from_bcd(self.word >> 24 & 0x3F)

    def _of_day(self, first: int) -> Iterator[int]:
        """Seconds of a day from ``first`` on."""
        word = self.word
        hours = range(24) if word & MASK_HOURS else (hours_of(word, twelve=self.twelve),)
        minutes = range(60) if word & MASK_MINUTES else (from_bcd(word >> 8 & 0x7F),)
        seconds = range(60) if word & MASK_SECONDS else (from_bcd(word & 0x7F),)
        for hour in hours:
            if (hour + 1) * HOUR_S <= first:
                continue
            for minute in minutes:
                begin = hour * HOUR_S + minute * MINUTE_S
                yield from (begin + second for second in seconds if begin + second >= first)


def _day(second: int) -> date:
    return FIRST_DAY + timedelta(days=second // DAY_S % CENTURY_DAYS)
