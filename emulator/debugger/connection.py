"""The port that one GDB at a time connects to. Nothing here blocks."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.debugger.packets import PacketReader, Signal
from emulator.links import spec
from emulator.links.link import Interest, Outgoing
from emulator.links.listener import Listener

READ_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 takes a free one."""

    host: str
    port: int


def parse_address(text: str) -> Address:
    """Parse ``[HOST:]PORT``; without HOST it is loopback. Raises UsageError."""
    return Address(*spec.parse_address(text, f"--gdb {text!r}", "--gdb 3333, or --gdb 0.0.0.0:3333"))


class Connection:
    """Listens, and exchanges bytes with the GDB that is there. Raises LinkError when it can't listen."""

    check_every_s: float | None = None

    def __init__(self, address: Address) -> None:
        self._listener = Listener(address.host, address.port, backlog=1, where="--gdb ", act="listen for GDB")
        self.port, self.description = self._listener.port, self._listener.description
        self._client: socket.socket | None = None
        self._reader = PacketReader()
        self._outgoing = Outgoing(1 << 26)

    @property
    def is_connected(self) -> bool:
        """A GDB is there."""
        return self._client is not None

    def interest(self) -> list[Interest]:
        """See :class:`emulator.links.link.Link`."""
        if self._client is None:
            return [(self._listener.fileno(), select.POLLIN)]
        events = select.POLLIN | (select.POLLOUT if self._outgoing else 0)
        return [(self._client.fileno(), events)]

    def accept(self) -> None:
        """Take a GDB that has come, if none is there."""
        if self._client is not None:
            return
        self._client = self._listener.accept()
        if self._client is not None:
            self._reader = PacketReader()
            self._outgoing.clear()

    def receive(self) -> Iterator[bytes | Signal]:
        """Packets and signals that have come; the connection is gone behind them when GDB has left."""
        while self._client is not None:
            try:
                data = self._client.recv(READ_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.drop()
                return
            yield from self._reader.feed(data)

    def send(self, data: bytes) -> None:
        """Send bytes, as soon as GDB takes them."""
        if self._client is not None:
            self._outgoing.append(data)
            self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the kernel takes it."""
        if self._client is not None:
            try:
                self._outgoing.write_with(self._client.send)
            except OSError:
                self.drop()

    def drop(self) -> None:
        """End the connection; another GDB may come."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def close(self) -> None:
        """Send what the kernel takes, and listen no more."""
        self.flush()
        self.drop()
        self._listener.close()
