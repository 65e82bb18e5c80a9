"""The finished rows of ``boardless bench``, and how they stand in its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benches.measure.accuracy import AccuracyResult
from benches.measure.layer_costs import LayerCost
from benches.measure.performance import MeasuredWindow, Measurement
from benches.measure.what_if import WhatIf
from benches.silicon.catalog import CatalogRow
from benches.silicon.error_bands import RunBand, band_json

MICROSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class BenchRun:
    """One benchmark on one board with one image.

    ``band``: what is known of the error of such a run, None: not measured.
    ``layers``, ``what_if``: only when asked for. ``unmodelled``: what the firmware touched or turned
    on that no model covers, as JSON has it.
    """

    measurement: Measurement
    board: str
    core: str
    image: str
    image_sha256: str
    timing: str
    published: CatalogRow | None = None
    band: RunBand | None = None
    layers: tuple[LayerCost, ...] = ()
    what_if: WhatIf | None = None
    unmodelled: tuple[dict[str, Any], ...] = ()

    @property
    def window(self) -> MeasuredWindow:
        """The window that the row shows: the median one."""
        return self.measurement.median

    @property
    def device_latency_us(self) -> float | None:
        """Per inference, as the device's own time stamps say."""
        return self.window.window.latency_us

    @property
    def throughput_per_s(self) -> float:
        """Inferences per second by the device's own latency (by the modelled one without stamps)."""
        return MICROSECONDS / (self.device_latency_us or self.window.latency_us)

    @property
    def cpi(self) -> float | None:
        """Cycles per instruction; None when nothing was counted."""
        return self.window.cycles / self.window.instructions if self.window.instructions else None

    @property
    def published_ratio(self) -> float | None:
        """Our latency over the published one."""
        if self.published is None:
            return None
        return (self.device_latency_us or self.window.latency_us) / 1e3 / self.published.published_latency_ms

    def as_json(self) -> dict[str, Any]:
        """The run as it stands under ``runs``."""
        window = self.window
        return {
            "benchmark": self.measurement.benchmark.name,
            "mode": "performance",
            "board": self.board,
            "core": self.core,
            "clock_hz": window.clock_hz,
            "image": self.image,
            "image_sha256": self.image_sha256,
            "timing": self.timing,
            "vendor": self.measurement.vendor,
            "instructions": window.instructions,
            "cycles": window.cycles,
            "error_band": band_json(self.band),
            "unmodelled": list(self.unmodelled),
            "cpi": self.cpi,
            "latency_us": window.latency_us,
            "throughput_per_s": self.throughput_per_s,
            "device_latency_us": self.device_latency_us,
            "device_cycles": window.device_cycles,
            "golden": _golden_json(self.measurement),
            "published": _published_json(self),
            "windows": [_window_json(item) for item in self.measurement.windows],
            **({"layers": [layer.as_json() for layer in self.layers]} if self.layers else {}),
            **({"what_if": self.what_if.as_json()} if self.what_if else {}),
        }


def _golden_json(measurement: Measurement) -> dict[str, Any]:
    golden = measurement.golden
    return {
        "runtime": golden.runtime,
        "tolerance": measurement.benchmark.printed_tolerance if golden.runtime else None,
        "match": golden.match,
        "max_abs_diff": golden.max_abs_diff,
        "reason": golden.reason or None,
        "inputs": list(measurement.checks),
    }


def _published_json(run: BenchRun) -> dict[str, Any] | None:
    if run.published is None:
        return None
    return {
        "version": run.published.version,
        "submitter": run.published.submitter,
        "system": run.published.system,
        "latency_ms": run.published.published_latency_ms,
        "ratio": run.published_ratio,
    }


def _window_json(item: MeasuredWindow) -> dict[str, Any]:
    counts = item.window.counts
    return {
        "input": item.input_name,
        "inferences": item.window.inferences,
        "warmups": item.window.warmups,
        "device_elapsed_us": item.window.elapsed_us,
        "instructions": counts.instructions if counts else None,
        "cycles": counts.cycles if counts else None,
        "results": item.window.results.text,
        "host_s": item.window.host_s,
    }


@dataclass(frozen=True, slots=True)
class AccuracyRun:
    """One labelled set on one board with one image."""

    result: AccuracyResult
    board: str
    core: str
    clock_hz: int
    image: str
    image_sha256: str
    golden_runtime: str | None
    golden_reason: str

    def as_json(self) -> dict[str, Any]:
        """The run as it stands under ``runs``."""
        result = self.result
        device, golden = result.device_quality(), result.golden_quality()
        return {
            "benchmark": result.benchmark.name,
            "mode": "accuracy",
            "board": self.board,
            "core": self.core,
            "clock_hz": self.clock_hz,
            "image": self.image,
            "image_sha256": self.image_sha256,
            "files_done": result.done,
            "files_total": result.total,
            "inferences": result.inferences,
            "interrupted": result.interrupted,
            "top_1": device.top_1,
            "auc": device.auc,
            "golden": {
                "runtime": self.golden_runtime,
                "tolerance": result.benchmark.printed_tolerance if self.golden_runtime else None,
                "match": result.mismatches == 0 if golden else None,
                "max_abs_diff": result.max_abs_diff if golden else None,
                "reason": self.golden_reason or None,
                "top_1": golden.top_1 if golden else None,
                "auc": golden.auc if golden else None,
                "inferences_equal": result.agreeing if golden else None,
            },
        }
