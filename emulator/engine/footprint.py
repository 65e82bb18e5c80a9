"""Which stretches of memory the data accesses go to; see :mod:`emulator.engine.hooks.footprint`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StretchCount:
    """Transfers to one stretch of memory, the cycles that they stalled, and what caches had not.

    ``misses``: of fetches from there, too.
    """

    loads: int
    stores: int
    stall_cycles: int
    misses: int


class Footprint(Protocol):
    """Counts data accesses by where they go, for whoever asks: it costs some time."""

    def start(self, starts: Sequence[int]) -> None:
        """Count from 0. ``starts``: ascending addresses, the first 0; a stretch reaches to the next one."""

    def stop(self) -> None:
        """Count no more, and forget what was counted."""

    def rows(self) -> list[StretchCount]:
        """The counts of each stretch so far; none when nothing is counted."""
