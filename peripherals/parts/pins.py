"""Pins of a port as signals: a driven pin has its driver's level, another what is outside.

A vendor's device adds the registers: which pins are outputs, how each drives, which have a
pull-up. Set, clear and toggle registers are rows of the register table
(:func:`peripherals.register_device.sets` and its like).
"""

from __future__ import annotations

from collections.abc import Sequence

from emulator.device import Signals


class Pins:
    """The pins of one port, by the names of their signals."""

    def __init__(self, signals: Signals, names: Sequence[str]) -> None:
        self._signals = signals
        self._names = tuple(names)
        self._driven: dict[int, int] = {}  # pin -> the level that the port drives

    def __len__(self) -> int:
        return len(self._names)

    def drive(self, pin: int, level: int | None) -> None:
        """Drive a pin with 0 or 1; ``None`` lets go of it, and its signal stays as it is."""
        if level is None:
            self._driven.pop(pin, None)
        elif self._driven.get(pin) != level:
            self._driven[pin] = level
            self._signals.set(self._names[pin], level)

    def release(self) -> None:
        """Let go of every pin."""
        self._driven.clear()

    def level(self, pin: int, *, pulled_up: bool = False) -> int:
        """What is on a pin: 0 or 1; ``pulled_up``: 1 when this port doesn't drive it."""
        driven = self._driven.get(pin)
        if driven is not None:
            return driven
        return int(pulled_up or self._signals.get(self._names[pin]) != 0)

    def save(self) -> dict[int, int]:
        """State for a snapshot."""
        return dict(self._driven)

    def load(self, state: dict[int, int]) -> None:
        """Put a saved state back."""
        self._driven = dict(state)
