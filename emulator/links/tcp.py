"""A raw TCP server: one host at a time has the port, as with a serial cable."""

from __future__ import annotations

import select
import socket

from emulator.links.endpoint import SerialEndpoint
from emulator.links.link import READ_BYTES, WAITING_LIMIT_BYTES, Interest, Link
from emulator.links.listener import Listener
from emulator.links.spec import LOOPBACK

BACKLOG = 8
INBOUND_LIMIT_BYTES = WAITING_LIMIT_BYTES
READ_AHEAD_BYTES = 32 << 20
"""Read of a host while another one waits, to see whether it is gone: the end comes behind all that it
sent, and two kernels hold about 10 MB of that (``tcp_wmem`` and ``tcp_rmem``)."""
CHECK_FULL_S = 0.1
HOST_CLOSED = getattr(select, "POLLRDHUP", 0)
"""Linux tells it beside unread bytes; elsewhere it is known when they have been read."""


class TcpLink(Link):
    """Serves the endpoint at ``host:port``; port 0 takes a free one (see ``port``).

    A second host waits until the first one leaves. A host that has closed its sending
    side (``nc -N``) still gets the answers, until the device is idle or another host
    comes: then what it sent and the device has not taken goes with its connection, so
    that megabytes of a host that is gone don't hold the port at the device's baud rate.
    Raises :class:`LinkError` when the address can't be had.
    """

    kind = "tcp"
    scheme = "socket"

    def __init__(self, endpoint: SerialEndpoint, host: str = LOOPBACK, port: int = 0) -> None:
        self._listener = Listener(host, port, backlog=BACKLOG, where=f"{self.kind}:")
        self.host, self.port = self._listener.host, self._listener.port
        self.description = f"{self.kind} {self._listener.description}"
        self.address = f"{self.scheme}://{self._listener.description}"
        self._client: socket.socket | None = None
        self._client_ended = False  # it has closed its sending side; there may still be bytes to read
        self._end_read = False  # all of them have been
        self._inbound = bytearray()  # for the device
        self._ahead = bytearray()  # behind that, as it came from the host
        super().__init__(endpoint)

    # -- what a protocol on top of TCP changes ---------------------------------------------
    def connected(self) -> None:
        """Start a session: a host has just come."""

    def decode(self, data: bytes) -> bytes:
        """Take the serial bytes out of what a host sent."""
        return data

    def encode(self, data: bytes) -> bytes:
        """Wrap serial bytes for the host."""
        return data

    def send_to_host(self, data: bytes) -> None:
        """Send bytes that don't come from the device."""
        if self._client is not None:
            self.outgoing.append(data)

    # -- the device's bytes ----------------------------------------------------------------
    def transmit(self, data: bytes) -> None:
        """Keep what the device sent, if a host is connected right now."""
        self._receive()
        if self._client is not None:
            self.outgoing.append(self.encode(data))

    # -- the runner's calls ----------------------------------------------------------------
    def interest(self) -> list[Interest]:
        """Wait for a host to come, or for the one that is there."""
        found: list[Interest] = []
        if self._client is not None:
            events = select.POLLIN if self.room() and not self._end_read else 0
            events |= HOST_CLOSED if not self._client_ended else 0
            found.append((self._client.fileno(), events | (select.POLLOUT if self.outgoing else 0)))
        if self._client is None or self._client_ended:
            found.append((self._listener.fileno(), select.POLLIN))
        return found

    def pump(self) -> int:
        """Accept, receive, feed and send; count the bytes for the device."""
        fed = 0
        self._receive()
        while self._inbound and (room := self.room()):
            data = bytes(self._inbound[:room])
            del self._inbound[:room]
            self.endpoint.feed(data)
            fed += len(data)
            self._receive()
            self._decode_ahead()
        if self._client is not None:
            try:
                self.outgoing.write_with(self._client.send)
            except OSError:
                self._drop()
        return fed

    def device_is_idle(self) -> None:
        """End the session of a host that has nothing more to send and got every answer."""
        if self._end_read and not (self._inbound or self._ahead or self.outgoing or self.endpoint.waiting()):
            self._drop()

    def close(self) -> None:
        """Send what the kernel takes at once and close; the kernel delivers the rest."""
        super().close()
        if self._client is not None:
            self.pump()
        self._drop()
        self._listener.close()

    # -- hosts -----------------------------------------------------------------------------
    def _receive(self) -> None:
        """Follow hosts coming and going; collect what the present one sent."""
        if self._has_closed():
            self._accept()
        while self._client is not None and not self._end_read:
            if self._is_full():
                return
            try:
                data = self._client.recv(READ_BYTES)
            except BlockingIOError:
                return
            except OSError:  # reset by the host
                self._drop()
                self._accept()
                continue
            if data:
                self._ahead += data
                self._decode_ahead()
            else:
                self._client_ended = self._end_read = True
                self._accept()

    def _decode_ahead(self) -> None:
        while self._ahead and len(self._inbound) < INBOUND_LIMIT_BYTES:
            data = bytes(self._ahead[:READ_BYTES])
            del self._ahead[:READ_BYTES]
            self._inbound += self.decode(data)

    def _is_full(self) -> bool:
        """Whether enough was read ahead of the device: the host blocks then, not we."""
        full = len(self._inbound) >= INBOUND_LIMIT_BYTES
        self.check_every_s = CHECK_FULL_S if full else None
        if not full or len(self._ahead) >= READ_AHEAD_BYTES:
            return full
        query = select.poll()
        query.register(self._listener, select.POLLIN)
        return not query.poll(0)

    def _has_closed(self) -> bool:
        """Whether the present host has closed its sending side, read to its end or not."""
        if self._client is not None:
            query = select.poll()
            query.register(self._client, HOST_CLOSED)
            events = sum(found for _descriptor, found in query.poll(0))
            if events & select.POLLERR:  # reset by the host: poll would report it for ever
                self._drop()
            elif events & HOST_CLOSED:
                self._client_ended = True
        return self._client is None or self._client_ended

    def _accept(self) -> None:
        client = self._listener.accept()
        if client is None:
            return
        self._drop()
        self._client = client
        self.connected()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self.endpoint.forget_waiting()
        self._client = None
        self._client_ended = self._end_read = False
        self._inbound.clear()
        self._ahead.clear()
        self.outgoing.clear()
