"""Named clocks as a clock controller has set them; ``core`` drives the one clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emulator.clock.clock import Clock


class NamedClocks:
    """Implements :class:`emulator.device.ClockTree`. Unknown names run at the core's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hz: dict[str, int] = {"core": clock.core_hz}
        self._before: list[Callable[[], None]] = []
        self._after: list[Callable[[], None]] = []

    def hz(self, name: str) -> int:
        """Frequency in hertz."""
        return self._hz.get(name, self._hz["core"])

    def known(self) -> dict[str, int]:
        """Every named clock, for reports."""
        return dict(self._hz)

    def set(self, frequencies: Mapping[str, int]) -> None:
        """New frequencies from the clock controller."""
        if all(self._hz.get(name) == hz for name, hz in frequencies.items()):
            return
        for callback in self._before:
            callback()
        self._hz.update(frequencies)
        self._clock.set_core_hz(self._hz["core"])
        for callback in self._after:
            callback()

    def on_change(self, callback: Callable[[], None]) -> None:
        """See :class:`emulator.device.ClockTree`."""
        self._after.append(callback)

    def before_change(self, callback: Callable[[], None]) -> None:
        """See :class:`emulator.device.ClockTree`."""
        self._before.append(callback)

    def save(self) -> dict[str, int]:
        """State for a snapshot."""
        return dict(self._hz)

    def load(self, saved: Mapping[str, int]) -> None:
        """Put a saved state back; nobody is told, all state is being put back."""
        self._hz = dict(saved)
