"""Memories of which so many banks answer as a device says, by a signal: others belong to other memories.

A device says so in the middle of a block; what answers changes behind that block.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.board.model import Region
from emulator.device import Signals
from emulator.engine.engine import Engine


class BankedMemories:
    """One machine's. ``stop()``: come back to Python at the next block, where :meth:`settle` is called."""

    def __init__(self, engine: Engine, signals: Signals, stop: Callable[[], None]) -> None:
        self._engine = engine
        self._signals = signals
        self._stop = stop
        self._regions = [region for region in engine.board.regions if region.banks_signal]
        self._is_stale = bool(self._regions)
        for region in self._regions:
            signals.watch(region.banks_signal, self._changed)

    def _changed(self, _banks: int) -> None:
        self._is_stale = True
        self._stop()

    def settle(self) -> None:
        """Between two stretches of emulation: follow what has changed."""
        if not self._is_stale:
            return
        self._is_stale = False
        for region in self._regions:
            self._engine.core.answer_until(region.name, self._end_of(region))
        self._engine.hook.memories_changed()

    def _end_of(self, region: Region) -> int:
        banks = self._signals.get(region.banks_signal)
        return min(region.base + banks * region.bank_bytes, region.end)

    def save(self) -> None:
        """State for a snapshot: none but the signals'."""

    def load(self, _saved: None) -> None:
        """The signals are those of a snapshot; nobody was told."""
        self._is_stale = bool(self._regions)
        self.settle()
