"""What a row is judged by: each published figure beside the modelled one, whatever it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benches.silicon.error_figures import ErrorFigures, error_figures
from benches.silicon.validate import ABSENT, ValidatedRow, summarize

CYCLES, ENERGY, POWER = "cycles", "energy", "power"
UNITS = {CYCLES: "cycles", ENERGY: "uJ", POWER: "mW"}


@dataclass(frozen=True, slots=True)
class RowFigure:
    """One figure of a row, per inference. ``modelled`` None: the row did not come so far."""

    quantity: str
    published: float
    modelled: float | None = None

    @property
    def unit(self) -> str:
        """What it counts: "uJ"."""
        return UNITS[self.quantity]

    @property
    def ratio(self) -> float | None:
        """Modelled over published."""
        return None if self.modelled is None else self.modelled / self.published

    def as_json(self) -> dict[str, Any]:
        """An entry under ``figures``."""
        return {
            "quantity": self.quantity,
            "unit": self.unit,
            "published": self.published,
            "modelled": self.modelled,
            "ratio": self.ratio,
        }


def figures_of(row: ValidatedRow) -> tuple[RowFigure, ...]:
    """A row's figures: its cycles, and where an energy was published that and the mean power."""
    figures = []
    if row.published_cycles:
        figures.append(RowFigure(CYCLES, row.published_cycles, row.modelled_cycles))
    if row.published_energy_uj:
        figures.append(RowFigure(ENERGY, row.published_energy_uj, row.modelled_energy_uj))
        if row.published_latency_us:
            published_mw = row.published_energy_uj / row.published_latency_us * 1e3
            figures.append(RowFigure(POWER, published_mw, _modelled_mw(row)))
    return tuple(figures)


def _modelled_mw(row: ValidatedRow) -> float | None:
    if row.modelled_energy_uj is None or not row.modelled_cycles or not row.clock_hz:
        return None
    return row.modelled_energy_uj * 1e-3 / (row.modelled_cycles / row.clock_hz)


def errors_by_quantity(rows: Iterable[ValidatedRow]) -> dict[str, ErrorFigures]:
    """Errors of each quantity over the rows that have it.

    Cycles of rows in energy mode are measured between lines on a slow port, and not judged.
    """
    ratios: dict[str, list[float]] = {}
    for row in rows:
        for figure in figures_of(row):
            if figure.ratio is not None and (figure.quantity != CYCLES or row.mode == "performance"):
                ratios.setdefault(figure.quantity, []).append(figure.ratio)
    return {quantity: error_figures(ratios[quantity]) for quantity in UNITS if quantity in ratios}


def row_json(row: ValidatedRow) -> dict[str, Any]:
    """The row as it stands under ``rows``, its figures one below the other."""
    return {**row.as_json(), "figures": [figure.as_json() for figure in figures_of(row)]}


def report_json(rows: Sequence[ValidatedRow]) -> dict[str, Any]:
    """The ``--json`` file's content: rows, summary per core, errors of each quantity, what was absent."""
    absent = [row for row in rows if row.status == ABSENT]
    return {
        "rows": [row_json(row) for row in rows],
        "summary": {core: summary.as_json() for core, summary in summarize(rows).items()},
        "errors": {quantity: asdict(figures) for quantity, figures in errors_by_quantity(rows).items()},
        "absent": {"count": len(absent), "paths": [f"{row.version} {row.path}" for row in absent]},
    }
