"""The calendar of SAM D21's and SAM D5x/E5x' RTCs: CLOCK's fields as seconds, and when an alarm matches.

Year 0 is a leap year, and so is every fourth (DS40001882 18.6.2.5): the years are counted from 2000 here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

EPOCH = datetime(2000, 1, 1)
YEARS = 64
MINUTE, HOUR, DAY = 60, 3_600, 86_400
SECONDS, MINUTES, HOURS, DAYS, MONTHS = 1, 2, 3, 4, 5
"""MASK.SEL: up to which field the alarm compares; above: the year, too."""
SEARCHED_DAYS = 4 * 366


def clock_register(seconds: int) -> int:
    """CLOCK at so many seconds since its beginning; after 64 years it begins anew."""
    now = EPOCH + timedelta(seconds=seconds)
    fields = (now.year - EPOCH.year) % YEARS << 26 | now.month << 22 | now.day << 17
    return fields | now.hour << 12 | now.minute << 6 | now.second


def seconds_of(register: int) -> int:
    """The seconds since its beginning at which CLOCK has this value; of no date: those of its first day."""
    year, month, day = register >> 26, register >> 22 & 15, register >> 17 & 31
    try:
        date = datetime(EPOCH.year + year, month, day)
    except ValueError:
        date = EPOCH
    return int((date - EPOCH).total_seconds()) + _second_of_day(register)


def next_alarm(register: int, selection: int, after: int) -> int | None:
    """The first second not before ``after`` at which the alarm matches; None: it never does."""
    if not selection:
        return None
    if selection > MONTHS:
        seconds = seconds_of(register)
        return seconds if seconds >= after else None
    period = {SECONDS: MINUTE, MINUTES: HOUR}.get(selection, DAY)
    first = after + (_second_of_day(register) - after) % period
    if selection <= HOURS:
        return first
    for seconds in range(first, first + SEARCHED_DAYS * DAY, DAY):
        date = EPOCH + timedelta(seconds=seconds)
        is_month = selection == DAYS or date.month == register >> 22 & 15
        if date.day == register >> 17 & 31 and is_month:
            return seconds
    return None


def _second_of_day(register: int) -> int:
    return (register >> 12 & 31) * HOUR + (register >> 6 & 63) * MINUTE + (register & 63)
