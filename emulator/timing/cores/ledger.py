"""Adding up one pass through a block."""

from __future__ import annotations

from collections.abc import Hashable

from emulator.timing.model import Cause, Step


class Ledger:
    """Cycles from the block's start, and who spent them on what."""

    def __init__(self, instructions: int) -> None:
        self.time = 0
        self._issue_cycles: list[int] = []
        self._costs: list[list[tuple[Cause, int]]] = [[] for _ in range(instructions)]

    def charge(self, index: int, cause: Cause, cycles: int) -> None:
        """Spend ``cycles`` on instruction ``index`` (-1, the block before: on the first)."""
        if cycles:
            self._costs[max(index, 0)].append((cause, cycles))
            self.time += cycles

    def issue(self, ago: int = 0) -> None:
        """Note that the next instruction issues now, or did ``ago`` cycles ago."""
        self._issue_cycles.append(max(0, self.time - ago))

    def step(self, next_state: Hashable) -> Step:
        """Close the books."""
        return Step(
            self.time, next_state, tuple(self._issue_cycles), tuple(tuple(pairs) for pairs in self._costs)
        )
