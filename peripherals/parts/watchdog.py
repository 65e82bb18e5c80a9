"""A watchdog: resets the system unless it is fed in time.

A vendor's device adds its registers, keys and locks, how long a feed lasts, and when a feed is
too early (a window): it calls :meth:`Watchdog.bite` then.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.device import DeviceContext, reset_cause
from peripherals.parts.paced_deadline import PacedDeadline


class Watchdog:
    """Counts the ticks of a named clock down; at the end the system is reset.

    ``cause``: what the clock controller's reset flags call it; ``title``: what the reset's
    reason calls it. ``on_early`` is called some ticks before the end, where a feed asks for it.
    """

    def __init__(
        self,
        context: DeviceContext,
        clock: str,
        *,
        cause: str,
        title: str,
        on_early: Callable[[], None] = lambda: None,
    ) -> None:
        self._context = context
        self._cause = cause
        self._title = title
        self._early = PacedDeadline(context, "early", clock, on_early)
        self._expiry = PacedDeadline(context, "expiry", clock, self._starved)

    def feed(self, ticks: int, early_ticks: int = 0) -> None:
        """Start, or start again: the end is ``ticks`` away, the call before it ``early_ticks`` (0: none)."""
        self._expiry.arm(ticks)
        if early_ticks:
            self._early.arm(early_ticks)
        else:
            self._early.disarm()

    def stop(self) -> None:
        """Stand still: on most watchdogs only a reset can."""
        self._early.disarm()
        self._expiry.disarm()

    def ticks_left(self) -> int:
        """Ticks until the end, rounded up; 0 when it stands still."""
        return self._expiry.ticks_left()

    def bite(self, reason: str) -> None:
        """Reset the system now, and leave the cause for the reset flags."""
        self._context.signals.set(reset_cause(self._cause), 1)
        self._context.request_reset(f"{self._context.name}: {self._title} {reason}")

    def _starved(self) -> None:
        self.bite("was not fed in time")
