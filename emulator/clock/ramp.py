"""How a counter's register goes on: its value at every cycle until something else happens to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from emulator.clock.clock import NEVER


@dataclass(frozen=True, slots=True)
class Ramp:
    """``value`` was read at ``cycle``; ``step`` (1, -1, 0) is added at each clock of the counter.

    So many counter clocks have passed at cycle ``c``: ``((c - cycle) * numerator + phase) //
    denominator``. It holds for cycles below ``until`` (a wrap, a reload), modulo ``mask + 1``.
    """

    cycle: int
    value: int
    mask: int
    step: int = 1
    numerator: int = 1
    denominator: int = 1
    phase: int = 0
    until: int = NEVER

    def values(self, cycles: Any) -> Any:
        """The register's values at ``cycles``: a number, or an array of 64-bit numbers."""
        clocks = ((cycles - self.cycle) * self.numerator + self.phase) // self.denominator
        return (self.value + self.step * clocks) & self.mask


class Touch(Protocol):
    """Says that the value just read changes with time; ``ramp``: how, where that is known."""

    def __call__(self, ramp: Ramp | None = None) -> None:
        """Tell it."""
