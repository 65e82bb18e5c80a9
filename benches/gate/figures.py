"""The figures of a measurement, by name: what a limit may name and a baseline has a line for.

Headlines: ``cycles``, ``instructions``, ``stack``, ``heap``, ``arena`` (most bytes in use), ``flash`` and
``ram`` (bytes of the image), ``latency:EXCEPTION`` (worst, in cycles). Parts of the cycles, to say where a
change is: ``cause:NAME``, ``function:NAME``, ``operator:INDEX NAME``, ``outside:CAUSE``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.board.model import Board
from emulator.image.model import Image
from emulator.recording.model import Recording
from emulator.reporting.figures import Place, places, recording_figures


@dataclass(frozen=True, slots=True)
class Figures:
    """What a measurement found.

    ``title``: the window in words. ``values`` by name. ``made_by``: what its cycles depend on besides the
    image, in words: figures of another are not compared. ``band``: of the cycles, as JSON has it.
    ``places``: of functions, where their most expensive line is; relative in the repository.
    """

    title: str
    image: str
    board: str
    made_by: str
    values: Mapping[str, int]
    band: Any = None
    clock_hz: int = 0
    places: Mapping[str, Place] = field(default_factory=dict)


def figures_of(
    recording: Recording, image: Image | None, board: Board, made_by: str, repository: Path
) -> Figures:
    """All figures of a recording and its image."""
    values = recording_figures(recording)
    if image is not None:
        values |= sizes_of(image, board)
    identity = recording.identity
    return Figures(
        identity.title,
        identity.image,
        identity.board,
        made_by,
        values,
        identity.band,
        identity.clock_hz,
        places(recording, repository),
    )


def sizes_of(image: Image, board: Board) -> dict[str, int]:
    """Bytes of flash that the image fills, and of RAM that it lays claim to."""
    flash = [region for region in board.regions if region.kind == "flash"]
    ram = [region for region in board.regions if region.kind != "flash"]
    sizes = {
        "flash": sum(len(s.data) for s in image.segments if any(r.base <= s.address < r.end for r in flash))
    }
    reserved = [part for part in image.reserved if any(r.base <= part.address < r.end for r in ram)]
    if reserved:
        sizes["ram"] = sum(part.size_bytes for part in reserved)
    return sizes
