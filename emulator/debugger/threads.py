"""The threads that GDB lists: those of an RTOS that the image's symbols tell, else the one core.

A thread that runs has the core's registers; one that waits has those that its RTOS put on its stack.
Every read is a peek; what does not look like an RTOS at work (before its start, say) is no thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

CORE_THREAD = 1
WORD_BYTES = 4
HARDWARE_FRAME = ("r0", "r1", "r2", "r3", "r12", "lr", "pc", "xpsr")
"""What the core stacks at an exception's entry (ARMv7-M Architecture Reference Manual B1.5.6)."""
FLOAT_FRAME_WORDS = 18
"""S0 to S15, FPSCR and a reserved word, above it when the thread has used the FPU."""
NO_FLOAT_FRAME = 1 << 4
"""Of EXC_RETURN: the frame is the basic one."""
STACK_IS_ALIGNED = 1 << 9
"""Of the stacked xPSR: a word of padding lies above the frame."""

ReadWord = Callable[[int], int]
"""A word of memory. Raises LookupError where there is none."""


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread. ``registers``: by name, empty for the one that runs. ``state``: in words."""

    number: int
    name: str
    state: str
    registers: Mapping[str, int] = field(default_factory=dict)


class ThreadSource(Protocol):
    """An RTOS."""

    def threads(self) -> list[Thread]:
        """All threads, the one that runs first; none when it has not been started."""


class Threads:
    """The threads of a machine. ``source``: None without an RTOS."""

    def __init__(self, source: ThreadSource | None) -> None:
        self._source = source

    def all(self) -> list[Thread]:
        """All of them; the first one runs."""
        found: list[Thread] = []
        if self._source is not None:
            try:
                found = self._source.threads()
            except LookupError:  # its structures are not there yet, or destroyed
                found = []
        return found or [Thread(CORE_THREAD, "core", "")]

    def current(self) -> int:
        """The number of the thread that runs."""
        return self.all()[0].number

    def find(self, number: int) -> Thread | None:
        """A thread by its number."""
        return next((thread for thread in self.all() if thread.number == number), None)


def unstacked(word: ReadWord, frame: int, *, has_float_frame: bool) -> dict[str, int]:
    """The registers of an exception frame, and the stack pointer behind it."""
    found = {name: word(frame + WORD_BYTES * n) for n, name in enumerate(HARDWARE_FRAME)}
    end = frame + WORD_BYTES * len(HARDWARE_FRAME)
    end += WORD_BYTES * FLOAT_FRAME_WORDS if has_float_frame else 0
    end += WORD_BYTES if found["xpsr"] & STACK_IS_ALIGNED else 0
    return found | {"sp": end, "psp": end}
