"""Real-time clock of STM32: the calendar, its wake-up timer, two alarms.

RM0090 (F4), RM0385 (F7), RM0351 and RM0432 (L4, L4+), RM0433 (H743): :class:`Rtc`. RM0444 (G0), RM0455
(H7A3), RM0456 (U5): :class:`RtcApart`, whose flags have registers of their own. Chapters "Real-time clock".
Modelled: prescalers, calendar in BCD with sub-seconds, initialization, shadow registers, write
protection by keys, shifts, summer time, wake-up timer, alarms with masks, interrupts. It runs on through a
system reset. A wake-up timer that counts seconds begins its first one when it is turned on. Not modelled:
PWR's protection of the backup domain and its reset, outputs, time stamps, tampering; reported: calibration,
the reference clock.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, ClassVar

from emulator.device import POWER_ON, ClockedParameters, DeviceContext, reset_cause
from emulator.schema.table import about
from peripherals.parts.timed_deadline import TimedDeadline
from peripherals.register_device import Register, read_only
from peripherals.stm32.any_rtc import AnyRtc
from peripherals.stm32.rtc_calendar import (
    HOUR_S,
    Alarm,
    date_register,
    next_fraction,
    seconds_of,
    time_register,
)

KEYS = (0xCA, 0x53)
CR_REFCKON, CR_BYPSHAD, CR_FMT, CR_WUTE = 1 << 4, 1 << 5, 1 << 6, 1 << 10
CR_ADD1H, CR_SUB1H = 1 << 16, 1 << 17
CR_WUCKSEL_SECONDS, CR_WUCKSEL_LONG = 1 << 2, 1 << 1
ALARM_ENABLE, CR_INTERRUPTS_SHIFT = (1 << 8, 1 << 9), 12
ALARM_WRITABLE, WUT_WRITABLE = 1 << 0, 1 << 2
INITS, RSF, INITF, INIT = 1 << 4, 1 << 5, 1 << 6, 1 << 7
ALARM_FLAGS, WUTF = (1 << 0, 1 << 1), 1 << 2
ALL_FLAGS = 0xFF
SHIFT_ADD1S = 1 << 31
RESET_PRESCALERS, RESET_DATE = 0x007F00FF, 0x2101
LONG_COUNTS = 1 << 16


class RealTimeClockParameters(ClockedParameters, frozen=True):
    """Its clock, and how its interrupts reach the core."""

    alarm_line: Annotated[
        int, about("The EXTI line of its alarms; 0: none.", at_least=0, at_most=31, example=17)
    ] = 0
    wakeup_line: Annotated[
        int, about("The EXTI line of its wake-up timer; 0: none.", at_least=0, at_most=31, example=22)
    ] = 0


def _backup(offset: int, count: int) -> tuple[Register, ...]:
    return tuple(Register(offset + 4 * n, f"BKP{n}R") for n in range(count))


class Rtc(AnyRtc):
    """The RTC whose flags stand in ISR."""

    PARAMETERS = RealTimeClockParameters
    parameters: RealTimeClockParameters
    STATUS: ClassVar[str] = "ISR"
    FLAGS: ClassVar[tuple[str, int]] = ("ISR", 8)
    """The register of the flags, and the place of the first."""
    SUBSECONDS: ClassVar[tuple[str, str]] = ("ALRMASSR", "ALRMBSSR")
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "TR", writable=0x007F7F7F, on_read="time", on_write="calendar_written"),
        Register(0x04, "DR", RESET_DATE, writable=0x00FFFF3F, on_read="date", on_write="calendar_written"),
        Register(0x08, "CR", writable=0x00FFFF7F, on_write="control_written"),
        Register(0x0C, "ISR", 0x07, writable=0, on_read="status", on_write="status_written"),
        Register(0x10, "PRER", RESET_PRESCALERS, writable=0x007F7FFF, on_write="prescalers_written"),
        Register(0x14, "WUTR", 0xFFFF, writable=0xFFFF, on_write="alarms_changed"),
        Register(0x18, "CALIBR"),
        Register(0x1C, "ALRMAR", on_write="alarms_changed"),
        Register(0x20, "ALRMBR", on_write="alarms_changed"),
        Register(0x24, "WPR", writable=0, on_write="key_written"),
        read_only(0x28, "SSR", on_read="subseconds"),
        Register(0x2C, "SHIFTR", writable=0, on_write="shifted"),
        read_only(0x30, "TSTR"),
        read_only(0x34, "TSDR"),
        read_only(0x38, "TSSSR"),
        Register(0x3C, "CALR", writable=0xE1FF, on_write="calibrated"),
        Register(0x40, "TAFCR"),
        Register(0x44, "ALRMASSR", writable=0x0F007FFF, on_write="alarms_changed"),
        Register(0x48, "ALRMBSSR", writable=0x0F007FFF, on_write="alarms_changed"),
        Register(0x4C, "OR"),
        *_backup(0x50, 32),
    )
    STATE = (*AnyRtc.STATE, "_fraction", "_held", "_weekday_shift", "_keys", "_wakeup_ps")
    PARTS = (*AnyRtc.PARTS, "_wakeup", "_alarms")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._fraction = 0  # at its origin it had made so many ticks of its second prescaler
        self._held: int | None = None  # the tick that DR still shows
        self._weekday_shift, self._keys = 0, 0
        self._wakeup_ps = 0  # when the wake-up timer was turned on
        self._wakeup = TimedDeadline(context, "wakeup", partial(self._raise_flag, WUTF))
        self._alarms = [
            TimedDeadline(context, f"alarm {'ab'[number]}", partial(self._raise_flag, flag))
            for number, flag in enumerate(ALARM_FLAGS)
        ]
        self._set_calendar(0, RESET_DATE)

    def reset(self) -> None:
        """A system reset locks it, and makes its shadow registers wait; the rest goes on."""
        self._keys, self._held = 0, None
        if self.context.signals.get(reset_cause(POWER_ON)):
            super().reset()
            self._set_calendar(0, RESET_DATE)
        self._synchronize()
        self._plan()

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store; without the keys most registers take nothing."""
        name = self.register_name(offset)
        is_open = name in ("WPR", "SCR", "OR", "TAFCR", self.STATUS) or name.startswith("BKP")
        if is_open or self._keys == len(KEYS):
            super().write(offset, size_bytes, value)

    # -- reads -------------------------------------------------------------------------------
    def time(self) -> int:
        """TR: as the shadow register has it."""
        return self._shown(time_register(self._second(self._seen()), twelve=self._twelve()), "TR")

    def date(self) -> int:
        """DR: of the moment at which TR or SSR was read; that moment is over then."""
        value = date_register(self._second(self._seen()), self._weekday_shift)
        self._held = None
        return self._shown(value, "DR")

    def subseconds(self) -> int:
        """SSR: counts down from the synchronous prescaler."""
        return self._last() - self._seen() % (self._last() + 1) & 0xFFFF

    def status(self) -> int:
        """ISR or ICSR."""
        year = self.values["DR"] if self._in_initialization() else date_register(self._second(self._now()), 0)
        return self.values[self.STATUS] | (INITS if year >> 16 else 0)

    # -- writes ------------------------------------------------------------------------------
    def key_written(self, written: int, _old: int) -> None:
        """WPR: the two keys open, anything else locks."""
        opened = self._keys if self._keys < len(KEYS) else 0
        self._keys = opened + 1 if written & 0xFF == KEYS[opened] else 0

    def status_written(self, written: int, _old: int) -> None:
        """ISR or ICSR: INIT, flags that a zero clears."""
        if self._keys == len(KEYS):
            if written & INIT and not self.values[self.STATUS] & INIT:
                self._enter_initialization()
            elif not written & INIT and self.values[self.STATUS] & INIT:
                self._leave_initialization()
            if not written & RSF:
                self._synchronize()
        if self.FLAGS[0] == self.STATUS:
            self.clear_bits(self.STATUS, ALL_FLAGS << self.FLAGS[1] & ~written)
            self._plan()

    def control_written(self, written: int, old: int) -> None:
        """CR: what is on, and an hour more or less."""
        control = self.values["CR"]
        self.clear_bits("CR", CR_ADD1H | CR_SUB1H)
        hours = bool(written & CR_ADD1H) - bool(written & CR_SUB1H)
        if hours and not self._in_initialization():
            self._set_ticks(max(0, self._now() + hours * HOUR_S * (self._last() + 1)))
        if control & CR_REFCKON:
            self.report("CR", "write", "the reference clock")
        if control & CR_WUTE and not old & CR_WUTE:
            self._wakeup_ps = self.context.clock.picoseconds()
        self._plan()

    def calendar_written(self, _written: int, old: int) -> None:
        """TR and DR: during initialization alone."""
        if not self._in_initialization():
            self.values["TR" if self.access_offset == 0 else "DR"] = old

    def prescalers_written(self, _written: int, old: int) -> None:
        """PRER: during initialization alone."""
        if not self._in_initialization():
            self.values["PRER"] = old

    def alarms_changed(self, _written: int, _old: int) -> None:
        """An alarm, or the wake-up timer's reload."""
        self._plan()

    def shifted(self, written: int, _old: int) -> None:
        """SHIFTR: a second more, and a fraction less."""
        seconds = bool(written & SHIFT_ADD1S)
        self._set_ticks(max(0, self._now() + seconds * (self._last() + 1) - (written & 0x7FFF)))
        self._plan()

    def calibrated(self, _written: int, _old: int) -> None:
        """CALR: kept."""
        if self.values["CALR"]:
            self.report("CALR", "write", "calibration")

    def flags_cleared(self, written: int, _old: int) -> None:
        """SCR, of the RTC that has one: ones clear."""
        self.clear_bits("SR", written & ALL_FLAGS)
        self._plan()

    def masked_flags(self) -> int:
        """MISR: the flags whose interrupt is enabled."""
        enabled = self.values["CR"] >> CR_INTERRUPTS_SHIFT & 0x7
        return self._flags() & enabled

    # -- time --------------------------------------------------------------------------------
    def _last(self) -> int:
        return self.values["PRER"] & 0x7FFF

    def _tick_divider(self) -> int:
        return (self.values["PRER"] >> 16 & 0x7F) + 1

    def _now(self) -> int:
        """Ticks of the second prescaler since 2000."""
        return self._fraction + self.periods_since(self._origin_ps) // self._tick_divider()

    def _moment_of(self, tick: int) -> int:
        """When a tick comes, in picoseconds since reset."""
        return self.moment_after(self._origin_ps, (tick - self._fraction) * self._tick_divider())

    def _second(self, tick: int) -> int:
        return tick // (self._last() + 1)

    def _seen(self) -> int:
        """The tick that the registers show; the first read of a set of them decides."""
        if self._in_initialization():
            return self._fraction
        if self._hz:
            self.context.touch(None)
        if self.values["CR"] & CR_BYPSHAD:
            return self._now()
        if self._held is None:
            self._held = self._now()
        return self._held

    def _shown(self, value: int, name: str) -> int:
        return self.values[name] if self._in_initialization() else value

    def _twelve(self) -> bool:
        return bool(self.values["CR"] & CR_FMT)

    def _set_ticks(self, tick: int) -> None:
        self._origin_ps, self._fraction = self.context.clock.picoseconds(), tick
        self._held = None

    def _set_calendar(self, time: int, day: int) -> None:
        second, self._weekday_shift = seconds_of(time, day, twelve=self._twelve())
        self._set_ticks(second * (self._last() + 1))

    def clock_changed(self) -> None:
        """What has passed was counted by the clock before."""
        hz = self.clock_hz()
        if hz != self._hz:
            if not self._in_initialization():
                self._set_ticks(self._now())
            self._hz = hz
            if self._synchronized.picoseconds is not None or not self._is_synchronized():
                self.arm_synchronization()
            self._plan()

    # -- initialization and shadow registers ---------------------------------------------------
    def _in_initialization(self) -> bool:
        return bool(self.values[self.STATUS] & INITF)

    def _enter_initialization(self) -> None:
        self.set_bits(self.STATUS, INIT)
        self.arm_synchronization()

    def _leave_initialization(self) -> None:
        if self._in_initialization():
            self._set_calendar(self.values["TR"], self.values["DR"])
        self.clear_bits(self.STATUS, INIT | INITF)
        self._synchronize()
        self._plan()

    def _synchronize(self) -> None:
        self._held = None
        self.clear_bits(self.STATUS, RSF)
        self.arm_synchronization()

    def _is_synchronized(self) -> bool:
        status = self.values[self.STATUS]
        return bool(status & INITF if status & INIT else status & RSF)

    def follow(self) -> None:
        """Two periods of RTCCLK later."""
        if self.values[self.STATUS] & INIT:
            now = self._now()
            self.values["TR"] = time_register(self._second(now), twelve=self._twelve())
            self.values["DR"] = date_register(self._second(now), self._weekday_shift)
            self._set_ticks(now)
            self.set_bits(self.STATUS, INITF)
            self._plan()
        else:
            self.set_bits(self.STATUS, RSF)

    # -- events ------------------------------------------------------------------------------
    def _flags(self) -> int:
        return self.values[self.FLAGS[0]] >> self.FLAGS[1] & ALL_FLAGS

    def _raise_flag(self, flag: int) -> None:
        self.set_bits(self.FLAGS[0], flag << self.FLAGS[1])
        self._plan()

    def _plan(self) -> None:
        """Arm what may raise a flag that is clear; bring interrupt lines up to date."""
        control, flags = self.values["CR"], self._flags()
        self.put_bits(self.STATUS, WUT_WRITABLE, not control & CR_WUTE)
        waits = control & CR_WUTE and not flags & WUTF and self._hz
        self._wakeup.arm(self._next_wakeup() if waits else None)
        for number, alarm in enumerate(self._alarms):
            is_on = bool(control & ALARM_ENABLE[number])
            self.put_bits(self.STATUS, ALARM_WRITABLE << number, not is_on)
            runs = self._hz and not self._in_initialization()
            waits = is_on and runs and not flags & ALARM_FLAGS[number]
            alarm.arm(self._next_alarm(number) if waits else None)
        self._show_interrupts(flags & control >> CR_INTERRUPTS_SHIFT)

    def _show_interrupts(self, pending: int) -> None:
        alarms = pending & (ALARM_FLAGS[0] | ALARM_FLAGS[1])
        self.drive_exti(self.parameters.alarm_line, alarms)
        self.drive_exti(self.parameters.wakeup_line, pending & WUTF)
        self.line("global").set_level(bool(alarms or pending & WUTF))

    def _next_wakeup(self) -> int:
        select = self.values["CR"] & 0x7
        counts = self.values["WUTR"] + 1
        if select & CR_WUCKSEL_SECONDS:
            counts += LONG_COUNTS if select & CR_WUCKSEL_LONG else 0
            periods = counts * self._tick_divider() * (self._last() + 1)
        else:
            periods = counts * (16 >> select)
        turn = self.periods_since(self._wakeup_ps) // periods + 1
        return self.moment_after(self._wakeup_ps, turn * periods)

    def _next_alarm(self, number: int) -> int | None:
        """When an alarm comes next, in picoseconds since reset."""
        last, second_ticks = self._last(), self._last() + 1
        second, passed = divmod(self._now(), second_ticks)
        subseconds = self.values[self.SUBSECONDS[number]]
        alarm = Alarm(self.values[f"ALRM{'AB'[number]}R"], self._twelve(), self._weekday_shift)
        if alarm.next_second(second) == second:
            later = next_fraction(subseconds, last, passed + 1)
            if later is not None:
                return self._moment_of(second * second_ticks + later)
        found, first = alarm.next_second(second + 1), next_fraction(subseconds, last, 0)
        return None if found is None or first is None else self._moment_of(found * second_ticks + first)


class RtcApart(Rtc):
    """The RTC of G0, H7A3, U5, U3: its flags stand apart, and its backup registers are TAMP's."""

    STATUS = "ICSR"
    FLAGS = ("SR", 0)
    REGISTERS = (
        *(row for row in Rtc.REGISTERS if row.offset < 0x08),
        read_only(0x08, "SSR", on_read="subseconds"),
        Register(0x0C, "ICSR", 0x07, writable=0, on_read="status", on_write="status_written"),
        *(row for row in Rtc.REGISTERS if row.name in ("PRER", "WUTR", "WPR")),
        Register(0x18, "CR", writable=0xFFFFFF7F, on_write="control_written"),
        Register(0x1C, "PRIVCR"),
        Register(0x20, "SECCFGR"),
        Register(0x28, "CALR", writable=0xF1FF, on_write="calibrated"),
        Register(0x2C, "SHIFTR", writable=0, on_write="shifted"),
        *(row for row in Rtc.REGISTERS if row.name in ("TSTR", "TSDR", "TSSSR")),
        Register(0x40, "ALRMAR", on_write="alarms_changed"),
        Register(0x44, "ALRMASSR", writable=0x8F007FFF, on_write="alarms_changed"),
        Register(0x48, "ALRMBR", on_write="alarms_changed"),
        Register(0x4C, "ALRMBSSR", writable=0x8F007FFF, on_write="alarms_changed"),
        read_only(0x50, "SR"),
        read_only(0x54, "MISR", on_read="masked_flags"),
        Register(0x5C, "SCR", writable=0, on_write="flags_cleared"),
    )
