"""What the native hook is told so that it answers loads of device registers. Twin: register_reads.h."""

from __future__ import annotations

import ctypes as c
from collections.abc import Sequence
from typing import Any

from emulator.engine.remembered_reads import RememberedReads


class _Window(c.Structure):
    """``Window`` in register_reads.h."""

    _fields_ = (("hook", c.c_void_p), ("read", c.c_void_p), ("base", c.c_uint64))


def prototype_reads(library: c.CDLL) -> None:
    """Say what the doors take and give."""
    u32, pointer = c.c_uint32, c.c_void_p
    for name, arguments in (
        ("bl_share_reads", [pointer, pointer]),
        ("bl_know_load", [pointer, u32, u32, u32, u32, pointer]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = None, arguments


class NativeReads:
    """Stands before the windows of one core's registers."""

    def __init__(self, library: c.CDLL, engine: int) -> None:
        self._library = library
        self._engine = engine
        self._windows: list[_Window] = []

    def share(self, reads: RememberedReads) -> None:
        """Answer by what is remembered there; it must outlive the hook."""
        self._reads = reads
        self._library.bl_share_reads(self._engine, c.addressof(reads))

    def door(self, base: int, read: Any) -> tuple[Any, Any]:
        """What Unicorn is to call for loads from ``base`` on, and with what; ``read``: Python's function."""
        window = _Window(self._engine, c.cast(read, c.c_void_p), base)
        self._windows.append(window)
        return c.cast(self._library.bl_on_read, c.c_void_p), c.c_void_p(c.addressof(window))

    def know_load(self, block: int, state: int, position: int, cycle: int, issue: Sequence[int]) -> None:
        """See :class:`emulator.engine.hook.BlockHook`."""
        self._library.bl_know_load(
            self._engine, block, state, position, cycle, (c.c_uint16 * (len(issue) + 1))(*issue, 0)
        )
