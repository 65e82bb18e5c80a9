"""The console on this process's own standard input and output."""

from __future__ import annotations

import os
import select
import termios
import tty
from collections.abc import Callable
from typing import Any

from emulator.errors import LinkError
from emulator.links.endpoint import SerialEndpoint
from emulator.links.link import READ_BYTES, Interest, Link

STDIN, STDOUT = 0, 1


class StdioLink(Link):
    """Keys go to the device as they are typed; Ctrl-C stays the interrupt.

    ``finished`` after the end of the input; ``hung_up`` when nobody reads the output, or it can't
    be written: then ``failure`` says why.
    ``before_output`` is called with what is about to be written (a status line makes room).
    """

    description = "stdio"

    def __init__(
        self,
        endpoint: SerialEndpoint,
        *,
        stdin: int = STDIN,
        stdout: int = STDOUT,
        before_output: Callable[[bytes], None] | None = None,
    ) -> None:
        super().__init__(endpoint)
        self._before_output = before_output
        self._stdin, self._stdout = stdin, stdout
        self._settings: list[Any] | None = None
        if os.isatty(stdin):  # whoever types sees what the device does
            self.device_has_booted()
        self._pending = bytearray()
        if _is_our_terminal(stdin):
            self._settings = termios.tcgetattr(stdin)
            tty.setcbreak(stdin, termios.TCSADRAIN)

    def transmit(self, data: bytes) -> None:
        """Keep what the device sent until the next pump."""
        self._pending += data
        if len(self._pending) >= READ_BYTES:
            self._write()

    def interest(self) -> list[Interest]:
        """Wait for input while there is room for it."""
        return [(self._stdin, select.POLLIN)] if self.room() and not self.finished else []

    def pump(self) -> int:
        """Write what the device sent (waits for a slow reader) and read what there is."""
        self._write()
        fed = 0
        while not self.finished and (room := self.room()) and self._readable():
            try:
                data = os.read(self._stdin, room)
            except OSError:  # the terminal is gone
                data = b""
            if not data:
                self.finished = True
                break
            fed += len(data)
            self.endpoint.feed(data)
        return fed

    def close(self) -> None:
        """Write the rest and give the terminal its settings back."""
        super().close()
        self._write()
        if self._settings is not None:
            termios.tcsetattr(self._stdin, termios.TCSADRAIN, self._settings)
            self._settings = None

    def _readable(self) -> bool:
        query = select.poll()
        query.register(self._stdin, select.POLLIN)
        return bool(query.poll(0))

    def _write(self) -> None:
        if self._pending and self._before_output is not None:
            self._before_output(bytes(self._pending))
        while self._pending and not self.hung_up:
            try:
                del self._pending[: os.write(self._stdout, self._pending)]
            except BlockingIOError:
                query = select.poll()
                query.register(self._stdout, select.POLLOUT)
                query.poll()
            except BrokenPipeError:
                self.hung_up = True
            except OSError as error:
                self.hung_up = True
                self.failure = LinkError(f"the console can't be written: {error.strerror}")
        if self.hung_up:
            self._pending.clear()


def _is_our_terminal(descriptor: int) -> bool:
    """Is it a terminal whose foreground we are? A background job must leave its settings alone."""
    try:
        return os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False
