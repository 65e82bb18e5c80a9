"""The synthetic inputs as the arrays that training and calibration take (numpy only)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benches.synthetic import Sample, machine_sounds, spoken_words

AD_WINDOW = 640
AD_STEP = 128

FLOAT_RANGES: dict[str, tuple[float, float]] = {
    "kws": (
        (-128 - spoken_words.FEATURE_ZERO_POINT) * spoken_words.FEATURE_SCALE,
        (127 - spoken_words.FEATURE_ZERO_POINT) * spoken_words.FEATURE_SCALE,
    ),
    "vww": (0.0, 1.0),
    "ic": (0.0, 255.0),
}
"""What int8 -128 and 127 stand for at each model's input; ``ad``'s range comes from its data.

``vww`` and ``ic`` are the official models' ranges, so an unsigned byte less 128 is the input.
"""


def device_inputs(benchmark: str, sample: Sample) -> np.ndarray:
    """Return the int8 input (no batch axis) that a device makes of a ``kws``, ``vww`` or ``ic`` sample."""
    if benchmark == "kws":
        features = np.frombuffer(sample.data, np.int8)
        return features.reshape(spoken_words.FRAMES, spoken_words.COEFFICIENTS, 1)
    side = {"vww": 96, "ic": 32}[benchmark]
    pixels = np.frombuffer(sample.data, np.uint8).reshape(side, side, 3)
    return (pixels.astype(np.int16) - 128).astype(np.int8)


def float_inputs(benchmark: str, samples: Sequence[Sample]) -> np.ndarray:
    """Return the model inputs of ``samples`` as float32, batch first; for ``ad`` their windows."""
    if benchmark == "ad":
        return np.concatenate([windows(sample) for sample in samples])
    low, high = FLOAT_RANGES[benchmark]
    codes = np.stack([device_inputs(benchmark, sample) for sample in samples])
    return (low + (codes.astype(np.float32) + 128) * ((high - low) / 255)).astype(np.float32)


def windows(recording: Sample) -> np.ndarray:
    """Return the windows of an ``ad`` recording, count x 640 float32, each one frame after the last."""
    values = np.frombuffer(recording.data, "<f4")
    count = (values.size - AD_WINDOW) // AD_STEP + 1
    assert values.size % machine_sounds.MEL_BANDS == 0
    return np.stack([values[i * AD_STEP : i * AD_STEP + AD_WINDOW] for i in range(count)])


def labels(samples: Sequence[Sample]) -> np.ndarray:
    """Return the labels of ``samples``, int32."""
    return np.array([sample.label for sample in samples], np.int32)
