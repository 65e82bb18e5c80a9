"""Synthetic recordings for anomaly detection: a machine's hum as log-mel frames in decibels.

A normal recording is a fan-like hum: harmonics of a slowly wavering speed, a broad
floor that falls with frequency, and a level that breathes. An anomaly is the same
machine with one fault: an extra line between the harmonics, sidebands of a loose part,
a rattle of broad bursts, or a worn bearing's raised high band. Faults go down to barely
audible ones, so the classes overlap.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FRAMES = 28
MEL_BANDS = 128
CLASS_NAMES = ("normal", "anomaly")
ANOMALY = CLASS_NAMES.index("anomaly")
FRAMES_PER_SECOND = 31.25
HIGHEST_HZ = 8000.0

Array = NDArray[np.float64]


def make_recording(random: np.random.Generator, label: int) -> bytes:
    """Return a recording of class ``label``: FRAMES x 128 float32, little endian, frame by frame."""
    times = _times()
    load = random.uniform(0.0, 1.0)
    speed_hz = 118.0 + 14.0 * load + random.normal(0.0, 0.5)
    waver = 1.0 + 0.004 * np.sin(2 * np.pi * random.uniform(0.3, 1.5) * times + random.uniform(0, 6))
    energy = _hum(random, speed_hz * waver, load) + _floor(load)
    if label == ANOMALY:
        fault = _FAULTS[int(random.integers(len(_FAULTS)))]
        energy = energy + fault(random, speed_hz * waver)
    breath = 10.0 ** (0.08 * np.sin(2 * np.pi * random.uniform(0.2, 2.0) * times + random.uniform(0, 6)))
    energy = energy * breath[:, None] * 10.0 ** random.normal(0.0, 0.06)
    grain = random.gamma(4.0, 0.25, energy.shape)
    return bytes((10.0 * np.log10(energy * grain + 1e-9)).astype("<f4").tobytes())


def _times() -> Array:
    """Return the time of each frame in seconds."""
    return np.asarray(np.arange(FRAMES) / FRAMES_PER_SECOND)


def _band_hz() -> Array:
    """Return the centre of each mel band in hertz."""
    top = 1127.0 * np.log1p(HIGHEST_HZ / 700.0)
    return np.asarray(700.0 * np.expm1((np.arange(MEL_BANDS) + 0.5) * top / MEL_BANDS / 1127.0))


def _line(frequency_hz: Array) -> Array:
    """Return the spectrum, frames x bands, of one pure tone whose frequency is given for each frame."""
    top = np.log1p(HIGHEST_HZ / 700.0)
    centre = np.log1p(frequency_hz / 700.0) / top * MEL_BANDS - 0.5
    return np.asarray(np.exp(-0.5 * ((np.arange(MEL_BANDS) - centre[:, None]) / 0.8) ** 2))


def _floor(load: float) -> Array:
    """Return the broad spectrum (bands) of air and friction at ``load`` (0 to 1)."""
    return np.asarray(10.0 ** (-2.6 + 0.4 * load - 1.4 * _band_hz() / HIGHEST_HZ))


def _hum(random: np.random.Generator, speed_hz: Array, load: float) -> Array:
    """Return the harmonics of the machine's speed; its second and fifth are strong, as blades make them."""
    energy = np.zeros((FRAMES, MEL_BANDS))
    for order in range(1, 25):
        level = -0.2 - 0.11 * order + (0.5 if order in (2, 5, 10) else 0.0) + 0.3 * load
        energy += 10.0 ** (level + random.normal(0.0, 0.05)) * _line(speed_hz * order)
    return energy


def _extra_line(random: np.random.Generator, speed_hz: Array) -> Array:
    """A tone that is no harmonic."""
    ratio = random.integers(3, 40) + random.uniform(0.35, 0.65)
    return np.asarray(10.0 ** random.uniform(-2.4, -0.6) * _line(speed_hz * ratio))


def _sidebands(random: np.random.Generator, speed_hz: Array) -> Array:
    """Tones at two and three halves of the speed beside many harmonics: something loose turns along."""
    energy = np.zeros((FRAMES, MEL_BANDS))
    level = 10.0 ** random.uniform(-2.2, -0.8)
    for order in range(2, 16):
        energy += level * 0.9**order * _line(speed_hz * (order + 0.5))
    return energy


def _rattle(random: np.random.Generator, _speed_hz: Array) -> Array:
    """Broad bursts a few times a second."""
    phase = (_times() * random.uniform(4.0, 11.0) + random.uniform()) % 1.0
    bursts = np.exp(-phase / 0.15)
    tilt = 10.0 ** (-random.uniform(0.0, 1.0) * np.abs(_band_hz() - random.uniform(1500, 6000)) / 4000.0)
    return np.asarray(10.0 ** random.uniform(-2.6, -1.0) * bursts[:, None] * tilt)


def _worn_bearing(random: np.random.Generator, _speed_hz: Array) -> Array:
    """A raised band of noise at high frequency, swinging with the cage."""
    centre, width = random.uniform(2500, 7000), random.uniform(500, 1500)
    band = np.exp(-0.5 * ((_band_hz() - centre) / width) ** 2)
    swing = 1.0 + 0.5 * np.sin(2 * np.pi * random.uniform(1.0, 5.0) * _times())
    return np.asarray(10.0 ** random.uniform(-3.0, -1.4) * swing[:, None] * band)


_FAULTS: tuple[Callable[[np.random.Generator, Array], Array], ...] = (
    _extra_line,
    _sidebands,
    _rattle,
    _worn_bearing,
)
