"""What the native hook is told so that it answers loads of device registers. Twin: register_reads.h."""

from __future__ import annotations

import ctypes as c
from collections.abc import Sequence
from typing import Any

from emulator.engine.hook import KnownLoad
from emulator.engine.lent_input import LentInput
from emulator.engine.lent_output import KnownTurn, LentOutput
from emulator.engine.lent_tick import LentTick
from emulator.engine.remembered_reads import RememberedReads


class _Window(c.Structure):
    """``Window`` in register_reads.h."""

    _fields_ = (
        ("hook", c.c_void_p),
        ("read", c.c_void_p),
        ("write", c.c_void_p),
        ("base", c.c_uint64),
    )


def prototype_reads(library: c.CDLL) -> None:
    """Say what the doors take and give."""
    u32, pointer = c.c_uint32, c.c_void_p
    for name, arguments in (
        ("bl_share_reads", [pointer, pointer]),
        ("bl_share_input", [pointer, pointer]),
        ("bl_share_output", [pointer, pointer]),
        ("bl_share_tick", [pointer, pointer]),
        ("bl_know_turn", [pointer, pointer]),
        ("bl_know_loads", [pointer, u32, u32, u32, pointer, pointer]),
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

    def share_input(self, lent: LentInput) -> None:
        """Let the characters that are lent there come; it must outlive the hook."""
        self._lent = lent
        self._library.bl_share_input(self._engine, c.addressof(lent))

    def share_output(self, lent: LentOutput) -> None:
        """Let what is lent there leave; it must outlive the hook."""
        self._lent_output = lent
        self._library.bl_share_output(self._engine, c.addressof(lent))

    def share_tick(self, lent: LentTick) -> None:
        """Let SysTick become pending that is lent there; it must outlive the hook."""
        self._lent_tick = lent
        self._library.bl_share_tick(self._engine, c.addressof(lent))

    def know_turn(self, turn: KnownTurn) -> None:
        """See :class:`emulator.engine.hook.BlockHook`."""
        self._library.bl_know_turn(self._engine, c.byref(turn))

    def doors(self, base: int, read: Any, write: Any) -> tuple[Any, Any, Any]:
        """What Unicorn is to call for loads and stores from ``base`` on, and with what.

        ``read``, ``write``: Python's functions.
        """
        window = _Window(self._engine, c.cast(read, c.c_void_p), c.cast(write, c.c_void_p), base)
        self._windows.append(window)
        on_read, on_write = self._library.bl_on_read, self._library.bl_on_write
        return c.cast(on_read, c.c_void_p), c.cast(on_write, c.c_void_p), c.c_void_p(c.addressof(window))

    def know_loads(self, block: int, state: int, loads: Sequence[KnownLoad], issue: Sequence[int]) -> None:
        """See :class:`emulator.engine.hook.BlockHook`."""
        flat = [number for load in loads for number in load]
        self._library.bl_know_loads(
            *(self._engine, block, state, len(loads)),
            (c.c_uint32 * len(flat))(*flat),
            (c.c_uint16 * (len(issue) + 1))(*issue, 0),
        )
