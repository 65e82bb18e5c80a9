"""What a run is counted in: instructions and cycles, and those that no block holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emulator.system.exception_state import ExceptionState

SUMS = ("skipped_cycles", "skipped_instructions", "sleep_cycles")


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

    exceptions: ExceptionState = field(default_factory=ExceptionState, repr=False, compare=False)
    skipped_cycles: int = 0
    skipped_instructions: int = 0
    sleep_cycles: int = 0

    @property
    def exception_cycles(self) -> int:
        """Cycles of entering and leaving handlers, natively or not."""
        return self.exceptions.exception_cycles

    def save(self) -> dict[str, Any]:
        """State for a snapshot."""
        return {name: getattr(self, name) for name in (*SUMS, "exception_cycles")}

    def load(self, saved: dict[str, Any]) -> None:
        """Put a saved state back."""
        for name in SUMS:
            setattr(self, name, saved[name])
        self.exceptions.exception_cycles = saved["exception_cycles"]
