"""A row of the speed bench: a figure beside its reference, its goal, and whether it holds.

Figures of speed and of time are medians of turns that all ways of a comparison take one after
another, so that a host that is busy for a while disturbs all of them alike.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator.errors import CheckFailed
from emulator.files import read_bytes

PLAIN = "plain Unicorn"
TIMINGS = ("count", "core", "memory")
DEPTHS = {"count": "counting", "core": "core timing", "memory": "memory timing"}
PIPE_BYTES = 1 << 16
NANOSECONDS = 1e9
MOST_OF_THE_TIME = 1.3
"""Goal of what is switched on beside a run: so many times the time of a run without it."""


@dataclass(frozen=True, slots=True)
class Goal:
    """``limit`` of the row's value, or of its ratio to the reference."""

    limit: float
    least: bool = False
    of_ratio: bool = True

    def __str__(self) -> str:
        subject = "ratio" if self.of_ratio else "value"
        return f"{subject} {'>=' if self.least else '<='} {self.limit:g}"

    def holds(self, value: float, ratio: float | None) -> bool:
        """Whether it is reached; a ratio without a reference is not."""
        figure = ratio if self.of_ratio else value
        return figure is not None and (figure >= self.limit if self.least else figure <= self.limit)


@dataclass(frozen=True, slots=True)
class Row:
    """``value`` and ``reference`` in ``unit``; ``ratio``: the value over the reference.

    ``holds`` is None for a row without a goal, which stands there as a reference for readers.
    """

    what: str
    unit: str
    value: float
    reference: float | None = None
    ratio: float | None = None
    goal: str = ""
    holds: bool | None = None


def row(what: str, unit: str, value: float, reference: float | None = None, goal: Goal | None = None) -> Row:
    """Compare a value with its reference and its goal."""
    ratio = value / reference if reference else None
    if goal is None:
        return Row(what, unit, value, reference, ratio)
    return Row(what, unit, value, reference, ratio, str(goal), goal.holds(value, ratio))


OF_PLAIN = {"count": Goal(0.9, least=True), "core": Goal(0.7, least=True), "memory": Goal(0.6, least=True)}
"""Least share of plain Unicorn's speed on the same code."""
ADDED = Goal(MOST_OF_THE_TIME)


@dataclass(frozen=True, slots=True)
class Speed:
    """One way of running one piece of code: instructions retired, host seconds, and their quotient.

    ``cycles`` are modelled ones, None where nothing models them.
    """

    way: str
    instructions: int
    host_s: float
    cycles: int | None = None

    @property
    def mips(self) -> float:
        """Million instructions per host second."""
        return self.instructions / self.host_s / 1e6


Way = Callable[[], Speed]


def in_turns(turns: int, ways: Sequence[Way]) -> dict[str, list[Speed]]:
    """Run all ways ``turns`` times, one after another; their speeds by their names."""
    rounds = [[way() for way in ways] for _ in range(turns)]
    return {runs[0].way: list(runs) for runs in zip(*rounds, strict=True)}


def median_mips(speeds: Sequence[Speed]) -> float:
    """Million instructions per host second, the median of some turns."""
    return statistics.median(speed.mips for speed in speeds)


def median_s(speeds: Sequence[Speed]) -> float:
    """Host seconds, the median of some turns."""
    return statistics.median(speed.host_s for speed in speeds)


def depth_rows(subject: str, speeds: Mapping[str, Sequence[Speed]]) -> list[Row]:
    """One row a timing depth, each beside plain Unicorn."""
    plain = median_mips(speeds[PLAIN])
    return [
        row(f"{subject}: {words}", "MIPS", median_mips(speeds[timing]), plain, OF_PLAIN[timing])
        for timing, words in DEPTHS.items()
    ]


def added_rows(subject: str, speeds: Mapping[str, Sequence[Speed]]) -> list[Row]:
    """What each way costs beside the first one: milliseconds of a turn."""
    first, *others = speeds
    alone = median_s(speeds[first]) * 1e3
    return [row(f"{subject}: {way}", "ms", median_s(speeds[way]) * 1e3, alone, ADDED) for way in others]


def host_seconds() -> float:
    """The processor's time of this thread: other programs of a busy host are not in it."""
    return time.thread_time()


def command_seconds(command: Sequence[str], timeout_s: float) -> float:
    """The processor's time of a command; its bytecode is on disk, as in an installation."""
    before = children_seconds()
    subprocess.run(
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout_s,
        env=_environment(),
    )
    return children_seconds() - before


def seconds_until(command: Sequence[str], text: bytes, timeout_s: float) -> float:
    """The processor's time of a command until it has printed ``text``; of all of it where nobody tells.

    Raises CheckFailed when the text never comes.
    """
    before = children_seconds()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    ) as process:
        assert process.stdout is not None
        told, seen = _told_by_the_kernel(process.pid), b""
        while text not in seen and (piece := os.read(process.stdout.fileno(), PIPE_BYTES)):
            seen += piece
        until = told()
        process.stdout.read()
        process.wait(timeout_s)
    if text not in seen:
        raise CheckFailed(f"{' '.join(command)} did not print {text.decode()}")
    return children_seconds() - before if until is None else until


def _told_by_the_kernel(process: int) -> Callable[[], float | None]:
    """What a process has had of the processor so far, on Linux: proc(5), /proc/pid/schedstat."""
    path = Path(f"/proc/{process}/schedstat")
    return lambda: int(read_bytes(path).split()[0]) / NANOSECONDS if path.exists() else None


def _environment() -> dict[str, str]:
    """Bytecode is on disk, as in an installation."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def children_seconds() -> float:
    """The processor's time of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
