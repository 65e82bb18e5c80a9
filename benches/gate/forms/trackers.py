"""Figures for services that draw them over commits.

``customSmallerIsBetter``: benchmark-action/github-action-benchmark, "Custom benchmark". Bencher Metric
Format: bencher.dev, "Bencher Metric Format (BMF)"; its lower and upper value are the error band's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benches.gate.figures import Figures
from benches.gate.verdict import Verdict
from emulator.reporting.figures import is_part, unit_of

UNOFFICIAL = "simulated and unofficial"


def smaller_is_better(verdict: Verdict) -> list[dict[str, Any]]:
    """What github-action-benchmark takes as ``customSmallerIsBetter``."""
    rows = []
    for name, figures, figure, value in _values(verdict):
        fraction = _fraction(figures) if figure == "cycles" else None
        row = {"name": f"{name} {figure}", "unit": unit_of(figure), "value": value}
        if fraction is not None:
            row["range"] = f"± {100 * fraction:.1f} %"
        rows.append({**row, "extra": f"{figures.title} on {figures.board}; {UNOFFICIAL}"})
    return rows


def bencher(verdict: Verdict) -> dict[str, dict[str, dict[str, float]]]:
    """Bencher's format: by measurement and figure."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, figures, figure, value in _values(verdict):
        metric: dict[str, float] = {"value": value}
        fraction = _fraction(figures) if figure == "cycles" else None
        if fraction is not None:
            metric |= {"lower_value": value * (1 - fraction), "upper_value": value * (1 + fraction)}
        found.setdefault(name, {})[figure] = metric
    return found


def _values(verdict: Verdict) -> Iterator[tuple[str, Figures, str, int]]:
    for measurement in verdict.measurements:
        if measurement.figures is not None:
            for figure, value in measurement.figures.values.items():
                if not is_part(figure):
                    yield measurement.name, measurement.figures, figure, value


def _fraction(figures: Figures) -> float | None:
    """The band's, where it is a number and nothing lies outside of what was measured."""
    band = figures.band
    fraction = band.get("fraction") if isinstance(band, dict) and not band.get("outside") else None
    return float(fraction) if isinstance(fraction, int | float) else None
