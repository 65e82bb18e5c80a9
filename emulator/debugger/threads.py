"""The threads that GDB lists: those of an RTOS that the image's symbols tell, else the one core.

A thread that runs has the core's registers; one that waits has those that its RTOS put on its stack.
Every read is a peek; what does not look like an RTOS at work (before its start, say) is no thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from emulator.system.stack_frame import BASIC_FRAME_BYTES, FP_FRAME_BYTES, XPSR_STACK_ALIGN

CORE_THREAD = 1
WORD_BYTES = 4
HARDWARE_FRAME = ("r0", "r1", "r2", "r3", "r12", "lr", "pc", "xpsr")
"""What the core stacks at an exception's entry (ARMv7-M Architecture Reference Manual B1.5.6)."""
CALLEE_SAVED = tuple(f"r{n}" for n in range(4, 12))
"""What an RTOS puts beside it."""
MOST_NAME_BYTES = 32

ReadWord = Callable[[int], int]
"""A word of memory. Raises LookupError where there is none."""
ReadBytes = Callable[[int, int], bytes]
"""As many bytes from an address on as there are."""


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


def saved_registers(
    word: ReadWord, saved: int, frame: int, stacked: int, *, has_float_frame: bool
) -> dict[str, int]:
    """The registers of a thread that waits: r4 to r11 at ``saved``, the others in the exception frame.

    ``frame``: where that is read; ``stacked``: where the core has put it, at the thread's PSP. The stack
    pointers are those behind it.
    """
    found = {name: word(saved + WORD_BYTES * n) for n, name in enumerate(CALLEE_SAVED)}
    found |= {name: word(frame + WORD_BYTES * n) for n, name in enumerate(HARDWARE_FRAME)}
    end = stacked + (FP_FRAME_BYTES if has_float_frame else BASIC_FRAME_BYTES)
    end += WORD_BYTES if found["xpsr"] & XPSR_STACK_ALIGN else 0  # a word of padding lies above it
    return found | {"sp": end, "psp": end}


def thread_name(read: ReadBytes, address: int) -> str:
    """A C string."""
    return read(address, MOST_NAME_BYTES).split(b"\0")[0].decode("ascii", "replace")
