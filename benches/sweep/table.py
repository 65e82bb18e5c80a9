"""The tidy table of a sweep: a row a cell, in the specification's order; its place, then its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from benches.sweep.figures import BEHIND, FAILED, FIGURES, KEYS, OK, STATUS
from benches.sweep.jobs import Result
from benches.sweep.run import Outcome
from benches.sweep.specification import Axis, Sweep
from emulator.errors import UsageError
from emulator.reporting.table import COUNT, RATIO, TEXT, Column, Row, Table

MICROSECONDS = 1e6
NAME, CLOCK_AXIS = "sweep", "clock"
MOST = (1 << 63) - 1
"""Numbers beyond are text: a column of a file has no more bits."""
PEOPLES = {"latency_us": ("ms", 1e3, RATIO), "clock_hz": ("MHz", 1e6, COUNT)}
"""Of a column, the unit that a terminal shows, and how many of the column's units that is."""


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
    is_count = all(type(label) is int and abs(label) <= MOST for label, _sets in axis.values)
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
    """The same as a terminal has room for: what all rows have in common, and reasons, stand below it."""
    errors = Counter(value for value in table.column("error") if value)
    left_out = {STATUS.key, "reason", "error"}
    if any(column.key == CLOCK_AXIS for column in table.columns):
        left_out.add("clock_hz")  # the same once more
    kept = [n for n, c in enumerate(table.columns) if c.key not in left_out and not c.is_detail]
    shares = [f"{error} of {count} cells" for error, count in errors.items()]
    notes = [f"Error of the cycles: {'; '.join(shares)}."] if shares else []
    for reason, rows in failures(table).items():
        cells = "a cell" if len(rows) == 1 else f"{len(rows)} cells"
        notes.append(f"{cells} ({_place(table, rows[0])}{', ...' if len(rows) > 1 else ''}): {reason}")
    columns = tuple(table.columns[n] for n in kept)
    kept_rows = tuple(tuple(row[n] for n in kept) for row in table.rows)
    return readable(Table(table.name, table.title, columns, kept_rows, None, tuple(notes)))


def readable(table: Table) -> Table:
    """Columns with short heads and units: of a dotted name its last words, as many as tell it apart."""
    names = [column.key.split(".") for column in table.columns]
    columns = tuple(
        replace(
            column,
            title=_head(column, names),
            kind=PEOPLES[column.key][2] if column.key in PEOPLES else column.kind,
            is_detail=False,
        )
        for column in table.columns
    )
    keys = [column.key for column in columns]
    rows = tuple(tuple(map(_scaled, keys, row)) for row in table.rows)
    return replace(table, columns=columns, rows=rows)


def _head(column: Column, names: Sequence[Sequence[str]]) -> str:
    if column.key in PEOPLES:
        return f"{column.title} {PEOPLES[column.key][0]}"
    if column.unit and column.unit not in (column.title, "1/s"):
        return f"{column.title} {column.unit}"
    own = column.key.split(".")
    for count in range(1, len(own)):
        if sum(list(name[-count:]) == own[-count:] for name in names) == 1:
            return " ".join(own[-count:])
    return column.title


def _scaled(key: str, value: Any) -> Any:
    """A value in the unit that people read it in."""
    if key not in PEOPLES or value is None:
        return value
    number = value / PEOPLES[key][1]
    return int(number) if number.is_integer() and PEOPLES[key][2] == COUNT else number


def _place(table: Table, row: Row) -> str:
    """Where a row is, in words."""
    keys = [column.key for column in table.columns]
    return ", ".join(str(value) for value in row[: keys.index(STATUS.key)]) or "the only one"
