"""The blocks that the hook has met and the paths through them, with their counts. Twin: tables.h."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from emulator.engine.events import BlockPlan, LoadPair
from emulator.engine.hook import EDGES, Counters, PathCount
from emulator.engine.hooks.block import Block, block_new


@dataclass(slots=True)
class Edge:
    """One way out of a path: what it costs, where it leads, how often it was taken."""

    cycles: int = 0
    next_state: int = 0
    valid: bool = False
    count: int = 0
    stall: int = 0


@dataclass(slots=True)
class Path:
    """One way through a block; ``issue``: the cycle of each event from the block's start."""

    key: tuple[int, int, int]  # state, block, skipped
    issue: tuple[int, ...]
    pairs: tuple[LoadPair, ...]
    edges: list[Edge] = field(default_factory=lambda: [Edge() for _ in range(EDGES)])


class Tables:
    """Blocks by their place, paths by state, block and skipped instructions; numbered in order."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.paths: list[Path] = []
        self._by_place: dict[tuple[int, int], Block] = {}
        self._by_key: dict[tuple[int, int, int], int] = {}
        self._marked = self._words()

    def find_block(self, address: int, size_bytes: int) -> Block | None:
        """The block that was met last at this place."""
        return self._by_place.get((address, size_bytes))

    def add_block(self, plan: BlockPlan, host_pointer: int, code: bytes) -> int:
        """Number of a new block; it takes the place of an earlier one, whose code was replaced."""
        block = block_new(len(self.blocks), plan, host_pointer, code)
        self.blocks.append(block)
        self._by_place[plan.block.address, plan.block.size_bytes] = block
        return block.index

    def drop_block(self, number: int) -> None:
        """Ask for a block anew at its next entry."""
        dropped = self.blocks[number]
        place = dropped.plan.block.address, dropped.plan.block.size_bytes
        if self._by_place.get(place) is dropped:
            del self._by_place[place]

    def find_path(self, state: int, block: int, skipped: int) -> int:
        """Number of a path, -1 when it was not met yet."""
        return self._by_key.get((state, block, skipped), -1)

    def add_path(
        self, state: int, block: int, skipped: int, issue: Sequence[int], pairs: Sequence[LoadPair]
    ) -> int:
        """Number of a new path."""
        key = (state, block, skipped)
        self._by_key[key] = len(self.paths)
        self.paths.append(Path(key, tuple(issue), tuple(pairs)))
        return len(self.paths) - 1

    def set_edge(self, path: int, edge: int, cycles: int, next_state: int) -> None:
        """Say what a way out of a path costs and where it leads."""
        chosen = self.paths[path].edges[edge]
        chosen.cycles, chosen.next_state, chosen.valid = cycles, next_state, True

    def path_counts(self) -> list[PathCount]:
        """Every path with its counts."""
        return [
            PathCount(*p.key, tuple(e.count for e in p.edges), tuple(e.stall for e in p.edges))
            for p in self.paths
        ]

    def counters(self) -> Counters:
        """Every count, in the order of paths and of blocks."""
        edges, events = self._words()
        return Counters(edges.tobytes(), events.tobytes())

    def mark(self) -> None:
        """Remember every count."""
        self._marked = self._words()

    def since_mark(self) -> Counters:
        """What the counters have added since the mark: those that moved."""
        parts = []
        for words, marked in zip(self._words(), self._marked, strict=True):
            passed = array("Q")
            for number, (after, before) in enumerate(zip_longest(words, marked, fillvalue=0)):
                if after != before:
                    passed.extend((number, after - before))
            parts.append(passed.tobytes())
        return Counters(*parts)

    def _words(self) -> tuple[array[int], array[int]]:
        events = array("Q")
        for block in self.blocks:
            for part in (block.event_stall, block.event_unaligned, block.event_bus):
                events.extend(part)
        return array("Q", (edge.count for path in self.paths for edge in path.edges)), events
