"""The recording's file: a SQLite database with a table for each kind of row.

Anything that reads SQLite reads it. ``PRAGMA application_id`` is :data:`APPLICATION_ID`,
``PRAGMA user_version`` the schema's number. Whole objects that nobody queries by part (causes,
shapes, facts) are JSON text. A reader knows every earlier schema; a later one is refused.
"""

from __future__ import annotations

import json
import sqlite3
import typing
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

from emulator.errors import UsageError
from emulator.files import begins_with, read_bytes
from emulator.recording.form import check_form
from emulator.recording.model import ROWS, Identity, InlineFrame, Recording

APPLICATION_ID = 0x424C5231  # "BLR1"
SCHEMA = 1
LARGEST_FILE_BYTES = 2 << 30
SQLITE_MAGIC = b"SQLite format 3\0"
SCALARS: Mapping[type, str] = {int: "INTEGER", str: "TEXT"}


def write_recording(recording: Recording, path: str | Path) -> None:
    """Write a new file: at the path that :meth:`OutputFile.make` gives, so that it is whole or not there.

    Raises :class:`UsageError` when it can't be written.
    """
    path = Path(path)
    try:
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("PRAGMA journal_mode = OFF")  # the file is a new one, and takes its place
            database.execute("PRAGMA synchronous = OFF")  # when all of it is on the disk
            _create(database)
            _fill(database, recording)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"the recording can't be written: {error}", where=str(path)) from error


def is_recording(path: Path) -> bool:
    """Whether a file looks like one; :func:`read_recording` says what is wrong with it."""
    return begins_with(path, SQLITE_MAGIC)


def read_recording(path: str | Path) -> Recording:
    """Read a file. Raises :class:`UsageError` for one that is no recording, or of a later schema."""
    path = Path(path)
    if not read_bytes(path, limit_bytes=LARGEST_FILE_BYTES, what="recording").startswith(SQLITE_MAGIC):
        raise _no_recording(path, "it is no SQLite database")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            _check_version(database, path)
            recording = _read(database)
            check_form(recording)
            recording.check()
    except (sqlite3.Error, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise _no_recording(path, f"it is damaged: {error}") from error
    return recording


def _no_recording(path: Path, why: str) -> UsageError:
    return UsageError(
        f"not a recording: {why}",
        where=str(path),
        next_step="Make one with `boardless profile IMAGE -o FILE`.",
    )


def _check_version(database: sqlite3.Connection, path: Path) -> None:
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (schema,) = database.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise _no_recording(path, "it is another program's database")
    if not 1 <= schema <= SCHEMA:
        raise UsageError(
            f"the recording has schema {schema}; this version reads up to {SCHEMA}",
            where=str(path),
            next_step="Read it with the version of Boardless that made it, or a later one.",
        )


# -- tables ----------------------------------------------------------------------------------
def _column_types(kind: type) -> dict[str, str | None]:
    """SQLite's types of a row's fields; None: JSON, in a column of text."""
    hints = typing.get_type_hints(kind)
    return {f.name: SCALARS.get(hints[f.name]) for f in fields(kind)}


def _create(database: sqlite3.Connection) -> None:
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {SCHEMA}")
    database.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT)")
    database.execute("CREATE TABLE sources (path TEXT PRIMARY KEY, text TEXT)")
    for table, kind in ROWS.items():
        columns = ", ".join(f'"{name}" {plain or "TEXT"}' for name, plain in _column_types(kind).items())
        database.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {columns})")


def _fill(database: sqlite3.Connection, recording: Recording) -> None:
    whole = {f.name: getattr(recording, f.name) for f in fields(recording) if f.name not in ROWS}
    sources = whole.pop("sources")
    whole["identity"] = {f.name: getattr(recording.identity, f.name) for f in fields(Identity)}
    database.executemany("INSERT INTO facts VALUES (?, ?)", [(k, _dump(v)) for k, v in whole.items()])
    database.executemany("INSERT INTO sources VALUES (?, ?)", sources.items())
    for table, kind in ROWS.items():
        types_of = _column_types(kind)
        marks = ", ".join("?" * (len(types_of) + 1))
        rows = (
            (number, *(_cell(getattr(item, name), plain) for name, plain in types_of.items()))
            for number, item in enumerate(getattr(recording, table))
        )
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _cell(value: Any, plain: str | None) -> Any:
    return value if plain else _dump(value)


def _dump(value: Any) -> str:
    """JSON of plain data; a mapping with tuples for keys becomes a list of [*key, value]."""
    if isinstance(value, Mapping) and any(isinstance(key, tuple) for key in value):
        value = [[*key, number] for key, number in value.items()]
    return json.dumps(value, default=_plain, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, InlineFrame):
        return [value.function, value.call_file, value.call_line]
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} is no plain data")


# -- reading ---------------------------------------------------------------------------------
def _read(database: sqlite3.Connection) -> Recording:
    parts: dict[str, Any] = {
        name: json.loads(value) for name, value in database.execute("SELECT name, value FROM facts")
    }
    parts["identity"] = Identity(**parts["identity"])
    for table, kind in ROWS.items():
        parts[table] = tuple(_rows(database, table, kind))
    return Recording(**parts, sources=dict(database.execute("SELECT path, text FROM sources")))


def _rows(database: sqlite3.Connection, table: str, kind: type) -> Iterator[Any]:
    """The table's rows. A column that an earlier version did not write has its field's default."""
    hints = typing.get_type_hints(kind)
    present = {name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")}
    makers = {n: None if plain else hints[n] for n, plain in _column_types(kind).items() if n in present}
    columns = ", ".join(f'"{name}"' for name in ("id", *makers))
    for _, *row in database.execute(f"SELECT {columns} FROM {table} ORDER BY id"):
        cells = zip(makers.items(), row, strict=True)
        yield kind(
            **{
                name: value if hint is None else _restored(hint, json.loads(value))
                for (name, hint), value in cells
            }
        )


def _restored(hint: Any, value: Any) -> Any:
    """Plain data as the field's type has it: tuples, tuple keys, inlined frames."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        if arguments[0] is InlineFrame:
            return tuple(InlineFrame(*item) for item in value)
        return tuple(value)
    if isinstance(value, list) and origin is not None:
        return {tuple(item[:-1]): item[-1] for item in value}
    return value
