"""The live status line: what is being done; on standard error, when it is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from emulator.cli.words import seconds_in_words
from emulator.machine.machine import Machine

REDRAW_EVERY_S = 0.25
ERASE_LINE = "\r\x1b[2K"
NEWLINE = 0x0A


class StatusLine:
    """One line below the device's output.

    It is drawn only when the output stands at the start of a line, and erased before more
    output comes, so the two never mix when they share a terminal. ``describe()`` gives its text.
    """

    def __init__(self, describe: Callable[[], str], stream: TextIO | None = None) -> None:
        self._describe = describe
        self._stream = sys.stderr if stream is None else stream
        self._enabled = self._stream.isatty()
        self._shown = False
        self._at_line_start = True
        self._next_s = 0.0

    def before_output(self, data: bytes) -> None:
        """Make room: the device's bytes ``data`` are about to be written."""
        self.erase()
        self._at_line_start = data[-1] == NEWLINE

    def update(self) -> None:
        """Draw anew, a few times a second."""
        now = time.monotonic()
        if not self._enabled or not self._at_line_start or now < self._next_s:
            return
        self._next_s = now + REDRAW_EVERY_S
        self._stream.write(f"{ERASE_LINE}\x1b[2m{self._describe()}\x1b[0m")
        self._stream.flush()
        self._shown = True

    def close(self, *, shares_terminal: bool) -> None:
        """Make room for the last words, at the start of a line.

        ``shares_terminal``: the device's output went to the same place as this line.
        """
        self.erase()
        if shares_terminal and not self._at_line_start:
            self._stream.write("\n")
            self._stream.flush()
            self._at_line_start = True

    def erase(self) -> None:
        """Take the line away."""
        if self._shown:
            self._stream.write(ERASE_LINE)
            self._stream.flush()
            self._shown = False


class Speed:
    """A running machine in words: modelled time, cycles, and speed since it was last asked."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._last = (0.0, 0)

    def __call__(self) -> str:
        """Say it."""
        now, counts = time.monotonic(), self._machine.counts
        last_s, last_instructions = self._last
        self._last = (now, counts.instructions)
        mips = (counts.instructions - last_instructions) / (now - last_s) / 1e6 if last_s else 0.0
        modelled = seconds_in_words(self._machine.clock.seconds())
        return f"{modelled} modelled  {counts.cycles:,} cycles  {mips:.1f} MIPS"
