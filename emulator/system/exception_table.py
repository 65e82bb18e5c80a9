"""Pending, active and enabled exceptions, their priorities, and who may preempt whom.

Priorities are the architecture's: -2 for NMI, -1 for HardFault, 0..255 for the others;
lower wins. Exception numbers: 2 NMI ... 15 SysTick, 16 + n for external interrupt n.
Rules: ARMv7-M Architecture Reference Manual B1.5.4, ExecutionPriority().
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from emulator.system.exception_state import WORD_BITS, ExceptionState, LeftToPython, mask_of, put_mask

RESET = 1
NMI = 2
HARD_FAULT = 3
MEM_MANAGE = 4
BUS_FAULT = 5
USAGE_FAULT = 6
SVCALL = 11
DEBUG_MONITOR = 12
PENDSV = 14
SYSTICK = 15
FIRST_EXTERNAL = 16

EXCEPTION_NAMES = {
    RESET: "Reset",
    NMI: "NMI",
    HARD_FAULT: "HardFault",
    MEM_MANAGE: "MemManage",
    BUS_FAULT: "BusFault",
    USAGE_FAULT: "UsageFault",
    SVCALL: "SVCall",
    DEBUG_MONITOR: "DebugMonitor",
    PENDSV: "PendSV",
    SYSTICK: "SysTick",
}
FIXED_PRIORITY = {RESET: -3, NMI: -2, HARD_FAULT: -1}
THREAD_PRIORITY = 256
ALWAYS_ENABLED = sum(1 << n for n in (RESET, NMI, HARD_FAULT, SVCALL, DEBUG_MONITOR, PENDSV, SYSTICK))


def exception_name(number: int) -> str:
    """A name for messages: ``"SysTick"``, ``"interrupt 70"``, ``"thread mode"``."""
    if number == 0:
        return "thread mode"
    if number >= FIRST_EXTERNAL:
        return f"interrupt {number - FIRST_EXTERNAL}"
    return EXCEPTION_NAMES.get(number, f"exception {number}")


def bits_of(mask: int) -> Iterator[int]:
    """Numbers of the bits set in ``mask``, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


class ExceptionTable:
    """State of every exception; ``on_change`` is called when a preemption may be due.

    ``pending``, ``active`` and ``enabled`` are bit masks by exception number, in ``state``, which
    the native hook shares.
    """

    def __init__(
        self,
        interrupts: int,
        priority_bits: int,
        on_change: Callable[[], None],
        state: ExceptionState | None = None,
    ) -> None:
        self.state = ExceptionState() if state is None else state
        self.count = self.state.count = FIRST_EXTERNAL + interrupts
        self.priority_mask = self.state.priority_mask = (0xFF << (8 - priority_bits)) & 0xFF
        state = self.state  # its arrays are made anew at each look at one
        self._pending, self._active = state.pending_words, state.active_words
        self._enabled, self._priorities = state.enabled_words, state.priorities
        self._words = range(-(-self.count // WORD_BITS))
        self._on_change = on_change
        self._told: Callable[[int], None] | None = None
        self._looked_at = -1  # the generation that what was computed belongs to
        self.reset()

    def tell_pending(self, told: Callable[[int], None] | None) -> None:
        """Have ``told(number)`` called when an exception becomes pending that was not."""
        self._told = told
        self.state.leave_to_python(LeftToPython.PENDING, told is not None)

    @property
    def pending(self) -> int:
        """Exceptions that are pending."""
        return mask_of(self._pending)

    @property
    def active(self) -> int:
        """Exceptions whose handlers run or were preempted."""
        return mask_of(self._active)

    @property
    def enabled(self) -> int:
        """Exceptions that may be taken."""
        return mask_of(self._enabled)

    @property
    def priorities(self) -> Sequence[int]:
        """By exception number."""
        return self._priorities

    def reset(self) -> None:
        """Nothing pending, nothing active, every priority 0."""
        state = self.state
        put_mask(state.pending_words, 0)
        put_mask(state.active_words, 0)
        put_mask(state.enabled_words, ALWAYS_ENABLED)
        for number in range(self.count):
            state.priorities[number] = FIXED_PRIORITY.get(number, 0)
        self._set_group(0)
        self.changed()

    def changed(self) -> None:
        """Forget what was computed, and tell the engine."""
        self._looked_at = -1
        self._on_change()

    def _look(self) -> None:
        """Compute what follows from the state, unless that is known."""
        if self._looked_at == self.state.generation:
            return
        self._looked_at = self.state.generation
        ready = running = 0
        for word in self._words:
            if pending := self._pending[word]:
                ready |= (pending & self._enabled[word]) << WORD_BITS * word
            if active := self._active[word]:
                running |= active << WORD_BITS * word
        if ready & (ready - 1):
            self._best = min(bits_of(ready), key=lambda n: (self.priorities[n], n))
        else:
            self._best = ready.bit_length() - 1 if ready else 0
        self._active_priority = min(map(self.preemption_priority, bits_of(running)), default=THREAD_PRIORITY)
        held_back = not self._best or self.preemption_priority(self._best) >= self._active_priority
        self._candidate = None if held_back else self._best

    # -- state changes -----------------------------------------------------------------
    def set_pending(self, number: int) -> None:
        """Make an exception pending."""
        if self.is_pending(number):
            return
        if self._told is not None:
            self._told(number)
        self._pending[number // WORD_BITS] |= 1 << number % WORD_BITS
        self.changed()

    def clear_pending(self, number: int) -> None:
        """Forget that an exception was pending."""
        if self.is_pending(number):
            self._pending[number // WORD_BITS] &= ~(1 << number % WORD_BITS)
            self.changed()

    def is_pending(self, number: int) -> bool:
        """Whether the exception is pending."""
        return bool(self._pending[number // WORD_BITS] >> number % WORD_BITS & 1)

    def is_active(self, number: int) -> bool:
        """Whether its handler runs or was preempted."""
        return bool(self._active[number // WORD_BITS] >> number % WORD_BITS & 1)

    def set_active(self, number: int, active: bool) -> None:
        """Mark an exception active or not."""
        bit = 1 << number % WORD_BITS
        if active:
            self._active[number // WORD_BITS] |= bit
        else:
            self._active[number // WORD_BITS] &= ~bit
        self.changed()

    def activate(self, number: int) -> None:
        """Make a pending exception active."""
        self._pending[number // WORD_BITS] &= ~(1 << number % WORD_BITS)
        self.set_active(number, True)

    def set_enabled(self, mask: int, enabled: bool) -> None:
        """Enable or disable the exceptions of ``mask``."""
        new = self.enabled | mask if enabled else self.enabled & ~mask
        if new != self.enabled:
            put_mask(self.state.enabled_words, new)
            self.changed()

    def is_enabled(self, number: int) -> bool:
        """Whether the exception may be taken."""
        return bool(self._enabled[number // WORD_BITS] >> number % WORD_BITS & 1)

    def set_priority(self, number: int, priority: int) -> None:
        """Set a configurable priority; bits that are not implemented read as zero."""
        if number not in FIXED_PRIORITY and number < self.count:
            self.state.priorities[number] = priority & self.priority_mask
            self.changed()

    def set_priority_group(self, group: int) -> None:
        """AIRCR.PRIGROUP."""
        self._set_group(group)
        self.changed()

    # -- priorities --------------------------------------------------------------------
    def _set_group(self, group: int) -> None:
        """Priorities that differ by less than ``group_size``, within one group, do not preempt each other."""
        implemented_step = (self.priority_mask & -self.priority_mask) or 256
        self.priority_group = group
        self.state.group_size = max(2 << group, implemented_step)

    @property
    def group_size(self) -> int:
        """See :meth:`set_priority_group`."""
        return self.state.group_size

    def group_priority(self, priority: int) -> int:
        """A priority without its subpriority bits."""
        return priority if priority < 0 else priority - priority % self.group_size

    def preemption_priority(self, number: int) -> int:
        """Group priority of an exception."""
        return self.group_priority(self.priorities[number])

    def best_pending(self) -> int | None:
        """The pending and enabled exception that would be taken first."""
        self._look()
        return self._best or None

    def active_priority(self) -> int:
        """Group priority of the running handlers alone, masks left aside."""
        self._look()
        return self._active_priority

    @property
    def candidate(self) -> int | None:
        """The pending exception that no running handler holds back; the mask registers are left aside."""
        self._look()
        return self._candidate

    def masked_priority(self, primask: int, basepri: int, faultmask: int) -> int:
        """Execution priority with the three mask registers taken into account."""
        priority = self.active_priority()
        basepri &= self.priority_mask
        if basepri:
            priority = min(priority, self.group_priority(basepri))
        if primask & 1:
            priority = min(priority, 0)
        if faultmask & 1:
            priority = min(priority, -1)
        return priority

    # -- snapshots ---------------------------------------------------------------------
    def save(self) -> Any:
        """State for a snapshot."""
        priorities = list(self.priorities[: self.count])
        return (self.pending, self.active, self.enabled, priorities, self.priority_group)

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        pending, active, enabled, priorities, group = state
        put_mask(self.state.pending_words, pending)
        put_mask(self.state.active_words, active)
        put_mask(self.state.enabled_words, enabled)
        for number, priority in enumerate(priorities):
            self.state.priorities[number] = priority
        self._set_group(group)
        self.changed()
