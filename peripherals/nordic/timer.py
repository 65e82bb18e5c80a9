"""TIMER of nRF52 and nRF53 (product specifications, chapter "TIMER").

Modelled: timer and counter mode, four widths, prescaler, compare events with their shortcuts, capture, one
compare only (nRF53: ONESHOTEN). The shortcut COMPARE[n]_CLEAR makes a period of CC[n] counts: the counter
is back at 0 when it would reach CC[n]. COMPARE[n]_STOP stops it there. The count can't be read: firmware
captures it.
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.device import DeviceContext
from peripherals.nordic.counting import CountingDevice
from peripherals.nordic.event_device import numbered
from peripherals.nordic.power_clock import PERIPHERAL_CLOCK
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.register_device import ALL_BITS, Register

TIMER, MODE_MASK, LONGEST_PRESCALER = 0, 3, 9
BITS = (16, 8, 24, 32)
"""By BITMODE."""
CLEARS_AT, STOPS_AT = 0, 8
"""Bits of SHORTS."""


class Timer(CountingDevice):
    """One timer."""

    STATE = ("_spent", "_turns_at")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._spent = 0  # compares that have happened, of those that happen once
        self._turns_at = 0  # the compare value that clears the count next; 0: none, it counts to its end
        self._counter = ClockedCounter(
            context,
            "count",
            PERIPHERAL_CLOCK,
            ALL_BITS,
            on_event=self._plan,
            on_wrap=self._wrapped,
            on_span=self._counted,
            can_skip=lambda: not any(self.matters(f"COMPARE{i}") for i in self.compares()),
        )

    # -- what it has -------------------------------------------------------------------------
    def tasks(self) -> Mapping[str, int]:
        """Start, stop, count, clear, shut down, capture."""
        plain = {"START": 0x000, "STOP": 0x004, "COUNT": 0x008, "CLEAR": 0x00C, "SHUTDOWN": 0x010}
        return {**plain, **numbered("CAPTURE", self.parameters.compares, 0x040)}

    def events(self) -> Mapping[str, int]:
        """Compare."""
        return numbered("COMPARE", self.parameters.compares, 0x140)

    def register_table(self) -> tuple[Register, ...]:
        """Add shortcuts, which the counter itself follows at the very count; the mode, compare registers."""
        count = self.parameters.compares
        own = [
            Register(0x200, "SHORTS", writable=((1 << count) - 1) * (1 << STOPS_AT | 1), on_write="rewired"),
            Register(0x504, "MODE", writable=MODE_MASK, on_write="mode_changed"),
            Register(0x508, "BITMODE", writable=3, on_write="mode_changed"),
            Register(0x510, "PRESCALER", 4, writable=0xF, on_write="mode_changed"),
            *(Register(0x540 + 4 * i, f"CC{i}", on_write="compare_written") for i in range(count)),
        ]
        if self.parameters.dppi:
            own += [Register(0x580 + 4 * i, f"ONESHOTEN{i}", writable=1) for i in range(count)]
        return (*super().register_table(), *own)

    def reset(self) -> None:
        """Stopped at 0."""
        super().reset()
        self._spent = 0
        self._counter.restart(reload=self._mask())
        self._take_mode()

    # -- tasks -------------------------------------------------------------------------------
    def task_start(self) -> None:
        """Count."""
        state = self._counter.state
        if not state.running:
            self._counter.restart_clock()
            self._counter.restart_prescaler()
        state.running = self.values["MODE"] & MODE_MASK == TIMER
        self._take_period()

    def task_stop(self) -> None:
        """Stand still; START goes on from there."""
        self._counter.state.running = False
        self._plan()

    def task_shutdown(self) -> None:
        """As STOP."""
        self.task_stop()

    def task_clear(self) -> None:
        """Back to 0."""
        self._counter.state.count = 0
        self._counter.restart_prescaler()
        self._counter.restart_clock()
        self._take_period()

    def task_count(self) -> None:
        """One more, in a counter mode."""
        if self.values["MODE"] & MODE_MASK == TIMER:
            return
        state = self._counter.state
        state.count += 1
        if state.count > self._mask():
            state.count = 0
        self._counted(state.count, state.count)
        for i in self.compares():
            if self.values["SHORTS"] >> i & 1 and self._compare(i) == state.count:
                state.count = 0

    # -- effects -----------------------------------------------------------------------------
    def mode_changed(self, _written: int, _old: int) -> None:
        """MODE, BITMODE, PRESCALER."""
        self._take_mode()

    def compare_written(self, written: int, old: int) -> None:
        """CC[n]: a compare that happens once happens again."""
        self._spent = 0
        super().compare_written(written, old)

    def attention_changed(self) -> None:
        """Shortcuts, interrupt enables, an event's register."""
        self._take_period()

    # -- inside ------------------------------------------------------------------------------
    def _mask(self) -> int:
        return (1 << BITS[self.values["BITMODE"]]) - 1

    def _compare(self, number: int) -> int:
        return self.values[f"CC{number}"] & self._mask()

    def _take_mode(self) -> None:
        state = self._counter.state
        self._counter.maximum = self._mask()
        state.count &= self._mask()
        state.prescaler = (1 << min(self.values["PRESCALER"], LONGEST_PRESCALER)) - 1
        state.prescaler_count &= state.prescaler
        if self.values["MODE"] & MODE_MASK != TIMER:
            state.running = False
        self._take_period()

    def _take_period(self) -> None:
        """The counter turns at the lowest compare value that clears it, or at its width's end."""
        shorts = self.values["SHORTS"]
        clearing = [self._compare(i) for i in self.compares() if shorts >> CLEARS_AT + i & 1]
        self._turns_at = min((value for value in clearing if value > self._counter.state.count), default=0)
        self._counter.state.reload = self._turns_at - 1 if self._turns_at else self._mask()
        self._plan()

    def _plan(self) -> None:
        values = [self._compare(i) for i in self.compares() if self._has_effect(i)]
        if values:
            self._counter.plan(values)
        else:
            self._counter.plan_nothing()

    def _has_effect(self, number: int) -> bool:
        return bool(self.values["SHORTS"] >> STOPS_AT + number & 1) or self.matters(f"COMPARE{number}")

    def _counted(self, low: int, high: int) -> None:
        """The count has taken these values: compare events, and stops."""
        for i in self.compares():
            if low <= self._compare(i) <= high and not self._spent >> i & 1:
                self._reached(i, self._compare(i))

    def _wrapped(self) -> None:
        """Back at 0, where a compare register may have said so."""
        turned_at = self._turns_at
        for i in self.compares():
            if turned_at and self._compare(i) == turned_at:
                self._reached(i, 0)
        self._take_period()

    def _reached(self, number: int, count: int) -> None:
        if self.values["SHORTS"] >> STOPS_AT + number & 1:
            self._counter.state.running = False
            self._counter.state.count = count
        if self.parameters.dppi and self.values[f"ONESHOTEN{number}"]:
            self._spent |= 1 << number
        self.fire(f"COMPARE{number}")
