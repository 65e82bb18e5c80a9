"""Which stall causes go together with the remaining error of a validation.

For each core and each cause, over the core's rows: x is the cause's share of the published
cycles, y the published cycles that the model lacks, as a share of them. Reported are their
correlation, and the least-squares factor: how much dearer (above 0) or cheaper (below 0)
the cause would have to be for the smallest sum of squares, and the mean absolute error that
would be left. With few rows this is a hint of where to look, not a fit to take over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benches.silicon.validate import ValidatedRow

FEWEST_ROWS = 3
"""Two points are always on a line."""
SMALLEST_SHARE = 0.0005
"""A cause below 0.05 % of the cycles explains nothing, however well it correlates."""

Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CauseFit:
    """One cause on one core; fractions. ``correlation`` None: the share or the error never varies."""

    core: str
    cause: str
    rows: int
    mean_share: float
    correlation: float | None
    factor: float
    mean_abs_error: float
    mean_abs_error_left: float

    def as_json(self) -> dict[str, Any]:
        """The fit as it stands under ``fit_report``."""
        return asdict(self)


def fit_report(rows: Sequence[ValidatedRow]) -> list[CauseFit]:
    """All causes of all cores with enough rows, best explanation first within a core."""
    by_core: dict[str, list[ValidatedRow]] = {}
    for row in rows:
        if row.cycles_by_cause and row.published_cycles and row.modelled_cycles:
            by_core.setdefault(row.core, []).append(row)
    found: list[CauseFit] = []
    for core, group in sorted(by_core.items()):
        if len(group) >= FEWEST_ROWS:
            found += _fit_core(core, group)
    return found


def _fit_core(core: str, rows: Sequence[ValidatedRow]) -> list[CauseFit]:
    published = np.array([row.published_cycles for row in rows], dtype=float)
    lacking = 1 - np.array([row.modelled_cycles for row in rows], dtype=float) / published
    causes = sorted({cause for row in rows for cause in row.cycles_by_cause or {}})
    fits = []
    for cause in causes:
        share = np.array([(row.cycles_by_cause or {}).get(cause, 0) for row in rows], dtype=float) / published
        if share.mean() >= SMALLEST_SHARE:
            fits.append(_fit_cause(core, cause, share, lacking))
    return sorted(fits, key=lambda fit: fit.mean_abs_error_left)


def _fit_cause(core: str, cause: str, share: Shares, lacking: Shares) -> CauseFit:
    factor = float(share @ lacking / (share @ share)) if share.any() else 0.0
    varies = float(np.std(share)) > 0 and float(np.std(lacking)) > 0
    return CauseFit(
        core=core,
        cause=cause,
        rows=len(share),
        mean_share=float(share.mean()),
        correlation=float(np.corrcoef(share, lacking)[0, 1]) if varies else None,
        factor=factor,
        mean_abs_error=float(np.abs(lacking).mean()),
        mean_abs_error_left=float(np.abs(lacking - factor * share).mean()),
    )
