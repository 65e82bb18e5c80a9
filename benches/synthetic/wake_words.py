"""Synthetic sound for streaming wake word: the wake word, other words of the same sounds, and noise.

Words are those of :mod:`benches.synthetic.spoken_words`; their mel spectrum shapes noise: they are whispered.
Clip ``i`` depends on the seed and ``i`` alone, as does a recording's sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benches.synthetic.spoken_words import (
    FRAMES,
    HIGHEST_HZ,
    LOWEST_HZ,
    MEL_BANDS,
    background,
    mel,
    other_word,
    speech,
)

CLASS_NAMES = ("wake word", "silence", "other")
WAKE_WORD, SILENCE, OTHER = range(3)
SOUNDS = ("m", "a", "f", "i", "n")
"""Of the wake word."""
RATE_HZ, CLIP_SAMPLES = 16_000, 31 * 512
"""A clip makes 30 windows of 1024 samples and one more frame: what the network has in view."""
STEP_SAMPLES = RATE_HZ // 98
"""Two steps are one frame of the mel spectrum, of which there are 49 in a second."""
STREAM = 5
LOUDNESS = 0.05
LATEST_FRAMES = 9
"""A clip's wake word ends at most so many frames of the mel spectrum before its end."""
HEARD = 0.02

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Recording:
    """Samples, and when its wake words begin and end, in seconds."""

    samples: NDArray[np.int16]
    windows: tuple[tuple[float, float], ...]


def make_clip(index: int, seed: int) -> tuple[NDArray[np.int16], int]:
    """Sound of :data:`CLIP_SAMPLES` samples, and its class: that of what has just been said in it."""
    random = np.random.default_rng((STREAM, seed, index))
    label = index % len(CLASS_NAMES)
    energy = background(random)
    if label == WAKE_WORD:
        energy += _ending(speech(random, SOUNDS), FRAMES - 1 - int(random.integers(LATEST_FRAMES)))
    elif label == OTHER:
        energy += _something_else(random)
    return _sound(random, energy, CLIP_SAMPLES), label


def make_recording(seconds: int, seed: int) -> Recording:
    """One word or a pause a second: every third is the wake word, from the second one on."""
    random = np.random.default_rng((STREAM, seed, seconds, 0))
    noise = background(random).mean(axis=0)
    parts: list[Array] = []
    windows = []
    for second in range(seconds):
        energy = noise * random.gamma(3.0, 1.0 / 3.0, (FRAMES, MEL_BANDS))
        if second % 3 == 1:
            word = speech(random, SOUNDS)
            begins, ends = _extent(word)
            windows.append((second + begins / FRAMES, second + (ends + 1) / FRAMES))
            energy += word
        elif second % 3 == 2:
            energy += speech(random, other_word(random))
        parts.append(energy)
    sound = _sound(random, np.concatenate(parts), seconds * RATE_HZ)
    return Recording(sound, tuple(windows))


def _something_else(random: np.random.Generator) -> Array:
    """Another word, or a part of the wake word: its beginning alone, or its end alone."""
    choice = random.uniform()
    if choice < 0.6:
        return np.roll(speech(random, other_word(random)), int(random.integers(-8, 9)), axis=0)
    word = speech(random, SOUNDS)
    begins, ends = _extent(word)
    length = ends - begins
    if choice < 0.8:
        moved = FRAMES - begins - int(length * random.uniform(0.2, 0.6))
        return _moved(word, moved)
    return _moved(word, -begins - int(length * random.uniform(0.4, 0.8)))


def _ending(word: Array, at: int) -> Array:
    return _moved(word, at - _extent(word)[1])


def _moved(word: Array, frames: int) -> Array:
    moved = np.zeros_like(word)
    if frames >= 0:
        moved[frames:] = word[: len(word) - frames]
    else:
        moved[:frames] = word[-frames:]
    return moved


def _extent(word: Array) -> tuple[int, int]:
    """The first and the last frame in which it can be heard."""
    loudness = word.sum(axis=1)
    heard = np.flatnonzero(loudness > HEARD * loudness.max())
    return int(heard[0]), int(heard[-1])


def _sound(random: np.random.Generator, energy: Array, count: int) -> NDArray[np.int16]:
    """Noise with this mel spectrum (frames of 1/49 s by bands): overlapping steps of random phase."""
    length = 2 * STEP_SAMPLES
    steps = -(-count // STEP_SAMPLES) + 1
    hertz = np.fft.rfftfreq(length, 1 / RATE_HZ)
    band = (mel(hertz) - mel(LOWEST_HZ)) / (mel(HIGHEST_HZ) - mel(LOWEST_HZ)) * (MEL_BANDS - 1)
    low = np.clip(np.floor(band), 0, MEL_BANDS - 2).astype(np.int64)
    part = np.clip(band - low, 0.0, 1.0)
    rows = energy[np.minimum(np.arange(steps) // 2, len(energy) - 1)]
    size = np.sqrt(rows[:, low] * (1 - part) + rows[:, low + 1] * part)
    size[:, hertz < LOWEST_HZ] = 0.0
    phase = np.exp(2j * np.pi * random.uniform(size=size.shape))
    pieces = np.fft.irfft(size * phase, length) * np.hanning(length)
    sound = np.zeros(STEP_SAMPLES * (steps + 1))
    for number, piece in enumerate(pieces):
        sound[number * STEP_SAMPLES : number * STEP_SAMPLES + length] += piece
    scaled = np.clip(sound[:count] * LOUDNESS * np.sqrt(length) * 32768.0, -32768, 32767)
    return np.asarray(np.rint(scaled), np.int16)
