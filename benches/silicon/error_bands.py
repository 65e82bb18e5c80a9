"""Error bands: the error measured against silicon for a core and a memory system.

``benches/silicon/error_bands.json`` is written by ``boardless validate --update-bands`` from
its own result. A band is the 90th percentile of the absolute error of the images measured
(with fewer than ten images that is the worst one). What was not measured says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benches.silicon.error_figures import ErrorFigures, error_figures
from emulator import __version__
from emulator.board.model import Accelerator
from emulator.board.reader import load_board
from emulator.errors import UsageError
from emulator.files import OutputFile, read_text

if TYPE_CHECKING:
    from benches.silicon.validate import ValidatedRow

NOT_MEASURED = "not measured"
NO_MEMORY_SYSTEM = "no wait states"
FILE = "error_bands.json"


class BoardWithMemory(Protocol):
    """The part of a board that its band depends on."""

    @property
    def core(self) -> str:
        """Its core, such as "cortex-m4"."""

    @property
    def accelerators(self) -> tuple[Accelerator, ...]:
        """What stands in front of its memories."""


@dataclass(frozen=True, slots=True)
class ErrorBand:
    """The measured error of one core with one memory system; fractions, 0.02 is 2 %."""

    core: str
    memory: str
    figures: ErrorFigures
    images: tuple[str, ...]

    @property
    def fraction(self) -> float:
        """Half the band's width."""
        return self.figures.p90_abs_error

    @property
    def words(self) -> str:
        """``"+-2.6 %"``."""
        return f"+-{100 * self.fraction:.1f} %"

    def as_json(self) -> dict[str, Any]:
        """The band as it stands in the file and in reports."""
        return {"core": self.core, "memory": self.memory, **asdict(self.figures), "images": list(self.images)}


def memory_system(board: BoardWithMemory) -> str:
    """What a board's memories are priced by: the kinds of its accelerators and their read widths.

    ``"stm32-art 64 bit"``; ``"no wait states"`` for a board without any.
    """
    words = [f"{a.kind} {8 * a.parameters.get('read_bytes', 8)} bit" for a in board.accelerators]
    return " + ".join(sorted(words)) or NO_MEMORY_SYSTEM


def band_words(band: ErrorBand | None) -> str:
    """``"+-2.6 %"`` or ``"not measured"``."""
    return NOT_MEASURED if band is None else band.words


def band_json(band: ErrorBand | None) -> dict[str, Any] | str:
    """The band in a JSON report: its figures, or ``"not measured"``."""
    if band is None:
        return NOT_MEASURED
    content = band.as_json()
    del content["images"]
    return {"words": band.words, "fraction": band.fraction, **content}


class BandTable:
    """All measured bands."""

    def __init__(self, bands: Sequence[ErrorBand]) -> None:
        self.bands = tuple(bands)

    def band_for(self, board: BoardWithMemory, timing: str = "memory") -> ErrorBand | None:
        """The band of a board's core and memory system; None: not measured, or not with this timing."""
        if timing != "memory":
            return None
        key = (board.core, memory_system(board))
        return next((band for band in self.bands if (band.core, band.memory) == key), None)

    def write(self, output: OutputFile) -> None:
        """Write the file. Raises :class:`UsageError`."""
        content = {
            "note": "written by `boardless validate --update-bands`; simulated and unofficial",
            "boardless": __version__,
            "bands": [band.as_json() for band in self.bands],
        }
        output.write_json(content)


def shipped_bands_file() -> Path:
    """The project's own bands, measured on its development images."""
    return Path(str(resources.files("benches.silicon").joinpath(FILE)))


def read_bands(path: Path | None = None) -> BandTable:
    """Read bands, the project's own by default. Raises :class:`UsageError` for a file that is none."""
    file = path or shipped_bands_file()
    try:
        return BandTable([_band(item) for item in json.loads(read_text(file))["bands"]])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"not a file of error bands: {error}",
            where=str(file),
            next_step="Write one with `boardless validate --update-bands FILE`.",
        ) from error


def _band(item: dict[str, Any]) -> ErrorBand:
    figures = ErrorFigures(
        int(item["count"]),
        *(float(item[f"{name}_abs_error"]) for name in ("mean", "median", "p90", "worst")),
    )
    return ErrorBand(str(item["core"]), str(item["memory"]), figures, tuple(item.get("images", ())))


def measured_bands(rows: Sequence[ValidatedRow]) -> BandTable:
    """The bands of a validation with ``timing="memory"``, over its rows in performance mode."""
    groups: dict[tuple[str, str], list[ValidatedRow]] = {}
    for row in rows:
        if row.mode == "performance" and row.ratio is not None:
            board = load_board(row.board)
            groups.setdefault((board.core, memory_system(board)), []).append(row)
    return BandTable(
        [
            ErrorBand(
                core,
                memory,
                error_figures([row.ratio for row in group if row.ratio is not None]),
                tuple(f"{row.version} {row.submitter} {row.system} {row.benchmark}" for row in group),
            )
            for (core, memory), group in sorted(groups.items())
        ]
    )
