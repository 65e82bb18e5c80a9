"""Folds many windows of one engine into cycles by function and cause: what a path costs is found once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emulator.engine.engine import Engine
from emulator.profiling.counting import CountDifference, PathKey
from emulator.profiling.fold import BUS, UNALIGNED, TimedMemories, stall_key
from emulator.profiling.stack import CostKey

Cell = tuple[int, str, str]
"""A function, a cause, who waited."""


class FoldByFunction:
    """``owner``: from an instruction's address to its function's number."""

    def __init__(self, engine: Engine, owner: Callable[[int], int]) -> None:
        self._engine = engine
        self._owner = owner
        self._memories = TimedMemories(engine)
        self._paths: dict[tuple[PathKey, int], tuple[tuple[Cell, int], ...]] = {}
        self._owners: dict[int, tuple[int, ...]] = {}
        self._keys: dict[tuple[int, int], CostKey | None] = {}

    def costs(self, passed: CountDifference) -> dict[Cell, int]:
        """Cycles of a window's instructions; those of :func:`emulator.profiling.fold.fold`."""
        costs: dict[Cell, int] = {}
        for key, counts in passed.paths.items():
            for edge, count in enumerate(counts):
                for cell, cycles in self._path(key, edge) if count else ():
                    costs[cell] = costs.get(cell, 0) + cycles * count
        ended = {number for _state, number, _skipped in passed.paths}
        for number in ended & passed.stalls.keys():
            for cell, cycles in self._stalls(passed, number):
                if cycles:
                    costs[cell] = costs.get(cell, 0) + cycles
        return costs

    def _path(self, key: PathKey, edge: int) -> tuple[tuple[Cell, int], ...]:
        found = self._paths.get((key, edge))
        if found is None:
            owners = self._owners_of(key[1])
            sums: dict[Cell, int] = {}
            step = self._engine.automaton.step(*key, edge)
            for owner, costs in zip(owners, step.costs_of(len(owners)), strict=True):
                for cause, cycles in costs:
                    cell = (owner, cause.value, "")
                    sums[cell] = sums.get(cell, 0) + cycles
            found = self._paths[key, edge] = tuple((cell, cycles) for cell, cycles in sums.items() if cycles)
        return found

    def _stalls(self, passed: CountDifference, number: int) -> Iterator[tuple[Cell, int]]:
        events, owners = self._engine.automaton.plans[number].events, self._owners_of(number)
        stalls = passed.stalls[number]
        none = (0,) * len(stalls)
        unaligned, bus = passed.unaligned.get(number, none), passed.bus.get(number, none)
        for index, stall in enumerate(stalls):
            if not stall:
                continue
            if (number, index) not in self._keys:
                self._keys[number, index] = stall_key(self._memories, events[index])
            key, owner = self._keys[number, index], owners[events[index].instruction]
            if key is not None:
                yield _cell(owner, UNALIGNED), unaligned[index]
                yield _cell(owner, BUS), bus[index]
                yield _cell(owner, key), stall - unaligned[index] - bus[index]

    def _owners_of(self, number: int) -> tuple[int, ...]:
        """The function of each instruction of a block."""
        if number not in self._owners:
            block = self._engine.automaton.plans[number].block
            self._owners[number] = tuple(self._owner(i.address) for i in block.instructions)
        return self._owners[number]


def _cell(owner: int, key: CostKey) -> Cell:
    return owner, key.cause.value, key.waiting
