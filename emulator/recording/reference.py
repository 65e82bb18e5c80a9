"""The tables of docs/profiling.md that describe the file: ``python -m emulator.recording.reference``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from emulator.recording.model import ROWS


def reference() -> str:
    """A Markdown table: each table of the database, its columns, what a row is."""
    return "\n".join(["| table | a row | columns |", "|---|---|---|", *_rows()])


def _rows() -> Iterator[str]:
    for table, kind in ROWS.items():
        words = " ".join((kind.__doc__ or "").split()).replace("``", "`").replace(":class:", "")
        columns = ", ".join(f"`{field.name}`" for field in fields(kind))
        yield f"| `{table}` | {words} | {columns} |"


if __name__ == "__main__":
    print(reference())
