"""A counter on a named clock, with the deadline of its next event.

A vendor's device adds the registers: it sets :attr:`Counter.state` from them, turns wraps and
spans of values into its flags, and, whenever ``on_event`` is called or a register changed, plans
the next moment at which a flag can rise. See :mod:`peripherals.parts.counter` for the counting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from emulator.clock.ramp import Ramp
from emulator.device import DeviceContext
from peripherals.parts.counter import CENTER, DOWN, UP, Counter


class ClockedCounter(Counter):
    """Follows its clock through every change of the clock tree.

    ``name``: of the deadline, unique in the device. ``on_event()``: the planned moment has come,
    or the clock has changed; the count is up to date, and the device plans anew. A counter that
    nobody listens to needs no call-back.
    """

    def __init__(
        self,
        context: DeviceContext,
        name: str,
        clock: str,
        maximum: int,
        *,
        on_event: Callable[[], None] = lambda: None,
        on_wrap: Callable[[], None] = lambda: None,
        on_span: Callable[[int, int], None] = lambda _low, _high: None,
        can_skip: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(context.clock.now, maximum, on_wrap, on_span, can_skip)
        self._context = context
        self._clock_name = clock
        self._on_event = on_event
        self._deadline = context.clock.deadline(f"{context.name}:{name}", self._event_due)
        context.clocks.before_change(self.catch_up)
        context.clocks.on_change(self._clock_changed)

    def restart(self, *, reload: int, count: int = 0, direction: str = UP) -> None:
        """Stand still with these values, as after a reset."""
        self.load({"reload": reload, "count": count, "direction": direction})
        self.state.anchor_cycles = self._context.clock.now()
        self._clock_changed()

    def count_clock(self, clock: str) -> None:
        """Count another named clock from now on; after a snapshot's load a device says again which one."""
        if clock != self._clock_name:
            self.catch_up()
            self._clock_name = clock
            self._clock_changed()

    def read(self) -> int:
        """The count at this very cycle, for firmware; a running one is not idempotent."""
        self.catch_up()
        if self.state.running:
            self._context.touch(self._ramp())
        return self.state.count

    def _ramp(self) -> Ramp | None:
        """How the count goes on until the next wrap."""
        state, steps = self.state, self.steps_to_wrap()
        if steps is None:
            return None
        is_down = state.direction == DOWN or (state.direction == CENTER and state.falling)
        return Ramp(
            state.anchor_cycles,
            state.count,
            self.maximum,
            step=-1 if is_down else 1,
            numerator=state.timer_hz,
            denominator=state.core_hz * (state.prescaler + 1),
            phase=state.anchor_phase + state.prescaler_count * state.core_hz,
            until=self.cycle_after(self.clocks_to(steps)),
        )

    def plan(self, values: Iterable[int] = ()) -> None:
        """Call ``on_event`` at the next wrap, or sooner when one of ``values`` is reached."""
        to_wrap = self.steps_to_wrap()
        if to_wrap is None:
            self.plan_nothing()
            return
        reached = (self.steps_to_value(value) for value in values)
        self.plan_after(min((steps for steps in reached if steps is not None), default=to_wrap))

    def plan_after(self, steps: int) -> None:
        """Call ``on_event`` when so many counts have been made."""
        self._deadline.arm(self.cycle_after(self.clocks_to(steps)))

    def plan_nothing(self) -> None:
        """Call nobody: nothing can happen, or nobody wants to hear of it."""
        self._deadline.disarm()

    def _event_due(self) -> None:
        self.catch_up()
        self._on_event()

    def _clock_changed(self) -> None:
        self.change_clock(self._context.clock.core_hz, self._context.clocks.hz(self._clock_name))
        self._on_event()
