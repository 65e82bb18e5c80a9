"""``python -m benches.speed``: the host's speed as a table and as JSON, each figure beside its reference."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table

from benches.runs.report import UNOFFICIAL
from benches.silicon.image_sources import check_folders
from benches.speed.measures import MEASURES, Conditions, Measure
from benches.speed.rows import Row
from emulator import __version__
from emulator.board.reader import load_board
from emulator.cli.command import ProgramCommand
from emulator.cli.options import board_option, hook_option, json_option
from emulator.cli.parameter_types import Count, InputFolder, Seconds
from emulator.cli.tables import table_console
from emulator.errors import BoardlessError
from emulator.files import OutputFile

TABLE_WIDTH = 140
MOST_REPETITIONS = 0x7FFFFFFF
NAMES = tuple(measure.name for measure in MEASURES)


@click.command(cls=ProgramCommand)
@board_option
@hook_option
@click.option("--repeat", type=Count(), default=5, show_default=True, help="Medians of so many turns.")
@click.option(
    "--images",
    type=InputFolder(),
    multiple=True,
    metavar="DIR",
    help="Also published development images: a checkout or git directory of a results repository.",
)
@click.option(
    "--only",
    type=click.Choice(NAMES),
    multiple=True,
    help="Measure this kind alone; may be repeated. "
    + " ".join(f"{measure.name}: {measure.about}." for measure in MEASURES),
)
@click.option(
    "--turn",
    "turn_s",
    type=Seconds(),
    default=0.2,
    show_default=True,
    help="About so many seconds of inferences make a turn.",
)
@click.option(
    "--repetitions",
    type=Count(most=MOST_REPETITIONS),
    default=1500,
    show_default=True,
    help="Of the convolution kernel.",
)
@click.option(
    "--idle",
    "idle_s",
    type=Seconds(),
    default=900.0,
    show_default=True,
    help="Modelled seconds of idling, scaled to a day.",
)
@click.option(
    "--percent",
    type=Count(most=100),
    default=100,
    show_default=True,
    help="Of the inputs of an accuracy run, scaled to all.",
)
@json_option
def main(
    *,
    board: str,
    hook: str,
    repeat: int,
    images: tuple[Path, ...],
    only: tuple[str, ...],
    turn_s: float,
    repetitions: int,
    idle_s: float,
    percent: int,
    json_file: OutputFile | None,
) -> None:
    """Measure the host's speed; times are the processor's, without what other programs take.

    Rows as JSON: what, unit, value, reference, ratio, goal, holds.
    """
    check_folders(images)
    load_board(board)  # what is wrong with it is told before anything is measured
    on_stderr = json_file is not None and json_file.is_standard_output
    console = table_console(TABLE_WIDTH, on_stderr=on_stderr)
    console.print(_conditions_in_words(board), markup=False)
    conditions = Conditions(board, hook, repeat, turn_s, repetitions, idle_s, images, percent / 100)
    measured: list[Row] = []
    for measure in MEASURES:
        if only and measure.name not in only:
            continue
        rows: list[Row] = []
        try:
            for item in measure.rows(conditions):
                rows.append(item)
        except BoardlessError as error:
            console.print(f"{measure.name}: {error}", markup=False)
        if rows:
            console.print(_table(measure, rows))
        measured += rows
    if json_file is not None:
        json_file.write_json([asdict(item) for item in measured])


def _conditions_in_words(board: str) -> str:
    parts = (
        f"boardless {__version__}",
        f"Python {platform.python_version()}",
        f"Unicorn {importlib.metadata.version('unicorn')}",
        f"{platform.machine()}, {board}",
    )
    return ", ".join(parts) + f"\n{UNOFFICIAL}"


def _table(measure: Measure, rows: Sequence[Row]) -> Table:
    table = Table(title=f"{measure.name}: {measure.about}", title_justify="left")
    table.add_column("what")
    for name in ("value", "reference", "unit", "ratio", "goal", "holds"):
        table.add_column(name, justify="right")
    for cells in _cells(rows):
        table.add_row(*cells)
    return table


def _cells(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    for item in rows:
        yield (
            item.what,
            f"{item.value:.4g}",
            "" if item.reference is None else f"{item.reference:.4g}",
            item.unit,
            "" if item.ratio is None else f"{item.ratio:.2f}",
            item.goal,
            "" if item.holds is None else ("yes" if item.holds else "no"),
        )


if __name__ == "__main__":
    main(prog_name="python -m benches.speed")
