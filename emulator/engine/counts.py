"""What a run is counted in: instructions and cycles, and those that no block holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, repr=False)
class Counts:
    """Instructions and modelled core cycles, of a machine so far or of a stretch of its run."""

    instructions: int
    cycles: int

    def __sub__(self, other: Counts) -> Counts:
        return Counts(self.instructions - other.instructions, self.cycles - other.cycles)

    def __repr__(self) -> str:
        return f"Counts(instructions={self.instructions:_}, cycles={self.cycles:_})"


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
