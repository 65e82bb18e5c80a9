"""The engine's counters at a moment, and what passed between two moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from emulator.engine.engine import Engine

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

    def __sub__(self, other: Totals) -> Totals:
        return Totals(
            self.cycles - other.cycles,
            self.instructions - other.instructions,
            self.exception_cycles - other.exception_cycles,
            self.skipped_cycles - other.skipped_cycles,
            self.skipped_instructions - other.skipped_instructions,
            self.sleep_cycles - other.sleep_cycles,
        )


@dataclass(frozen=True, slots=True)
class CountState:
    """Every counter at a moment between two blocks.

    ``stalls[block]``: stall cycles of each of the block's events; ``unaligned`` and ``bus``: parts of them.
    """

    totals: Totals
    paths: Mapping[PathKey, tuple[int, ...]]
    stalls: tuple[tuple[int, ...], ...]
    unaligned: tuple[tuple[int, ...], ...]
    bus: tuple[tuple[int, ...], ...]
    NONE: ClassVar[CountState]

    @classmethod
    def of(cls, engine: Engine) -> CountState:
        """Read an engine that is not running."""
        hook, outside = engine.hook, engine.outside
        blocks = range(len(engine.automaton.plans))
        return cls(
            Totals(
                hook.cycles,
                hook.instructions,
                outside.exception_cycles,
                outside.skipped_cycles,
                outside.skipped_instructions,
                outside.sleep_cycles,
            ),
            {(p.state, p.block, p.skipped): p.counts for p in hook.path_counts() if any(p.counts)},
            tuple(hook.event_stalls(block) for block in blocks),
            tuple(hook.event_unaligned(block) for block in blocks),
            tuple(hook.event_bus(block) for block in blocks),
        )

    def __sub__(self, earlier: CountState) -> CountDifference:
        """What passed since ``earlier``; no snapshot may have been restored in between."""
        paths = {}
        for key, counts in self.paths.items():
            before = earlier.paths.get(key)
            passed = counts if before is None else tuple(a - b for a, b in zip(counts, before, strict=True))
            if any(passed):
                paths[key] = passed
        return CountDifference(
            self.totals - earlier.totals,
            paths,
            dict(_differences(self.stalls, earlier.stalls)),
            dict(_differences(self.unaligned, earlier.unaligned)),
            dict(_differences(self.bus, earlier.bus)),
        )


@dataclass(frozen=True, slots=True)
class CountDifference:
    """Counts of a window; blocks and paths that did not move are left out."""

    totals: Totals
    paths: Mapping[PathKey, tuple[int, ...]]
    stalls: Mapping[int, tuple[int, ...]]
    unaligned: Mapping[int, tuple[int, ...]]
    bus: Mapping[int, tuple[int, ...]]


CountState.NONE = CountState(Totals(0, 0, 0, 0, 0, 0), {}, (), (), ())
"""Before anything ran."""


def _differences(
    after: tuple[tuple[int, ...], ...], before: tuple[tuple[int, ...], ...]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    for block, values in enumerate(after):
        if block < len(before):
            values = tuple(a - b for a, b in zip(values, before[block], strict=True))  # noqa: PLW2901
        if any(values):
            yield block, values
