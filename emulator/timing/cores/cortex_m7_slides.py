"""What a multiple transfer costs a Cortex-M7 in code without 16-bit instructions.

A multiple issues alone. In a line of 32-bit instructions, which take all that a cycle's fetch
brings, the instructions behind it are then half a cycle late, and that becomes a stall unless
four bytes are saved nearby: two 16-bit instructions anywhere before it, or in the seven cycles
after it. Source: jnk0le/random, cortex_m7.md, measured on STM32H743. Inferred: two 16-bit
instructions serve one multiple only; the float loops of NUCLEO-H7A3ZI-Q's anomaly detection
have two in each turn beside four to seven multiples, and stall. A guess: a multiple of 16 bits
is one of the two and needs none.
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.thumb.instruction import Instruction
from emulator.timing.cores.classes import is_multiple
from emulator.timing.cores.cortex_m7_rows import RULES

NARROW_NEEDED = RULES["narrow_for_multiple"].cycles
WINDOW_CYCLES = RULES["slide_window"].cycles
STALL_CYCLES = RULES["slide"].cycles


class Slides(NamedTuple):
    """What one block leaves for the next."""

    narrow: int = 0  # 16-bit instructions that no multiple used, up to the number that one needs
    open: tuple[tuple[int, int], ...] = ()  # multiples that still wait: cycles left, 16-bit instructions


class SlideBoard:
    """Multiples and 16-bit instructions during one pass through a block."""

    def __init__(self, state: Slides) -> None:
        self._narrow = state.narrow
        self._open = list(state.open)

    def stall(self, now: int) -> int:
        """Cycles for the multiples whose time is over at ``now``."""
        late = sum(1 for until, _ in self._open if now > until)
        self._open = [(until, needed) for until, needed in self._open if now <= until]
        return late * STALL_CYCLES

    def issue(self, instruction: Instruction, now: int) -> None:
        """Note an instruction that was issued before ``now``."""
        if not instruction.is_wide:
            self._save()
        elif is_multiple(instruction):
            needed = NARROW_NEEDED - self._narrow
            self._narrow = 0
            if needed:
                self._open.append((now + WINDOW_CYCLES, needed))

    def _save(self) -> None:
        if not self._open:
            self._narrow = min(NARROW_NEEDED, self._narrow + 1)
            return
        until, needed = self._open.pop(0)
        if needed > 1:
            self._open.insert(0, (until, needed - 1))

    def freeze(self, now: int) -> Slides:
        """The state at ``now``, counted from there."""
        return Slides(self._narrow, tuple((until - now, needed) for until, needed in self._open))
