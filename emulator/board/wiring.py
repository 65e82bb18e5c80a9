"""What a board is wired to on the benchmark's desk: the ``[wiring]`` table of its TOML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from emulator.schema.table import Table, about


@dataclass(frozen=True, slots=True)
class Wiring:
    """Pins of a streaming benchmark, each empty when not known.

    ``processing``: high while a frame is worked on. ``detection``: goes low for a moment when a frame
    holds what is looked for. Where the time stamps are: :class:`emulator.board.supply.EnergyFacts`.
    """

    processing: str = ""
    detection: str = ""


class WiringTable(Table, frozen=True):
    """``[wiring]``: pins that go to the interface board of the benchmark's desk."""

    processing: Annotated[
        str,
        about(
            "The pin that streaming firmware holds high while it works on a frame.",
            by_default="not known",
            names_a="pin",
            example="PE9",
        ),
    ] = ""
    detection: Annotated[
        str,
        about(
            "The pin that streaming firmware pulls low for a moment when it has heard a wake word.",
            by_default="not known",
            names_a="pin",
            example="PB8",
        ),
    ] = ""
    source: Annotated[str, about("Where this is from.", example="UM2179 (user manual)")] = ""

    def pins(self) -> Wiring:
        """The same, as a machine reads it."""
        return Wiring(self.processing, self.detection)
