"""Counts of the calibration firmware, as text: what it prints and what is read back.

    calibration begin 1 core=cortex-m4 counter=cyccnt image=6f3c01aa
    count load memory=flash mode=0 times=4 count=16 stride=32 repeats=2 cycles=1612 spread=0
    calibration end rows=200 sum=73112

``cycles`` is the sum over ``repeats`` runs, ``spread`` the longest less the shortest. Lines of others
around them are passed over; what is missing or damaged is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.errors import UsageError

VERSION = "1"
BEGIN, END = "calibration begin", "calibration end"
EMPTY = "empty"
NUMBERS = ("mode", "repeats", "cycles", "spread")
AGAIN = "read the port again, from `calibration begin` to `calibration end`"


@dataclass(frozen=True, slots=True)
class Count:
    """One kernel as it was timed.

    ``other``: the second memory of kernels that have two, else "". ``mode``: the setting of the
    chip's memories. ``values``: the kernel's own parameters. ``cycles`` of all repeats.
    """

    kernel: str
    memory: str
    other: str
    mode: int
    values: tuple[tuple[str, int], ...]
    repeats: int
    cycles: int
    spread: int

    @property
    def title(self) -> str:
        """The kernel and what it was run with."""
        memories = f"{self.memory}, {self.other}" if self.other else self.memory
        values = " ".join(f"{key}={value}" for key, value in self.values)
        return f"{self.kernel} [{memories}] mode={self.mode} {values}".rstrip()

    @property
    def line(self) -> str:
        """As the firmware prints it."""
        other = f" other={self.other}" if self.other else ""
        values = "".join(f" {key}={value}" for key, value in self.values)
        return (
            f"count {self.kernel} memory={self.memory}{other} mode={self.mode}{values}"
            f" repeats={self.repeats} cycles={self.cycles} spread={self.spread}"
        )


@dataclass(frozen=True, slots=True)
class CountSet:
    """All counts of one pass. ``image``: a checksum of the firmware that counted."""

    core: str
    counter: str
    image: str
    counts: tuple[Count, ...]

    def kernel_cycles(self) -> tuple[float, ...]:
        """Cycles of one run of each kernel, without the timing of an empty one in the same mode."""
        empty = {c.mode: c.cycles / c.repeats for c in self.counts if c.kernel == EMPTY}
        return tuple(c.cycles / c.repeats - empty.get(c.mode, 0) for c in self.counts)

    @property
    def text(self) -> str:
        """As the firmware prints it."""
        total = sum(c.cycles for c in self.counts) & 0xFFFFFFFF
        return "\n".join(
            (
                f"{BEGIN} {VERSION} core={self.core} counter={self.counter} image={self.image}",
                *(c.line for c in self.counts),
                f"{END} rows={len(self.counts)} sum={total}",
                "",
            )
        )


def parse_counts(text: str, where: str) -> CountSet:
    """The last whole pass of a console's text. Raises :class:`UsageError` that says what is wrong."""
    lines = [line.strip() for line in text.splitlines()]
    ends = [number for number, line in enumerate(lines) if line.startswith(END)]
    begins = [number for number, line in enumerate(lines) if line.startswith(BEGIN)]
    if not ends or not begins or begins[0] > ends[-1]:
        raise UsageError(f"no line from `{BEGIN}` to `{END}`", where=where, next_step=AGAIN)
    end = ends[-1]
    begin = max(number for number in begins if number < end)
    head = re.fullmatch(rf"{BEGIN} (\S+) core=(\S+) counter=(\S+) image=([0-9a-f]{{8}})", lines[begin])
    if head is None or head[1] != VERSION:
        raise UsageError(
            f"{lines[begin]!r} is not of version {VERSION}",
            where=f"{where}, line {begin + 1}",
            next_step="build the firmware anew: boardless build calibration",
        )
    counts = tuple(
        _count(line, f"{where}, line {number}")
        for number, line in enumerate(lines[begin + 1 : end], start=begin + 2)
        if line.startswith("count ")
    )
    found = CountSet(head[2], head[3], head[4], counts)
    if lines[end] != found.text.splitlines()[-1]:
        raise UsageError(
            f"{len(counts)} lines of counts do not make up {lines[end]!r}: characters were lost",
            where=where,
            next_step=AGAIN,
        )
    return found


def _count(line: str, where: str) -> Count:
    name, *pairs = line.split()[1:]
    fields = dict(pair.partition("=")[::2] for pair in pairs)
    try:
        numbers = {key: int(fields.pop(key)) for key in NUMBERS}
        memory, other = fields.pop("memory"), fields.pop("other", "")
        values = _values(fields)
    except (KeyError, ValueError) as error:
        raise UsageError(f"{line!r} is no line of counts ({error})", where=where, next_step=AGAIN) from error
    if numbers["repeats"] < 1 or numbers["cycles"] < 0:
        raise UsageError(f"{line!r} counts nothing", where=where, next_step=AGAIN)
    return Count(name, memory, other, values=values, **numbers)


def _values(fields: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    return tuple((key, int(value)) for key, value in fields.items())
