"""A local PTY for a device behind TCP: host software that opens paths only can use it.

The board may run on another machine or in a container (``boardless serve --serial tcp:...``);
``serial.Serial(path)`` can't open a URL, so a thread carries the bytes.
"""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

from emulator.errors import LinkError, UsageError
from emulator.links import LinkSet, SerialEndpoint
from emulator.links.pty import PtyLink

CONNECT_S = 5.0
STEP_S = 0.05
PIECE_BYTES = 1 << 14


class Relay:
    """Carries bytes between a PTY and ``socket://HOST:PORT`` until :meth:`close`.

    ``path`` is the PTY's. Raises :class:`LinkError` when nobody listens there.
    """

    def __init__(self, url: str, symlink: Path) -> None:
        address = _address_of(url)
        try:
            self._socket = socket.create_connection(address, timeout=CONNECT_S)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label of the name is too long
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise LinkError(
                f"nobody answers: {reason}",
                where=url,
                next_step="is `boardless serve` running?",
            ) from error
        self._socket.settimeout(STEP_S)
        self._endpoint = SerialEndpoint("relay")
        self._link = PtyLink(self._endpoint, symlink=symlink)
        self._link.device_has_booted()
        self._endpoint.on_waiting(self._send)
        self.path = self._link.address
        self._closing = threading.Event()
        self._lock = threading.Lock()  # the endpoint and its link belong to one thread at a time
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._from_device, self._from_host)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop and take the PTY away."""
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._link.close()
        self._socket.close()

    def _send(self) -> None:
        data = bytearray()
        while (byte := self._endpoint.next_received()) is not None:
            data.append(byte)
        self._socket.sendall(data)

    def _from_device(self) -> None:
        while not self._closing.is_set():
            try:
                data = self._socket.recv(PIECE_BYTES)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self._endpoint.transmit_all(data)
                self._link.pump()

    def _from_host(self) -> None:
        links = LinkSet([self._link])
        while not self._closing.is_set():
            with self._lock:
                moved = links.pump()
            if not moved:
                self._closing.wait(STEP_S / 10)


def _address_of(url: str) -> tuple[str, int]:
    """Host and port of ``socket://HOST:PORT``. Raises :class:`UsageError`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # a port that is no number or too large, a bracket too few
        host, port = None, None
    if not host or not port or parts.scheme != "socket":
        raise UsageError(f"{url!r} is no socket://HOST:PORT", next_step="give that, or the path of a port")
    return host, port
