"""How a block of the SAI cuts words out of a master's frames (RM0432 chapter SAI: frame and slot setting).

Both sides count bit clocks from the edge of the frame sync. Where they agree on the slots, a word is a
slot; else a word is cut out of the stream of bits, which goes on from frame to frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emulator.device import AudioForm, AudioFrames

MODE_SLAVE, MODE_RECEIVES = 2, 1
DATA_BITS = {2: 8, 3: 10, 4: 16, 5: 20, 6: 24, 7: 32}
SLOT_BITS = {1: 16, 2: 32}
LSB_FIRST, MONO = 1 << 8, 1 << 12
FSPOL, FSOFF = 1 << 17, 1 << 18


@dataclass(frozen=True, slots=True)
class FrameSetting:
    """What a block's registers say of a frame.

    ``starts``: of the words that it stores, in bit clocks behind the edge of the frame sync.
    """

    frame_bits: int
    data_bits: int
    starts: tuple[int, ...]
    sync_falls: bool
    lsb_first: bool

    @property
    def words(self) -> int:
        """Words that it stores of each frame."""
        return len(self.starts)


def frame_setting(cr1: int, frcr: int, slotr: int) -> FrameSetting:
    """Read xCR1, xFRCR and xSLOTR."""
    data_bits = DATA_BITS.get(cr1 >> 5 & 7, 8)
    slot_bits = SLOT_BITS.get(slotr >> 6 & 3, data_bits)
    frame_bits = (frcr & 0xFF) + 1
    offset, slots, enabled = slotr & 0x1F, (slotr >> 8 & 0xF) + 1, slotr >> 16
    first = 1 if frcr & FSOFF else 0
    stored = [s for s in range(slots) if enabled >> s & 1 and (s + 1) * slot_bits <= frame_bits]
    if cr1 & MONO and slots == 2:
        stored = [s for s in stored if s == 0]  # the second one is thrown away
    return FrameSetting(
        frame_bits=frame_bits,
        data_bits=data_bits,
        starts=tuple(first + s * slot_bits + offset for s in stored),
        sync_falls=not frcr & FSPOL,
        lsb_first=bool(cr1 & LSB_FIRST),
    )


class WordCutter:
    """Cuts the words that ``setting`` stores out of frames of one ``form``.

    ``count``: words of a frame. ``in_step``: both have the same length; else the master's frame sync
    ``is_early`` or comes late.
    """

    def __init__(self, setting: FrameSetting, form: AudioForm) -> None:
        self.setting = setting
        self._form = form
        self.count = setting.words
        length = form.slots * form.slot_bits
        self.in_step, self.is_early = length == setting.frame_bits, length < setting.frame_bits
        shift = -form.delay_bits + (0 if setting.sync_falls == form.sync_falls else form.sync_bits)
        self._starts = [start + shift for start in setting.starts]
        whole = form.slot_bits == setting.data_bits and not setting.lsb_first
        aligned = whole and all(start % form.slot_bits == 0 for start in self._starts)
        slots = [start // form.slot_bits for start in self._starts]
        self._slots = slots if aligned and all(0 <= slot < form.slots for slot in slots) else None
        self._takes_all = self._slots == list(range(form.slots))

    def words(self, frames: AudioFrames, first: int, count: int) -> Sequence[int]:
        """The words of ``count`` frames from ``first`` on."""
        if self._takes_all:
            return frames.words(first, count)
        if self._slots is not None:
            slots, data = self._form.slots, frames.words(first, count)
            return [data[base + slot] for base in range(0, count * slots, slots) for slot in self._slots]
        return [word for frame in range(first, first + count) for word in self._cut(frames, frame)]

    def _cut(self, frames: AudioFrames, frame: int) -> list[int]:
        """Of one frame, with what stands on the wire before it and behind it."""
        form, bits = self._form, self.setting.data_bits
        length = form.slots * form.slot_bits
        stream = 0
        for number in (frame - 1, frame, frame + 1):
            inside = 0 <= number < frames.frames
            for word in frames.words(number, 1) if inside else [0] * form.slots:
                stream = stream << form.slot_bits | word
        found = []
        for start in self._starts:
            word = stream >> (3 * length - (length + start + bits)) & (1 << bits) - 1
            found.append(int(f"{word:0{bits}b}"[::-1], 2) if self.setting.lsb_first else word)
        return found
