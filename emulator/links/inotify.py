"""Who opens and closes a file: Linux's inotify, as far as a PTY needs it."""

from __future__ import annotations

import ctypes
import os
import struct

IN_CLOSE_WRITE, IN_CLOSE_NOWRITE, IN_OPEN, IN_Q_OVERFLOW = 0x08, 0x10, 0x20, 0x4000
EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name that follows
BUFFER_BYTES = 4096


class OpenWatch:
    """Reports opens and closes of one path, in order.

    The kernel merges equal events that follow each other unread, so two opens may show
    as one. Raises OSError where inotify does not exist.
    """

    def __init__(self, path: str) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        if not hasattr(library, "inotify_init1"):
            raise OSError("no inotify on this system")
        self.descriptor: int = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        mask = IN_OPEN | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE
        if library.inotify_add_watch(self.descriptor, os.fsencode(path), mask) < 0:
            error = ctypes.get_errno()
            os.close(self.descriptor)
            raise OSError(error, "inotify_add_watch")

    def events(self) -> list[bool]:
        """Tell what happened since the last call: True for an open, False for a close."""
        found: list[bool] = []
        while True:
            try:
                data = os.read(self.descriptor, BUFFER_BYTES)
            except BlockingIOError:
                return found
            at = 0
            while at < len(data):
                _watch, mask, _cookie, name_bytes = EVENT.unpack_from(data, at)
                at += EVENT.size + name_bytes
                if mask & IN_OPEN:
                    found.append(True)
                elif mask & (IN_CLOSE_WRITE | IN_CLOSE_NOWRITE):
                    found.append(False)

    def close(self) -> None:
        """Stop watching."""
        os.close(self.descriptor)
