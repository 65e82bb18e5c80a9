"""One block of the SAI as a slave that receives (RM0432 chapter SAI).

A frame's words come when it ends. While a DMA controller takes all of them they are handed over
together: when its next flag is due, or when its counters are looked at. A block that has lost its frame
sync receives nothing until it is enabled anew, which is what the manual asks for.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.device import AudioForm, AudioFrames, AudioInput, DeviceContext
from peripherals.parts.banked import Bank
from peripherals.parts.dma_requests import StreamRequest
from peripherals.parts.timed_deadline import TimedDeadline
from peripherals.stm32.sai_frame import MODE_RECEIVES, MODE_SLAVE, WordCutter, frame_setting

FIFO_WORDS = 8
THRESHOLD_WORDS = (1, 2, 4, 6, 8, 8, 8, 8)
PACKED = {1: "B", 2: "H", 4: "I"}
CR1_MODE, CR1_PRTCFG, CR1_SYNCEN, SYNCHRONOUS = 0x3, 0xC, 0xC00, 0x400
RECEIVES = CR1_MODE | CR1_PRTCFG
CR1_SAIEN, CR1_DMAEN = 1 << 16, 1 << 17
CR2_FTH = 0x7
SR_OVRUDR, SR_FREQ, SR_AFSDET, SR_LFSDET = 1 << 0, 1 << 3, 1 << 5, 1 << 6
SR_STICKY = SR_OVRUDR | SR_AFSDET | SR_LFSDET
FLVL_SHIFT = 16
FLVL = (0, 1, 2, 2, 3, 3, 4, 4, 5)
"""By the number of words: empty, less than a quarter, less than a half ... full."""


@dataclass(frozen=True, slots=True)
class _Silence:
    """Another block's frames, of which this block's data wire carries nothing."""

    of: AudioFrames

    @property
    def form(self) -> AudioForm:
        return self.of.form

    @property
    def frames(self) -> int:
        return self.of.frames

    def ended(self, picoseconds: int) -> int:
        return self.of.ended(picoseconds)

    def ends_at(self, frame: int) -> int:
        return self.of.ends_at(frame)

    def words(self, _first: int, count: int) -> Sequence[int]:
        return [0] * (count * self.form.slots)


class SaiBlock:
    """One block.

    ``bank``: its registers; ``wires``: its own, ``other``: the other block's, whose clocks it
    takes where it is synchronous; ``changed()``: its flags may be otherwise than they were.
    """

    def __init__(
        self,
        context: DeviceContext,
        bank: Bank,
        *,
        name: str,
        request: str,
        wires: AudioInput,
        other: AudioInput,
        changed: Callable[[], None],
    ) -> None:
        self._clock = context.clock
        self._bank = bank
        self._wires, self._other = wires, other
        self._changed = changed
        self._request = StreamRequest(
            context, f"dma:{request}", room_changed=self._bring_up_to_date, asked=self._asked
        )
        self._deadline = TimedDeadline(context, f"{name}_frame", self._due)
        self._frames: AudioFrames | None = None
        self._cutter: WordCutter | None = None
        self._frame = 0  # the next one to come
        self._fifo: list[int] = []
        self._lost_slot: int | None = None  # an overrun began there
        self._sticky = 0
        self._last = 0
        self._receives = self._stopping = self._looked_at = self._busy = False
        wires.on_change(self._wires_changed)
        other.on_change(self._wires_changed)

    def reset(self) -> None:
        """Off and empty."""
        self._frames = self._cutter = None
        self._fifo.clear()
        self._lost_slot, self._sticky, self._last = None, 0, 0
        self._receives = self._stopping = self._looked_at = False
        self._deadline.arm(None)
        self._request.want(0)
        self._wires.listens(False)

    # -- registers ---------------------------------------------------------------------------
    def control_changed(self, old: int) -> None:
        """CR1 was written."""
        control = self._bank.value("CR1")
        self._catch_up(old)
        if control & ~old & CR1_SAIEN:
            self._stopping = False
            self._begin()
        elif old & ~control & CR1_SAIEN:
            self._end()
        self._settle()
        self._wires.listens(bool(control & CR1_SAIEN) and control & RECEIVES == MODE_SLAVE | MODE_RECEIVES)

    def fifo_changed(self, *, flush: bool) -> None:
        """CR2 was written."""
        self._catch_up(self._bank.value("CR1"))
        if flush:
            self._fifo.clear()
            self._lost_slot = None
        self._settle()

    def clear_flags(self, flags: int) -> None:
        """CLRFR: flags written 1."""
        self._sticky &= ~flags
        self._settle()

    def status(self) -> int:
        """SR."""
        waiting = min(len(self._fifo), FIFO_WORDS)
        receiver = self._bank.value("CR1") & MODE_RECEIVES
        asks = waiting >= self._threshold() if receiver else True  # an empty transmitter wants data
        return self._sticky | SR_FREQ * asks | FLVL[waiting] << FLVL_SHIFT

    def take_word(self) -> int:
        """DR: the oldest word; what was read last, when there is none."""
        if self._fifo:
            self._last = self._fifo.pop(0)
            self._settle()
        return self._last

    def take_words(self, size_bytes: int, count: int) -> bytes | None:
        """What ``count`` reads of DR give; None when there are not so many words."""
        if count > len(self._fifo):
            return None
        words, self._fifo = self._fifo[:count], self._fifo[count:]
        self._last = words[-1]
        if self._cutter is None or self._cutter.setting.data_bits > 8 * size_bytes:
            mask = (1 << 8 * size_bytes) - 1
            words = [word & mask for word in words]
        data = struct.pack(f"<{count}{PACKED[size_bytes]}", *words)
        self._settle()
        return data

    # -- wires -------------------------------------------------------------------------------
    def _wires_changed(self) -> None:
        if self._bank.value("CR1") & CR1_SAIEN:
            self._catch_up(self._bank.value("CR1"))
            if not self._sticky & (SR_AFSDET | SR_LFSDET):
                self._begin()
            self._settle()

    def _driven(self) -> AudioFrames | None:
        own, other = self._wires.playing, self._other.playing
        if self._bank.value("CR1") & CR1_SYNCEN != SYNCHRONOUS:
            return own
        if own is None and other is not None:
            return _Silence(other)
        return own

    def _begin(self) -> None:
        """Wait for the next edge of the frame sync."""
        self._receives = False
        control, frames = self._bank.value("CR1"), self._driven()
        if control & RECEIVES != MODE_SLAVE | MODE_RECEIVES or frames is None:
            return
        setting = frame_setting(control, self._bank.value("FRCR"), self._bank.value("SLOTR"))
        now = self._clock.picoseconds()
        self._frames, self._cutter = frames, WordCutter(setting, frames.form)
        self._frame = frames.ended(now)
        self._frame += frames.ends_at(self._frame - 1) < now  # that one has begun
        self._receives = True

    def _end(self) -> None:
        """SAIEN was cleared: it reads as 1 until the frame is over."""
        frames, now = self._frames, self._clock.picoseconds()
        runs = self._receives and frames is not None and self._frame < frames.frames
        if runs and frames is not None and frames.ends_at(self._frame - 1) < now:
            self._stopping = True
            self._bank.set_bits("CR1", CR1_SAIEN)
        else:
            self._receives = False

    # -- time --------------------------------------------------------------------------------
    def _due(self) -> None:
        self._looked_at = False
        self._bring_up_to_date()

    def _asked(self) -> None:
        """A DMA controller's counters are looked at: let them change with every frame for a while."""
        self._looked_at = True
        self._bring_up_to_date()

    def _bring_up_to_date(self) -> None:
        if not self._busy:
            self._catch_up(self._bank.value("CR1"))
            self._settle()

    def _catch_up(self, control: int) -> None:
        """Receive what has ended; ``control``: CR1 as it was meanwhile."""
        frames, cutter = self._frames, self._cutter
        if not self._receives or frames is None or cutter is None or self._busy:
            return
        ended, first = frames.ended(self._clock.picoseconds()), self._frame
        self._busy = True
        while self._frame < ended and self._receives:
            if not cutter.in_step:
                self._lose_step(cutter)
            elif whole := min(self._whole_frames(control), ended - self._frame):
                self._fifo.extend(cutter.words(frames, self._frame, whole))
                self._frame += whole
                self._ask_for(control)
            else:
                for slot, word in enumerate(cutter.words(frames, self._frame, 1)):
                    self._store(slot, word, control)
                self._frame += 1
            if self._stopping:
                self._stopping = self._receives = False
                self._bank.clear_bits("CR1", CR1_SAIEN)
        self._busy = False
        if self._frame > first:
            self._wires.took(self._frame - first)

    def _whole_frames(self, control: int) -> int:
        """How many frames a DMA controller takes at once, up to its next flag."""
        cutter = self._cutter
        if not control & CR1_DMAEN or self._fifo or self._lost_slot is not None or cutter is None:
            return 0
        return self._request.room // cutter.count if cutter.count and not self._stopping else 0

    def _store(self, slot: int, word: int, control: int) -> None:
        full = len(self._fifo) >= FIFO_WORDS
        if self._lost_slot is not None and (full or slot != self._lost_slot):
            return
        self._lost_slot = slot if full else None
        if full:
            self._sticky |= SR_OVRUDR
        else:
            self._fifo.append(word)
            self._ask_for(control)

    def _lose_step(self, cutter: WordCutter) -> None:
        """The frame sync came at another bit clock than FRCR says."""
        self._sticky |= SR_AFSDET if cutter.is_early else SR_LFSDET
        self._receives = False

    # -- what follows ------------------------------------------------------------------------
    def _threshold(self) -> int:
        return THRESHOLD_WORDS[self._bank.value("CR2") & CR2_FTH]

    def _ask_for(self, control: int) -> None:
        wants = len(self._fifo) if control & CR1_DMAEN else 0
        self._request.want(wants if wants >= self._threshold() else 0)

    def _settle(self) -> None:
        """Requests, the interrupt line and the next deadline follow."""
        self._ask_for(self._bank.value("CR1"))
        self._changed()
        if not self._busy:
            self._deadline.arm(self._next())

    def _next(self) -> int | None:
        """When anything changes: a time in picoseconds."""
        frames, cutter = self._frames, self._cutter
        if not self._receives or frames is None or cutter is None or self._frame >= frames.frames:
            return None
        overrun = len(self._fifo) >= FIFO_WORDS and self._sticky & SR_OVRUDR
        if (overrun or not cutter.count) and not self._stopping:
            return None
        ahead = 1 if self._looked_at else max(1, self._whole_frames(self._bank.value("CR1")))
        return frames.ends_at(min(self._frame + ahead, frames.frames) - 1)

    # -- snapshots ---------------------------------------------------------------------------
    def save(self) -> Any:
        """State for a snapshot."""
        return {
            "frames": self._frames,
            "setting": None if self._cutter is None else self._cutter.setting,
            "frame": self._frame,
            "fifo": list(self._fifo),
            "flags": (self._sticky, self._lost_slot, self._last),
            "receives": (self._receives, self._stopping, self._looked_at),
            "deadline": self._deadline.save(),
        }

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._frames, self._frame, setting = state["frames"], state["frame"], state["setting"]
        frames = self._frames
        self._cutter = None if frames is None or setting is None else WordCutter(setting, frames.form)
        self._fifo = list(state["fifo"])
        self._sticky, self._lost_slot, self._last = state["flags"]
        self._receives, self._stopping, self._looked_at = state["receives"]
        self._deadline.load(state["deadline"])
