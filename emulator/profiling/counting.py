"""The engine's counters at a moment, and what passed between two moments."""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from emulator.engine.engine import Engine
from emulator.engine.hook import EDGES, EVENT_PARTS, Counters

WORD_BYTES = 8
STRIDE = 64
"""Paths or blocks that are compared at once: most have not moved."""

PathKey = tuple[int, int, int]
"""(state, block, skipped) as :class:`emulator.engine.hook.PathCount` has them."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums that no block holds; all but the first two are about cycles outside of blocks' paths."""

    cycles: int
    instructions: int
    exception_cycles: int
    skipped_cycles: int
    skipped_instructions: int
    sleep_cycles: int

    @classmethod
    def of(cls, engine: Engine) -> Totals:
        """Read an engine."""
        hook, outside = engine.hook, engine.outside
        return cls(
            hook.cycles,
            hook.instructions,
            outside.exception_cycles,
            outside.skipped_cycles,
            outside.skipped_instructions,
            outside.sleep_cycles,
        )

    def __sub__(self, other: Totals) -> Totals:
        return Totals(
            self.cycles - other.cycles,
            self.instructions - other.instructions,
            self.exception_cycles - other.exception_cycles,
            self.skipped_cycles - other.skipped_cycles,
            self.skipped_instructions - other.skipped_instructions,
            self.sleep_cycles - other.sleep_cycles,
        )


NOTHING = Totals(0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class CountState:
    """Every counter at a moment.

    Between two blocks, or while one executes: a block counts when it has ended.
    """

    totals: Totals
    counters: Counters
    engine: Engine = field(repr=False, compare=False)

    @classmethod
    def of(cls, engine: Engine) -> CountState:
        """Read an engine."""
        return cls(Totals.of(engine), engine.hook.counters(), engine)

    def from_nothing(self) -> CountDifference:
        """What passed since the machine was made."""
        return self - CountState(NOTHING, Counters(b"", b""), self.engine)

    def __sub__(self, earlier: CountState) -> CountDifference:
        """What passed since ``earlier``; no snapshot may have been restored in between."""
        difference = CountDifference(self.totals - earlier.totals, {}, {}, {}, {})
        self._add_paths(earlier, difference)
        self._add_events(earlier, difference)
        return difference

    def _add_paths(self, earlier: CountState, difference: CountDifference) -> None:
        edges = _Words(self.counters.edges, earlier.counters.edges)
        count = len(edges.after) // (WORD_BYTES * EDGES)
        for first in range(0, count, STRIDE):
            many = min(STRIDE, count - first)
            if edges.are_equal(EDGES * first, EDGES * many):
                continue
            for number in range(first, first + many):
                passed = edges.passed(EDGES * number, EDGES)
                if passed is not None:
                    difference.paths[self.engine.hook.path_key(number)] = passed

    def _add_events(self, earlier: CountState, difference: CountDifference) -> None:
        events, at = _Words(self.counters.events, earlier.counters.events), 0
        plans, left = self.engine.automaton.plans, len(events.after) // WORD_BYTES
        for first in range(0, len(plans), STRIDE):
            counts = [len(plan.events) for plan in plans[first : first + STRIDE]]
            many = min(EVENT_PARTS * sum(counts), left - at)  # blocks that came later have none
            if not many or events.are_equal(at, many):
                at += many
                continue
            for number, count in enumerate(counts, first):
                for part in (difference.stalls, difference.unaligned, difference.bus) if at < left else ():
                    passed = events.passed(at, count)
                    if passed is not None:
                        part[number] = passed
                    at += count


@dataclass(frozen=True, slots=True)
class _Words:
    """Counters at two moments; those that came between them were 0 at the first."""

    after: bytes | bytearray
    before: bytes | bytearray

    def are_equal(self, first: int, count: int) -> bool:
        """Whether ``count`` words from ``first`` on are the same."""
        start, end = WORD_BYTES * first, WORD_BYTES * (first + count)
        return self.after[start:end] == self.before[start:end]

    def passed(self, first: int, count: int) -> tuple[int, ...] | None:
        """The differences of ``count`` words from ``first`` on; None when there is none."""
        if self.are_equal(first, count):
            return None
        start, end = WORD_BYTES * first, WORD_BYTES * (first + count)
        words = struct.Struct(f"={count}Q")
        before = self.before[start:end]
        earlier = words.unpack(before) if before else (0,) * count
        passed = tuple(a - b for a, b in zip(words.unpack(self.after[start:end]), earlier, strict=True))
        return passed if any(passed) else None


@dataclass(frozen=True, slots=True)
class CountDifference:
    """Counts of a window; blocks and paths that did not move are left out."""

    totals: Totals
    paths: dict[PathKey, tuple[int, ...]]
    stalls: dict[int, tuple[int, ...]]
    unaligned: dict[int, tuple[int, ...]]
    bus: dict[int, tuple[int, ...]]


def difference_since_mark(engine: Engine, totals: Totals, passed: Counters) -> CountDifference:
    """What :meth:`emulator.engine.hook.BlockHook.since_mark` gave, and the totals of the same time."""
    plans, hook = engine.automaton.plans, engine.hook
    paths: dict[int, list[int]] = {}
    for word, added in _pairs(passed.edges):
        paths.setdefault(word // EDGES, [0] * EDGES)[word % EDGES] = added
    begins = list(accumulate((EVENT_PARTS * len(plan.events) for plan in plans), initial=0))
    parts: tuple[dict[int, list[int]], ...] = ({}, {}, {})
    for word, added in _pairs(passed.events):
        number = bisect.bisect_right(begins, word) - 1
        count = len(plans[number].events)
        part, event = divmod(word - begins[number], count)
        parts[part].setdefault(number, [0] * count)[event] = added
    return CountDifference(
        totals,
        {hook.path_key(number): tuple(counts) for number, counts in paths.items()},
        *({number: tuple(counts) for number, counts in part.items()} for part in parts),
    )


def _pairs(passed: bytes | bytearray) -> Iterator[tuple[int, int]]:
    words = iter(memoryview(passed).cast("Q").tolist())
    return zip(words, words, strict=True)
