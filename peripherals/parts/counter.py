"""The counter inside a timer: prescaler, reload value and direction, computed lazily.

Nothing ticks. The counter keeps the cycle at which it was last brought up to date, with
the fraction of a timer clock left over, and works out on demand what happened since. Times
are exact: a timer clock that is not a multiple of the core clock loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

UP, DOWN, CENTER = "up", "down", "center"


@dataclass(slots=True)
class CounterState:
    """Everything that a snapshot must hold of a counter."""

    anchor_cycles: int = 0
    anchor_phase: int = 0  # numerator of a timer clock's fraction, over core_hz
    running: bool = False
    direction: str = UP
    falling: bool = False  # center-aligned: on the way down
    count: int = 0
    prescaler_count: int = 0
    prescaler: int = 0  # in force; divides by prescaler + 1
    reload: int = 0  # in force
    core_hz: int = 1
    timer_hz: int = 1


class Counter:
    """Counts timer clocks and reports each wrap and each reached value.

    ``on_wrap()`` is called at every overflow or underflow, with the counter already past
    it; it may change the state. ``on_span(low, high)`` reports that the count has just
    taken every value from ``low`` to ``high``. ``can_skip()`` says that further wraps
    change nothing, so that whole periods may be left out.
    """

    def __init__(
        self,
        now: Callable[[], int],
        maximum: int,
        on_wrap: Callable[[], None],
        on_span: Callable[[int, int], None],
        can_skip: Callable[[], bool],
    ) -> None:
        self._now = now
        self.maximum = maximum
        self._on_wrap = on_wrap
        self._on_span = on_span
        self._can_skip = can_skip
        self.state = CounterState(reload=maximum)

    def save(self) -> dict[str, Any]:
        """State for a snapshot."""
        return asdict(self.state)

    def load(self, state: dict[str, Any]) -> None:
        """Put a saved state back."""
        self.state = CounterState(**state)

    # -- time ------------------------------------------------------------------------------
    def catch_up(self) -> None:
        """Bring the count to the present cycle."""
        clocks = self._clocks_since_anchor()
        state = self.state
        while clocks and state.running and self._counts():
            to_wrap = self.clocks_to(self._steps_to_wrap())
            if clocks < to_wrap:
                total = state.prescaler_count + clocks
                state.prescaler_count = total % (state.prescaler + 1)
                self._move(total // (state.prescaler + 1))
                return
            clocks -= to_wrap
            self._wrap()
            if self._can_skip():
                clocks %= self._period_steps() * (state.prescaler + 1)

    def change_clock(self, core_hz: int, timer_hz: int) -> None:
        """Count on with other frequencies; call :meth:`catch_up` before they change."""
        state = self.state
        state.anchor_phase = state.anchor_phase * core_hz // state.core_hz
        state.core_hz, state.timer_hz = core_hz, timer_hz

    def restart_clock(self) -> None:
        """Let the next timer clock come a whole clock from now; call :meth:`catch_up` before."""
        self.state.anchor_phase = 0

    def restart_prescaler(self) -> None:
        """Begin a new prescaler period now."""
        self.state.prescaler_count = 0

    def clocks_to(self, steps: int) -> int:
        """Timer clocks from the present state until ``steps`` counts have been made."""
        return steps * (self.state.prescaler + 1) - self.state.prescaler_count

    def cycle_after(self, clocks: int) -> int:
        """First core cycle at which ``clocks`` timer clocks have passed since the anchor."""
        state = self.state
        needed = clocks * state.core_hz - state.anchor_phase
        return state.anchor_cycles + max(1, -(-needed // state.timer_hz))

    def steps_to_wrap(self) -> int | None:
        """Give the counts until the next overflow or underflow; ``None`` when it stands still."""
        return self._steps_to_wrap() if self._counts() and self.state.running else None

    def steps_to_value(self, value: int) -> int | None:
        """Give the counts until ``value`` is reached before the next wrap, else ``None``."""
        if not self._counts() or not self.state.running:
            return None
        state = self.state
        is_down = state.direction == DOWN or (state.direction == CENTER and state.falling)
        distance = state.count - value if is_down else value - state.count
        return distance if 0 < distance < self._steps_to_wrap() else None

    def value_at_wrap(self) -> int:
        """Give the count right after the next wrap."""
        state = self.state
        if state.direction == CENTER:
            return 0 if state.falling else state.reload
        return state.reload if state.direction == DOWN else 0

    # -- inside ----------------------------------------------------------------------------
    def _clocks_since_anchor(self) -> int:
        state, now = self.state, self._now()
        total = (now - state.anchor_cycles) * state.timer_hz + state.anchor_phase
        state.anchor_cycles = now
        state.anchor_phase = total % state.core_hz
        return total // state.core_hz

    def _counts(self) -> bool:
        """With a reload value of 0 the counter stands still, at 0 when it counts down."""
        state = self.state
        left_over = state.direction == DOWN and state.count > 0
        return (state.reload > 0 or left_over) and state.timer_hz > 0

    def _steps_to_wrap(self) -> int:
        state = self.state
        if state.direction == CENTER:
            if state.falling:
                return max(1, state.count)
            return (
                state.reload - state.count if state.count < state.reload else self.maximum - state.count + 1
            )
        if state.direction == DOWN:
            return state.count + 1
        return (state.reload if state.count <= state.reload else self.maximum) - state.count + 1

    def _period_steps(self) -> int:
        state = self.state
        return 2 * state.reload if state.direction == CENTER else state.reload + 1

    def _move(self, steps: int) -> None:
        """Count without reaching a wrap."""
        state = self.state
        if not steps:
            return
        old = state.count
        if state.direction == DOWN or (state.direction == CENTER and state.falling):
            state.count -= steps
            self._on_span(state.count, old - 1)
        else:
            state.count += steps
            self._on_span(old + 1, state.count)

    def _wrap(self) -> None:
        self._move(self._steps_to_wrap() - 1)
        state = self.state
        if not state.running:
            return  # whoever heard of the last value has stopped it there
        state.prescaler_count = 0
        state.count = self.value_at_wrap()
        if state.direction == CENTER:
            state.falling = not state.falling
        self._on_span(state.count, state.count)
        self._on_wrap()
