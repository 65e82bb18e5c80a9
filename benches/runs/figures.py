"""Tables that stand up on a narrow terminal: where one doesn't fit, another form of it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table

ANY_WIDTH = 10_000


@dataclass(frozen=True, slots=True)
class FittingTable:
    """``wide`` where the console has room for it, else ``narrow``."""

    wide: Table
    narrow: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        needed = Measurement.get(console, options.update(max_width=ANY_WIDTH), self.wide).maximum
        yield self.wide if needed <= options.max_width else self.narrow


def run_table(
    title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1
) -> FittingTable:
    """Runs as rows, or as columns where rows don't fit. The first ``words`` headers are of names."""
    wide = Table(title=title, title_justify="left")
    for number, header in enumerate(headers):
        wide.add_column(header, justify="left" if number < words else "right", no_wrap=True)
    for row in rows:
        wide.add_row(*row)
    narrow = Table(title=title, title_justify="left")
    narrow.add_column(headers[0], overflow="fold")
    for row in rows:
        narrow.add_column(row[0], justify="right", overflow="fold")
    for number, header in enumerate(headers[1:], start=1):
        narrow.add_row(header, *(row[number] for row in rows))
    return FittingTable(wide, narrow)
