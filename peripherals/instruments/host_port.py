"""An instrument's own serial port towards the host, as lines and commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

LONGEST_COMMAND_BYTES = 4096
"""A host that never ends its command loses it beyond this."""


class HostPort(Protocol):
    """The serial endpoint that a host is attached to."""

    def next_received(self) -> int | None:
        """Take the next character that the host sent, if any."""

    def on_waiting(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when characters start to wait where none did."""

    def transmit_all(self, data: bytes) -> None:
        """Send a piece to the host."""


class CommandPort:
    """Collects a host's commands up to one of ``terminators``; hands each over without it."""

    def __init__(self, port: HostPort, terminators: bytes, on_command: Callable[[str], None]) -> None:
        self._port = port
        self._terminators = terminators
        self._on_command = on_command
        self._partial = bytearray()
        port.on_waiting(self._receive)

    def write_line(self, text: str) -> None:
        """Send a line."""
        self._port.transmit_all(f"{text}\r\n".encode("ascii", "replace"))

    def write(self, text: str) -> None:
        """Send text as it is."""
        self._port.transmit_all(text.encode("ascii", "replace"))

    def _receive(self) -> None:
        while (data := self._port.next_received()) is not None:
            if data not in self._terminators:
                self._partial.append(data)
                del self._partial[: max(0, len(self._partial) - LONGEST_COMMAND_BYTES)]
                continue
            command = self._partial.decode("ascii", "replace").strip()
            self._partial.clear()
            if command:
                self._on_command(command)
