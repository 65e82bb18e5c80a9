"""Published images of streaming wake word: what their boards gave, and which pins they use.

Columns are those of :mod:`benches.silicon.catalog`, but for the latency: published_processing_ms,
published_period_ms, published_duty_cycle, published_tp, published_fn, published_fp (of the benchmark's own
20 minutes), published_power_mw, and processing_pin, detection_pin, timestamp_pin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from benches.silicon.catalog import core_name
from emulator.files import finite_number, parse_rows

FILE = "streaming.csv"


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
    return tuple(
        _row(row, number)
        for number, row in enumerate(parse_rows(text, "image", FILE, is_toml=False), start=1)
    )


def streaming_row(sha256: str) -> StreamingRow | None:
    """The row of exactly this image, if any."""
    return next((row for row in streaming_catalog() if row.sha256 == sha256), None)


def _row(record: Mapping[str, str], number: int) -> StreamingRow:
    place = f"{FILE}, row {number}"

    def figure(column: str) -> float | None:
        text = record.get(column, "")
        return finite_number(text, column, place) if text else None

    return StreamingRow(
        version=record["version"],
        submitter=record["submitter"],
        system=record["system"],
        mode=record["mode"],
        board=record["board"],
        core=core_name(record["core"]),
        path=record["path"],
        sha256=record["sha256"],
        mhz=figure("mhz"),
        processing_ms=figure("published_processing_ms"),
        period_ms=figure("published_period_ms"),
        duty_cycle=figure("published_duty_cycle"),
        power_mw=figure("published_power_mw"),
        energy_uj=figure("published_energy_uj"),
        processing_pin=record["processing_pin"],
        detection_pin=record["detection_pin"],
        timestamp_pin=record["timestamp_pin"],
    )
