"""What a row is judged by: each published figure beside the modelled one, whatever it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from benches.silicon.error_figures import ErrorFigures, error_figures
from benches.silicon.row_figure import CYCLES, ENERGY, POWER, UNITS, RowFigure
from benches.silicon.validate import ABSENT, ValidatedRow, summarize


def figures_of(row: ValidatedRow) -> tuple[RowFigure, ...]:
    """A row's figures: its cycles, or a frame's; where an energy was published that and the mean power."""
    figures = list(row.streaming)
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
    content = row.as_json()
    content.pop("streaming")
    return {**content, "figures": [figure.as_json() for figure in figures_of(row)]}


def report_json(rows: Sequence[ValidatedRow]) -> dict[str, Any]:
    """The ``--json`` file's content: rows, summary per core, errors of each quantity, what was absent."""
    absent = [row for row in rows if row.status == ABSENT]
    return {
        "rows": [row_json(row) for row in rows],
        "summary": {core: summary.as_json() for core, summary in summarize(rows).items()},
        "errors": {quantity: asdict(figures) for quantity, figures in errors_by_quantity(rows).items()},
        "absent": {"count": len(absent), "paths": [f"{row.version} {row.path}" for row in absent]},
    }
