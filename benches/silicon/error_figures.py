"""Figures of a set of errors: mean, median, 90th percentile, worst."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorFigures:
    """Absolute relative errors of some rows, as fractions (0.02 is 2 %)."""

    count: int
    mean_abs_error: float
    median_abs_error: float
    p90_abs_error: float
    worst_abs_error: float


def error_figures(ratios: Sequence[float]) -> ErrorFigures:
    """Figures of ``|ratio - 1|``; the 90th percentile by nearest rank."""
    errors = sorted(abs(ratio - 1) for ratio in ratios)
    return ErrorFigures(
        count=len(errors),
        mean_abs_error=statistics.fmean(errors),
        median_abs_error=statistics.median(errors),
        p90_abs_error=errors[math.ceil(0.9 * len(errors)) - 1],
        worst_abs_error=errors[-1],
    )
