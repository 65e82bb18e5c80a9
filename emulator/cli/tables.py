"""Where a command's tables go."""

from __future__ import annotations

import sys

from rich.console import Console


def table_console(plain_width: int, *, on_stderr: bool = False, highlight: bool = True) -> Console:
    """A terminal at its width, a file or pipe at a width that cuts nothing.

    ``on_stderr``: standard output belongs to a report (``--json -``).
    """
    stream = sys.stderr if on_stderr else sys.stdout
    width = None if stream.isatty() else plain_width
    return Console(width=width, stderr=on_stderr, highlight=highlight)
