"""A recording's answer in one screen: where the cycles go, why, and in which line."""

from __future__ import annotations

from collections import Counter

from rich.console import Console

from emulator.cli.report_console import print_head, print_table, say
from emulator.recording.model import Instruction, Recording
from emulator.reporting.costs import by_function, source_line
from emulator.reporting.questions import QUESTIONS
from emulator.reporting.view import ISSUE, View, label, stack_of, stalls_in_words

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
    for line in [*stall_lines(view), *line_lines(view)]:
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


def line_lines(view: View) -> list[str]:
    """The hottest line of source, when lines are known: where it is, what stalls it, what it says."""
    by_line: dict[tuple[str, int], list[Instruction]] = {}
    for item in view.recording.code:
        if item.file and item.line:
            by_line.setdefault((item.file, item.line), []).append(item)
    if not by_line:
        return []
    (file, line), items = max(by_line.items(), key=lambda pair: sum(item.cycles for item in pair[1]))
    cycles = sum(item.cycles for item in items)
    owners: Counter[int] = Counter()
    for item in items:
        owners[item.function] += item.cycles
    ((function, _most),) = owners.most_common(1)
    stalls = stalls_in_words(stack_of(items), cycles)
    text = source_line(view, file, line)
    return [
        f"hottest line {file}:{line} in {view.name(function)},"
        f" {_share(cycles, view.recording.cycles)} of all cycles"
        + (f"; of them {stalls}" if stalls else "")
        + (f": {text}" if text else "")
    ]


def _share(cycles: int, total: int) -> str:
    return f"{100 * cycles / (total or 1):.1f} %"
