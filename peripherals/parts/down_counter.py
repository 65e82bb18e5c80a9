"""A counter that counts down, asks for an interrupt at 0, and reloads: CMSDK's timers.

It stays at 0 for one clock before it reloads, so a period is the reload value plus one. A
one-shot counter stops at 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.device import DeviceContext
from peripherals.parts.counter import DOWN, Counter


@dataclass(slots=True)
class Options:
    """What a control register says."""

    one_shot: bool = False
    pending: bool = False  # the interrupt flag is set already: nothing to wait for


class DownCounter:
    """One counter with its deadline; ``on_zero`` is called when it reaches 0."""

    def __init__(self, context: DeviceContext, name: str, clock: str, on_zero: Callable[[], None]) -> None:
        self._context = context
        self._clock_name = clock
        self._on_zero = on_zero
        self.options = Options()
        self._counter = Counter(
            context.clock.now, 0xFFFFFFFF, lambda: None, self._counted, lambda: self.options.pending
        )
        self._deadline = context.clock.deadline(f"{context.name}:{name}", self._due)
        context.clocks.before_change(self._counter.catch_up)
        context.clocks.on_change(self._clock_changed)

    def reset(self, count: int, reload: int) -> None:
        """Stop, with these values."""
        self.options = Options()
        self._counter.load({"direction": DOWN, "count": count, "reload": reload})
        self._counter.state.anchor_cycles = self._context.clock.now()
        self._clock_changed()

    def count(self) -> int:
        """Give the count at this very cycle; a running one is not idempotent."""
        self._counter.catch_up()
        if self._counter.state.running:
            self._context.touch()
        return self._counter.state.count

    def catch_up(self) -> None:
        """Let everything up to now happen."""
        self._counter.catch_up()

    def set(
        self, *, count: int | None = None, reload: int | None = None, running: bool | None = None
    ) -> None:
        """Change what is given, now."""
        self._counter.catch_up()
        state = self._counter.state
        if count is not None:
            state.count = count
        if reload is not None:
            state.reload = reload
        if running is not None:
            state.running = running
        self.plan()

    def set_prescaler(self, divider: int) -> None:
        """Count every ``divider`` clocks."""
        self._counter.catch_up()
        if self._counter.state.prescaler != divider - 1:
            self._counter.state.prescaler = divider - 1
            self._counter.restart_prescaler()
        self.plan()

    @property
    def reload(self) -> int:
        """What it starts again from."""
        return self._counter.state.reload

    def plan(self) -> None:
        """Arm the deadline for the next zero, unless its flag is set already."""
        steps = self._counter.steps_to_value(0)
        if steps is None and self._counter.state.count == 0:
            to_wrap = self._counter.steps_to_wrap()
            steps = None if to_wrap is None else to_wrap + self._counter.state.reload
        if steps is None or (self.options.pending and not self.options.one_shot):
            self._deadline.disarm()
        else:
            self._deadline.arm(self._counter.cycle_after(self._counter.clocks_to(steps)))

    def save(self) -> Any:
        """State for a snapshot."""
        return {"counter": self._counter.save(), "options": (self.options.one_shot, self.options.pending)}

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._counter.load(state["counter"])
        self.options = Options(*state["options"])

    def _counted(self, low: int, _high: int) -> None:
        if low == 0:
            if self.options.one_shot:
                self._counter.state.running = False
            self._on_zero()

    def _due(self) -> None:
        self._counter.catch_up()
        self.plan()

    def _clock_changed(self) -> None:
        hz = self._context.clocks.hz(self._clock_name)
        self._counter.change_clock(self._context.clock.core_hz, hz)
        self.plan()
