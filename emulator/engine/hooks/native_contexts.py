"""The native hook's call contexts seen from Python; what each is: :class:`CallContexts`."""

from __future__ import annotations

import ctypes as c
from collections.abc import Iterable
from typing import Any

from emulator.engine.contexts import ContextCount, context_count

COUNTS = 5


class _Node(c.Structure):
    """``ContextNode`` in contexts.h."""

    _fields_ = [
        (n, c.c_uint32) for n in ("parent", "kind", "function", "site", "epoch", "lowest_stack")
    ] + [("counts", c.c_uint64 * COUNTS), ("at_mark", c.c_uint64 * COUNTS)]  # fmt: skip


class _TableJump(c.Structure):
    """``TableJump`` in contexts.h."""

    _fields_ = [("site", c.c_uint32), ("target", c.c_uint32), ("count", c.c_uint64)]


def prototype_contexts(library: c.CDLL) -> None:
    """Tell ctypes of the doors."""
    u32, u64, pointer = c.c_uint32, c.c_uint64, c.c_void_p
    for name, result, arguments in (
        ("start", None, [pointer, u32, u32, u32]),
        ("stop", None, []),
        ("restart", None, [u32, u32]),
        ("preempted", None, [u32]),
        ("entered", None, [u32, u32]),
        ("flush", None, []),
        ("chained", None, []),
        ("returned", None, [u32, u32, u32]),
        ("mark", None, []),
        ("turn_ended", None, []),
        ("repeat", None, [u64, u64, u64]),
        ("slept", None, [u64]),
        ("current", c.c_int32, []),
        ("count", u32, []),
        ("nodes", c.POINTER(_Node), []),
        ("jump_count", u32, []),
        ("jumps", c.POINTER(_TableJump), []),
        ("save", c.c_size_t, [c.c_char_p]),
        ("load", None, [c.c_char_p]),
    ):  # fmt: skip
        function = getattr(library, f"bl_contexts_{name}")
        function.restype, function.argtypes = result, [pointer, *arguments]


class NativeContexts:
    """See :class:`emulator.engine.contexts.CallContexts` for what each method does."""

    def __init__(self, library: c.CDLL, engine: int) -> None:
        self._library = library
        self._engine = engine
        self.enabled = 0

    def start(self, starts: Iterable[int], pc: int, exception: int) -> None:
        """See :class:`CallContexts`."""
        known = sorted(starts)
        self._library.bl_contexts_start(
            self._engine, (c.c_uint32 * len(known))(*known), len(known), pc, exception
        )
        self.enabled = 1

    def stop(self) -> None:
        """See :class:`CallContexts`."""
        self._library.bl_contexts_stop(self._engine)
        self.enabled = 0

    def restart(self, pc: int, exception: int) -> None:
        """See :class:`CallContexts`."""
        self._library.bl_contexts_restart(self._engine, pc, exception)

    def preempted(self, stack_pointer: int) -> None:
        """See :class:`CallContexts`."""
        self._library.bl_contexts_preempted(self._engine, stack_pointer)

    def entered(self, exception: int, handler: int) -> None:
        """See :class:`CallContexts`."""
        self._library.bl_contexts_entered(self._engine, exception, handler)

    def flush(self) -> None:
        """See :class:`CallContexts`."""
        self._library.bl_contexts_flush(self._engine)

    def chained(self) -> None:
        """See :class:`CallContexts`."""
        self._library.bl_contexts_chained(self._engine)

    def returned(self, stack_pointer: int, pc: int, thread_stack: int) -> None:
        """See :class:`CallContexts`."""
        self._library.bl_contexts_returned(self._engine, stack_pointer, pc, thread_stack)

    def mark(self) -> None:
        """See :class:`CallContexts`."""
        self._library.bl_contexts_mark(self._engine)

    def turn_ended(self) -> None:
        """See :class:`CallContexts`."""
        self._library.bl_contexts_turn_ended(self._engine)

    def repeat(self, turns: int, cycles: int, instructions: int) -> None:
        """See :class:`CallContexts`."""
        self._library.bl_contexts_repeat(self._engine, turns, cycles, instructions)

    def slept(self, cycles: int) -> None:
        """See :class:`CallContexts`."""
        self._library.bl_contexts_slept(self._engine, cycles)

    def current(self) -> int:
        """See :class:`CallContexts`."""
        return int(self._library.bl_contexts_current(self._engine))

    def rows(self) -> list[ContextCount]:
        """See :class:`CallContexts`."""
        if self.enabled:
            self.flush()
        nodes = self._library.bl_contexts_nodes(self._engine)
        return [context_count(n) for n in nodes[: self._library.bl_contexts_count(self._engine)]]

    def jumps(self) -> dict[tuple[int, int], int]:
        """See :class:`CallContexts`."""
        jumps = self._library.bl_contexts_jumps(self._engine)
        count = self._library.bl_contexts_jump_count(self._engine)
        return {(jump.site, jump.target): jump.count for jump in jumps[:count]}

    def save(self) -> Any:
        """See :class:`CallContexts`."""
        if not self.enabled:
            return None
        buffer = c.create_string_buffer(self._library.bl_contexts_save(self._engine, None))
        self._library.bl_contexts_save(self._engine, buffer)
        return buffer.raw

    def load(self, saved: Any) -> None:
        """See :class:`CallContexts`."""
        if saved is not None:
            self._library.bl_contexts_load(self._engine, saved)
