"""A recording's answer in one screen: where the cycles go, why, and in which line."""

from __future__ import annotations

from collections import Counter

from rich.console import Console

from emulator.cli.report_console import print_head, print_table, say
from emulator.recording.model import Recording
from emulator.reporting.costs import by_function
from emulator.reporting.questions import QUESTIONS
from emulator.reporting.view import ISSUE, View, label, stack_of

STALLS, FUNCTIONS = 3, 10


def print_answer(console: Console, recording: Recording, top: int | None) -> None:
    """Print it: by operator if there are any, else by function; three causes of stalls, the hottest line.

    ``top``: so many rows; None: all operators, or :data:`FUNCTIONS` functions.
    """
    view = View(recording)
    print_head(console, recording)
    if recording.operators:
        table = QUESTIONS["operator"](view)
        print_table(console, table.top(top or len(table)))
    else:
        print_table(console, by_function(view).top(top or FUNCTIONS))
    for line in [*stall_lines(view), *line_lines(recording)]:
        say(console, line)


def stall_lines(view: View) -> list[str]:
    """The stall causes that matter, each with the function that has most of it."""
    recording = view.recording
    stack = Counter(stack_of(recording.code))
    lines = []
    for cause, cycles in [(c, n) for c, n in stack.most_common() if c != ISSUE][:STALLS]:
        owners: Counter[int] = Counter()
        for item in recording.code:
            owners[item.function] += sum(n for key, n in item.costs.items() if label(*key) == cause)
        ((owner, most),) = owners.most_common(1)
        lines.append(
            f"stall {cause}: {_share(cycles, recording.cycles)} of all cycles,"
            f" {_share(most, cycles)} of them in {view.name(owner)}"
        )
    return lines


def line_lines(recording: Recording) -> list[str]:
    """The hottest line of source, when lines are known."""
    by_line: Counter[tuple[str, int]] = Counter()
    for item in recording.code:
        if item.file and item.line:
            by_line[item.file, item.line] += item.cycles
    if not by_line:
        return []
    (((file, line), cycles),) = by_line.most_common(1)
    text = recording.sources.get(file, "").split("\n")
    shown = f": {text[line - 1].strip()}" if line <= len(text) and text[line - 1].strip() else ""
    return [f"hottest line {file}:{line}, {_share(cycles, recording.cycles)} of all cycles{shown}"]


def _share(cycles: int, total: int) -> str:
    return f"{100 * cycles / (total or 1):.1f} %"
