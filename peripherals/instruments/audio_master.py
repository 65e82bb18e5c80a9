"""A master of a serial audio link: it drives bit clock, frame sync and data from a time base of its own.

On the benchmark's desk it is SAI1 of the interface board, which plays a WAV file at 16 kHz in the I2S
standard (16 bits, two slots) from its RC oscillator. Frames are on the wires while something is played,
and at no other time. Nothing ticks: a receiver asks which frames have ended.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from emulator.clock.clock import PICOSECONDS_PER_SECOND, Clock
from emulator.device import AudioFrames
from emulator.errors import UsageError

HALF_WORD_BITS, WORD_BITS = 16, 32
BILLION = 10**9
MOST_SLOTS, MOST_FRAME_BITS = 16, 256
LARGEST_ERROR_PPM = 100_000


@dataclass(frozen=True, slots=True)
class FrameForm:
    """Implements :class:`emulator.device.AudioForm`; by default I2S standard, 16 bits, two slots."""

    slots: int = 2
    slot_bits: int = 16
    sync_bits: int = 16
    delay_bits: int = 1
    sync_falls: bool = True

    def __post_init__(self) -> None:
        """Refuse what no serial audio link has."""
        good = 1 <= self.slots <= MOST_SLOTS and 1 <= self.slot_bits <= WORD_BITS
        if not good or self.slots * self.slot_bits > MOST_FRAME_BITS:
            raise UsageError(
                f"a frame of {self.slots} slots of {self.slot_bits} bits",
                next_step=f"1 to {MOST_SLOTS} slots of up to {WORD_BITS} bits, {MOST_FRAME_BITS} in all",
            )
        if not 1 <= self.sync_bits < self.slots * self.slot_bits or self.delay_bits not in (0, 1):
            raise UsageError(
                f"a frame sync of {self.sync_bits} bits, data {self.delay_bits} bits behind its edge",
                next_step="the sync is shorter than its frame, and data begin 0 or 1 bits behind it",
            )


I2S_16_BIT = FrameForm()


@dataclass(frozen=True, slots=True)
class PlayedFrames:
    """Implements :class:`emulator.device.AudioFrames`: ``samples`` from ``begins`` (picoseconds) on.

    ``error_ppb``: by how much the master's clock is too fast, in parts of 10^9.
    """

    form: FrameForm
    samples: array[int]
    begins: int
    rate_hz: int
    error_ppb: int

    @property
    def frames(self) -> int:
        """See :class:`emulator.device.AudioFrames`."""
        return len(self.samples) // self.form.slots

    def ended(self, picoseconds: int) -> int:
        """See :class:`emulator.device.AudioFrames`."""
        passed = picoseconds - self.begins
        if passed < 0:
            return 0
        return min(self.frames, passed * self._frames_per_gigasecond() // (PICOSECONDS_PER_SECOND * BILLION))

    def ends_at(self, frame: int) -> int:
        """See :class:`emulator.device.AudioFrames`."""
        return self.begins - -(frame + 1) * PICOSECONDS_PER_SECOND * BILLION // self._frames_per_gigasecond()

    def words(self, first: int, count: int) -> Sequence[int]:
        """See :class:`emulator.device.AudioFrames`."""
        return self.samples[first * self.form.slots : (first + count) * self.form.slots]

    def _frames_per_gigasecond(self) -> int:
        return self.rate_hz * (BILLION + self.error_ppb)


class Wires(Protocol):
    """The receiver's wires."""

    playing: AudioFrames | None

    def drive(self, frames: AudioFrames | None) -> None:
        """Let these frames be on the wires from now on; None: none."""


class AllWires:
    """The wires of several receivers, as one master drives them; none is right, too."""

    playing: AudioFrames | None = None

    def __init__(self, receivers: Iterable[Wires]) -> None:
        self._receivers = list(receivers)

    def drive(self, frames: AudioFrames | None) -> None:
        """Let the same be on all of them."""
        self.playing = frames
        for wires in self._receivers:
            wires.drive(frames)


class AudioMaster:
    """One master, wired to a receiver.

    ``rate_hz``: frames a second, by its own clock, which is too fast by ``error_ppm`` parts of a
    million (too slow: below 0). Raises UsageError for what no link can carry.
    """

    def __init__(
        self,
        wires: Wires,
        clock: Clock,
        *,
        rate_hz: int = 16_000,
        error_ppm: float = 0.0,
        form: FrameForm = I2S_16_BIT,
    ) -> None:
        if rate_hz < 1 or not -LARGEST_ERROR_PPM <= error_ppm <= LARGEST_ERROR_PPM:
            raise UsageError(
                f"{rate_hz} frames a second from a clock that is {error_ppm:g} ppm off",
                next_step=f"at least one frame a second, at most {LARGEST_ERROR_PPM} ppm either way",
            )
        self.rate_hz, self.form = rate_hz, form
        self.error_ppb = round(error_ppm * 1000)
        self._wires = wires
        self._clock = clock

    def play(self, samples: Sequence[int]) -> PlayedFrames:
        """Begin to drive ``samples``: unsigned words, a frame's slots behind each other.

        The first frame begins now. What was being played ends. Words of another sign are taken
        modulo the length of a slot.
        """
        width = self.form.slot_bits
        kind = "H" if width <= HALF_WORD_BITS else "I"
        mask = (1 << width) - 1
        words = (
            samples
            if isinstance(samples, array)
            and samples.typecode == kind
            and width in (HALF_WORD_BITS, WORD_BITS)
            else array(kind, [sample & mask for sample in samples])
        )
        frames = PlayedFrames(self.form, words, self._clock.picoseconds(), self.rate_hz, self.error_ppb)
        self._wires.drive(frames)
        return frames

    def stop(self) -> None:
        """Drive nothing any more."""
        self._wires.drive(None)

    @property
    def played_frames(self) -> int:
        """How many frames of what is played have ended by now."""
        playing = self._wires.playing
        return 0 if playing is None else playing.ended(self._clock.picoseconds())

    @property
    def is_playing(self) -> bool:
        """Whether frames are still to come."""
        playing = self._wires.playing
        return playing is not None and self.played_frames < playing.frames
