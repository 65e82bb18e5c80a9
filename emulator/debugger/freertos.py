"""Threads of FreeRTOS, by its symbols and the layout of its structures.

Layout, of FreeRTOS-Kernel V9 to V11 (include/list.h, tasks.c, portable/GCC/ARM_CM*/port.c), for ports of
32 bits with ``configLIST_VOLATILE`` and without list integrity bytes: ``List_t`` is the number of items, an
index, and an end marker of three words; ``ListItem_t`` is value, next, previous, owner, container; a task's
control block begins with the top of its stack, its state item, its event item, priority, the stack's
lowest address and the name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from emulator.debugger.threads import (
    NO_FLOAT_FRAME,
    WORD_BYTES,
    ReadWord,
    Thread,
    unstacked,
)

CURRENT = "pxCurrentTCB"
READY, DELAYED, OVERFLOWED = "pxReadyTasksLists", "xDelayedTaskList1", "xDelayedTaskList2"
PENDING, SUSPENDED, ENDED = "xPendingReadyList", "xSuspendedTaskList", "xTasksWaitingTermination"
COUNT = "uxCurrentNumberOfTasks"
NEEDED = (CURRENT, READY, COUNT)
LIST_BYTES, LIST_END, ITEM_NEXT, ITEM_OWNER = 20, 8, 4, 12
TASK_PRIORITY, TASK_NAME = 44, 52
MOST_NAME_BYTES, MOST_TASKS = 32, 256
STATES = {DELAYED: "blocked", OVERFLOWED: "blocked", PENDING: "ready", SUSPENDED: "suspended", ENDED: "ended"}
CALLEE_SAVED = tuple(f"r{n}" for n in range(4, 12))
EXC_RETURN_FROM = 0xFFFFFF80

ReadBytes = Callable[[int, int], bytes]


class FreeRtos:
    """The tasks of one image. ``symbols``: (address, size in bytes) of its objects by name."""

    def __init__(self, symbols: Mapping[str, tuple[int, int]], word: ReadWord, read: ReadBytes) -> None:
        self._symbols, self._word, self._read = symbols, word, read

    @staticmethod
    def is_in(symbols: Mapping[str, tuple[int, int]]) -> bool:
        """Whether an image with these symbols has it."""
        return all(name in symbols for name in NEEDED)

    def threads(self) -> list[Thread]:
        """See :class:`emulator.debugger.threads.ThreadSource`. Raises LookupError."""
        running = self._word(self._symbols[CURRENT][0])
        if running == 0 or not 0 < self._word(self._symbols[COUNT][0]) <= MOST_TASKS:
            return []
        found = {running: Thread(running, self._name(running), self._words("running", running))}
        for task, state in self._waiting():
            if task not in found and len(found) < MOST_TASKS:
                found[task] = Thread(task, self._name(task), self._words(state, task), self._registers(task))
        return list(found.values())

    def _waiting(self) -> Iterator[tuple[int, str]]:
        first, size = self._symbols[READY]
        for place in range(first, first + max(size, LIST_BYTES), LIST_BYTES):
            yield from ((task, "ready") for task in self._members(place))
        for name, state in STATES.items():
            if name in self._symbols:
                yield from ((task, state) for task in self._members(self._symbols[name][0]))

    def _members(self, place: int) -> Iterator[int]:
        """The owners of a list's items, in order."""
        count, item = self._word(place), self._word(place + LIST_END + ITEM_NEXT)
        for _ in range(min(count, MOST_TASKS)):
            if item == place + LIST_END:
                return
            yield self._word(item + ITEM_OWNER)
            item = self._word(item + ITEM_NEXT)

    def _name(self, task: int) -> str:
        return self._read(task + TASK_NAME, MOST_NAME_BYTES).split(b"\0")[0].decode("ascii", "replace")

    def _words(self, state: str, task: int) -> str:
        return f"{state}, priority {self._word(task + TASK_PRIORITY)}"

    def _registers(self, task: int) -> dict[str, int]:
        """What a task's stack holds, as the ports of different cores put it there."""
        top = self._word(task)
        words = [self._word(top + WORD_BYTES * n) for n in range(len(CALLEE_SAVED) + 2)]
        if words[1] >= EXC_RETURN_FROM:  # Armv8-M: PSPLIM, EXC_RETURN, r4 to r11
            first, exc_return, size = 2, words[1], 10
        elif words[8] >= EXC_RETURN_FROM:  # Armv7-M with FPU: r4 to r11, EXC_RETURN
            first, exc_return, size = 0, words[8], 9
        else:  # Armv6-M and Armv7-M: r4 to r11
            first, exc_return, size = 0, NO_FLOAT_FRAME, 8
        saved = dict(zip(CALLEE_SAVED, words[first:], strict=False))
        has_float_frame = not exc_return & NO_FLOAT_FRAME
        frame = top + WORD_BYTES * (size + (16 if has_float_frame else 0))  # s16 to s31
        return saved | unstacked(self._word, frame, has_float_frame=has_float_frame)
