"""Streaming wake word's clips as what its network takes, and an int8 model's quality on them (numpy only)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benches.suite.golden_runtimes import find_runtime
from benches.suite.wake_word_golden import BANDS, FRAMES_SEEN, features
from benches.synthetic import TRAINING_SEED
from benches.synthetic.wake_words import WAKE_WORD, make_clip

INPUT_SCALE, INPUT_ZERO_POINT = 0.003701042616739869, -128
"""The official model's, so that one front end serves both."""
FLOAT_RANGE = (0.0, 255 * INPUT_SCALE)
BLANK_SHARE = 0.15
"""So many clips lack their first frames in training, as when a device has just begun to listen."""


def clips(count: int, seed: int) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """Codes, count x 30 x 1 x 40, and labels."""
    made = [make_clip(index, seed) for index in range(count)]
    codes = np.stack([_codes(samples) for samples, _label in made])
    labels = np.array([label for _samples, label in made], np.int32)
    if seed == TRAINING_SEED:
        random = np.random.default_rng(seed)
        for number in np.flatnonzero((labels != WAKE_WORD) & (random.uniform(size=count) < BLANK_SHARE)):
            codes[number, : int(random.integers(1, FRAMES_SEEN))] = 0
    return codes, labels


def _codes(samples: NDArray[np.int16]) -> NDArray[np.int8]:
    rows = features(samples.view(np.uint16).tolist(), INPUT_SCALE, INPUT_ZERO_POINT)
    return rows[-FRAMES_SEEN:].reshape(FRAMES_SEEN, 1, BANDS)


def float_inputs(codes: NDArray[np.int8]) -> NDArray[np.float32]:
    """What the codes stand for."""
    return ((codes.astype(np.float32) - INPUT_ZERO_POINT) * INPUT_SCALE).astype(np.float32)


def quality(model: Path, count: int, seed: int) -> float:
    """Top-1 of an int8 model on clips, by the golden interpreter."""
    interpreter = find_runtime().open(model)
    codes, labels = clips(count, seed)
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    right = 0
    for one, label in zip(codes, labels, strict=True):
        interpreter.set_tensor(taken["index"], one[np.newaxis])
        interpreter.invoke()
        right += int(np.argmax(interpreter.get_tensor(given["index"])) == label)
    return right / count
