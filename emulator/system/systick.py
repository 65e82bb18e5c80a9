"""SysTick: a 24-bit down counter that nobody ticks.

The counter's value is computed from the clock when it is read; a deadline is armed only
while its interrupt is enabled. ARMv7-M Architecture Reference Manual B3.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.clock.clock import Clock
from emulator.clock.ramp import Ramp, Touch

CSR = 0xE000E010
RVR = 0xE000E014
CVR = 0xE000E018
CALIB = 0xE000E01C

CSR_ENABLE = 1 << 0
CSR_TICKINT = 1 << 1
CSR_CLKSOURCE = 1 << 2
CSR_COUNTFLAG = 1 << 16
COUNTER_MASK = 0xFFFFFF
CALIB_NOREF = 1 << 31
CALIB_SKEW = 1 << 30


class SysTick:
    """The system timer.

    ``reference_hz`` gives the external reference clock in hertz, ``None`` when the chip
    has none (CSR.CLKSOURCE then reads as one). Call :meth:`before_clock_change` before
    the ratio of core to reference clock changes, and :meth:`clock_changed` after it.
    """

    def __init__(
        self,
        clock: Clock,
        pend: Callable[[], None],
        touch: Touch,
        reference_hz: Callable[[], int] | None,
        calibration: int | None,
    ) -> None:
        self.names = {CSR: "SYST_CSR", RVR: "SYST_RVR", CVR: "SYST_CVR", CALIB: "SYST_CALIB"}
        self._clock = clock
        self._pend = pend
        self._touch = touch
        self._reference_hz = reference_hz
        no_reference = 0 if reference_hz else CALIB_NOREF
        self._calibration = CALIB_SKEW | no_reference if calibration is None else calibration
        self._deadline = clock.deadline("system.systick", self._deadline_reached)
        self._is_lent = False
        self.on_touched: Callable[[], None] = lambda: None  # has to give back what was lent
        self._base_cycles = 0
        self._base_ticks = 0
        self.reset()

    def reset(self) -> None:
        """Stopped, all zero."""
        self._call_back()
        self._control = 0 if self._reference_hz else CSR_CLKSOURCE
        self._reload = 0
        self._count_flag = False
        self._value = 0
        self._value_tick = 0
        self._restart_ticks()
        self._deadline.disarm()

    # -- ticks of the selected clock -----------------------------------------------------
    def _tick_hz(self) -> int:
        if self._control & CSR_CLKSOURCE or self._reference_hz is None:
            return self._clock.core_hz
        return self._reference_hz()

    def _ticks(self) -> int:
        hz = self._tick_hz()
        cycles = self._clock.now() - self._base_cycles
        if hz == self._clock.core_hz:
            return self._base_ticks + cycles
        return self._base_ticks + self._clock.ticks_in(cycles, hz)

    def _cycle_of(self, tick: int) -> int:
        hz = self._tick_hz()
        ticks = tick - self._base_ticks
        if hz == self._clock.core_hz:
            return self._base_cycles + ticks
        return self._base_cycles + self._clock.cycles_for(ticks, hz)

    def _restart_ticks(self) -> None:
        self._base_cycles = self._clock.now()
        self._base_ticks = self._value_tick

    # -- the counter ---------------------------------------------------------------------
    def _first_zero_in(self) -> int | None:
        """Ticks from ``_value_tick`` to the next 1-to-0 step; None: it never comes."""
        if self._value:
            return self._value
        return self._reload + 1 if self._reload else None

    def sync(self) -> None:
        """Bring value, COUNTFLAG and the pending interrupt up to this cycle."""
        self._call_back()
        if not self._control & CSR_ENABLE:
            return
        now = self._ticks()
        elapsed = now - self._value_tick
        first = self._first_zero_in()
        self._value_tick = now
        if first is None:
            return
        if elapsed < first:
            self._value = self._after_reload(elapsed) if self._value == 0 else self._value - elapsed
            return
        self._count_flag = True
        since_zero = (elapsed - first) % (self._reload + 1) if self._reload else 0
        self._value = self._after_reload(since_zero)
        if self._control & CSR_TICKINT:
            self._pend()

    def _after_reload(self, ticks_at_zero: int) -> int:
        return 0 if ticks_at_zero == 0 else self._reload - (ticks_at_zero - 1)

    def _plan(self) -> None:
        first = self._first_zero_in()
        wanted = CSR_ENABLE | CSR_TICKINT
        if first is None or self._control & wanted != wanted:
            self._deadline.disarm()
        else:
            self._deadline.arm(self._cycle_of(self._value_tick + first))

    def _deadline_reached(self) -> None:
        self.sync()
        self._plan()

    # -- lent to the native hook: emulator/machine/tick_lending.py ---------------------------
    def lend(self) -> tuple[int, int] | None:
        """The cycle of the next deadline and the cycles from one to another; None: they are not even.

        Until :meth:`take_back` the clock has none of SysTick's.
        """
        at_cycles = self._deadline.at_cycles
        if at_cycles is None or not self._reload or self._tick_hz() != self._clock.core_hz:
            return None
        self._is_lent = True
        self._deadline.disarm()
        return at_cycles, self._reload + 1

    def take_back(self, at_cycles: int, served_at: int | None) -> None:
        """Go on with the deadline at ``at_cycles``; the one before was served at a cycle, if any was."""
        self._is_lent = False
        if served_at is not None:
            self._count_flag = True
            self._value_tick = self._base_ticks + served_at - self._base_cycles
            self._value = self._after_reload(served_at - (at_cycles - self._reload - 1))
        self._deadline.arm(at_cycles)

    def _call_back(self) -> None:
        if self._is_lent:
            self.on_touched()

    def before_clock_change(self) -> None:
        """Fold the ticks so far, before frequencies change."""
        self.sync()

    def clock_changed(self) -> None:
        """Go on from now at the new ratio of core and reference clock."""
        self._call_back()
        self._restart_ticks()
        self._plan()

    # -- registers -----------------------------------------------------------------------
    def read_word(self, address: int) -> int:
        """Read; CSR clears COUNTFLAG."""
        if address == RVR:
            return self._reload
        if address == CALIB:
            return self._calibration
        self.sync()
        value = self._value
        if address == CSR:
            value = self._control | (CSR_COUNTFLAG if self._count_flag else 0)
            self._count_flag = False
        if self._control & CSR_ENABLE:
            self._touch(self._ramp(value, step=-1 if address == CVR else 0))
        return value

    def _ramp(self, value: int, *, step: int) -> Ramp | None:
        """How a register goes on until the counter is 0 (and COUNTFLAG set) the next time."""
        first = self._first_zero_in()
        if self._value == 0 or first is None or self._tick_hz() != self._clock.core_hz:
            return None
        return Ramp(
            self._clock.now(), value, 0xFFFFFFFF, step, until=self._cycle_of(self._value_tick + first)
        )

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write; any write to CVR clears it and COUNTFLAG."""
        self.sync()
        if address == CSR:
            self._write_control((self._control & ~mask) | (value & mask))
        elif address == RVR:
            self._reload = ((self._reload & ~mask) | (value & mask)) & COUNTER_MASK
        elif address == CVR:
            self._value = 0
            self._count_flag = False
        self._plan()

    def _write_control(self, value: int) -> None:
        new = value & (CSR_ENABLE | CSR_TICKINT | CSR_CLKSOURCE)
        if self._reference_hz is None:
            new |= CSR_CLKSOURCE
        restart = (new ^ self._control) & (CSR_CLKSOURCE | CSR_ENABLE)
        self._control = new
        if restart:
            self._restart_ticks()

    # -- snapshots -----------------------------------------------------------------------
    def save(self) -> Any:
        """State for a snapshot; the deadline is saved by the clock."""
        self._call_back()
        return (
            self._control,
            self._reload,
            self._count_flag,
            self._value,
            self._value_tick,
            self._base_cycles,
            self._base_ticks,
        )

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        (
            self._control,
            self._reload,
            self._count_flag,
            self._value,
            self._value_tick,
            self._base_cycles,
            self._base_ticks,
        ) = state
