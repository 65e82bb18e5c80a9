"""Plays a sound through an audio master, and says when it is over, in modelled time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from emulator.clock.clock import Clock
from emulator.device import ClockTree
from peripherals.instruments.audio_master import AudioMaster

LOOK_PICOSECONDS = 10**11
"""Every 0.1 s of modelled time the player says that it still plays."""


class SoundPlayer:
    """One player. It makes a deadline of the machine's clock: build one a machine.

    ``still_plays()`` is called now and then while a sound is played: a machine with a device that only
    waits is not idle then, as the wires change under it.
    """

    def __init__(
        self,
        master: AudioMaster,
        clock: Clock,
        clocks: ClockTree,
        *,
        still_plays: Callable[[], None] = lambda: None,
    ) -> None:
        self._master = master
        self._clock = clock
        self._still_plays = still_plays
        self._ended: Callable[[], None] = lambda: None
        self._end: int | None = None
        self._slot = clock.deadline("sound player:look", self._look)
        clocks.on_change(self._plan)

    @property
    def is_playing(self) -> bool:
        """Whether the sound is not over yet."""
        return self._end is not None

    def play(self, samples: Sequence[int], ended: Callable[[], None]) -> None:
        """Play words of frames; ``ended()`` is called when the last frame has left."""
        frames = self._master.play(samples)
        self._ended = ended
        self._end = frames.ends_at(frames.frames - 1)
        self._still_plays()
        self._plan()

    def _plan(self) -> None:
        if self._end is not None:
            now = self._clock.now()
            until = min(self._end, self._clock.picoseconds(now) + LOOK_PICOSECONDS)
            self._slot.arm(max(self._clock.cycles_at(until), now))

    def _look(self) -> None:
        if self._end is not None and self._clock.picoseconds() < self._end:
            self._still_plays()
            self._plan()
            return
        self._end = None
        self._master.stop()
        self._ended()
