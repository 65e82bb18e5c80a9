"""Reads a catalogue of images with published latencies: CSV, or TOML with ``[[image]]`` tables.

Columns: version, submitter, system, benchmark, path, board, and the published latency as
``published_latency_ms`` (also ``published_latency`` or ``latency_ms``, milliseconds). Optional:
mode ("performance", "energy"), core, mhz, published_cycles, published_energy_uj, sha256, base.
Other columns are ignored. Headers may hold blanks for underscores, in any case. Rows of streaming wake
word are left to :mod:`benches.silicon.streaming_catalog`: one file may have both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from benches.suite import wake_word
from benches.suite.benchmarks import find
from emulator.errors import UsageError
from emulator.files import finite_number, parse_rows, read_text

REQUIRED = ("version", "submitter", "system", "benchmark", "path", "board")
LATENCY_COLUMNS = ("published_latency_ms", "published_latency", "latency_ms")
MODES = ("performance", "energy")
SHORT_CORES = {"m0+": "cortex-m0plus", "m0plus": "cortex-m0plus"}


@dataclass(frozen=True, slots=True)
class CatalogRow:
    """One published image: where it is, what it ran on, and what the board gave.

    ``mhz``: the board's core clock, None when the catalogue does not say. ``base``: address
    of a raw binary whose board has several. ``core`` is the Boardless name ("cortex-m4") or "".
    """

    version: str
    submitter: str
    system: str
    benchmark: str
    path: str
    board: str
    published_latency_ms: float
    mode: str = "performance"
    core: str = ""
    mhz: float | None = None
    published_cycles: int | None = None
    published_energy_uj: float | None = None
    sha256: str = ""
    base: int | None = None

    @property
    def title(self) -> str:
        """One line that names the row to a reader."""
        mode = "" if self.mode == "performance" else f" ({self.mode})"
        return f"{self.version} {self.submitter} {self.system} {self.benchmark}{mode}"

    def cycles_at(self, clock_hz: int) -> float:
        """Published cycles: as the catalogue says, else its latency at its clock or ``clock_hz``."""
        if self.published_cycles is not None:
            return self.published_cycles
        hertz = self.mhz * 1e6 if self.mhz is not None else clock_hz
        return self.published_latency_ms / 1e3 * hertz


def read_catalog(path: Path) -> tuple[CatalogRow, ...]:
    """Read a catalogue file. Raises :class:`UsageError` that names the row and the column."""
    return _parse(read_text(path), path.suffix.lower(), str(path))


def development_catalog() -> tuple[CatalogRow, ...]:
    """The project's own catalogue: the development images and nothing else."""
    text = resources.files("benches.silicon").joinpath("development.csv").read_text(encoding="utf-8")
    return _parse(text, ".csv", "development.csv")


def _parse(text: str, suffix: str, where: str) -> tuple[CatalogRow, ...]:
    rows = parse_rows(text, "image", where, is_toml=suffix == ".toml", key=column_name)
    return tuple(
        _row(row, where, number) for number, row in enumerate(rows, start=1) if not is_streaming_row(row)
    )


def is_streaming_row(record: Mapping[str, str]) -> bool:
    """Whether a row is of streaming wake word, which has no latency."""
    return record.get("benchmark", "") in (wake_word.NAME, wake_word.MODEL_NAME)


def column_name(header: str) -> str:
    """A header as its column is called here."""
    return header.strip().lower().replace(" ", "_").replace("-", "_")


def _row(record: Mapping[str, str], where: str, number: int) -> CatalogRow:
    place = f"{where}, row {number}"
    for column in REQUIRED:
        if not record.get(column):
            raise UsageError(
                f"column {column!r} is missing or empty",
                where=place,
                next_step=f"Needed: {', '.join((*REQUIRED, LATENCY_COLUMNS[0]))}.",
            )
    try:
        benchmark = find(record["benchmark"]).name
    except UsageError as error:
        raise UsageError(error.what, where=place, next_step=error.next_step) from error
    latency = next((value for c in LATENCY_COLUMNS if (value := _number(record, c, place)) is not None), None)
    if latency is None or latency <= 0:
        raise UsageError(
            f"no published latency: {LATENCY_COLUMNS[0]!r} must be a number above 0", where=place
        )
    cycles = _number(record, "published_cycles", place)
    mode = record.get("mode") or MODES[0]
    if mode not in MODES:
        raise UsageError(f"mode is {mode!r}", where=place, next_step=f"known: {', '.join(MODES)}")
    return CatalogRow(
        version=record["version"],
        submitter=record["submitter"],
        system=record["system"],
        benchmark=benchmark,
        path=record["path"],
        board=record["board"],
        published_latency_ms=latency,
        mode=mode,
        core=core_name(record.get("core", "")),
        mhz=_number(record, "mhz", place),
        published_cycles=None if cycles is None else round(cycles),
        published_energy_uj=_number(record, "published_energy_uj", place),
        sha256=record.get("sha256", "").lower(),
        base=_address(record.get("base", ""), place),
    )


def core_name(text: str) -> str:
    """``"M4"``, ``"M0+"`` or ``"Cortex-M4F"`` as a board file calls it; "" stays ""."""
    short = text.lower().removeprefix("cortex-").removesuffix("f")
    return "" if not short else SHORT_CORES.get(short, f"cortex-{short}")


def _number(record: Mapping[str, str], column: str, place: str) -> float | None:
    text = record.get(column, "")
    return finite_number(text, column, place) if text else None


def _address(text: str, place: str) -> int | None:
    try:
        return int(text, 0) if text else None
    except ValueError as error:
        raise UsageError(f"base is {text!r}, not an address", where=place) from error
