"""The port that one GDB at a time connects to. Nothing here blocks."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.debugger.packets import PacketReader, Signal
from emulator.errors import LinkError, UsageError
from emulator.links.link import Interest, Outgoing
from emulator.links.tcp import LOOPBACK

READ_BYTES = 1 << 16
LARGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 takes a free one."""

    host: str
    port: int


def parse_address(text: str) -> Address:
    """Parse ``[HOST:]PORT``; without HOST it is loopback. Raises UsageError."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) <= LARGEST_PORT):
        raise UsageError(
            f"--gdb {text!r}: {port!r} is no port number (0 to {LARGEST_PORT})",
            next_step="for example --gdb 3333, or --gdb 0.0.0.0:3333; 0 takes a free port",
        )
    return Address(host.strip("[]") or LOOPBACK, int(port))


class Connection:
    """Listens, and exchanges bytes with the GDB that is there. Raises LinkError when it can't listen."""

    check_every_s: float | None = None

    def __init__(self, address: Address) -> None:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        try:
            self._listener = socket.create_server((address.host, address.port), family=family, backlog=1)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise LinkError(
                f"can't listen for GDB there: {reason}",
                where=f"--gdb {address.host}:{address.port}",
                next_step="choose another port; port 0 takes a free one",
            ) from error
        self._listener.setblocking(False)
        self.host, self.port = self._listener.getsockname()[:2]
        shown = f"[{self.host}]" if ":" in self.host else self.host
        self.description = f"{shown}:{self.port}"
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

    def accept(self) -> bool:
        """Take a GDB that has come, if none is there; True: one has."""
        if self._client is not None:
            return False
        try:
            client, _address = self._listener.accept()
        except OSError:
            return False
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client, self._reader = client, PacketReader()
        self._outgoing.clear()
        return True

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
