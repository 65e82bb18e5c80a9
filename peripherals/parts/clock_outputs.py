"""What a clock controller gives: named frequencies, told to the clock tree when they change.

A vendor's device adds how its registers make them; it calls :meth:`ClockOutputs.publish` with
all of its clocks whenever a register changed that shapes them.
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.device import ClockTree


class ClockOutputs:
    """Remembers what was told last, so that a write that changes no clock disturbs nobody."""

    def __init__(self, clocks: ClockTree) -> None:
        self._clocks = clocks
        self._told: dict[str, int] = {}

    def publish(self, frequencies_hz: Mapping[str, int]) -> None:
        """Tell the clock tree, if any frequency differs from what was told last."""
        if frequencies_hz != self._told:
            self._told = dict(frequencies_hz)
            self._clocks.set(frequencies_hz)

    def last_hz(self, name: str, default_hz: int) -> int:
        """What was told of a clock last."""
        return self._told.get(name, default_hz)

    def forget(self) -> None:
        """After a reset: the next frequencies are told whatever they are."""
        self._told = {}

    def save(self) -> dict[str, int]:
        """State for a snapshot."""
        return dict(self._told)

    def load(self, state: Mapping[str, int]) -> None:
        """Put a saved state back."""
        self._told = dict(state)
