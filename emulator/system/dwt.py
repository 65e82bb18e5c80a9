"""Data Watchpoint and Trace: the cycle counter, profiling counters, and comparators that only remember.

ARMv7-M Architecture Reference Manual C1.8. CYCCNT is the clock plus an offset, so a read
gives the cycle of the load itself. The profiling counters (8 bits, they wrap) obey Arm's
equation: cycles = instructions + CPICNT + EXCCNT + SLEEPCNT + LSUCNT - FOLDCNT. EXCCNT counts
exception entry and exit, SLEEPCNT what the machine reports as slept; CPICNT, LSUCNT and FOLDCNT
are differences of the timing model's own account, which is asked only while one is enabled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.clock.clock import Clock
from emulator.clock.ramp import Ramp, Touch
from emulator.system.features import CoreFeatures
from emulator.system.registers import StoredWords, merge

CTRL = 0xE0001000
CYCCNT = 0xE0001004
CPICNT = 0xE0001008
EXCCNT = 0xE000100C
SLEEPCNT = 0xE0001010
LSUCNT = 0xE0001014
FOLDCNT = 0xE0001018
PCSR = 0xE000101C
COMP0 = 0xE0001020
LAR = 0xE0001FB0
LSR = 0xE0001FB4

CTRL_CYCCNTENA = 1 << 0
CTRL_CPIEVTENA = 1 << 17
CTRL_EXCEVTENA = 1 << 18
CTRL_SLEEPEVTENA = 1 << 19
CTRL_LSUEVTENA = 1 << 20
CTRL_FOLDEVTENA = 1 << 21
CTRL_NOPRFCNT = 1 << 24
CTRL_NOCYCCNT = 1 << 25
CTRL_WRITABLE = 0x007F1FFF
UNLOCK_KEY = 0xC5ACCE55
LSR_IMPLEMENTED = 1 << 0
LSR_LOCKED = 1 << 1
COUNTERS = {
    CPICNT: ("DWT_CPICNT", CTRL_CPIEVTENA),
    EXCCNT: ("DWT_EXCCNT", CTRL_EXCEVTENA),
    SLEEPCNT: ("DWT_SLEEPCNT", CTRL_SLEEPEVTENA),
    LSUCNT: ("DWT_LSUCNT", CTRL_LSUEVTENA),
    FOLDCNT: ("DWT_FOLDCNT", CTRL_FOLDEVTENA),
}
"""Profiling counters: name and enable bit. Setting the bit clears the counter (C1.8, its registers)."""
DERIVED = (CPICNT, LSUCNT, FOLDCNT)
"""In the order of the account."""


class Dwt:
    """The DWT unit. ``trace_enabled()`` is DEMCR.TRCENA.

    ``overhead()``: cycles beyond one an instruction so far, of other instructions than loads and
    stores, and of loads and stores; and how many instructions took no cycle. Only differences
    count, and only until :meth:`load`. ``counts_exceptions(on)``: :meth:`exception_cycles` and
    :meth:`slept_cycles` matter from now on, or no longer.
    """

    def __init__(
        self,
        core: CoreFeatures,
        clock: Clock,
        trace_enabled: Callable[[], bool],
        touch: Touch,
        overhead: Callable[[], tuple[int, int, int]] = lambda: (0, 0, 0),
        counts_exceptions: Callable[[bool], None] = lambda _counts: None,
    ) -> None:
        self._counts_exceptions = counts_exceptions
        self._core = core
        self._clock = clock
        self._trace_enabled = trace_enabled
        self._touch = touch
        self._overhead = overhead
        self.names = {CTRL: "DWT_CTRL", PCSR: "DWT_PCSR"}
        if core.is_mainline:
            self.names[CYCCNT] = "DWT_CYCCNT"
            self.names |= {address: name for address, (name, _) in COUNTERS.items()}
        comparators: dict[int, str] = {}
        for i in range(core.dwt_ctrl >> 28):
            comparators |= {COMP0 + 16 * i: f"DWT_COMP{i}", COMP0 + 16 * i + 4: f"DWT_MASK{i}"}
            comparators |= {COMP0 + 16 * i + 8: f"DWT_FUNCTION{i}"}
        self.names |= comparators
        self._comparators = StoredWords(dict.fromkeys(comparators, 0), dict.fromkeys(comparators, 0xFFFFFFFF))
        if core.has_software_lock:
            self.names |= {LAR: "DWT_LAR", LSR: "DWT_LSR"}
        self.reset()

    def reset(self) -> None:
        """Counters stopped at zero, locked where there is a lock."""
        self._control = 0
        self._locked = self._core.has_software_lock
        self._stopped_count = 0
        self._started_at: int | None = None
        self._counters = dict.fromkeys(COUNTERS, 0)
        self._counted_from: dict[int, int] = {}  # derived counters that run: the account then
        self._comparators.reset()
        self._counts_exceptions(False)

    # -- the cycle counter ---------------------------------------------------------------
    @property
    def cycle_count(self) -> int:
        """CYCCNT now."""
        if self._started_at is None:
            return self._stopped_count
        return (self._stopped_count + self._clock.now() - self._started_at) & 0xFFFFFFFF

    def update_running(self) -> None:
        """Start or stop counters after CTRL or DEMCR.TRCENA changed."""
        runs = bool(self._control & CTRL_CYCCNTENA) and self._trace_enabled()
        runs = runs and not self._core.dwt_ctrl & CTRL_NOCYCCNT
        if runs and self._started_at is None:
            self._started_at = self._clock.now()
        elif not runs and self._started_at is not None:
            self._stopped_count = self.cycle_count
            self._started_at = None
        self._counts_exceptions(self._counts(EXCCNT) or self._counts(SLEEPCNT))
        should_run = [address for address in DERIVED if self._counts(address)]
        if should_run != sorted(self._counted_from):
            self._settle()
            account = dict(zip(DERIVED, self._overhead(), strict=True))
            self._counted_from = {address: account[address] for address in should_run}

    def exception_cycles(self, cycles: int) -> None:
        """Cycles of an exception entry or exit, for EXCCNT."""
        if self._counts(EXCCNT):
            self._add(EXCCNT, cycles)

    def slept_cycles(self, cycles: int) -> None:
        """Cycles in sleep, for SLEEPCNT."""
        if self._counts(SLEEPCNT):
            self._add(SLEEPCNT, cycles)

    def _counts(self, address: int) -> bool:
        enabled = self._control & COUNTERS[address][1] and not self._core.dwt_ctrl & CTRL_NOPRFCNT
        return bool(enabled) and self._trace_enabled()

    def _add(self, counter: int, cycles: int) -> None:
        self._counters[counter] = (self._counters[counter] + cycles) & 0xFF

    def _settle(self) -> None:
        """Bring the derived counters up to now."""
        if not self._counted_from:
            return
        for address, total in zip(DERIVED, self._overhead(), strict=True):
            if address in self._counted_from:
                self._add(address, total - self._counted_from[address])
                self._counted_from[address] = total

    # -- registers -----------------------------------------------------------------------
    def read_word(self, address: int) -> int:
        """Read a DWT register."""
        if address == CYCCNT:
            count = self.cycle_count
            if self._started_at is not None:
                self._touch(Ramp(self._clock.now(), count, 0xFFFFFFFF))
            return count
        if address == CTRL:
            return self._core.dwt_ctrl | self._control
        if address == LSR:
            return LSR_IMPLEMENTED | (LSR_LOCKED if self._locked else 0)
        if address in self._counters:
            if self._counts(address):
                self._touch()
            self._settle()
            return self._counters[address]
        return self._comparators.words.get(address, 0)

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write a DWT register; a locked unit takes only the key."""
        if address == LAR:
            if self._core.has_software_lock:
                self._locked = value != UNLOCK_KEY
        elif self._locked:
            return
        elif address == CTRL:
            writable = CTRL_WRITABLE if self._core.is_mainline else 0
            before, self._control = self._control, merge(self._control, value, mask & writable)
            self.update_running()
            for counter, (_, enable) in COUNTERS.items():
                if self._control & ~before & enable:
                    self._counters[counter] = 0
        elif address == CYCCNT:
            self._stopped_count = merge(self.cycle_count, value, mask)
            if self._started_at is not None:
                self._started_at = self._clock.now()
        elif address in self._counters:
            self._settle()
            self._counters[address] = value & mask & 0xFF
        elif address in self._comparators.words:
            self._comparators.write(address, value, mask)

    # -- snapshots -----------------------------------------------------------------------
    def save(self) -> Any:
        """State for a snapshot."""
        self._settle()
        return {
            "control": self._control,
            "locked": self._locked,
            "count": (self._stopped_count, self._started_at),
            "counters": dict(self._counters),
            "running": sorted(self._counted_from),
            "comparators": dict(self._comparators.words),
        }

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._control = state["control"]
        self._locked = state["locked"]
        self._stopped_count, self._started_at = state["count"]
        self._counters = dict(state["counters"])
        account = dict(zip(DERIVED, self._overhead(), strict=True)) if state["running"] else {}
        self._counted_from = {address: account[address] for address in state["running"]}
        self._comparators.words = dict(state["comparators"])
        self._counts_exceptions(self._counts(EXCCNT) or self._counts(SLEEPCNT))
