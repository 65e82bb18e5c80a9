"""A counter that counts down, asks for an interrupt at 0, and reloads.

It stays at 0 for one clock before it reloads, so a period is the reload value plus one. A
one-shot counter stops at 0. A vendor's device adds its registers and the interrupt flag: it
says in :class:`Options` whether the flag is set already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.device import DeviceContext
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.parts.counter import DOWN

MAXIMUM = 0xFFFFFFFF


@dataclass(slots=True)
class Options:
    """What a control register says."""

    one_shot: bool = False
    pending: bool = False  # the interrupt flag is set already: nothing to wait for


class DownCounter:
    """One counter with its deadline; ``on_zero`` is called when it reaches 0."""

    def __init__(self, context: DeviceContext, name: str, clock: str, on_zero: Callable[[], None]) -> None:
        self._on_zero = on_zero
        self.options = Options()
        self._counter = ClockedCounter(
            context,
            name,
            clock,
            MAXIMUM,
            on_event=self.plan,
            on_span=self._counted,
            can_skip=lambda: self.options.pending,
        )

    def reset(self, count: int, reload: int) -> None:
        """Stop, with these values."""
        self.options = Options()
        self._counter.restart(reload=reload, count=count, direction=DOWN)

    def count(self) -> int:
        """Give the count at this very cycle; a running one is not idempotent."""
        return self._counter.read()

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

    def plan(self) -> None:
        """Be called at the next zero, unless its flag is set already."""
        steps = self._counter.steps_to_value(0)
        if steps is None and self._counter.state.count == 0:
            to_wrap = self._counter.steps_to_wrap()
            steps = None if to_wrap is None else to_wrap + self._counter.state.reload
        if steps is None or (self.options.pending and not self.options.one_shot):
            self._counter.plan_nothing()
        else:
            self._counter.plan_after(steps)

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
