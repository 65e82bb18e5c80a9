"""Collapsed stacks: a line a call path, ``root;caller;callee CYCLES``, as flamegraph.pl reads them."""

from __future__ import annotations

from emulator.reporting.view import View


def collapsed(view: View) -> str:
    """The text. Names lose what means something there: semicolons and line ends."""
    lines = []
    for number in view.top_down():
        cycles = view.contexts[number].self_cycles
        if cycles:
            lines.append(f"{';'.join(_frame(name) for name in view.path(number))} {cycles}\n")
    return "".join(lines)


def _frame(name: str) -> str:
    return " ".join(name.replace(";", ",").split())
