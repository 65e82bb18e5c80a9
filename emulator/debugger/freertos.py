"""Threads of FreeRTOS, by its symbols and the layout of its structures.

Layout, of FreeRTOS-Kernel V9 to V11 (include/list.h, tasks.c, portable/GCC/ARM_CM*/port.c), for ports of
32 bits with ``configLIST_VOLATILE`` and without list integrity bytes: ``List_t`` is the number of items, an
index, and an end marker of three words; ``ListItem_t`` is value, next, previous, owner, container; a task's
control block begins with the top of its stack, its state item, its event item, priority, the stack's
lowest address and the name. Ports with MPU have the MPU's settings, and the task's context, behind the
first of these: where a task's state item lies tells how many bytes (portable/GCC/ARM_CM4_MPU/port.c and
ARM_CM33_NTZ/non_secure/port.c of V11 write the context; the first word is its end).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from emulator.debugger.threads import WORD_BYTES, ReadBytes, ReadWord, Thread, saved_registers, thread_name
from emulator.system.stack_frame import EXC_RETURN_STANDARD_FRAME

CURRENT = "pxCurrentTCB"
READY, DELAYED, OVERFLOWED = "pxReadyTasksLists", "xDelayedTaskList1", "xDelayedTaskList2"
PENDING, SUSPENDED, ENDED = "xPendingReadyList", "xSuspendedTaskList", "xTasksWaitingTermination"
COUNT = "uxCurrentNumberOfTasks"
NEEDED = (CURRENT, READY, COUNT)
LIST_BYTES, LIST_END, ITEM_NEXT, ITEM_OWNER = 20, 8, 4, 12
TASK_STATE_ITEM, TASK_PRIORITY, TASK_NAME = 4, 44, 52
MOST_SETTINGS_BYTES = 4096
MOST_TASKS = 256
STATES = {DELAYED: "blocked", OVERFLOWED: "blocked", PENDING: "ready", SUSPENDED: "suspended", ENDED: "ended"}
EXC_RETURN_FROM = 0xFFFFFF80
FLOAT_WORDS = 16
"""S16 to S31, between the other registers and the frame of a task that has used the FPU."""


class Context(NamedTuple):
    """Where a task's registers are: see :func:`emulator.debugger.threads.saved_registers`."""

    saved: int
    frame: int
    stacked: int
    exc_return: int


class FreeRtos:
    """The tasks of one image. ``symbols``: (address, size in bytes) of its objects by name.

    ``has_armv8m``: whether the core has the registers that Armv8-M's ports save; on such a core, the
    ports of older ones work too.
    """

    def __init__(
        self,
        symbols: Mapping[str, tuple[int, int]],
        word: ReadWord,
        read: ReadBytes,
        *,
        has_armv8m: bool,
    ) -> None:
        self._symbols, self._word, self._read = symbols, word, read
        self._has_armv8m = has_armv8m

    @staticmethod
    def is_in(symbols: Mapping[str, tuple[int, int]]) -> bool:
        """Whether an image with these symbols has it."""
        return all(name in symbols for name in NEEDED)

    def threads(self) -> list[Thread]:
        """See :class:`emulator.debugger.threads.ThreadSource`. Raises LookupError."""
        running = self._word(self._symbols[CURRENT][0])
        if running == 0 or not 0 < self._word(self._symbols[COUNT][0]) <= MOST_TASKS:
            return []
        listed = list(self._listed())
        settings_bytes = _settings_bytes(listed)
        found = {running: self._thread(running, "running", settings_bytes, {})}
        for task, state, _item in listed:
            if task not in found and len(found) < MOST_TASKS:
                found[task] = self._thread(task, state, settings_bytes, self._registers(task, settings_bytes))
        return list(found.values())

    def _thread(self, task: int, state: str, settings_bytes: int, registers: Mapping[str, int]) -> Thread:
        at = task + settings_bytes
        name = thread_name(self._read, at + TASK_NAME)
        return Thread(task, name, f"{state}, priority {self._word(at + TASK_PRIORITY)}", registers)

    def _listed(self) -> Iterator[tuple[int, str, int]]:
        """Tasks with their states, and the item by which each is in a list."""
        first, size = self._symbols[READY]
        for place in range(first, first + max(size, LIST_BYTES), LIST_BYTES):
            yield from ((task, "ready", item) for task, item in self._members(place))
        for name, state in STATES.items():
            if name in self._symbols:
                yield from ((task, state, item) for task, item in self._members(self._symbols[name][0]))

    def _members(self, place: int) -> Iterator[tuple[int, int]]:
        """The owners of a list's items, each with the item, in order."""
        count, item = self._word(place), self._word(place + LIST_END + ITEM_NEXT)
        for _ in range(min(count, MOST_TASKS)):
            if item == place + LIST_END:
                return
            yield self._word(item + ITEM_OWNER), item
            item = self._word(item + ITEM_NEXT)

    def _registers(self, task: int, settings_bytes: int) -> dict[str, int]:
        end = self._word(task)
        at = self._in_settings(end) if settings_bytes else self._on_stack(end)
        has_float_frame = not at.exc_return & EXC_RETURN_STANDARD_FRAME
        return saved_registers(self._word, at.saved, at.frame, at.stacked, has_float_frame=has_float_frame)

    def _on_stack(self, top: int) -> Context:
        """As the ports of different cores put it on a task's stack."""
        if self._has_armv8m and (exc_return := self._word(top + WORD_BYTES)) >= EXC_RETURN_FROM:
            saved, words = top + 2 * WORD_BYTES, 10  # Armv8-M: PSPLIM, EXC_RETURN, r4 to r11
        elif (exc_return := self._word(top + 8 * WORD_BYTES)) >= EXC_RETURN_FROM:
            saved, words = top, 9  # Armv7-M with FPU: r4 to r11, EXC_RETURN
        else:
            saved, words, exc_return = top, 8, EXC_RETURN_STANDARD_FRAME  # Armv6-M and Armv7-M: r4 to r11
        words += 0 if exc_return & EXC_RETURN_STANDARD_FRAME else FLOAT_WORDS
        frame = top + WORD_BYTES * words
        return Context(saved, frame, frame, exc_return)

    def _in_settings(self, end: int) -> Context:
        """As the ports with MPU put it into its settings, with a copy of the frame."""
        exc_return = self._word(end - WORD_BYTES)
        if self._has_armv8m and exc_return >= EXC_RETURN_FROM:
            # r4 to r11, frame, PSP, PSPLIM, CONTROL, EXC_RETURN
            frame = end - 12 * WORD_BYTES
            return Context(frame - 8 * WORD_BYTES, frame, self._word(end - 4 * WORD_BYTES), exc_return)
        frame = end - 8 * WORD_BYTES  # Armv7-M: CONTROL, r4 to r11, EXC_RETURN, PSP, frame
        exc_return = self._word(frame - 2 * WORD_BYTES)
        return Context(frame - 10 * WORD_BYTES, frame, self._word(frame - WORD_BYTES), exc_return)


def _settings_bytes(listed: Sequence[tuple[int, str, int]]) -> int:
    """Bytes of a port's own behind the first word of each control block.

    A task that an interrupt has made ready is listed by its event item, which lies behind the state item.
    """
    places = [item - task - TASK_STATE_ITEM for task, _state, item in listed]
    fitting = [place for place in places if 0 <= place <= MOST_SETTINGS_BYTES and place % WORD_BYTES == 0]
    return min(fitting, default=0)
