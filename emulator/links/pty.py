"""A pseudo-terminal: a port that host software opens by its path.

What a host finds must look like a board on a USB cable: what the device sends while
nobody has the port open is gone, and a host that comes back finds nothing of before and
misses nothing after. Linux tells a master (by POLLHUP) whether any host has the slave
open, and inotify tells of each open and close, so both are exact: they are asked for
every character that the device sends. The slave's settings live as long as the master.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import termios
import time
import tty
from pathlib import Path

from emulator.errors import LinkError
from emulator.links.endpoint import SerialEndpoint
from emulator.links.inotify import OpenWatch, ReadWatch
from emulator.links.link import READ_BYTES, UNREAD_STEP_S, Interest, Link

CHECK_WITHOUT_INOTIFY_S = 0.1
CLOSING_S = 0.5
"""A host that takes nothing for so long is not waited for when the port goes away."""


class PtyLink(Link):
    """Owns a PTY's master; ``path`` is what the host opens.

    ``symlink``: a path that points at the port as long as the link lives. Raises
    :class:`LinkError` when there is no PTY to be had or the symlink can't be made.
    """

    def __init__(self, endpoint: SerialEndpoint, *, symlink: Path | None = None) -> None:
        try:
            self._master, slave = os.openpty()
        except OSError as error:
            raise LinkError(f"no pseudo-terminal: {error}", next_step="use --serial tcp:0") from error
        self.path = os.ttyname(slave)
        os.set_blocking(self._master, False)
        os.close(slave)
        self._reset_settings()
        self._watch: OpenWatch | None = None
        try:
            self._watch = OpenWatch(self.path)
        except OSError:
            self.check_every_s = CHECK_WITHOUT_INOTIFY_S
        self._hosts = 0
        self._symlink = symlink
        self._closed = False
        if symlink is not None:
            self._make_symlink(symlink)
        self.description = f"pty {symlink or self.path}"
        self.address = str(symlink.absolute()) if symlink is not None else self.path
        super().__init__(endpoint)

    # -- the device's bytes ----------------------------------------------------------------
    def transmit(self, data: bytes) -> None:
        """Keep what the device sent, if a host listens."""
        self._notice_hosts()
        if self._hosts:
            self.outgoing.append(data)

    # -- the runner's calls ----------------------------------------------------------------
    def interest(self) -> list[Interest]:
        """Wait for hosts to come or go; for their bytes while there is room."""
        found: list[Interest] = []
        if self._watch is not None:
            found.append((self._watch.descriptor, select.POLLIN))
        if self._hosts:  # without a host the master reports a hang-up all the time
            events = (select.POLLIN if self.room() else 0) | (select.POLLOUT if self.outgoing else 0)
            found.append((self._master, events))
        return found

    def pump(self) -> int:
        """Move bytes both ways; count those for the device."""
        fed = 0
        self._notice_hosts()
        if self._hosts:
            self._write()
        while room := self.room():
            try:
                data = os.read(self._master, room)
            except (BlockingIOError, OSError):  # nothing to read; EIO without a host
                break
            fed += len(data)
            self.endpoint.feed(data)
        return fed

    def close(self) -> None:
        """Let a host that reads on have what is on its way, then take the port away."""
        if self._closed:
            return
        self._closed = True
        super().close()
        self.wait_until_read(CLOSING_S)
        if self._symlink is not None and self._symlink.is_symlink():
            self._symlink.unlink()
        if self._watch is not None:
            self._watch.close()
        os.close(self._master)

    # -- hosts -----------------------------------------------------------------------------
    def _notice_hosts(self) -> None:
        """Follow the hosts that came and went; a session's end drops what it left unread."""
        session_ended = False
        hosts = self._hosts
        for opened in self._watch.events() if self._watch is not None else ():
            hosts = hosts + 1 if opened else max(0, hosts - 1)
            session_ended |= hosts == 0
        present = self._is_open()
        if present:
            hosts = max(1, hosts)
        elif hosts or self._hosts:
            hosts, session_ended = 0, True
        self._hosts = hosts
        if session_ended:
            self._end_session()

    def _is_open(self) -> bool:
        query = select.poll()
        query.register(self._master, 0)
        return not any(events & select.POLLHUP for _descriptor, events in query.poll(0))

    def _end_session(self) -> None:
        self.outgoing.clear()
        self._reset_settings()
        try:
            slave = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:  # somebody took it exclusively: then it's theirs, stale bytes too
            return
        try:
            while os.read(slave, READ_BYTES):
                pass
        except BlockingIOError:
            pass
        finally:
            os.close(slave)
        hosts = -1  # the first open is our own
        for opened in self._watch.events() if self._watch is not None else ():
            hosts += 1 if opened else -1
        self._hosts = max(1, hosts + 1) if self._is_open() else 0

    def _reset_settings(self) -> None:
        """Raw and not exclusive, whatever the last host left; on Linux the master sets the slave's."""
        tty.setraw(self._master, termios.TCSANOW)
        fcntl.ioctl(self._master, termios.TIOCNXCL)

    def wait_until_read(self, patience_s: float) -> None:
        """Wait until the host has taken everything out of the kernel's buffers too."""
        self._notice_hosts()
        if not self._hosts:
            return
        with contextlib.ExitStack() as opened:
            slave = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            opened.callback(os.close, slave)
            reads: ReadWatch | None = None
            with contextlib.suppress(OSError):
                reads = ReadWatch(self.path)
                opened.callback(reads.close)
            end_s = time.monotonic() + patience_s
            while (self.outgoing or _holds_bytes(slave)) and time.monotonic() < end_s:
                self._write()
                time.sleep(UNREAD_STEP_S)
                if reads is not None and reads.was_read():
                    end_s = time.monotonic() + patience_s

    def _write(self) -> None:
        self.outgoing.write_with(lambda data: os.write(self._master, data))

    def _make_symlink(self, symlink: Path) -> None:
        try:
            if symlink.is_symlink() and not symlink.exists():
                symlink.unlink()  # left by a run that was killed
            symlink.symlink_to(self.path)
        except OSError as error:
            self._closed = True
            os.close(self._master)
            if self._watch is not None:
                self._watch.close()
            raise LinkError(
                f"can't make the link: {error.strerror}",
                where=str(symlink),
                next_step="remove the file, or name another path",
            ) from error


def _holds_bytes(slave: int) -> bool:
    """Tell whether bytes wait in the kernel for a host of this port.

    Linux keeps most of them before the terminal's own buffer, so FIONREAD may say 0 of many;
    poll brings them on first.
    """
    query = select.poll()
    query.register(slave, select.POLLIN)
    return bool(query.poll(0))
