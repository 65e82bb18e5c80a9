"""What streaming wake word should hear: features in NumPy, scores by the golden interpreter.

The front end is the reference firmware's (mlcommons/tiny, 2026-05): each frame of 512 samples makes, with
the one before it, a window of 1024; pre-emphasis, Hamming window, power spectrum, 40 mel bands, decibels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benches.suite.golden_runtimes import find_runtime
from benches.suite.golden_trial import try_model
from benches.suite.wake_word import DETECTION_THRESHOLD, FRAME_SAMPLES, RATE_HZ
from emulator.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW_SAMPLES, BANDS, FRAMES_SEEN = 1024, 40, 30
PRE_EMPHASIS = 0.96875
FULL_SCALE = 32768.0
LOWEST_HZ, HIGHEST_HZ = 0.0, 8000.0
MEL_BREAK_HZ, MEL_STEP = 700.0, 1127.0
FLOOR = 1e-30
DECIBEL_OFFSET, DECIBEL_RANGE = 52.0, 64.0
INPUT_SHAPE, OUTPUTS = (1, FRAMES_SEEN, 1, BANDS), 3


def mel_weights() -> NDArray[np.float64]:
    """The triangles, one column a band, over the bins of the spectrum; bin 0 counts for none."""
    import numpy as np  # noqa: PLC0415 -- heavy, and only the golden check needs it

    def mel(hertz: NDArray[np.float64] | float) -> NDArray[np.float64]:
        scaled: NDArray[np.float64] = MEL_STEP * np.log1p(np.asarray(hertz) / MEL_BREAK_HZ)
        return scaled

    bins = mel(np.arange(1, WINDOW_SAMPLES // 2 + 1) * RATE_HZ / WINDOW_SAMPLES)[:, None]
    edges = np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), BANDS + 2)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    return np.vstack([np.zeros(BANDS), np.maximum(triangles, 0.0)])


def features(samples: Sequence[int], scale: float, zero_point: int) -> NDArray[np.int8]:
    """The model's input for each whole frame of ``samples`` (16 bits, unsigned words): [frames, 40]."""
    import numpy as np  # noqa: PLC0415 -- as above

    frames = len(samples) // FRAME_SAMPLES
    sound = np.asarray(samples[: frames * FRAME_SAMPLES], np.uint16).view(np.int16) / FULL_SCALE
    padded = np.concatenate([np.zeros(FRAME_SAMPLES + 1), sound])
    emphasized = padded[1:] - PRE_EMPHASIS * padded[:-1]
    starts = np.arange(frames)[:, None] * FRAME_SAMPLES + np.arange(WINDOW_SAMPLES)
    spectrum = np.fft.rfft(emphasized[starts] * np.hamming(WINDOW_SAMPLES))
    power = np.abs(spectrum) ** 2 / WINDOW_SAMPLES
    decibels = 10 * np.log10(np.maximum(power @ mel_weights(), FLOOR))
    values = np.clip((decibels + DECIBEL_OFFSET) / DECIBEL_RANGE, 0.0, 1.0)
    features: NDArray[np.int8] = np.trunc(values / scale + zero_point).astype(np.int8)
    return features


@dataclass(frozen=True, slots=True)
class GoldenScores:
    """The int8 score of the wake word after each frame, and who computed it."""

    scores: tuple[int, ...]
    runtime: str

    @property
    def detections(self) -> tuple[int, ...]:
        """The frames that hold a wake word."""
        return tuple(n for n, code in enumerate(self.scores) if code > DETECTION_THRESHOLD)


def golden_scores(
    model_path: Path,
    samples: Sequence[int],
    progress: Callable[[int], None] = lambda _frame: None,
    *,
    known: bool = False,
) -> GoldenScores:
    """Hear ``samples`` (one channel) with a model. Raises UsageError, GoldenUnavailable.

    ``known``: it is a model of ours; any other is tried in a process of its own first.
    """
    import numpy as np  # noqa: PLC0415 -- as above

    runtime = find_runtime()
    if known:
        interpreter = runtime.open(model_path)
    else:
        interpreter = runtime.open(model_path, lambda model: try_model(model, str(model_path)))
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    shapes = tuple(taken["shape"]), int(np.prod(given["shape"]))
    if taken["dtype"] is not np.int8 or given["dtype"] is not np.int8 or shapes != (INPUT_SHAPE, OUTPUTS):
        raise UsageError(
            f"the model takes {'x'.join(map(str, shapes[0]))} and gives {shapes[1]} values, not int8"
            f" {'x'.join(map(str, INPUT_SHAPE))} and {OUTPUTS}",
            where=str(model_path),
            next_step="give the int8 model of streaming wake word that the image was built from",
        )
    ring = np.zeros(INPUT_SHAPE, np.int8)
    scores = []
    for number, row in enumerate(features(samples, *taken["quantization"])):
        ring = np.concatenate([ring[:, 1:], row.reshape(1, 1, 1, BANDS)], axis=1)
        interpreter.set_tensor(taken["index"], ring)
        interpreter.invoke()
        scores.append(int(interpreter.get_tensor(given["index"]).reshape(-1)[0]))
        progress(number + 1)
    return GoldenScores(tuple(scores), runtime.name)
