"""Pending, active and enabled exceptions, their priorities, and who may preempt whom.

Priorities are the architecture's: -2 for NMI, -1 for HardFault, 0..255 for the others;
lower wins. Exception numbers: 2 NMI ... 15 SysTick, 16 + n for external interrupt n.
Rules: ARMv7-M Architecture Reference Manual B1.5.4, ExecutionPriority().
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

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

    ``pending``, ``active`` and ``enabled`` are bit masks by exception number. ``candidate`` is the
    pending exception that no running handler holds back, None without one; the mask registers
    are left aside.
    """

    def __init__(self, interrupts: int, priority_bits: int, on_change: Callable[[], None]) -> None:
        self.count = FIRST_EXTERNAL + interrupts
        self.priority_mask = (0xFF << (8 - priority_bits)) & 0xFF
        self._on_change = on_change
        self.on_pending: Callable[[int], None] = lambda _number: None  # it was not pending before
        self.reset()

    def reset(self) -> None:
        """Nothing pending, nothing active, every priority 0."""
        self.pending = 0
        self.active = 0
        self.enabled = ALWAYS_ENABLED
        self.priorities = [0] * self.count
        for number, priority in FIXED_PRIORITY.items():
            self.priorities[number] = priority
        self._set_group(0)
        self.changed()

    def changed(self) -> None:
        """Forget what was computed, and tell the engine."""
        self._best: int | None = None
        self._active_priority: int | None = None
        self.candidate = self._find_candidate()
        self._on_change()

    # -- state changes -----------------------------------------------------------------
    def set_pending(self, number: int) -> None:
        """Make an exception pending."""
        if not self.pending >> number & 1:
            self.on_pending(number)
        self._replace_pending(self.pending | 1 << number)

    def clear_pending(self, number: int) -> None:
        """Forget that an exception was pending."""
        self._replace_pending(self.pending & ~(1 << number))

    def _replace_pending(self, pending: int) -> None:
        if pending != self.pending:
            self.pending = pending
            self.changed()

    def is_pending(self, number: int) -> bool:
        """Whether the exception is pending."""
        return bool(self.pending >> number & 1)

    def is_active(self, number: int) -> bool:
        """Whether its handler runs or was preempted."""
        return bool(self.active >> number & 1)

    def set_active(self, number: int, active: bool) -> None:
        """Mark an exception active or not."""
        bit = 1 << number
        self.active = self.active | bit if active else self.active & ~bit
        self.changed()

    def activate(self, number: int) -> None:
        """Make a pending exception active."""
        self.pending &= ~(1 << number)
        self.set_active(number, True)

    def set_enabled(self, mask: int, enabled: bool) -> None:
        """Enable or disable the exceptions of ``mask``."""
        new = self.enabled | mask if enabled else self.enabled & ~mask
        if new != self.enabled:
            self.enabled = new
            self.changed()

    def is_enabled(self, number: int) -> bool:
        """Whether the exception may be taken."""
        return bool(self.enabled >> number & 1)

    def set_priority(self, number: int, priority: int) -> None:
        """Set a configurable priority; bits that are not implemented read as zero."""
        if number not in FIXED_PRIORITY and number < self.count:
            self.priorities[number] = priority & self.priority_mask
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
        self.group_size = max(2 << group, implemented_step)

    def group_priority(self, priority: int) -> int:
        """A priority without its subpriority bits."""
        return priority if priority < 0 else priority - priority % self.group_size

    def preemption_priority(self, number: int) -> int:
        """Group priority of an exception."""
        return self.group_priority(self.priorities[number])

    def best_pending(self) -> int | None:
        """The pending and enabled exception that would be taken first."""
        if self._best is None:
            ready = self.pending & self.enabled
            if ready & (ready - 1):
                self._best = min(bits_of(ready), key=lambda n: (self.priorities[n], n))
            else:
                self._best = ready.bit_length() - 1 if ready else 0
        return self._best or None

    def active_priority(self) -> int:
        """Group priority of the running handlers alone, masks left aside."""
        if self._active_priority is None:
            running = (self.preemption_priority(n) for n in bits_of(self.active))
            self._active_priority = min(running, default=THREAD_PRIORITY)
        return self._active_priority

    def _find_candidate(self) -> int | None:
        best = self.best_pending()
        if best is None or self.preemption_priority(best) >= self.active_priority():
            return None
        return best

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
        return (self.pending, self.active, self.enabled, list(self.priorities), self.priority_group)

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self.pending, self.active, self.enabled, priorities, group = state
        self.priorities = list(priorities)
        self._set_group(group)
        self.changed()
