"""Published images of streaming wake word: what their boards gave, and which pins they use.

Columns are those of :mod:`benches.silicon.catalog`, but for the latency: published_processing_ms,
published_period_ms, published_duty_cycle, published_tp, published_fn, published_fp (of the benchmark's own
20 minutes), published_power_mw, and processing_pin, detection_pin, timestamp_pin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from benches.silicon.catalog import column_name, core_name, is_streaming_row
from emulator.errors import UsageError
from emulator.files import finite_number, parse_rows, read_text

FILE = "streaming.csv"
REQUIRED = ("version", "submitter", "system", "path", "board", "processing_pin")


@dataclass(frozen=True, slots=True)
class StreamingRow:
    """One published image. Figures that are not known are None, pins that are not empty."""

    version: str
    submitter: str
    system: str
    mode: str
    board: str
    core: str
    path: str
    sha256: str
    mhz: float | None
    processing_ms: float | None
    period_ms: float | None
    duty_cycle: float | None
    power_mw: float | None
    energy_uj: float | None
    processing_pin: str = ""
    detection_pin: str = ""
    timestamp_pin: str = ""
    base: int | None = None

    @property
    def title(self) -> str:
        """One line that names the row to a reader."""
        mode = "" if self.mode == "performance" else f" ({self.mode})"
        return f"{self.version} {self.submitter} {self.system} sww{mode}"

    @property
    def pins(self) -> Mapping[str, str]:
        """By their roles."""
        return {
            "processing": self.processing_pin,
            "detection": self.detection_pin,
            "timestamp": self.timestamp_pin,
        }


def streaming_catalog() -> tuple[StreamingRow, ...]:
    """The project's own rows: the development images and nothing else."""
    text = resources.files("benches.silicon").joinpath(FILE).read_text(encoding="utf-8")
    return _parse(text, FILE, is_toml=False)


def read_streaming_catalog(path: Path) -> tuple[StreamingRow, ...]:
    """A catalogue's rows of streaming wake word. Raises :class:`UsageError` that names row and column."""
    return _parse(read_text(path), str(path), is_toml=path.suffix.lower() == ".toml")


def _parse(text: str, where: str, *, is_toml: bool) -> tuple[StreamingRow, ...]:
    rows = parse_rows(text, "image", where, is_toml=is_toml, key=column_name)
    return tuple(
        _row(row, f"{where}, row {number}")
        for number, row in enumerate(rows, start=1)
        if is_streaming_row(row)
    )


def streaming_row(sha256: str) -> StreamingRow | None:
    """The row of exactly this image, if any."""
    return next((row for row in streaming_catalog() if row.sha256 == sha256), None)


def _row(record: Mapping[str, str], place: str) -> StreamingRow:
    missing = next((column for column in REQUIRED if not record.get(column)), None)
    if missing is not None:
        raise UsageError(
            f"column {missing!r} is missing or empty",
            where=place,
            next_step=f"Needed for streaming wake word: {', '.join(REQUIRED)}.",
        )

    def figure(column: str) -> float | None:
        text = record.get(column, "")
        return finite_number(text, column, place) if text else None

    return StreamingRow(
        version=record["version"],
        submitter=record["submitter"],
        system=record["system"],
        mode=record.get("mode") or "performance",
        board=record["board"],
        core=core_name(record.get("core", "")),
        path=record["path"],
        sha256=record.get("sha256", "").lower(),
        mhz=figure("mhz"),
        processing_ms=figure("published_processing_ms"),
        period_ms=figure("published_period_ms"),
        duty_cycle=figure("published_duty_cycle"),
        power_mw=figure("published_power_mw"),
        energy_uj=figure("published_energy_uj"),
        processing_pin=record["processing_pin"],
        detection_pin=record.get("detection_pin", ""),
        timestamp_pin=record.get("timestamp_pin", ""),
    )
