"""Everything of a verdict as JSON."""

from __future__ import annotations

from typing import Any

from benches.gate.verdict import Change, Judged, MeasurementVerdict, Verdict
from emulator.reporting.questions import UNOFFICIAL

SCHEMA = 1


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """The document. ``schema``: changes when a key's meaning does."""
    return {
        "schema": SCHEMA,
        "kind": "boardless check",
        "note": UNOFFICIAL,
        "exit_code": verdict.exit_code,
        "measurements": {item.name: _measurement(item) for item in verdict.measurements},
    }


def _measurement(measurement: MeasurementVerdict) -> dict[str, Any]:
    figures = measurement.figures
    if figures is None:
        return {"problem": measurement.problem}
    return {
        "title": figures.title,
        "image": figures.image,
        "board": figures.board,
        "made_by": figures.made_by,
        "clock_hz": figures.clock_hz,
        "error_band": figures.band,
        "notes": list(measurement.notes),
        "figures": [_judged(item) for item in measurement.judged],
        "changes": [_change(item) for item in measurement.changes],
        "values": dict(figures.values),
    }


def _judged(item: Judged) -> dict[str, Any]:
    return {
        "figure": item.figure,
        "now": item.now,
        "before": item.before,
        "tolerance": item.limit.tolerance,
        "hard": item.limit.hard,
        "state": item.state.name.lower(),
        "regression": item.state.is_regression,
    }


def _change(item: Change) -> dict[str, Any]:
    place = {"file": item.place.file, "line": item.place.line} if item.place is not None else {}
    return {"part": item.part, "cycles": item.cycles, **place}
