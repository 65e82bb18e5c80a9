"""One published figure of an image beside the modelled one, whatever it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CYCLES, FRAME, DUTY_CYCLE, ENERGY, POWER = "cycles", "frame", "duty cycle", "energy", "power"
UNITS = {CYCLES: "cycles", FRAME: "ms", DUTY_CYCLE: "%", ENERGY: "uJ", POWER: "mW"}
"""Of one inference; a frame's processing time and the duty cycle are streaming wake word's."""


@dataclass(frozen=True, slots=True)
class RowFigure:
    """``modelled`` None: the row did not come so far."""

    quantity: str
    published: float
    modelled: float | None = None

    @property
    def unit(self) -> str:
        """What it counts: "uJ"."""
        return UNITS[self.quantity]

    @property
    def ratio(self) -> float | None:
        """Modelled over published."""
        return None if self.modelled is None else self.modelled / self.published

    def as_json(self) -> dict[str, Any]:
        """An entry under ``figures``."""
        return {
            "quantity": self.quantity,
            "unit": self.unit,
            "published": self.published,
            "modelled": self.modelled,
            "ratio": self.ratio,
        }
