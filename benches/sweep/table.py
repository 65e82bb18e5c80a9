"""The tidy table of a sweep: a row a cell, in the specification's order; its place, then its figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benches.sweep.figures import BEHIND, FAILED, FIGURES, KEYS, OK, STATUS
from benches.sweep.jobs import Result
from benches.sweep.run import Outcome
from benches.sweep.specification import Axis, Sweep
from emulator.errors import UsageError
from emulator.reporting.table import COUNT, TEXT, Column, Row, Table

MICROSECONDS = 1e6
NAME = "sweep"


def check_names(sweep: Sweep) -> None:
    """Raise UsageError for an axis that is called as a column of figures is."""
    for axis in sweep.axes:
        if axis.name in KEYS:
            raise UsageError(
                "an axis can't be called as a column of figures is",
                where=f"{sweep.file}: {axis.name}",
                next_step=f"call it otherwise than {', '.join(KEYS)}",
            )


def table_of(sweep: Sweep, outcome: Outcome) -> Table:
    """All cells, measured or not."""
    axes = [_axis_column(axis) for axis in sweep.axes]
    columns = (*axes, STATUS, *(figure.column for figure in FIGURES), *BEHIND)
    rows: list[Row] = []
    for cell, prepared, result in zip(sweep.cells, outcome.prepared, outcome.results, strict=True):
        pairs = zip(axes, cell.place, strict=True)
        place = [value if column.kind == COUNT else str(value) for column, value in pairs]
        clock_hz = None if prepared is None else prepared.clock_hz
        rows.append((*place, *_cells(result, clock_hz)))
    return Table(NAME, sweep.title or f"Sweep {sweep.file.name}", columns, tuple(rows))


def _axis_column(axis: Axis) -> Column:
    """Numbers stay numbers where all values of an axis are whole ones."""
    is_count = all(type(label) is int for label, _sets in axis.values)
    return Column(axis.name, axis.name, COUNT if is_count else TEXT)


def _cells(result: Result, clock_hz: int | None) -> Iterator[Any]:
    """A cell's status, figures and what stands behind them."""
    if "figures" not in result:
        yield FAILED
        yield from (None for _figure in FIGURES)
        yield from ("" for _column in BEHIND[:-1])
        yield " ".join(result["failure"].split())
        return
    values = at_clock(result["figures"], clock_hz)
    yield OK
    yield from (values[figure.column.key] for figure in FIGURES)
    yield from (
        values["error"],
        values["measured"],
        values["board_name"],
        values["core"],
        values["output"],
        "",
    )


def at_clock(figures: dict[str, Any], clock_hz: int | None) -> dict[str, Any]:
    """The same at another clock, as ``boardless bench --clock`` prices it; no energy is known there.

    What waits for a device waits as long as before, in seconds.
    """
    values = dict(figures)
    values["latency_us"] = values.pop("time_us")
    if clock_hz is not None:
        waiting = round(values["waiting_cycles"] * clock_hz / values["clock_hz"])
        values["cycles"] += waiting - values["waiting_cycles"]
        same = clock_hz == values["clock_hz"]
        values |= {
            "waiting_cycles": waiting,
            "clock_hz": clock_hz,
            "latency_us": values["cycles"] / clock_hz * MICROSECONDS,
            "energy_uj": values["energy_uj"] if same else None,
        }
    values["per_second"] = MICROSECONDS / values["latency_us"] if values["latency_us"] else None
    return values


def failures(table: Table) -> dict[str, list[Row]]:
    """The rows that have no figures, by their reasons."""
    place = [column.key for column in table.columns].index(STATUS.key)
    found: dict[str, list[Row]] = {}
    for row in table.rows:
        if row[place] == FAILED:
            found.setdefault(row[-1], []).append(row)
    return found


def for_people(table: Table) -> Table:
    """The same with units in the heads; what all rows have in common, and reasons, stand below it."""
    errors = {value for value in table.column("error") if value}
    left_out = {STATUS.key, "reason", *(("error",) if len(errors) <= 1 else ())}
    kept = [
        n for n, column in enumerate(table.columns) if column.key not in left_out and not column.is_detail
    ]
    columns = [table.columns[n] for n in kept]
    notes = [f"Error of the cycles: {error}." for error in errors if len(errors) == 1]
    for reason, rows in failures(table).items():
        cells = "a cell" if len(rows) == 1 else f"{len(rows)} cells"
        notes.append(f"{cells} ({_place(table, rows[0])}{', ...' if len(rows) > 1 else ''}): {reason}")
    return Table(
        table.name,
        table.title,
        tuple(replace(column, title=head(column)) for column in columns),
        tuple(tuple(row[n] for n in kept) for row in table.rows),
        None,
        tuple(notes),
    )


def head(column: Column) -> str:
    """A column's title with its unit, where the title is not the unit itself."""
    says_it = not column.unit or column.unit in (column.title, "1/s")
    return column.title if says_it else f"{column.title} {column.unit}"


def _place(table: Table, row: Row) -> str:
    """Where a row is, in words."""
    keys = [column.key for column in table.columns]
    return ", ".join(str(value) for value in row[: keys.index(STATUS.key)]) or "the only one"
