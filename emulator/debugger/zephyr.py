"""Threads of Zephyr, by the table that it keeps for debuggers.

Source: Zephyr's subsys/debug/thread_info.c: with CONFIG_DEBUG_THREAD_INFO (and so
CONFIG_THREAD_MONITOR) an image has ``_kernel_thread_info_num_offsets``,
``_kernel_thread_info_size_t_size`` and ``_kernel_thread_info_offsets``, a table of ``size_t`` whose
entries are the enumeration ``thread_info`` of that file. On Cortex-M the saved registers of a thread that
waits are v1 to v8 (r4 to r11) and PSP, in ``callee_saved`` (include/zephyr/arch/arm/thread.h); the rest is
the exception frame at that PSP.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from emulator.debugger.threads import (
    CALLEE_SAVED,
    WORD_BYTES,
    ReadBytes,
    ReadWord,
    Thread,
    saved_registers,
    thread_name,
)

KERNEL, OFFSETS, SIZE = "_kernel", "_kernel_thread_info_offsets", "_kernel_thread_info_size_t_size"
UNIMPLEMENTED = 0xFFFFFFFF
MOST_THREADS = 256


class Offset(IntEnum):
    """Entries of the table."""

    VERSION = 0
    CURRENT = 1
    THREADS = 2
    ENTRY = 3
    NEXT = 4
    STATE = 5
    USER_OPTIONS = 6
    PRIORITY = 7
    STACK_POINTER = 8
    NAME = 9


class Zephyr:
    """The threads of one image. ``symbols``: (address, size in bytes) of its objects by name."""

    def __init__(self, symbols: Mapping[str, tuple[int, int]], word: ReadWord, read: ReadBytes) -> None:
        self._kernel, self._offsets = symbols[KERNEL][0], symbols[OFFSETS][0]
        self._word, self._read = word, read

    @staticmethod
    def is_in(symbols: Mapping[str, tuple[int, int]]) -> bool:
        """Whether an image with these symbols has it, with the table."""
        return KERNEL in symbols and OFFSETS in symbols and SIZE in symbols

    def _offset(self, entry: Offset) -> int:
        return self._word(self._offsets + WORD_BYTES * entry)

    def threads(self) -> list[Thread]:
        """See :class:`emulator.debugger.threads.ThreadSource`. Raises LookupError."""
        running = self._word(self._kernel + self._offset(Offset.CURRENT))
        thread = self._word(self._kernel + self._offset(Offset.THREADS))
        found: dict[int, Thread] = {}
        while thread and thread not in found and len(found) < MOST_THREADS:
            found[thread] = self._thread(thread, runs=thread == running)
            thread = self._word(thread + self._offset(Offset.NEXT))
        if running not in found:
            return []
        return [found.pop(running), *found.values()]

    def _thread(self, thread: int, *, runs: bool) -> Thread:
        priority = self._read(thread + self._offset(Offset.PRIORITY), 1)
        signed = int.from_bytes(priority, "little", signed=True)
        state = "running" if runs else "waiting"
        registers = {} if runs else self._registers(thread)
        return Thread(thread, self._name(thread), f"{state}, priority {signed}", registers)

    def _name(self, thread: int) -> str:
        offset = self._offset(Offset.NAME)
        name = "" if offset == UNIMPLEMENTED else thread_name(self._read, thread + offset)
        return name or f"thread 0x{thread:08x}"

    def _registers(self, thread: int) -> dict[str, int]:
        place = self._offset(Offset.STACK_POINTER)  # of PSP, the last of callee_saved
        saved, frame = thread + place - WORD_BYTES * len(CALLEE_SAVED), self._word(thread + place)
        return saved_registers(self._word, saved, frame, frame, has_float_frame=False)
