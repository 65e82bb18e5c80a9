"""Build, train, quantize and test the shipped models: ``python -m firmware.models.train [BENCHMARK...]``.

Run from the project's folder. Needs TensorFlow (see README.md here for the version that
made the committed files), which nothing else in the project does. For each benchmark it
makes the synthetic training set, trains the reference topology, writes the int8
``.tflite`` beside this file and prints its quality on the synthetic test set.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from benches.synthetic import TEST_SEED, TRAINING_SEED, make_dataset
from firmware.models import datasets, evaluate, topologies, wake_word

HERE = Path(__file__).resolve().parent
CALIBRATION_INPUTS = 200


@dataclass(frozen=True)
class Recipe:
    """How one benchmark's model is trained: its topology, set sizes, epochs, first learning rate."""

    topology: Callable[[], tf.keras.Model]
    training_samples: int
    test_samples: int
    epochs: int
    batch: int
    learning_rate: float
    mirrored: bool = False


RECIPES = {
    "kws": Recipe(topologies.keyword_spotting, 6000, 1200, 12, 64, 4e-3),
    "vww": Recipe(topologies.visual_wake_words, 8000, 1000, 20, 32, 3e-3, mirrored=True),
    "ic": Recipe(topologies.image_classification, 16000, 1000, 14, 64, 4e-3, mirrored=True),
    "ad": Recipe(topologies.anomaly_detection, 400, 240, 60, 128, 2e-3),
    "sww": Recipe(topologies.streaming_wake_word, 9000, 1500, 16, 64, 3e-3),
}


class Batches(tf.keras.utils.Sequence):
    """Shuffled training batches; with ``mirrored`` half of the pictures are turned left to right."""

    def __init__(self, inputs: np.ndarray, targets: np.ndarray, batch: int, mirrored: bool) -> None:
        super().__init__()
        self._inputs, self._targets = inputs, targets
        self._batch, self._mirrored = batch, mirrored
        self._random = np.random.default_rng(TRAINING_SEED)
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self._inputs) // self._batch

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._order[index * self._batch : (index + 1) * self._batch]
        inputs = self._inputs[chosen]
        if self._mirrored:
            turned = self._random.uniform(size=len(inputs)) < 0.5
            inputs[turned] = inputs[turned, :, ::-1]
        return inputs, self._targets[chosen]

    def on_epoch_end(self) -> None:
        """Shuffle for the next epoch."""
        self._order = self._random.permutation(len(self._inputs))


def train(benchmark: str, recipe: Recipe) -> tuple[tf.keras.Model, np.ndarray]:
    """Return the trained float model and the training inputs; the same ones on every call."""
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(TRAINING_SEED)
    inputs, targets = training_set(benchmark, recipe.training_samples)
    model = recipe.topology()
    batches = Batches(inputs, targets, recipe.batch, recipe.mirrored)
    schedule = tf.keras.optimizers.schedules.CosineDecay(recipe.learning_rate, recipe.epochs * len(batches))
    loss = "mse" if benchmark == "ad" else "sparse_categorical_crossentropy"
    metrics = None if benchmark == "ad" else ["accuracy"]
    model.compile(tf.keras.optimizers.Adam(schedule), loss, metrics=metrics)
    model.fit(batches, epochs=recipe.epochs, shuffle=False, verbose=2)
    return model, inputs


def training_set(benchmark: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and what is to come out; ``ad`` learns from normal recordings, itself."""
    if benchmark == "sww":
        codes, labels = wake_word.clips(count, TRAINING_SEED)
        return wake_word.float_inputs(codes), labels
    samples = make_dataset(benchmark, count, TRAINING_SEED)
    if benchmark == "ad":
        samples = [sample for sample in samples if sample.label == 0]
    inputs = datasets.float_inputs(benchmark, samples)
    return inputs, inputs if benchmark == "ad" else datasets.labels(samples)


def calibration(benchmark: str, inputs: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Yield representative inputs; the first one also spans the benchmark's fixed input range."""
    chosen = inputs[:: max(1, len(inputs) // CALIBRATION_INPUTS)].copy()
    ranges = {**datasets.FLOAT_RANGES, "sww": wake_word.FLOAT_RANGE}
    if benchmark in ranges:
        chosen[0].flat[:2] = ranges[benchmark]
    for one in chosen:
        yield [one[np.newaxis]]


def quantize(benchmark: str, model: tf.keras.Model, inputs: np.ndarray) -> bytes:
    """Return the int8 flatbuffer: per-channel convolutions, per-tensor Dense, int8 input and output."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: calibration(benchmark, inputs)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    # TensorFlow 2.17 and later would make Dense per channel, which Micro's kernels don't take.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return converter.convert()


def make_model(benchmark: str, directory: Path) -> str:
    """Train, quantize and write one model; return its row of the README's table."""
    recipe = RECIPES[benchmark]
    start = time.monotonic()
    model, inputs = train(benchmark, recipe)
    path = directory / f"{benchmark}.tflite"
    path.write_bytes(quantize(benchmark, model, inputs))
    seconds = time.monotonic() - start
    figure = test_quality(path, benchmark, recipe.test_samples)
    name = "AUC" if benchmark == "ad" else "top-1"
    size = path.stat().st_size
    return f"| {benchmark} | {size:,} | {name} {figure:.4f} | {recipe.test_samples} | {seconds:.0f} s |"


def test_quality(path: Path, benchmark: str, count: int) -> float:
    """Return the quality of an int8 model on the first samples of the test set."""
    if benchmark == "sww":
        return wake_word.quality(path, count, TEST_SEED)
    return evaluate.quality(path, benchmark, make_dataset(benchmark, count, TEST_SEED))


def main() -> None:
    """Make the models named on the command line, or all five."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help=", ".join(RECIPES))
    parser.add_argument("--output", type=Path, default=HERE, help="where to write the .tflite files")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.benchmarks) - set(RECIPES))
    if unknown:
        parser.error(f"unknown benchmark {', '.join(unknown)}; known: {', '.join(RECIPES)}")
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    rows = [make_model(benchmark, arguments.output) for benchmark in arguments.benchmarks or RECIPES]
    print(
        "\n".join(
            ["| model | bytes | int8 quality | test samples | training |", "|---|---|---|---|---|", *rows]
        )
    )


if __name__ == "__main__":
    main()
