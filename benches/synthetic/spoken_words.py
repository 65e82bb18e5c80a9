"""Synthetic keywords: a formant model of twelve classes, as int8 cepstral features.

A word is a row of sounds (vowels, nasals, fricatives, stops) with formant frequencies,
loudness and frication. Between sounds the parameters glide. The model writes a mel
spectrum per frame directly, without a waveform: Gaussian bumps at the formants, one for
the frication, then grain and background noise. Speakers differ in vocal tract length,
tempo and timbre, words in their place within the second. The classes and their order
are the benchmark's; the sounds only resemble the words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAMES = 49
COEFFICIENTS = 10
MEL_BANDS = 40
LOWEST_HZ, HIGHEST_HZ = 60.0, 7600.0

FEATURE_SCALE = 0.5
FEATURE_ZERO_POINT = 64
"""An int8 feature q stands for the cepstral coefficient (q - FEATURE_ZERO_POINT) * FEATURE_SCALE."""

CLASS_NAMES = (
    "Down",
    "Go",
    "Left",
    "No",
    "Off",
    "On",
    "Right",
    "Stop",
    "Up",
    "Yes",
    "Silence",
    "Unknown",
)
SILENCE = CLASS_NAMES.index("Silence")
UNKNOWN = CLASS_NAMES.index("Unknown")

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Sound:
    """One speech sound: length, voicing and frication levels (0 to 1), and where their energy lies."""

    frames: float
    voicing: float
    formants_hz: tuple[float, float, float]
    frication: float = 0.0
    frication_hz: float = 4000.0


# Vowel formants are the averages that Peterson and Barney measured for men (1952).
_SOUNDS = {
    "i": _Sound(7, 1.0, (270, 2290, 3010)),
    "e": _Sound(7, 1.0, (530, 1840, 2480)),
    "ae": _Sound(7, 1.0, (660, 1720, 2410)),
    "a": _Sound(7, 1.0, (730, 1090, 2440)),
    "o": _Sound(7, 1.0, (570, 840, 2410)),
    "u": _Sound(7, 1.0, (300, 870, 2240)),
    "uh": _Sound(7, 1.0, (640, 1190, 2390)),
    "er": _Sound(6, 0.9, (490, 1350, 1690)),
    "n": _Sound(5, 0.4, (250, 1500, 2600)),
    "m": _Sound(5, 0.4, (250, 1000, 2200)),
    "l": _Sound(4, 0.5, (360, 1100, 2800)),
    "j": _Sound(4, 0.6, (280, 2200, 2900)),
    "s": _Sound(6, 0.0, (300, 1500, 2500), 0.5, 6000),
    "sh": _Sound(6, 0.0, (300, 1500, 2500), 0.6, 3200),
    "f": _Sound(5, 0.0, (300, 1200, 2400), 0.2, 5000),
    "gap": _Sound(3, 0.0, (300, 1300, 2400)),
    "d": _Sound(2, 0.2, (300, 1700, 2600), 0.35, 4200),
    "g": _Sound(2, 0.2, (300, 1900, 2200), 0.35, 2000),
    "t": _Sound(2, 0.0, (300, 1700, 2600), 0.45, 4800),
    "p": _Sound(2, 0.0, (300, 1000, 2300), 0.2, 1200),
    "k": _Sound(2, 0.0, (300, 1900, 2300), 0.35, 2200),
}

WORDS = (
    ("d", "ae", "u", "n"),
    ("g", "o", "u"),
    ("l", "e", "f", "t"),
    ("n", "o", "u"),
    ("o", "f"),
    ("a", "n"),
    ("er", "a", "i", "gap", "t"),
    ("s", "gap", "t", "a", "gap", "p"),
    ("uh", "gap", "p"),
    ("j", "e", "s"),
)
_ONSETS = ("d", "g", "l", "n", "m", "j", "s", "sh", "f", "t", "p", "k", "er")
_NUCLEI = ("i", "e", "ae", "a", "o", "u", "uh", "er")
_CODAS = ("n", "m", "s", "sh", "f", "t", "p", "k", "l", "d")


def make_word(random: np.random.Generator, label: int) -> bytes:
    """Return one utterance of class ``label`` as 490 int8 features, frame by frame."""
    energy = background(random)
    if label != SILENCE:
        sounds = other_word(random) if label == UNKNOWN else WORDS[label]
        energy += speech(random, sounds)
    elif random.uniform() < 0.5:
        energy += _click(random)
    cepstra = np.log(energy + 1e-5) @ _cosine_basis()
    features = np.rint(cepstra / FEATURE_SCALE) + FEATURE_ZERO_POINT
    return bytes(np.clip(features, -128, 127).astype(np.int8).tobytes())


def other_word(random: np.random.Generator) -> tuple[str, ...]:
    """Return a row of sounds that is none of the keywords."""
    while True:
        sounds: list[str] = []
        for _syllable in range(1 + int(random.integers(2))):
            if random.uniform() < 0.7:
                sounds.append(_ONSETS[int(random.integers(len(_ONSETS)))])
            sounds.append(_NUCLEI[int(random.integers(len(_NUCLEI)))])
        if random.uniform() < 0.6:
            sounds.append(_CODAS[int(random.integers(len(_CODAS)))])
        row = tuple(sounds)
        if row not in WORDS and len(row) > 1:
            return row


def speech(random: np.random.Generator, names: tuple[str, ...]) -> Array:
    """Return the mel energies, FRAMES x MEL_BANDS, of the sounds spoken by a random speaker."""
    sounds = [_SOUNDS[name] for name in names]
    lengths = np.array([sound.frames for sound in sounds]) * random.uniform(0.75, 1.35)
    lengths *= random.uniform(0.8, 1.2, len(sounds))
    lengths *= min(1.0, (FRAMES - 8) / lengths.sum())
    start = random.uniform(2.0, FRAMES - 4 - lengths.sum())
    ends = start + np.cumsum(lengths)
    knots = np.stack([ends - 0.75 * lengths, ends - 0.25 * lengths], axis=1).ravel()
    times = np.arange(FRAMES, dtype=np.float64)

    def glide(values: list[float]) -> Array:
        return np.interp(times, knots, np.repeat(np.array(values, dtype=np.float64), 2))

    edge = np.clip((times - start) / 1.5, 0, 1) * np.clip((ends[-1] - times) / 1.5, 0, 1)
    tract = random.uniform(0.88, 1.2)
    tilt = random.uniform(0.25, 0.6)
    voicing = glide([sound.voicing for sound in sounds]) ** 2 * edge
    energy = np.zeros((FRAMES, MEL_BANDS))
    for order in range(3):
        centre = glide([sound.formants_hz[order] for sound in sounds]) * tract * random.uniform(0.95, 1.05)
        energy += (voicing * tilt**order)[:, None] * _bump(centre, random.uniform(1.2, 2.0))
    hiss = glide([sound.frication for sound in sounds]) ** 2 * edge
    energy += hiss[:, None] * _bump(glide([sound.frication_hz for sound in sounds]) * tract**0.5, 5.0)
    energy *= random.gamma(6.0, 1.0 / 6.0, energy.shape)
    return np.asarray(energy * 10.0 ** random.uniform(-1.1, 0.2))


def background(random: np.random.Generator) -> Array:
    """Return stationary coloured noise, FRAMES x MEL_BANDS, 5 to 33 dB below speech at level 1."""
    slope = random.uniform(-2.5, 0.5)
    colour = np.exp(slope * np.linspace(0.0, 1.0, MEL_BANDS))
    colour *= np.exp(0.4 * np.sin(np.linspace(0, random.uniform(2, 9), MEL_BANDS) + random.uniform(0, 6)))
    level = 10.0 ** random.uniform(-3.3, -0.5)
    return np.asarray(level * colour * random.gamma(3.0, 1.0 / 3.0, (FRAMES, MEL_BANDS)))


def _click(random: np.random.Generator) -> Array:
    """Return a short broad burst, FRAMES x MEL_BANDS: what a silent recording may hold besides noise."""
    times = np.arange(FRAMES, dtype=np.float64)
    burst = np.exp(-np.abs(times - random.uniform(3, FRAMES - 3)) / random.uniform(0.3, 1.5))
    centre = np.full(FRAMES, random.uniform(400.0, 5000.0))
    return np.asarray(10.0 ** random.uniform(-2.5, -0.8) * burst[:, None] * _bump(centre, 9.0))


def mel(hertz: Array | float) -> Array:
    """Return pitch on the mel scale."""
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz) / 700.0))


def _bump(centre_hz: Array, width_bands: float) -> Array:
    """Return a Gaussian over the mel bands at each frame's ``centre_hz``, as wide as ``width_bands``."""
    low, high = mel(LOWEST_HZ), mel(HIGHEST_HZ)
    centre = (mel(centre_hz) - low) / (high - low) * (MEL_BANDS - 1)
    distance = (np.arange(MEL_BANDS) - centre[:, None]) / width_bands
    return np.asarray(np.exp(-0.5 * distance**2))


def _cosine_basis() -> Array:
    """Return the orthonormal DCT-II basis, MEL_BANDS x COEFFICIENTS."""
    band = np.arange(MEL_BANDS)[:, None] + 0.5
    order = np.arange(COEFFICIENTS)[None, :]
    basis = np.sqrt(2.0 / MEL_BANDS) * np.cos(np.pi / MEL_BANDS * band * order)
    basis[:, 0] *= np.sqrt(0.5)
    return np.asarray(basis)
