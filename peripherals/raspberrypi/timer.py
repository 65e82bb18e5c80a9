"""The 64-bit microsecond timer (RP2040 datasheet 4.6, RP2350 12.8): latched and raw reads, four alarms.

It counts the tick of a generator, the watchdog's on RP2040. An alarm matches the low 32 bits; an armed one
that matches is disarmed and raises its interrupt. A read of TIMELR latches the high word for TIMEHR, a
write of TIMEHW after TIMELW sets both words.
"""

from __future__ import annotations

from typing import Annotated

from emulator.clock.ramp import Ramp
from emulator.device import ClockedParameters, ClockName, DeviceContext
from emulator.schema.table import about
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.raspberrypi.interrupts import ForcedInterrupts, interrupt, interrupt_rows
from peripherals.register_device import Register, read_only

ALARMS, ALARM0 = range(4), 0x10
LOW_BITS = 32
LOW_MASK, MASK = (1 << LOW_BITS) - 1, (1 << 2 * LOW_BITS) - 1


class TickParameters(ClockedParameters, frozen=True):
    """The tick that it counts."""

    clock: Annotated[ClockName, about("The tick that it counts.", names_a="clock", example="tick")] = "tick"


TIME_ROWS = (
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
)


class Timer(ForcedInterrupts):
    """The timer: its count at a cycle, and when an alarm comes next."""

    PARAMETERS = TickParameters
    parameters: TickParameters
    REGISTERS = (*TIME_ROWS, *interrupt_rows(0x34, 0xF, latched=0xF))
    INTERRUPTS = tuple(interrupt(f"alarm{n}", 1 << n) for n in ALARMS)
    PARTS = ("_counter",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._counter = ClockedCounter(
            context, "alarm", self.parameters.clock, MASK, on_event=self._plan, on_span=self._counted
        )

    def reset(self) -> None:
        """The count begins at 0."""
        super().reset()
        self._counter.restart(reload=MASK)
        self._counter.state.running = True

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store; alarms that have matched until now have been raised."""
        self._counter.catch_up()
        super().write(offset, size_bytes, value)

    # -- effects ---------------------------------------------------------------------------
    def nothing(self) -> int:
        """TIMEHW, TIMELW: only written."""
        return 0

    def high_written(self, _written: int, _old: int) -> None:
        """TIMEHW: the count is what both were written."""
        self._counter.state.count = self.values["TIMEHW"] << LOW_BITS | self.values["TIMELW"]
        self._counter.restart_clock()
        self._plan()

    def low_latching(self) -> int:
        """TIMELR: the low word; the high one is kept for TIMEHR."""
        low = self.low()
        self.values["TIMEHR"] = self._counter.state.count >> LOW_BITS
        return low

    def high(self) -> int:
        """TIMERAWH: the high word."""
        return self._word(LOW_BITS, step=0)

    def low(self) -> int:
        """TIMERAWL: the low word."""
        return self._word(0, step=1)

    def alarm_written(self, _written: int, _old: int) -> None:
        """ALARMn: arm it."""
        self.set_bits("ARMED", 1 << (self.access_offset - ALARM0) // 4)
        self._plan()

    def disarmed(self, _written: int, _old: int) -> None:
        """ARMED: alarms written 1 are no longer armed."""
        self._plan()

    def paused(self, _written: int, _old: int) -> None:
        """PAUSE: the count stands still."""
        self._counter.state.running = not self.values["PAUSE"]
        self._plan()

    # -- inside ----------------------------------------------------------------------------
    def _word(self, shift: int, *, step: int) -> int:
        """A word of the count; how it goes on is known until the low one wraps."""
        self._counter.catch_up()
        state = self._counter.state
        word = state.count >> shift & LOW_MASK
        if self._counter.steps_to_wrap() is not None:
            ramp = Ramp(
                state.anchor_cycles,
                word,
                LOW_MASK,
                step=step,
                numerator=state.timer_hz,
                denominator=state.core_hz,
                phase=state.anchor_phase,
                until=self._counter.cycle_after(LOW_MASK + 1 - (state.count & LOW_MASK)),
            )
            self.context.touch(ramp)
        return word

    def _plan(self) -> None:
        """At the next match; of an alarm that matches now a match has just been missed."""
        armed = [self.values[f"ALARM{n}"] for n in ALARMS if self.values["ARMED"] >> n & 1]
        if armed and self._counter.steps_to_wrap() is not None:
            next_count = self._counter.state.count + 1
            self._counter.plan_after(min((alarm - next_count & LOW_MASK) + 1 for alarm in armed))
        else:
            self._counter.plan_nothing()

    def _counted(self, low: int, high: int) -> None:
        for number in ALARMS:
            bit = 1 << number
            if self.values["ARMED"] & bit and self.values[f"ALARM{number}"] - low & LOW_MASK <= high - low:
                self.clear_bits("ARMED", bit)
                self.raise_flags("INTR", bit)


class Rp2350Timer(Timer):
    """RP2350's: it can be locked, and count clk_sys, which is told as not modelled."""

    REGISTERS = (
        *TIME_ROWS,
        Register(0x34, "LOCKED", writable=0x1, on_write="locked"),
        Register(0x38, "SOURCE", writable=0x1, on_write="source_written"),
        *interrupt_rows(0x3C, 0xF, latched=0xF),
    )

    def locked(self, _written: int, old: int) -> None:
        """LOCKED: until a reset."""
        self.values["LOCKED"] |= old

    def source_written(self, _written: int, _old: int) -> None:
        """SOURCE."""
        if self.values["SOURCE"]:
            self.report("SOURCE", "write", "a timer that counts clk_sys: it goes on counting its tick")
