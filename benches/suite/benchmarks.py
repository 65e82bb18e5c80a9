"""The benchmarks as data: names, input and output shapes, how inputs are converted.

Sizes and conversions are those of the reference firmware (mlcommons/tiny,
benchmark/reference_submissions); the window sizes are ours, chosen so that a run is quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from emulator.errors import UsageError


class InputKind(Enum):
    """How the device turns the bytes that it is sent into the model's input tensor."""

    INT8 = "int8 features as they are"
    UINT8_MINUS_128 = "uint8 pixels minus 128"
    FLOAT32 = "float32 little endian, quantized on the device"


class Metric(Enum):
    """What accuracy mode reports."""

    TOP_1 = "top-1"
    AUC = "AUC"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark.

    ``name`` is the short name ("kws"), ``model_name`` what the device calls it ("kws01").
    ``inferences`` and ``warmups``: the default window of ``boardless bench``. ``bench_inputs``:
    how many of the shipped inputs it plays (one of vww is 27,648 bytes over a serial line).
    ``printed_tolerance``: how far a printed result may be from the golden interpreter's
    before it counts as a mismatch, in output units. ``dataset``: the folder of its data in the
    official layout, if not its ``model_name``. ``ships_model``: the package has a model of it.
    """

    name: str
    model_name: str
    title: str
    input_bytes: int
    input_kind: InputKind
    outputs: int
    metric: Metric
    inferences: int
    warmups: int = 1
    printed_tolerance: float = 0.0
    bench_inputs: int = 2
    dataset: str = ""
    ships_model: bool = True

    @property
    def dataset_name(self) -> str:
        """The folder of its data: "kws01"."""
        return self.dataset or self.model_name


KEYWORD_SPOTTING = Benchmark(
    "kws", "kws01", "keyword spotting", 490, InputKind.INT8, 12, Metric.TOP_1, inferences=5
)
VISUAL_WAKE_WORDS = Benchmark(
    "vww",
    "vww01",
    "visual wake words",
    96 * 96 * 3,
    InputKind.UINT8_MINUS_128,
    2,
    Metric.TOP_1,
    inferences=2,
    bench_inputs=1,
)
IMAGE_CLASSIFICATION = Benchmark(
    "ic",
    "ic01",
    "image classification",
    32 * 32 * 3,
    InputKind.UINT8_MINUS_128,
    10,
    Metric.TOP_1,
    inferences=2,
)
IMAGE_CLASSIFICATION_LARGE = Benchmark(
    "ic02",
    "ic02",
    "image classification, the larger network",
    32 * 32 * 3,
    InputKind.UINT8_MINUS_128,
    10,
    Metric.TOP_1,
    inferences=2,
    bench_inputs=5,  # the runner's five windows: its own script has no count, and then wants exactly five
    dataset="ic01",
    ships_model=False,
)
ANOMALY_DETECTION = Benchmark(
    "ad",
    "ad01",
    "anomaly detection",
    640 * 4,
    InputKind.FLOAT32,
    1,
    Metric.AUC,
    inferences=20,
    # The device prints a float32 mean of 640 squares with three decimals: the order of the
    # additions and fused multiply-adds may turn the last decimal, and nothing more.
    printed_tolerance=0.0011,
)

BENCHMARKS = (
    KEYWORD_SPOTTING,
    VISUAL_WAKE_WORDS,
    IMAGE_CLASSIFICATION,
    IMAGE_CLASSIFICATION_LARGE,
    ANOMALY_DETECTION,
)
SHIPPED = tuple(benchmark for benchmark in BENCHMARKS if benchmark.ships_model)
NAMES = tuple(benchmark.name for benchmark in BENCHMARKS)


def find(name: str) -> Benchmark:
    """The benchmark called ``name``, short ("kws") or as the device says it ("kws01")."""
    for benchmark in BENCHMARKS:
        if name in {benchmark.name, benchmark.model_name}:
            return benchmark
    raise UsageError(f"there is no benchmark {name!r}", next_step=f"Choose one of {', '.join(NAMES)}.")
