"""WAV files as the benchmark's interface board reads them: a header of exactly 44 bytes, two channels.

Source: the interface board's firmware in mlcommons/tiny, 2026-05: RIFF, the size, ``WAVEfmt ``, 16 bytes
of format, ``data``; no other chunk is skipped. The board itself would set its audio clock to another rate, or
to longer samples; the benchmark's firmware listens at 16 kHz and 16 bits, so anything else is refused here.
"""

from __future__ import annotations

import struct
import sys
from array import array
from dataclasses import dataclass

from emulator.errors import UsageError

HEADER = struct.Struct("<4sI8sIHHIIHH4sI")
PCM, CHANNELS, SAMPLE_BITS, FORMAT_BYTES = 1, 2, 16, 16
RATE_HZ = 16_000
NEXT_STEP = (
    "write it as 16-bit stereo at 16 kHz with no chunks but fmt and data, as `sox IN -b 16 -r 16000 -c 2"
    " OUT.wav` does"
)


@dataclass(frozen=True, slots=True)
class WaveFile:
    """A sound: unsigned 16-bit words, left and right in turn."""

    samples: array[int]
    rate_hz: int = RATE_HZ

    @property
    def frames(self) -> int:
        """Pairs of a left and a right sample."""
        return len(self.samples) // CHANNELS

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.frames / self.rate_hz


def parse_wave(data: bytes, where: str) -> WaveFile:
    """Read a file's bytes; ``where`` names it. Raises UsageError, which says what is not as it must be."""
    problem = _problem(data)
    if problem:
        raise UsageError(problem, where=where, next_step=NEXT_STEP)
    length = min(HEADER.unpack_from(data)[-1], len(data) - HEADER.size) // (CHANNELS * 2) * (CHANNELS * 2)
    samples = array("H", data[HEADER.size : HEADER.size + length])
    if sys.byteorder == "big":
        samples.byteswap()
    return WaveFile(samples)


def _problem(data: bytes) -> str:
    if len(data) < HEADER.size:
        return f"has {len(data)} bytes, fewer than a WAV file's header"
    riff, _size, wave, format_bytes, form, channels, rate, _bytes, _block, bits, chunk, length = (
        HEADER.unpack_from(data)
    )
    checks = (
        (riff == b"RIFF" and wave == b"WAVEfmt ", "is no WAV file: it must begin with RIFF and WAVEfmt"),
        (format_bytes == FORMAT_BYTES, f"its format has {format_bytes} bytes, not {FORMAT_BYTES}"),
        (form == PCM, f"its samples are of format {form}, not PCM (1)"),
        (channels == CHANNELS, f"has {channels} channel{'s' * (channels != 1)}, not {CHANNELS}"),
        (bits == SAMPLE_BITS, f"its samples have {bits} bits, not {SAMPLE_BITS}"),
        (rate == RATE_HZ, f"is recorded at {rate} Hz, and the benchmark listens at {RATE_HZ}"),
        (chunk == b"data", f"a chunk {chunk.decode('ascii', 'replace')!r} stands where data must"),
        (length >= CHANNELS * 2 and len(data) >= HEADER.size + CHANNELS * 2, "holds no sample"),
    )
    return next((words for good, words in checks if not good), "")
