"""What firmware writes to ITM stimulus port 0, where a trace probe's viewer would show it.

With the console on stdio the text goes to standard output too, in the order in which both come
out of the chip: the ITM's at once, the UART's at its baud rate. With the console at a port it
goes to standard error: what the port's host reads is the UART's bytes and nothing else.
"""

from __future__ import annotations

import os
import sys
from types import TracebackType

from emulator.cli.console import STDERR, STDOUT
from emulator.cli.status import StatusLine
from emulator.links import Link, SerialEndpoint
from emulator.machine.machine import Machine

NEWLINE = b"\n"


class TraceConsole:
    """Shows one machine's ITM output: on ``stdio``, the console's link, or on standard error by lines.

    ``shown``: the port that a link shows anyway.
    """

    def __init__(
        self,
        machine: Machine,
        status: StatusLine,
        stdio: Link | None = None,
        *,
        shown: SerialEndpoint | None = None,
    ) -> None:
        self._itm = machine.itm
        self._status = status
        self._stdio = stdio
        self._pending = bytearray()
        if shown is not self._itm:
            self._itm.subscribe(self._take)

    def _take(self, data: bytes) -> None:
        if self._stdio is not None:
            self._stdio.transmit(data)
            return
        self._pending += data
        if data.endswith(NEWLINE):
            self.flush()

    def flush(self) -> None:
        """Show what has come, an unfinished line too."""
        if self._pending:
            self._status.before_output(bytes(self._pending))
            sys.stderr.buffer.write(self._pending)
            sys.stderr.buffer.flush()
            self._pending.clear()

    def __enter__(self) -> TraceConsole:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._itm.unsubscribe(self._take)
        self.flush()


def output_meets_errors() -> bool:
    """Whether standard output and standard error end at the same place."""
    try:
        return os.path.samestat(os.fstat(STDOUT), os.fstat(STDERR))
    except OSError:
        return False
