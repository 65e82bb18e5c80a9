"""``boardless compare``: two recordings, or two images that are recorded first, largest difference first."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from emulator.cli.command import Command
from emulator.cli.parameter_types import BoardName, ConsoleText, Count, InputFile, OutputTarget, json_target
from emulator.cli.report_console import PLAIN_WIDTH, print_table, say
from emulator.cli.tables import table_console
from emulator.cli.words import UNOFFICIAL
from emulator.errors import UsageError
from emulator.files import OutputFile
from emulator.recording.model import Recording
from emulator.recording.store import is_recording, read_recording
from emulator.reporting.comparison import as_markdown, comparison_document, moved, summary, warnings
from emulator.reporting.comparison import compare as compared
from emulator.reporting.view import View

TOP = 10
QUESTIONS = ("function", "operator", "line", "cause", "memory")
MOVED = 3
"""So many objects that lie elsewhere are told of."""


@click.command(cls=Command)
@click.argument("a", type=InputFile(checked=False), metavar="A")
@click.argument("b", type=InputFile(checked=False), metavar="B")
@click.option("--board", type=BoardName(), help="Of images: the board that both run on.")
@click.option("--board-b", type=BoardName(), help="Another one for B.")
@click.option("--until", type=ConsoleText(), metavar="TEXT", help="Of images: run until they have sent TEXT.")
@click.option("--max-cycles", type=Count(), metavar="N", help="Of images: run so many cycles.")
@click.option("--function", metavar="NAME|ADDRESS", help="Of images: one call of this function.")
@click.option(
    "--by",
    "question",
    type=click.Choice(QUESTIONS),
    help="Only this table.",
)
@click.option("--top", type=Count(), default=TOP, show_default=True, help="So many rows of each table.")
@click.option("--json", "json_file", type=json_target(), help="Write all rows of the tables.")
@click.option(
    "--markdown", "markdown_file", type=OutputTarget("the page", standard_output=True), help="Write Markdown."
)
@click.option(
    "--html", "html_file", type=OutputTarget("the page"), help="Write one page that needs nothing else."
)
def compare(
    a: Path,
    b: Path,
    board: str | None,
    board_b: str | None,
    until: bytes | None,
    max_cycles: int | None,
    function: str | None,
    question: str | None,
    top: int,
    json_file: OutputFile | None,
    markdown_file: OutputFile | None,
    html_file: OutputFile | None,
) -> None:
    """Compare A and B: by cause, operator, function, source line and memory.

    Each is a recording, or an image (or kws, vww, ic, ad) that is recorded as `boardless profile` does.
    Functions are matched by name across compilers. All figures are simulated and unofficial.
    """
    stretch = (until, max_cycles, function)
    if is_recording(a) and is_recording(b) and any((board, board_b, *stretch)):
        raise UsageError(
            "these options are for images; both files are recordings", next_step="Leave them out."
        )
    one, other = _side(a, board, *stretch), _side(b, board_b or board, *stretch)
    whole = compared(one, other)
    tables = {name: table for name, table in whole.items() if question in (None, name)}
    if not tables:
        raise UsageError(f"the recordings have no figures by {question}", where=f"--by {question}")
    if json_file is not None:
        json_file.write_json(comparison_document(one, other, tables))
    if markdown_file is not None:
        markdown_file.write_text(as_markdown(one, other, tables, top))
    if html_file is not None:
        from emulator.reporting.page.page import page  # noqa: PLC0415 -- jinja2 takes its time

        html_file.write_text(page(View(other), View(one)))
    if any(file is not None and file.is_standard_output for file in (json_file, markdown_file)):
        return
    console = table_console(PLAIN_WIDTH, highlight=False)
    for letter, recording in (("A", one), ("B", other)):
        say(console, f"{letter}: {_title(recording)}")
    for words in (*warnings(one.identity, other.identity), *moved(one, other)[:MOVED]):
        say(console, f"note: {words}")
    say(console, summary(one, other, whole))
    say(console, UNOFFICIAL)
    console.print()
    for table in tables.values():
        print_table(console, table.top(top))


def _side(
    path: Path, board: str | None, until: bytes | None, max_cycles: int | None, function: str | None
) -> Recording:
    """The recording that is there, or one of the image that is there."""
    if is_recording(path):
        return read_recording(path)
    recorded: Any = importlib.import_module("benches.cli.profile_run")  # an installation may lack it
    stretch = recorded.Stretch(None, until, max_cycles, function)
    recording = recorded.record(recorded.ProfileOptions(str(path), board=board, stretch=stretch))
    assert isinstance(recording, Recording)
    return recording


def _title(recording: Recording) -> str:
    identity = recording.identity
    return f"{identity.title}: {identity.image} on {identity.board}, {recording.cycles:,} cycles"
