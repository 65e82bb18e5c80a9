"""A deadline that lies a number of ticks of a named clock ahead, whatever the clocks do."""

from __future__ import annotations

from collections.abc import Callable

from emulator.device import DeviceContext


class PacedDeadline:
    """Calls back after some ticks; a change of the clock tree moves it accordingly.

    ``is_work``: it is the end of an operation that the firmware has begun, and may poll for.
    """

    def __init__(
        self,
        context: DeviceContext,
        name: str,
        clock: str,
        callback: Callable[[], None],
        *,
        is_work: bool = False,
    ) -> None:
        self._context = context
        self._clock_name = clock
        self._slot = context.clock.deadline(f"{context.name}:{name}", callback, is_work=is_work)
        self._left = 0  # ticks, while the clocks change
        context.clocks.before_change(self._before_change)
        context.clocks.on_change(self._after_change)

    @property
    def armed(self) -> bool:
        """Whether it will call back."""
        return self._slot.at_cycles is not None

    def arm(self, ticks: int) -> None:
        """Call back ``ticks`` from now; never, if the clock stands still."""
        hz = self._context.clocks.hz(self._clock_name)
        if hz:
            self._slot.arm_in(self._context.clock.cycles_for(ticks, hz))
        else:
            self._slot.disarm()

    def disarm(self) -> None:
        """Don't call back."""
        self._slot.disarm()

    def ticks_left(self) -> int:
        """Whole ticks until the call, rounded up; 0 when not armed."""
        if self._slot.at_cycles is None:
            return 0
        cycles = max(0, self._slot.at_cycles - self._context.clock.now())
        return -(-cycles * self._context.clocks.hz(self._clock_name) // self._context.clock.core_hz)

    def _before_change(self) -> None:
        self._left = self.ticks_left()

    def _after_change(self) -> None:
        if self.armed:
            self.arm(self._left)
