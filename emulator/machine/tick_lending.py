"""Lends SysTick's deadlines to the hook for the length of a slice. Twin: tick.h.

SysTick is the truth: it takes them back before anything in Python looks at it or changes anything of it.
"""

from __future__ import annotations

from emulator.clock.clock import Clock
from emulator.engine.engine import Engine
from emulator.system.systick import SysTick


class TickLending:
    """Lends them where the hook takes exceptions by itself, and no device is lent."""

    def __init__(self, engine: Engine, clock: Clock, systick: SysTick) -> None:
        self._lent = engine.tick
        self._hook = engine.hook
        self._exceptions = engine.exceptions
        self._clock = clock
        self._systick = systick
        systick.on_touched = self.take_back

    def lend(self, slice_end: int) -> None:
        """A slice begins, between two blocks."""
        hook = self._hook
        if not hook.takes_input or not hook.serves_exceptions or self._exceptions.left_to_python:
            return
        offered = self._systick.lend()
        if offered is None:
            return
        lent = self._lent
        lent.at, lent.period_cycles = offered
        lent.other_deadline, lent.slice_end = self._clock.next_cycles(), slice_end
        lent.served, lent.is_lent = 0, 1

    def take_back(self) -> None:
        """Tell SysTick how often its counter was 0; nothing when it is not lent."""
        lent = self._lent
        if lent.is_lent:
            lent.is_lent = 0
            self._systick.take_back(lent.at, lent.served_at if lent.served else None)
