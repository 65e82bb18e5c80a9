"""pytest-benchmark's timer: modelled time of the test's device in place of the host's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.testing.dut import Dut

SETTINGS = {"min_rounds": 1, "max_time": 0.0, "min_time": 0.0, "warmup": False}
"""A round is like another but for what the caches hold: one is enough, behind the one that calibrates."""


class ModelledTimer:
    """Of the device that was watched last.

    pytest-benchmark looks for the timer's precision by reading it again and again, and modelled time stands
    still meanwhile. So a reading at which no time has passed puts a cycle on top of all that follow:
    stretches in which time passes keep their length.
    """

    def __init__(self) -> None:
        self._dut: Dut | None = None
        self._last_cycles = -1
        self._added_cycles = 0

    def watch(self, dut: Dut) -> None:
        """A test begins."""
        self._dut, self._last_cycles, self._added_cycles = dut, -1, 0

    def modelled_seconds(self) -> float:
        """Seconds since the test began; 0.0 without a device."""
        if self._dut is None:
            return 0.0
        cycles = self._dut.cycles
        self._added_cycles += cycles == self._last_cycles
        self._last_cycles = cycles
        return self._dut.seconds + self._added_cycles / self._dut.machine.clock.core_hz
