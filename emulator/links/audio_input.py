"""The wires of a device's audio receiver, and what a master outside drives on them.

A test, a tool or an instrument (:mod:`peripherals.instruments.audio_master`) puts frames on them. An
input belongs to the thread that runs its machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.device import AudioFrames


class AudioWires:
    """Implements :class:`emulator.device.AudioInput`, and the master's side of it.

    ``name``: of the device and its input, such as ``"sai1_a"``. ``listening``: its receiver takes what
    comes; ``taken``: so many frames in all, and ``passed()`` is called when there are more. A snapshot keeps
    the frames that are being played, which no master changes once they play.
    """

    def __init__(self, name: str, passed: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self.taken = 0
        self._passed = passed
        self.playing: AudioFrames | None = None
        self.listening = False
        self.on_listening: Callable[[], None] = lambda: None
        self._on_change: list[Callable[[], None]] = []

    def drive(self, frames: AudioFrames | None) -> None:
        """Let these frames be on the wires from now on, and no others; None: none."""
        self.playing = frames
        for callback in self._on_change:
            callback()

    def on_change(self, callback: Callable[[], None]) -> None:
        """See :class:`emulator.device.AudioInput`."""
        self._on_change.append(callback)

    def listens(self, on: bool) -> None:
        """See :class:`emulator.device.AudioInput`; ``on_listening()`` is called when it begins to."""
        begins, self.listening = on and not self.listening, on
        if begins:
            self.on_listening()

    def took(self, frames: int) -> None:
        """See :class:`emulator.device.AudioInput`."""
        self.taken += frames
        self._passed()

    # -- snapshots -----------------------------------------------------------------------
    def save(self) -> Any:
        """State for a snapshot."""
        return self.playing, self.listening, self.taken

    def load(self, state: Any) -> None:
        """Put a saved state back; nobody is told, all state is being put back."""
        self.playing, self.listening, self.taken = state
