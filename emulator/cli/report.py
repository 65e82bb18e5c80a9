"""``boardless report``: questions to a recording, as tables or as files for other tools."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from emulator.cli.command import Command
from emulator.cli.parameter_types import Count, InputFile, OutputTarget, json_target
from emulator.cli.report_console import PLAIN_WIDTH, print_head, print_table
from emulator.cli.tables import table_console
from emulator.errors import UsageError
from emulator.files import OutputFile
from emulator.recording.store import read_recording
from emulator.reporting.annotation import annotated
from emulator.reporting.causes import by_cause
from emulator.reporting.costs import (
    by_function,
    by_instruction,
    by_line,
    by_path,
    neighbours,
    only_functions,
    tree,
)
from emulator.reporting.exports.formats import FORMATS, export
from emulator.reporting.loops import hottest_loops
from emulator.reporting.memories import by_region, caches, high_water
from emulator.reporting.operators import by_kind, by_operator, has_kinds
from emulator.reporting.questions import QUESTIONS, document
from emulator.reporting.table import Table
from emulator.reporting.view import View

TOP = 10
SHORT = {"cause": 5, "loop": 3}
"""Rows of the short answer: issue and the stalls that matter, the hottest loops."""
LEAST_BRANCH = 0.001
"""Branches of the tree below this share of the window are left out on a terminal."""
FILTERED = ("function", "line", "instruction", "path", "cause")


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What the user asked for."""

    by: str | None
    top: int | None
    function: str | None
    callers: str | None
    callees: str | None
    tree: bool
    inlined: bool
    annotate: str | None


@click.command(cls=Command)
@click.argument("recording", type=InputFile(), metavar="FILE")
@click.option("--by", type=click.Choice(list(QUESTIONS)), help="Which table.")
@click.option("--top", type=Count(), help=f"So many rows of each table (default {TOP}).")
@click.option("--function", metavar="PATTERN", help="Only functions of this name, address, pattern or part.")
@click.option("--callers", metavar="FUNCTION", help="Who calls it, from where.")
@click.option("--callees", metavar="FUNCTION", help="Whom it calls, from where.")
@click.option("--tree", is_flag=True, help="The call tree.")
@click.option("--inlined", is_flag=True, help="Inlined functions as rows of their own.")
@click.option("--annotate", metavar="FUNCTION", help="Source and disassembly side by side.")
@click.option("--json", "json_file", type=json_target(), help="Write all tables, or the chosen ones.")
@click.option(
    "--html", "html_file", type=OutputTarget("the page"), help="Write one page that needs nothing else."
)
@click.option(
    "--format", "format_name", type=click.Choice(list(FORMATS)), help="Write a file for another tool."
)
@click.option(
    "-o", "--output", type=OutputTarget("the export", standard_output=True), help="The file of --format."
)
def report(
    recording: Path,
    json_file: OutputFile | None,
    html_file: OutputFile | None,
    format_name: str | None,
    output: OutputFile | None,
    **chosen: Any,
) -> None:
    """Answer questions from a recording that `boardless profile IMAGE -o FILE` made.

    Without options: where the cycles go, the stalls that matter, the hottest loops. Sums are the
    recording's cycles to the last one. All figures are simulated and unofficial.
    """
    options = ReportOptions(**chosen)
    if (format_name is None) != (output is None):
        raise UsageError(
            "--format and -o go together", next_step="Give both: --format speedscope -o run.json"
        )
    view = View(read_recording(recording))
    if format_name is not None and output is not None:
        output.write_bytes(export(view, format_name, options.by))
        if not output.is_standard_output:
            words = f"{view.recording.cycles:,} cycles for {FORMATS[format_name].words}"
            click.echo(f"{output}: {words}; simulated and unofficial")
        return
    tables = chosen_tables(view, options)
    if html_file is not None:
        from emulator.reporting.page.page import page  # noqa: PLC0415 -- jinja2 takes its time

        html_file.write_text(page(view))
        click.echo(f"{html_file}: {view.recording.cycles:,} cycles; simulated and unofficial")
    if json_file is not None:
        whole = tables if _is_chosen(options) else [make(view) for make in QUESTIONS.values()]
        json_file.write_json(document(view, whole))
    if html_file is not None or (json_file is not None and json_file.is_standard_output):
        return
    console = table_console(PLAIN_WIDTH, highlight=False)
    print_head(console, view.recording)
    for table in tables:
        print_table(console, table.top(_rows(table, options)))


def _is_chosen(options: ReportOptions) -> bool:
    return options != ReportOptions(None, options.top, None, None, None, False, options.inlined, None)


def _rows(table: Table, options: ReportOptions) -> int:
    if options.top is not None:
        return options.top
    if not _is_chosen(options) and table.name in SHORT:
        return SHORT[table.name]
    return len(table) if table.name in ("annotate", "tree", "cause", "operator") else TOP


def chosen_tables(view: View, options: ReportOptions) -> list[Table]:
    """The tables that answer. Raises :class:`UsageError` for a function that did not run."""
    tables = []
    if options.by is not None:
        tables += _by(view, options, options.by)
    for pattern, callers in ((options.callers, True), (options.callees, False)):
        if pattern is not None:
            tables.append(
                neighbours(
                    view, _found(view, pattern, "--callers" if callers else "--callees"), callers=callers
                )
            )
    if options.tree:
        tables.append(tree(view, LEAST_BRANCH))
    if options.annotate is not None:
        found = _found(view, options.annotate, "--annotate")
        tables += [annotated(view, function, options.top) for function in found if function in view.code_of]
        tables.append(hottest_loops(view, found))
    if tables:
        return tables
    return _about(view, options.function) if options.function is not None else _short(view, options)


def _short(view: View, options: ReportOptions) -> list[Table]:
    """Where the cycles go, by operator if there are any; the stalls; the loops."""
    tables = [by_kind(view)] if has_kinds(view) else []
    if view.recording.operators and not tables:
        tables = [by_operator(view)]
    return [*tables, by_function(view, inlined=options.inlined), by_cause(view), hottest_loops(view)]


def _about(view: View, pattern: str) -> list[Table]:
    """All about some functions."""
    found = _found(view, pattern, "--function")
    tables = [
        only_functions(by_function(view), [view.name(index) for index in found]),
        by_cause(view, found),
        hottest_loops(view, found),
        neighbours(view, found, callers=True),
        neighbours(view, found, callers=False),
    ]
    return [table for table in tables if len(table)]


def _by(view: View, options: ReportOptions, question: str) -> list[Table]:
    if options.function is not None:
        return [_filtered(view, question, _found(view, options.function, "--function"))]
    if question == "function":
        return [by_function(view, inlined=options.inlined)]
    tables = [QUESTIONS[question](view)]
    if question == "operator" and has_kinds(view):
        tables.append(by_kind(view))
    if question == "memory":
        tables += [table for table in (by_region(view), high_water(view), caches(view)) if len(table)]
    return tables


def _filtered(view: View, question: str, functions: list[int]) -> Table:
    if question not in FILTERED:
        raise UsageError(
            f"--function does not go with --by {question}", next_step=f"It goes with: {', '.join(FILTERED)}."
        )
    names = [view.name(index) for index in functions]
    if question == "function":
        return only_functions(by_function(view), names)
    if question == "line":
        return by_line(view, functions)
    if question == "instruction":
        return by_instruction(view, functions)
    return by_cause(view, functions) if question == "cause" else by_path(view, functions)


def _found(view: View, pattern: str, option: str) -> list[int]:
    try:
        return view.find(pattern)
    except UsageError as error:
        raise UsageError(error.what, where=option, next_step=error.next_step) from error
