"""The 64-bit microsecond timer (RP2040 datasheet 4.6): latched and raw reads, four alarms.

It counts the tick of the watchdog's generator. An alarm matches the low 32 bits; an armed one that
matches is disarmed and raises its interrupt. A read of TIMELR latches the high word for TIMEHR, a write
of TIMEHW after TIMELW sets both words.
"""

from __future__ import annotations

from typing import Annotated

from emulator.clock.ramp import Ramp
from emulator.device import ClockedParameters, ClockName, DeviceContext
from emulator.schema.table import about
from peripherals.raspberrypi.interrupts import ForcedInterrupts, interrupt, interrupt_rows
from peripherals.register_device import Register, read_only

ALARMS, ALARM0 = range(4), 0x10
LOW_BITS = 32
LOW_MASK, MASK = (1 << LOW_BITS) - 1, (1 << 2 * LOW_BITS) - 1


class TickParameters(ClockedParameters, frozen=True):
    """The tick that it counts."""

    clock: Annotated[ClockName, about("The tick that it counts.", names_a="clock", example="tick")] = "tick"


class Timer(ForcedInterrupts):
    """The timer: its count at a cycle, and when an alarm comes next."""

    PARAMETERS = TickParameters
    parameters: TickParameters
    REGISTERS = (
        Register(0x00, "TIMEHW", on_write="high_written", on_read="nothing"),
        Register(0x04, "TIMELW", on_read="nothing"),
        read_only(0x08, "TIMEHR"),
        read_only(0x0C, "TIMELR", on_read="low_latching"),
        *(Register(ALARM0 + 4 * n, f"ALARM{n}", on_write="alarm_written") for n in ALARMS),
        Register(0x20, "ARMED", writable=0, w1c=0xF, on_write="disarmed"),
        read_only(0x24, "TIMERAWH", on_read="high"),
        read_only(0x28, "TIMERAWL", on_read="low"),
        Register(0x2C, "DBGPAUSE", 0x7, writable=0x7),
        Register(0x30, "PAUSE", writable=0x1, on_write="paused"),
        *interrupt_rows(0x34, 0xF, latched=0xF),
    )
    INTERRUPTS = tuple(interrupt(f"alarm{n}", 1 << n) for n in ALARMS)
    STATE = ("_count", "_phase", "_anchor", "_core_hz", "_tick_hz")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._count = 0  # at cycle _anchor, and this part of the next tick, over _core_hz
        self._phase = 0
        self._anchor = 0
        self._core_hz = 1
        self._tick_hz = 0
        self._alarm = context.clock.deadline(f"{context.name}:alarm", self._alarm_due)
        context.clocks.before_change(self._catch_up)
        context.clocks.on_change(self._clock_changed)

    def reset(self) -> None:
        """The count begins at 0."""
        super().reset()
        self._count = self._phase = 0
        self._anchor = self.context.clock.now()
        self._clock_changed()

    # -- effects ---------------------------------------------------------------------------
    def nothing(self) -> int:
        """TIMEHW, TIMELW: only written."""
        return 0

    def high_written(self, _written: int, _old: int) -> None:
        """TIMEHW: the count is what both were written."""
        self._catch_up()
        self._count = self.values["TIMEHW"] << LOW_BITS | self.values["TIMELW"]
        self._phase = 0
        self._plan()

    def low_latching(self) -> int:
        """TIMELR: the low word; the high one is kept for TIMEHR."""
        low = self.low()
        self.values["TIMEHR"] = self._count >> LOW_BITS
        return low

    def high(self) -> int:
        """TIMERAWH: the high word."""
        self._catch_up()
        if self._runs():
            self.context.touch(self._ramp(self._count >> LOW_BITS, step=0))
        return self._count >> LOW_BITS

    def low(self) -> int:
        """TIMERAWL: the low word."""
        self._catch_up()
        low = self._count & LOW_MASK
        if self._runs():
            self.context.touch(self._ramp(low, step=1))
        return low

    def alarm_written(self, _written: int, _old: int) -> None:
        """ALARMn: arm it."""
        self.set_bits("ARMED", 1 << (self.access_offset - ALARM0) // 4)
        self._plan()

    def disarmed(self, _written: int, _old: int) -> None:
        """ARMED: alarms written 1 are no longer armed."""
        self._plan()

    def paused(self, _written: int, old: int) -> None:
        """PAUSE: the count stands still."""
        now = self.values["PAUSE"]
        self.values["PAUSE"] = old
        self._catch_up()
        self.values["PAUSE"] = now
        self._plan()

    # -- inside ----------------------------------------------------------------------------
    def _runs(self) -> bool:
        return self._tick_hz > 0 and not self.values["PAUSE"]

    def _catch_up(self) -> None:
        now = self.context.clock.now()
        if self._runs():
            total = (now - self._anchor) * self._tick_hz + self._phase
            self._count = self._count + total // self._core_hz & MASK
            self._phase = total % self._core_hz
        self._anchor = now

    def _clock_changed(self) -> None:
        core_hz = self.context.clock.core_hz
        self._phase = self._phase * core_hz // self._core_hz
        self._core_hz, self._tick_hz = core_hz, self.clock_hz()
        self._plan()

    def _ramp(self, value: int, *, step: int) -> Ramp:
        """How a word goes on, until the low one wraps."""
        return Ramp(
            self._anchor,
            value,
            LOW_MASK,
            step=step,
            numerator=self._tick_hz,
            denominator=self._core_hz,
            phase=self._phase,
            until=self._cycle_at(LOW_MASK + 1 - (self._count & LOW_MASK)),
        )

    def _cycle_at(self, ticks: int) -> int:
        """The first cycle at which so many more ticks have come."""
        return self._anchor + max(1, -(-(ticks * self._core_hz - self._phase) // self._tick_hz))

    def _ticks_to(self, number: int) -> int:
        """Ticks until an alarm matches; one that matches now has just been missed."""
        return (self.values[f"ALARM{number}"] - self._count - 1 & LOW_MASK) + 1

    def _plan(self) -> None:
        self._catch_up()
        armed = [n for n in ALARMS if self.values["ARMED"] >> n & 1]
        if armed and self._runs():
            self._alarm.arm(self._cycle_at(min(self._ticks_to(n) for n in armed)))
        else:
            self._alarm.disarm()

    def _alarm_due(self) -> None:
        self._catch_up()
        for number in ALARMS:
            bit = 1 << number
            if self.values["ARMED"] & bit and self.values[f"ALARM{number}"] == self._count & LOW_MASK:
                self.clear_bits("ARMED", bit)
                self.set_bits("INTR", bit)
        self._plan()
        self.refresh_lines()
