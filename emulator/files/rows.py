"""Rows of a catalogue: a CSV with a header line, or a TOML file with a table for each row."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

from emulator.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Row = Mapping[str, str]


def parse_rows(
    text: str, table: str, where: str, *, is_toml: bool, key: Callable[[str], str] = str.lower
) -> list[Row]:
    """Each row's cells as text, by ``key(column)``; empty cells are left out.

    ``table``: the name of TOML's ``[[table]]``. Raises :class:`UsageError` for what is no such file,
    and for one without rows.
    """
    records = _toml_records(text, table, where) if is_toml else _csv_records(text, where)
    rows: list[Row] = [_cells(record, key) for record in records]
    if not rows:
        raise UsageError(
            "the catalogue is empty",
            where=where,
            next_step=f"CSV needs a header line; TOML needs [[{table}]] tables.",
        )
    return rows


def finite_number(text: str, column: str, where: str) -> float:
    """A cell as a number that is neither infinite nor NaN. Raises :class:`UsageError`."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"{column} is {text!r}, not a number", where=where)
    return number


def _cells(record: Mapping[str | None, Any], key: Callable[[str], str]) -> Row:
    filled = ((str(name).strip(), cell) for name, cell in record.items() if name and cell is not None)
    return {key(name): str(cell).strip() for name, cell in filled}


def _csv_records(text: str, where: str) -> list[Mapping[str | None, Any]]:
    try:
        return list(csv.DictReader(text.splitlines()))
    except csv.Error as error:
        raise UsageError(f"the catalogue is no CSV: {error}", where=where) from error


def _toml_records(text: str, table: str, where: str) -> list[Mapping[str | None, Any]]:
    try:
        records = tomllib.loads(text).get(table, [])
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"the catalogue is not TOML: {error}", where=where) from error
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise UsageError(
            f"{table} is no list of tables", where=where, next_step=f"begin each row with [[{table}]]"
        )
    return records
