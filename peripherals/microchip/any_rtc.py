"""What the RTCs of SAM D21 (DS40001882, chapter 18) and SAM D5x/E5x (DS60001507, chapter 21) share.

A counter of 32 bits with one or two compare values, one of 16 bits with a period and two or four, or a
calendar with an alarm; each counts its clock divided by the prescaler. With MATCHCLR a match of the first
compare value begins anew, and sets the overflow flag, too. Periodic interrupts and events, twelve hours, the
correction of the frequency and tamper inputs are not modelled; synchronization takes no time.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

from emulator.device import ClockedParameters, ClockName, DeviceContext
from emulator.schema.table import about
from peripherals.microchip.rtc_calendar import clock_register, next_alarm, seconds_of
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.register_device import RegisterDevice

SOFTWARE_RESET, ENABLE, TWELVE_HOURS, MATCH_CLEARS = 1 << 0, 1 << 1, 1 << 6, 1 << 7
COUNT32, COUNT16, CALENDAR = 0, 1, 2
MOST, HALF = 0xFFFFFFFF, 0xFFFF


class RtcClockParameters(ClockedParameters, frozen=True):
    """The clock that it counts."""

    clock: Annotated[ClockName, about("Its clock.", names_a="clock", example="rtc")] = "core"


class AnyRtc(RegisterDevice):
    """A chip adds its registers: CTRL, COUNT, PER, COMP0 and what follows, INTFLAG and the enables.

    ``COMPARES``: the words that hold compare values; in a counter of 16 bits each holds two. ``FLAGS``: those
    of INTFLAG, some always ``READY``; from ``MATCH_SHIFT`` on those of the compare values.
    ``CLEAR_SHIFT``, ``SET_SHIFT``: where INTENCLR and INTENSET lie in the word that they share.
    """

    PARAMETERS = RtcClockParameters
    parameters: RtcClockParameters
    LINES = ("global",)
    COMPARES: ClassVar[tuple[str, ...]]
    MASK: ClassVar[str]
    FLAGS: ClassVar[int]
    READY: ClassVar[int] = 0
    OVERFLOW: ClassVar[int]
    MATCH_SHIFT: ClassVar[int] = 0
    CLEAR_SHIFT: ClassVar[int] = 0
    SET_SHIFT: ClassVar[int]
    STATE = ("_enables",)
    PARTS = ("_counter",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._enables = 0
        self._counter = ClockedCounter(
            context,
            "count",
            self.parameters.clock,
            MOST,
            on_event=self._plan,
            on_wrap=self._wrapped,
            on_span=self._spanned,
        )

    def reset(self) -> None:
        """Off, at 0, nothing enabled."""
        super().reset()
        self._enables = 0
        self._counter.restart(reload=MOST)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store; what has happened until now has set its flags."""
        self._counter.catch_up()
        super().write(offset, size_bytes, value)
        state = self._counter.state
        state.reload = self._top()
        state.prescaler = self.divisor() - 1
        self._plan()

    # -- effects ---------------------------------------------------------------------------
    def control_changed(self, written: int, old: int) -> None:
        """CTRL: reset, on or off, what it is."""
        if written & SOFTWARE_RESET:
            self.reset()
            return
        on = bool(self.values["CTRL"] & ENABLE)
        if on and not old & ENABLE:
            if self._mode() == CALENDAR and self.values["CTRL"] & TWELVE_HOURS:
                self.report("CTRL", "write", "a clock of twelve hours: it has 24")
            self._counter.restart_clock()
        self._counter.state.running = on

    def count(self) -> int:
        """COUNT, CLOCK."""
        count = self._counter.read()
        return clock_register(count) if self._mode() == CALENDAR else count

    def count_written(self, _written: int, _old: int) -> None:
        """COUNT, CLOCK."""
        value = self.values["COUNT"]
        if self._mode() == CALENDAR:
            value = seconds_of(value)
        self._counter.state.count = value & HALF if self._mode() == COUNT16 else value
        self._counter.restart_clock()

    def changed(self, _written: int, _old: int) -> None:
        """PER, COMPn, ALARM, MASK: in force at once."""

    def enables(self) -> int:
        """INTENCLR and INTENSET both read the enables."""
        return self._enables << self.CLEAR_SHIFT | self._enables << self.SET_SHIFT

    def enables_written(self, written: int, _old: int) -> None:
        """INTENCLR, INTENSET."""
        kept = self._enables & ~(written >> self.CLEAR_SHIFT)
        self._enables = (kept | written >> self.SET_SHIFT) & self.FLAGS
        self.moved(0, 0)

    def flags(self) -> int:
        """INTFLAG, up to date; it is looked at again."""
        self._counter.catch_up()
        self.context.touch()
        return self.values["INTFLAG"] | self.READY

    def moved(self, _written: int, _old: int) -> None:
        """The line follows."""
        self.line("global").set_level(bool((self.values["INTFLAG"] | self.READY) & self._enables))

    # -- a chip's own ----------------------------------------------------------------------
    @abstractmethod
    def divisor(self) -> int:
        """PRESCALER."""

    # -- inside ----------------------------------------------------------------------------
    def _mode(self) -> int:
        return self.field("CTRL", 2, 2)

    def _compares(self) -> list[int]:
        words = [self.values[name] for name in self.COMPARES]
        if self._mode() == COUNT16:
            return [half for word in words for half in (word & HALF, word >> 16)]
        return words

    def _clears(self) -> bool:
        return self._mode() == COUNT32 and bool(self.values["CTRL"] & MATCH_CLEARS)

    def _top(self) -> int:
        if self._mode() == COUNT16:
            return self.values["PER"] & HALF
        return self._compares()[0] if self._clears() else MOST

    def _plan(self) -> None:
        if self._mode() == CALENDAR:
            alarm = self._alarm(self._counter.state.count + 1)
            self._counter.plan([] if alarm is None else [alarm])
        else:
            self._counter.plan(self._compares())

    def _alarm(self, after: int) -> int | None:
        """The first second from ``after`` on at which the alarm matches."""
        return next_alarm(self.values[self.COMPARES[0]], self.values[self.MASK] & 7, after)

    def _wrapped(self) -> None:
        if not self._clears():
            self._raise(0, overflow=True)

    def _spanned(self, low: int, high: int) -> None:
        if self._mode() == CALENDAR:
            alarm = self._alarm(low)
            matches = int(alarm is not None and alarm <= high)
        else:
            matches = sum(1 << n for n, value in enumerate(self._compares()) if low <= value <= high)
        if matches:
            self._raise(matches, overflow=bool(matches & 1 and self._clears()))

    def _raise(self, matches: int, *, overflow: bool) -> None:
        """Set flags: CMPn or ALARM0, OVF."""
        self.set_bits("INTFLAG", matches << self.MATCH_SHIFT | (self.OVERFLOW if overflow else 0))
        self.moved(0, 0)
