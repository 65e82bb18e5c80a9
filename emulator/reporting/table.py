"""A table as data: columns with a kind, rows of plain values, and the forms that need no terminal.

The kind says what a value is and so how it is written: a share is a number from 0 to 1 and reads
``12.34 %``, an address reads ``0x08000a74``. The command line, Markdown, HTML, JSON and pandas all
start from here.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from emulator.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

TEXT, COUNT, SHARE, RATIO, ADDRESS, BYTES, CHANGE, SHARE_CHANGE = (
    "text",
    "count",
    "share",
    "ratio",
    "address",
    "bytes",
    "change",
    "share change",
)
NOT_KNOWN = "-"
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``key``: its name in JSON and pandas. ``title``: its head.

    ``unit``: of the values ("cycles"). ``is_detail``: for files; a terminal leaves it away.
    """

    key: str
    title: str
    kind: str = TEXT
    unit: str = ""
    is_detail: bool = False

    @property
    def is_number(self) -> bool:
        """Whether its values are written to the right."""
        return self.kind not in (TEXT, ADDRESS)

    def text(self, value: Any) -> str:
        """Give a value as people read it; None is not known."""
        if value is None:
            return NOT_KNOWN
        return str(_WRITERS[self.kind](value))


def _change(value: int) -> str:
    return f"{value:+,}" if value else "0"


_WRITERS: dict[str, Any] = {
    TEXT: str,
    COUNT: "{:,}".format,
    BYTES: "{:,}".format,
    SHARE: lambda value: f"{100 * value:.2f} %",
    RATIO: "{:.3f}".format,
    ADDRESS: "0x{:08x}".format,
    CHANGE: _change,
    SHARE_CHANGE: lambda value: f"{100 * value:+.2f} %",
}


@dataclass(frozen=True, slots=True)
class Table:
    """One answer. ``name``: of the question, as ``--by`` has it.

    ``total``: a last row that sums the others, or None. ``notes``: sentences below it.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.records())

    def records(self) -> list[dict[str, Any]]:
        """The rows as mappings from the columns' keys."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, row, strict=True)) for row in self.rows]

    def column(self, key: str) -> list[Any]:
        """All values of a column. Raises UsageError for a key that the table has not."""
        for number, column in enumerate(self.columns):
            if column.key == key:
                return [row[number] for row in self.rows]
        keys = ", ".join(column.key for column in self.columns)
        raise UsageError(f"the table has no column {key!r}", where=self.name, next_step=f"It has: {keys}.")

    def top(self, rows: int) -> Table:
        """Only the first rows, and a note that says how many were left out."""
        if rows >= len(self.rows):
            return self
        note = f"{len(self.rows) - rows:,} more rows; the last line sums them all."
        notes = (note, *self.notes) if self.total is not None else (note.partition(";")[0] + ".", *self.notes)
        return replace(self, rows=self.rows[:rows], notes=notes)

    def brief(self) -> Table:
        """The same without the columns that are for files."""
        kept = [number for number, column in enumerate(self.columns) if not column.is_detail]
        return replace(
            self,
            columns=tuple(self.columns[n] for n in kept),
            rows=tuple(tuple(row[n] for n in kept) for row in self.rows),
            total=None if self.total is None else tuple(self.total[n] for n in kept),
        )

    # -- forms -----------------------------------------------------------------------------
    def as_json(self) -> dict[str, Any]:
        """Plain data: columns with units, rows as lists in their order."""
        columns = [{"key": c.key, "title": c.title, "kind": c.kind, "unit": c.unit} for c in self.columns]
        return {
            "name": self.name,
            "title": self.title,
            "columns": columns,
            "rows": [list(row) for row in self.rows],
            "total": None if self.total is None else list(self.total),
            "notes": list(self.notes),
        }

    def to_pandas(self) -> pd.DataFrame:
        """A pandas DataFrame. Raises :class:`UsageError` when pandas is not installed."""
        try:
            import pandas  # noqa: PLC0415 -- optional
        except ImportError as error:
            raise UsageError(
                "to_pandas() needs pandas, which is not installed", next_step="pip install pandas"
            ) from error
        return pandas.DataFrame(list(self.rows), columns=[column.key for column in self.columns])

    def as_markdown(self) -> str:
        """A Markdown table; characters that mean something there are escaped."""
        columns = self.columns
        lines = [
            f"### {_markdown(self.title)}",
            "",
            _markdown_row(column.title for column in columns),
            "|" + "|".join(" ---: " if column.is_number else " --- " for column in columns) + "|",
            *(_markdown_row(self.texts(row)) for row in self.all_rows()),
            *(f"\n{_markdown(note)}" for note in self.notes),
        ]
        return "\n".join(lines) + "\n"

    def as_html(self) -> str:
        """An HTML table with a caption, all text escaped."""
        head = "".join(f'<th scope="col"{_right(c)}>{html.escape(c.title)}</th>' for c in self.columns)
        body = "".join(f"<tr>{self._html_cells(row)}</tr>" for row in self.rows)
        foot = "" if self.total is None else f"<tfoot><tr>{self._html_cells(self.total)}</tr></tfoot>"
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return (
            f"<table><caption>{html.escape(self.title)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody>{foot}</table>{notes}"
        )

    _repr_html_ = as_html
    """What a notebook shows."""

    def _html_cells(self, row: Row) -> str:
        cells = zip(self.columns, self.texts(row), strict=True)
        return "".join(f"<td{_right(column)}>{html.escape(text)}</td>" for column, text in cells)

    def texts(self, row: Row) -> list[str]:
        """A row as people read it."""
        return [column.text(value) for column, value in zip(self.columns, row, strict=True)]

    def all_rows(self) -> Sequence[Row]:
        """Rows, and the total's last."""
        return self.rows if self.total is None else (*self.rows, self.total)


def _right(column: Column) -> str:
    return ' style="text-align:right"' if column.is_number else ' style="text-align:left"'


def _markdown_row(cells: Any) -> str:
    return "| " + " | ".join(_markdown(cell) for cell in cells) + " |"


def _markdown(text: str) -> str:
    for character in "\\|<>*_`[]#":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
