"""Runs a machine for a stretch of modelled time, whatever the firmware does to its clocks meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from emulator.clock.clock import PICOSECONDS_PER_SECOND
from emulator.errors import UsageError
from emulator.machine.execution import RunLimits, StopReason
from emulator.machine.machine import Machine

QUIET_MARGIN_S = 1.0
"""A run that ends by its time never ends because it is quiet."""


class TimedRuns:
    """Of one machine, for as long as it is there."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._is_running = False
        machine.clocks.on_change(self.stop)  # what is left of the time has another number of cycles

    def run(self, seconds: float, finished: Callable[[], bool] = lambda: False) -> StopReason:
        """Run until ``finished()`` (UNTIL), the firmware ends itself (EXIT), or time is over (MAX_CYCLES).

        Raises GuestFault; UsageError without an image.
        """
        machine = self._machine
        if machine.image is None:
            raise UsageError("no image is loaded", next_step="call dut.load() first, or name it by a marker")
        end = machine.clock.picoseconds() + round(seconds * PICOSECONDS_PER_SECOND)
        reason = StopReason.MAX_CYCLES
        self._is_running = True
        try:
            while (left := end - machine.clock.picoseconds()) > 0:
                cycles = machine.clock.cycles_for(left, PICOSECONDS_PER_SECOND)
                limits = RunLimits(cycles, quiet_seconds=seconds + QUIET_MARGIN_S)
                reason = machine.execution.run(limits, finished)
                if reason in (StopReason.UNTIL, StopReason.EXIT, StopReason.IDLE):
                    break
        finally:
            self._is_running = False
        return reason

    def stop(self) -> None:
        """Let a run ask ``finished()``."""
        if self._is_running:
            self._machine.interrupt()
