"""Quality of an int8 ``.tflite`` on labelled samples, by the golden interpreter (BUILTIN_REF).

``python -m firmware.models.evaluate`` prints it for the shipped models, without TensorFlow.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benches.measure import accuracy
from benches.suite import benchmarks
from benches.suite.golden import GoldenInterpreter
from benches.synthetic import AD_STEP_BYTES, BENCHMARKS, SHIPPED_COUNTS, TEST_SEED, Sample, make_dataset

HERE = Path(__file__).resolve().parent


def quality(model: Path, benchmark: str, samples: Sequence[Sample]) -> float:
    """Return the figure that the benchmark's rules ask for: top-1, or for ``ad`` the AUC.

    An ``ad`` recording's score is the mean over its windows, each one frame after the last.
    """
    kind = benchmarks.find(benchmark)
    interpreter = GoldenInterpreter(model, kind)
    outputs = []
    for sample in samples:
        starts = range(0, len(sample.data) - kind.input_bytes + 1, AD_STEP_BYTES)
        vectors = [interpreter.outputs(sample.data[start : start + kind.input_bytes]) for start in starts]
        outputs.append([sum(column) / len(vectors) for column in zip(*vectors, strict=True)])
    result = accuracy.quality(kind, [sample.label for sample in samples], outputs)
    figure = result.auc if kind.metric is benchmarks.Metric.AUC else result.top_1
    if figure is None:
        raise ValueError(f"{len(samples)} samples of {benchmark} don't hold both classes")
    return figure


def main() -> None:
    """Print the figure of each shipped model on its shipped inputs, or on the first ``--count`` samples."""
    parser = argparse.ArgumentParser(prog="python -m firmware.models.evaluate", description=main.__doc__)
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help=", ".join(BENCHMARKS))
    parser.add_argument("--count", type=int, help="test samples instead of the shipped number")
    arguments = parser.parse_args()
    for benchmark in arguments.benchmarks or BENCHMARKS:
        count = SHIPPED_COUNTS[benchmark] if arguments.count is None else arguments.count
        figure = quality(HERE / f"{benchmark}.tflite", benchmark, make_dataset(benchmark, count, TEST_SEED))
        print(f"{benchmark}: {benchmarks.find(benchmark).metric.value} {figure:.4f} on {count} samples")


if __name__ == "__main__":
    main()
