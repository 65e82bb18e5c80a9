"""What a run is counted in: instructions and cycles, and those that no block holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Counts:
    """Instructions and modelled core cycles since the last reset of the counts."""

    instructions: int
    cycles: int

    def __sub__(self, other: Counts) -> Counts:
        return Counts(self.instructions - other.instructions, self.cycles - other.cycles)


@dataclass(slots=True)
class OutsideBlocks:
    """Sums of what is counted, but not on the path of any block.

    ``exception_cycles``: entering and leaving handlers. ``skipped_cycles`` and
    ``skipped_instructions``: turns of waiting loops that were not run one by one.
    ``sleep_cycles``: asleep in WFI or WFE.
    """

    exception_cycles: int = 0
    skipped_cycles: int = 0
    skipped_instructions: int = 0
    sleep_cycles: int = 0

    def save(self) -> dict[str, Any]:
        """State for a snapshot."""
        return asdict(self)

    def load(self, saved: dict[str, Any]) -> None:
        """Put a saved state back."""
        for name, value in saved.items():
            setattr(self, name, value)
