"""Real-time clock of STM32F1 (RM0008, chapter "Real-time clock"): a counter of 32 bits behind a prescaler.

Modelled: prescaler and its remainder, counter, alarm, configuration mode, flags, interrupts of seconds,
alarm and overflow; the alarm drives an EXTI line, too. It runs on through a system reset. Writes take no
time: RTOFF is always set, and so is RSF, once the clock runs, two of its periods after it was cleared.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import POWER_ON, ClockedParameters, DeviceContext, reset_cause
from emulator.schema.table import about
from peripherals.parts.timed_deadline import TimedDeadline
from peripherals.register_device import Register, read_only
from peripherals.stm32.any_rtc import AnyRtc

HALF, COUNTS = 0xFFFF, 1 << 32
SECF, ALRF, OWF, RSF, CNF, RTOFF = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5
EVENTS = SECF | ALRF | OWF
RESET_RELOAD = 0x8000


class RtcF1Parameters(ClockedParameters, frozen=True):
    """Its clock, and how its alarm reaches the core besides its own interrupt."""

    alarm_line: Annotated[
        int, about("The EXTI line of its alarm; 0: none.", at_least=0, at_most=31, example=17)
    ] = 0


class RtcF1(AnyRtc):
    """RTC of STM32F1."""

    PARAMETERS = RtcF1Parameters
    parameters: RtcF1Parameters
    REGISTERS = (
        Register(0x00, "CRH", writable=EVENTS, on_write="interrupts_changed"),
        Register(0x04, "CRL", RTOFF, writable=CNF, w0c=EVENTS | RSF, on_write="control_written"),
        Register(0x08, "PRLH", writable=0xF, on_write="reload_written"),
        Register(0x0C, "PRLL", RESET_RELOAD, writable=HALF, on_write="reload_written"),
        read_only(0x10, "DIVH", on_read="remainder_high"),
        read_only(0x14, "DIVL", RESET_RELOAD, on_read="remainder_low"),
        Register(0x18, "CNTH", writable=HALF, on_read="count_high", on_write="count_written"),
        Register(0x1C, "CNTL", writable=HALF, on_read="count_low", on_write="count_written"),
        Register(0x20, "ALRH", HALF, writable=HALF, on_write="alarm_written"),
        Register(0x24, "ALRL", HALF, writable=HALF, on_write="alarm_written"),
    )
    STATE = (*AnyRtc.STATE, "_origin_count", "_flagged_count")
    PARTS = (*AnyRtc.PARTS, "_event")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._origin_count = 0  # at its origin it came to this count
        self._flagged_count = 0  # events up to it have been flagged
        self._event = TimedDeadline(context, "event", self._plan)

    def reset(self) -> None:
        """A system reset clears the two control registers alone."""
        if self.context.signals.get(reset_cause(POWER_ON)):
            super().reset()
            self._begin_at(0)
        self.values["CRH"], self.values["CRL"] = 0, RTOFF
        self.arm_synchronization()
        self._plan()

    # -- reads -------------------------------------------------------------------------------
    def count_high(self) -> int:
        """CNTH."""
        return self._seen_count() >> 16

    def count_low(self) -> int:
        """CNTL."""
        return self._seen_count() & HALF

    def remainder_high(self) -> int:
        """DIVH."""
        return self._remainder() >> 16

    def remainder_low(self) -> int:
        """DIVL."""
        return self._remainder() & HALF

    # -- writes ------------------------------------------------------------------------------
    def interrupts_changed(self, _written: int, _old: int) -> None:
        """CRH."""
        self._plan()

    def control_written(self, _written: int, old: int) -> None:
        """CRL: configuration mode; flags that a zero clears."""
        if old & RSF and not self.values["CRL"] & RSF:
            self.arm_synchronization()
        self._plan()

    def reload_written(self, _written: int, old: int) -> None:
        """PRLH, PRLL: in configuration mode; the prescaler begins anew."""
        if self._keeps_old(old):
            return
        self._begin_at(self._flagged_count % COUNTS)
        self._plan()

    def count_written(self, _written: int, old: int) -> None:
        """CNTH, CNTL: in configuration mode; the other half stays."""
        if self._keeps_old(old):
            return
        half = self.values["CNTH" if self.access_offset == 0x18 else "CNTL"]
        count = self._count()
        count = half << 16 | count & HALF if self.access_offset == 0x18 else count & ~HALF | half
        self._begin_at(count)
        self._plan()

    def alarm_written(self, _written: int, old: int) -> None:
        """ALRH, ALRL: in configuration mode."""
        if not self._keeps_old(old):
            self._plan()

    # -- inside ------------------------------------------------------------------------------
    def _keeps_old(self, old: int) -> bool:
        if self.values["CRL"] & CNF:
            return False
        name = self.register_name(self.access_offset)
        self.values[name] = old
        return True

    def _period(self) -> int:
        """Periods of RTCCLK a count."""
        return (self.values["PRLH"] << 16 | self.values["PRLL"]) + 1

    def _periods_passed(self) -> int:
        return self.periods_since(self._origin_ps)

    def _total(self) -> int:
        """The count as if it had no end."""
        return self._origin_count + self._periods_passed() // self._period()

    def _count(self) -> int:
        return self._total() % COUNTS

    def _seen_count(self) -> int:
        if self._hz:
            self.context.touch(None)
        return self._count()

    def _remainder(self) -> int:
        if self._hz:
            self.context.touch(None)
        return self._period() - 1 - self._periods_passed() % self._period()

    def _begin_at(self, count: int) -> None:
        self._origin_ps, self._origin_count = self.context.clock.picoseconds(), count
        self._flagged_count = count

    def clock_changed(self) -> None:
        """What has come until now was counted by the clock before."""
        hz = self.clock_hz()
        if hz == self._hz:
            return
        self._plan()  # what has come until now
        self._begin_at(self._count())
        self._hz = hz
        if not self.values["CRL"] & RSF:
            self.arm_synchronization()
        self._plan()

    def follow(self) -> None:
        """RSF."""
        self.set_bits("CRL", RSF)

    def _alarm(self) -> int:
        """The count behind the alarm's: its flag rises when the count leaves it (RM0008)."""
        return (self.values["ALRH"] << 16 | self.values["ALRL"]) + 1

    def _plan(self) -> None:
        """Flag what has come; arm the next event that is waited for; show the interrupt lines."""
        total, before = self._total(), self._flagged_count
        if total > before:
            overflows = total // COUNTS > before // COUNTS
            alarm = before + 1 + (self._alarm() - before - 1) % COUNTS
            events = (SECF, True), (ALRF, alarm <= total), (OWF, overflows)
            self.set_bits("CRL", sum(flag for flag, came in events if came))
            self._flagged_count = total
        self._event.arm(self._next_event(total) if self._hz else None)
        pending = self.values["CRL"] & self.values["CRH"]
        self.line("global").set_level(bool(pending & EVENTS))
        self.drive_exti(self.parameters.alarm_line, self.values["CRL"] & ALRF)

    def _next_event(self, total: int) -> int | None:
        """When a flag rises next that is clear, in picoseconds since reset."""
        clear = EVENTS & ~self.values["CRL"]
        counts = []
        if clear & SECF:
            counts.append(total + 1)
        if clear & ALRF:
            counts.append(total + 1 + (self._alarm() - total - 1) % COUNTS)
        if clear & OWF:
            counts.append((total // COUNTS + 1) * COUNTS)
        if not counts:
            return None
        return self.moment_after(self._origin_ps, (min(counts) - self._origin_count) * self._period())
