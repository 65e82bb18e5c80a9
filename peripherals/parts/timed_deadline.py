"""A deadline at a moment of modelled time, whatever the clocks do until then."""

from __future__ import annotations

from collections.abc import Callable

from emulator.device import DeviceContext


class TimedDeadline:
    """Calls back at a time in picoseconds since reset; a change of the core's clock moves its cycle.

    ``is_work``: it is the end of an operation that the firmware has begun, and may poll for.
    """

    def __init__(
        self, context: DeviceContext, name: str, callback: Callable[[], None], *, is_work: bool = False
    ) -> None:
        self._clock = context.clock
        self._slot = context.clock.deadline(f"{context.name}:{name}", self._came, is_work=is_work)
        self._callback = callback
        self.picoseconds: int | None = None
        context.clocks.on_change(self._replan)

    def arm(self, picoseconds: int | None) -> None:
        """Call back at that time, at once when it has passed; None: never."""
        if picoseconds == self.picoseconds and (picoseconds is None or self._slot.at_cycles is not None):
            return
        self.picoseconds = picoseconds
        self._replan()

    def _replan(self) -> None:
        if self.picoseconds is None:
            self._slot.disarm()
        else:
            self._slot.arm(max(self._clock.cycles_at(self.picoseconds), self._clock.now()))

    def _came(self) -> None:
        self.picoseconds = None
        self._callback()

    # -- snapshots ---------------------------------------------------------------------------
    def save(self) -> int | None:
        """State for a snapshot; the clock keeps its cycle."""
        return self.picoseconds

    def load(self, state: int | None) -> None:
        """Put a saved state back."""
        self.picoseconds = state
