"""Tables of :mod:`emulator.reporting` on a terminal: whole at 80 columns, figures and addresses never cut."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from emulator.cli.words import UNOFFICIAL, seconds_in_words
from emulator.recording.model import Recording
from emulator.reporting.table import SHARE, TEXT, Column, Row, Table
from emulator.reporting.trust import band_in_words, reasons_in_words

PLAIN_WIDTH = 160
"""Columns of a table that goes to a file or a pipe."""
READABLE = 13
"""Characters that a column of text needs; with fewer, the texts of a row stand below each other."""
BETWEEN = 3
LONGEST_WORD = 40
STALLS = "stalls"
SIDE_BY_SIDE = ("annotate", "block")
"""Tables whose texts belong beside each other: names that are too long are folded."""
UNFOLDED = "text"
"""A column of those, of instructions, that is whole as long as its texts stand beside each other."""


def print_table(console: Console, table: Table) -> None:
    """A table and its notes; long texts are folded, figures and addresses are not."""
    brief = table.brief()
    used = [
        n for n, _ in enumerate(brief.columns) if any(row[n] not in (None, "") for row in brief.all_rows())
    ]
    columns = [brief.columns[n] for n in used]
    rows = [_cells(columns, row, used) for row in brief.all_rows()]
    heads = [_head(column) for column in columns]
    room = console.width - _figures_width(columns, heads, rows)
    texts = [n for n, column in enumerate(columns) if column.kind == TEXT]
    side_by_side = table.name in SIDE_BY_SIDE
    whole = {n for n in texts if side_by_side and columns[n].key == UNFOLDED}
    least = {n: _longest([n], rows) if n in whole else READABLE for n in texts}
    words = 0 if side_by_side else _longest(texts, rows, word=True)
    is_tight = room < max(sum(least.values()), words)
    if len(texts) > 1 and is_tight and _longest(texts, rows) > room:
        room += BETWEEN * (len(texts) - 1)
        columns, heads, rows = _stacked(columns, heads, rows, texts, max(room, READABLE))
        texts, least = [0], {0: READABLE}
    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    widths = _text_widths(max(room, sum(least.values())), least, [heads, *rows])
    for n, (column, head) in enumerate(zip(columns, heads, strict=True)):
        if column.kind == TEXT:
            shown.add_column(head, overflow="fold", width=widths[n])
        else:
            shown.add_column(head, justify="right" if column.is_number else "left", no_wrap=True)
    for number, row in enumerate(rows):
        if brief.total is not None and number == len(rows) - 1:
            shown.add_section()
        shown.add_row(*map(Text, row))
    needed = console.width - room + sum(least.values())
    console.print(Text(table.title, style="table.title"))
    console.print(shown, crop=False, width=max(console.width, needed))
    for note in table.notes:
        console.print(note, markup=False, highlight=False)
    console.print()


def _head(column: Column) -> str:
    """A head of figures is as narrow as its longest word."""
    return column.title if column.kind == TEXT else column.title.replace(" ", "\n").replace("/", "\n/")


def _figures_width(columns: Sequence[Column], heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Characters that all but the texts take."""
    total = BETWEEN * (len(columns) - 1)
    for n, column in enumerate(columns):
        if column.kind != TEXT:
            total += max(
                len(line) for text in [heads[n], *(row[n] for row in rows)] for line in text.split("\n")
            )
    return total


def _text_widths(room: int, least: dict[int, int], rows: Sequence[Sequence[str]]) -> dict[int, int]:
    """The room shared out: first so that no word is broken, then to the column that is folded most.

    ``least``: of each column of text, the characters that it gets in any case, if it needs them.
    """
    longest = {n: max(len(line) for row in rows for line in row[n].split("\n")) for n in least}
    widths = {n: min(longest[n], max(few, _longest([n], rows, word=True))) for n, few in least.items()}
    while sum(widths.values()) > room and any(widths[n] > few for n, few in least.items()):
        widths[max(least, key=lambda n: widths[n] - least[n])] -= 1
    while sum(widths.values()) < room and any(widths[n] < longest[n] for n in least):
        widths[max(least, key=lambda n: longest[n] / widths[n])] += 1
    return widths


def _longest(texts: Sequence[int], rows: Sequence[Sequence[str]], *, word: bool = False) -> int:
    """Characters that the texts would take unfolded; or their longest words, of which none takes all."""

    def length(text: str) -> int:
        return max(map(len, text.split()), default=0) if word else len(text)

    lengths = [max((length(row[n]) for row in rows), default=0) for n in texts]
    return sum(min(one, LONGEST_WORD) for one in lengths) if word else sum(lengths)


def _stacked(
    columns: list[Column], heads: list[str], rows: list[list[str]], texts: list[int], width: int
) -> tuple[list[Column], list[str], list[list[str]]]:
    """The same with one column of that width for all texts of a row, below each other."""
    others = [n for n in range(len(columns)) if n not in texts]

    def stack(cells: Sequence[str]) -> str:
        filled = [(cells[n], "  " if n != texts[0] else "") for n in texts if cells[n]]
        return "\n".join(_folded(text, width, indent) for text, indent in filled)

    return (
        [columns[texts[0]], *(columns[n] for n in others)],
        [stack(heads), *(heads[n] for n in others)],
        [[stack(row), *(row[n] for n in others)] for row in rows],
    )


def _folded(text: str, width: int, indent: str) -> str:
    lead = text[: len(text) - len(text.lstrip())]  # a call tree's
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=lead + indent,
        subsequent_indent=lead + indent + "  ",
        break_on_hyphens=False,
    )
    return "\n".join(lines) if len(lead) + READABLE < width else text


def _cells(columns: list[Column], row: Row, used: list[int]) -> list[str]:
    return [_short(column, row[n]) for column, n in zip(columns, used, strict=True)]


def _short(column: Column, value: object) -> str:
    """A terminal has no room for what goes without saying: what is not known, and decimals of shares."""
    if value is None:
        return ""
    if column.kind == SHARE:
        assert isinstance(value, float | int)
        return f"{100 * value:.1f} %"
    text = column.text(value)
    return text.replace(" %", "%") if column.key == STALLS else text


def say(console: Console, text: str) -> None:
    """A sentence, as it is; only a terminal folds it."""
    console.print(text, markup=False, highlight=False, soft_wrap=not console.is_terminal)


def print_head(console: Console, recording: Recording) -> None:
    """What was recorded, and that all of it is simulated."""
    identity = recording.identity
    what = (
        f"{identity.title}: {identity.image} on {identity.board} ({identity.core}, timing {identity.timing})"
    )
    say(console, what)
    time = f", {seconds_in_words(recording.cycles / identity.clock_hz)}" if identity.clock_hz else ""
    error = band_in_words(identity)
    say(console, f"{recording.cycles:,} cycles, error {error}{time}; {recording.instructions:,} instructions")
    if reasons := reasons_in_words(identity):
        say(console, f"{error}: {reasons}")
    say(console, UNOFFICIAL)
    console.print()
