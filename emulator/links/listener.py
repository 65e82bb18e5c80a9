"""A TCP port that hosts connect to; nothing here blocks."""

from __future__ import annotations

import socket

from emulator.errors import LinkError


class Listener:
    """Listens at ``host:port``; port 0 takes a free one (see ``port``). ``description``: the address.

    Raises :class:`LinkError` when it can't be had: ``act`` and ``where`` are the error's words for what is
    done and for who asked.
    """

    def __init__(self, host: str, port: int, *, backlog: int, where: str, act: str = "listen") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family, backlog=backlog)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise LinkError(
                f"can't {act} there: {reason}",
                where=f"{where}{host}:{port}",
                next_step="choose another port; port 0 takes a free one",
            ) from error
        self._socket.setblocking(False)
        self.host, self.port = self._socket.getsockname()[:2]
        shown = f"[{self.host}]" if ":" in self.host else self.host
        self.description = f"{shown}:{self.port}"

    def fileno(self) -> int:
        """Its file descriptor: readable when a host waits."""
        return self._socket.fileno()

    def accept(self) -> socket.socket | None:
        """The connection of a host that waits; None: nobody does, or who waited is gone again."""
        try:
            client, _address = self._socket.accept()
        except OSError:
            return None
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()
