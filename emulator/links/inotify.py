"""Who opens, reads and closes a file: Linux's inotify, as far as a PTY needs it."""

from __future__ import annotations

import ctypes
import os
import struct

IN_ACCESS, IN_CLOSE_WRITE, IN_CLOSE_NOWRITE, IN_OPEN, IN_Q_OVERFLOW = 0x01, 0x08, 0x10, 0x20, 0x4000
EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name that follows
BUFFER_BYTES = 4096


class Watch:
    """Reports events of one path, in order; ``descriptor`` is readable when there are any.

    The kernel merges equal events that follow each other unread. Raises OSError where
    inotify does not exist.
    """

    def __init__(self, path: str, mask: int) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        if not hasattr(library, "inotify_init1"):
            raise OSError("no inotify on this system")
        self.descriptor: int = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        if library.inotify_add_watch(self.descriptor, os.fsencode(path), mask) < 0:
            error = ctypes.get_errno()
            os.close(self.descriptor)
            raise OSError(error, "inotify_add_watch")

    def masks(self) -> list[int]:
        """Tell what happened since the last call: a mask an event."""
        found: list[int] = []
        while True:
            try:
                data = os.read(self.descriptor, BUFFER_BYTES)
            except BlockingIOError:
                return found
            at = 0
            while at < len(data):
                _watch, mask, _cookie, name_bytes = EVENT.unpack_from(data, at)
                at += EVENT.size + name_bytes
                found.append(mask)

    def close(self) -> None:
        """Stop watching."""
        os.close(self.descriptor)


class OpenWatch(Watch):
    """Opens and closes of one path; two opens may show as one."""

    def __init__(self, path: str) -> None:
        super().__init__(path, IN_OPEN | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE)

    def events(self) -> list[bool]:
        """Tell what happened since the last call: True for an open, False for a close."""
        kinds = IN_OPEN | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE
        return [bool(mask & IN_OPEN) for mask in self.masks() if mask & kinds]


class ReadWatch(Watch):
    """Reads of one path."""

    def __init__(self, path: str) -> None:
        super().__init__(path, IN_ACCESS)

    def was_read(self) -> bool:
        """Tell whether somebody read since the last call."""
        return bool(self.masks())
