"""Performance monitoring unit of Armv8.1-M: a cycle counter and eight event counters.

Armv8-M Architecture Reference Manual (DDI 0553), chapter "Performance Monitoring Unit"; PMU_TYPE as the
Cortex-M55's Technical Reference Manual (101051) has it. Counters run while PMU_CTRL.E, their enable bit and
DEMCR.TRCENA are set. Counted are cycles, instructions (what the DWT's equation leaves of the cycles,
see :mod:`.dwt`), software increments, and overflows of the counter before (CHAIN). An event beside these is
reported as one whose counter stays as it is, and so is an interrupt on overflow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.clock.clock import Clock
from emulator.clock.ramp import Ramp, Touch
from emulator.system.features import CoreFeatures
from emulator.system.registers import merge

BASE = 0xE0003000
COUNTERS = 8
CYCLES = 31
"""The cycle counter's bit beside the event counters' in registers of one bit a counter."""
ALL = (1 << CYCLES) | (1 << COUNTERS) - 1
EVENT_COUNTER_MASK, CYCLE_COUNTER_MASK = 0xFFFF, 0xFFFFFFFF

EVCNTR0, CCNTR, EVTYPER0, CCFILTR = BASE, BASE + 0x7C, BASE + 0x400, BASE + 0x47C
CNTENSET, CNTENCLR, INTENSET, INTENCLR = BASE + 0xC00, BASE + 0xC20, BASE + 0xC40, BASE + 0xC60
OVSCLR, SWINC, OVSSET = BASE + 0xC80, BASE + 0xCA0, BASE + 0xCC0
TYPE, CTRL = BASE + 0xE00, BASE + 0xE04
NAMES = {
    CCNTR: "PMU_CCNTR",
    CCFILTR: "PMU_CCFILTR",
    CNTENSET: "PMU_CNTENSET",
    CNTENCLR: "PMU_CNTENCLR",
    INTENSET: "PMU_INTENSET",
    INTENCLR: "PMU_INTENCLR",
    OVSCLR: "PMU_OVSCLR",
    SWINC: "PMU_SWINC",
    OVSSET: "PMU_OVSSET",
    TYPE: "PMU_TYPE",
    CTRL: "PMU_CTRL",
} | {
    base + 4 * index: f"{name}{index}"
    for base, name in ((EVCNTR0, "PMU_EVCNTR"), (EVTYPER0, "PMU_EVTYPER"))
    for index in range(COUNTERS)
}
TYPE_M55 = 0x00A05F08
CTRL_E, CTRL_P, CTRL_C = 1 << 0, 1 << 1, 1 << 2
CTRL_KEPT = CTRL_E | 1 << 5 | 1 << 9 | 1 << 11
"""What of PMU_CTRL is kept: E, DP, FZO, TRO. P and C reset counters when they are written."""
SW_INCR, INST_RETIRED, CPU_CYCLES, CHAIN = 0x0000, 0x0008, 0x0011, 0x001E
COUNTED = (SW_INCR, INST_RETIRED, CPU_CYCLES, CHAIN)


class Pmu:
    """The unit. ``trace_enabled()``: DEMCR.TRCENA; ``touch``: see :class:`emulator.system.dwt.Dwt`.

    ``executing()``: cycles so far but for exceptions and sleep; ``overhead()``: those of them that the DWT's
    equation takes from them to get instructions, of which only differences count, until :meth:`load`.
    ``turned_on(address, words)`` is told of what a write turns on that is not modelled.
    """

    def __init__(
        self,
        core: CoreFeatures,
        clock: Clock,
        trace_enabled: Callable[[], bool],
        touch: Touch,
        executing: Callable[[], int],
        overhead: Callable[[], tuple[int, int, int]],
        turned_on: Callable[[int, str], None],
    ) -> None:
        self._clock, self._trace_enabled, self._touch = clock, trace_enabled, touch
        self._executing, self._overhead, self._turned_on = executing, overhead, turned_on
        self.names = NAMES if core.has_mve else {}
        self.reset()

    def reset(self) -> None:
        """Counters stopped at zero."""
        self._control = self._enabled = self._overflowed = self._interrupts = 0
        self._events = [0] * COUNTERS
        self._counts = [0] * COUNTERS
        self._cycles = 0
        self._from: dict[
            int, int
        ] = {}  # what a running counter's source had counted when it was settled last

    # -- counting --------------------------------------------------------------------------
    def _source(self, counter: int) -> Callable[[], int] | None:
        if counter == CYCLES or self._events[counter] == CPU_CYCLES:
            return self._clock.now
        return self._instructions if self._events[counter] == INST_RETIRED else None

    def _instructions(self) -> int:
        return self._executing() - self._beyond_instructions()

    def _beyond_instructions(self) -> int:
        cpi, load_store, folded = self._overhead()
        return cpi + load_store - folded

    def _runs(self, counter: int) -> bool:
        return bool(self._control & CTRL_E and self._enabled >> counter & 1) and self._trace_enabled()

    def update_running(self) -> None:
        """Start or stop counters after an enable or DEMCR.TRCENA changed."""
        self._settle()
        sources = {
            counter: self._source(counter) for counter in (*range(COUNTERS), CYCLES) if self._runs(counter)
        }
        self._from = {counter: source() for counter, source in sources.items() if source is not None}

    def _settle(self) -> None:
        """Bring the counters that run up to now, in order: a chained one follows the one before it."""
        for counter in sorted(self._from):
            source = self._source(counter)
            assert source is not None
            total = source()
            self._add(counter, total - self._from[counter])
            self._from[counter] = total

    def _add(self, counter: int, events: int) -> None:
        if counter == CYCLES:
            mask, total = CYCLE_COUNTER_MASK, self._cycles + events
            self._cycles = total & mask
        else:
            mask, total = EVENT_COUNTER_MASK, self._counts[counter] + events
            self._counts[counter] = total & mask
        if total <= mask:
            return
        self._overflowed |= 1 << counter
        follower = counter + 1
        if counter % 2 == 0 and self._events[follower] == CHAIN and self._runs(follower):
            self._add(follower, total // (mask + 1))

    # -- registers -------------------------------------------------------------------------
    def read_word(self, address: int) -> int:
        """Read a register of the unit."""
        if address in (CNTENSET, CNTENCLR):
            return self._enabled
        if address in (INTENSET, INTENCLR):
            return self._interrupts
        if address in (TYPE, CTRL):
            return TYPE_M55 if address == TYPE else self._control
        if EVTYPER0 <= address < EVTYPER0 + 4 * COUNTERS:
            return self._events[(address - EVTYPER0) // 4]
        if address in (SWINC, CCFILTR):
            return 0
        return self._read_counts(address)

    def _read_counts(self, address: int) -> int:
        if address == CCNTR and CYCLES in self._from:
            self._settle()
            self._touch(Ramp(self._clock.now(), self._cycles, CYCLE_COUNTER_MASK))
            return self._cycles
        if self._from:
            self._touch()
        self._settle()
        if address in (OVSCLR, OVSSET):
            return self._overflowed
        return self._cycles if address == CCNTR else self._counts[(address - EVCNTR0) // 4]

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write a register of the unit."""
        bits = value & mask & ALL
        self._settle()
        if address == CTRL:
            self._control = merge(self._control, value, mask & CTRL_KEPT)
            self._counts = [0] * COUNTERS if bits & CTRL_P else self._counts
            self._cycles = 0 if bits & CTRL_C else self._cycles
        elif address == CNTENSET:
            self._enabled |= bits
        elif address == CNTENCLR:
            self._enabled &= ~bits
        elif address == SWINC:
            self._increment(bits)
        elif address == CCNTR:
            self._cycles = merge(self._cycles, value, mask)
        elif EVTYPER0 <= address < EVTYPER0 + 4 * COUNTERS:
            self._choose((address - EVTYPER0) // 4, value & mask & EVENT_COUNTER_MASK, address)
        elif EVCNTR0 <= address < EVCNTR0 + 4 * COUNTERS:
            self._counts[(address - EVCNTR0) // 4] = value & mask & EVENT_COUNTER_MASK
        else:
            self._write_flags(address, bits)
        self.update_running()

    def _write_flags(self, address: int, bits: int) -> None:
        if address == OVSCLR:
            self._overflowed &= ~bits
        elif address == OVSSET:
            self._overflowed |= bits
        elif address == INTENCLR:
            self._interrupts &= ~bits
        elif address == INTENSET:
            self._interrupts |= bits
            if bits:
                self._turned_on(address, "interrupts of the performance monitor's counters")

    def _increment(self, counters: int) -> None:
        for counter in range(COUNTERS):
            if counters >> counter & 1 and self._events[counter] == SW_INCR and self._runs(counter):
                self._add(counter, 1)

    def _choose(self, counter: int, event: int, address: int) -> None:
        self._events[counter] = event
        if event not in COUNTED:
            self._turned_on(address, f"the performance monitor's event 0x{event:04x}: its counter stays")

    # -- snapshots -------------------------------------------------------------------------
    def save(self) -> Any:
        """State for a snapshot."""
        self._settle()
        return {
            "control": self._control,
            "enabled": self._enabled,
            "overflowed": self._overflowed,
            "interrupts": self._interrupts,
            "events": list(self._events),
            "counts": list(self._counts),
            "cycles": self._cycles,
            "from": dict(self._from),
            "executing": self._executing(),
        }

    def load(self, state: Any) -> None:
        """Put a saved state back: what is counted goes back with it."""
        self._control, self._enabled = state["control"], state["enabled"]
        self._overflowed, self._interrupts = state["overflowed"], state["interrupts"]
        self._events, self._counts = list(state["events"]), list(state["counts"])
        self._cycles = state["cycles"]
        self._from = dict(state["from"])
        counted = [counter for counter in self._from if self._source(counter) == self._instructions]
        if counted:
            self._from |= dict.fromkeys(counted, state["executing"] - self._beyond_instructions())
