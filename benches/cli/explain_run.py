"""What ``boardless explain`` does once its options are parsed: it records, and shows the recording."""

from __future__ import annotations

from dataclasses import dataclass

from benches.cli.profile_run import ProfileOptions, record_shown
from benches.measure.explanation import Selection, explain
from emulator.cli.report_console import PLAIN_WIDTH, print_head, print_table
from emulator.cli.tables import table_console
from emulator.cli.untold import tell_modes, unmodelled_json
from emulator.files import OutputFile
from emulator.reporting.view import View

SHORTENED = ("function", "second-opinion")


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """The command's options, parsed. ``window``: what is recorded; ``top``: functions and blocks shown."""

    window: ProfileOptions
    selection: Selection
    top: int = 5
    json_file: OutputFile | None = None
    second_opinion: bool = False


def run_explain(options: ExplainOptions) -> None:
    """Record, print the tables, write the JSON.

    Raises :class:`CheckFailed` when the text of ``until`` never came, :class:`LimitReached` when a
    limit came before it: what is shown then is another stretch than was asked for.
    """
    machine, recording, error = record_shown(options.window)
    tell_modes(machine)
    shown = explain(View(recording), options.selection, options.top)
    if options.second_opinion:
        shown = shown.with_second_opinion()
    to_stderr = options.json_file is not None and options.json_file.is_standard_output
    console = table_console(PLAIN_WIDTH, on_stderr=to_stderr, highlight=False)
    print_head(console, recording)
    for table in shown.tables:
        print_table(console, table.top(options.top) if table.name in SHORTENED else table)
    if options.json_file is not None:
        content = {**shown.as_json(), "hook": machine.hook.kind, "unmodelled": unmodelled_json(machine)}
        options.json_file.write_json(content)
    if error is not None:
        raise error
