"""Wires by name between devices and the board."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping


class SignalBoard:
    """Implements :class:`emulator.device.Signals`."""

    def __init__(self, tied: Mapping[str, int]) -> None:
        self._levels: dict[str, int] = dict(tied)
        self._watchers: defaultdict[str, list[Callable[[int], None]]] = defaultdict(list)

    def set(self, name: str, level: int) -> None:
        """Drive a wire; its watchers hear of a change."""
        if self._levels.get(name, 0) == level:
            return
        self._levels[name] = level
        for callback in self._watchers[name]:
            callback(level)

    def get(self, name: str) -> int:
        """The wire's level, 0 when nothing drives it."""
        return self._levels.get(name, 0)

    def release(self, prefix: str) -> None:
        """Let every wire whose name begins so go low."""
        for name in [name for name in self._levels if name.startswith(prefix)]:
            self.set(name, 0)

    def watch(self, name: str, callback: Callable[[int], None]) -> None:
        """Be told of changes."""
        self._watchers[name].append(callback)

    def save(self) -> dict[str, int]:
        """State for a snapshot."""
        return dict(self._levels)

    def load(self, saved: Mapping[str, int]) -> None:
        """Put a saved state back; nobody is told."""
        self._levels = dict(saved)
