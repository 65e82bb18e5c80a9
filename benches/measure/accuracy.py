"""Accuracy mode: a labelled set through the device and through the golden interpreter.

One inference an input, as the official hosts do. Anomaly detection cuts each recording into
overlapping windows and averages their errors into one score. Reported: top-1 and the one-vs-
rest ROC AUC (macro average) for the classifiers, ROC AUC for anomaly detection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from benches.protocol.host import ProtocolHost
from benches.suite.benchmarks import Benchmark, Metric
from benches.suite.golden import GoldenInterpreter, compare
from benches.suite.input_files import LabelledFile

ANOMALY = 1


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures of one set: top-1 in 0..1 (None for ad), AUC in 0..1 (None with one class only)."""

    top_1: float | None
    auc: float | None


@dataclass(slots=True)
class AccuracyResult:
    """What has been done so far; valid after every file, so an interrupted run keeps it."""

    benchmark: Benchmark
    total: int
    labels: list[int] = field(default_factory=list)
    device: list[tuple[float, ...]] = field(default_factory=list)
    golden: list[tuple[float, ...]] = field(default_factory=list)
    inferences: int = 0
    agreeing: int = 0
    max_abs_diff: float = 0.0
    interrupted: bool = False

    @property
    def done(self) -> int:
        """Files done."""
        return len(self.labels)

    @property
    def mismatches(self) -> int:
        """Inferences whose printed results are not the golden interpreter's."""
        return self.inferences - self.agreeing if self.golden else 0

    def device_quality(self) -> Quality:
        """The device's figures so far."""
        return quality(self.benchmark, self.labels, self.device)

    def golden_quality(self) -> Quality | None:
        """The golden interpreter's on the same inputs; None without a runtime or a model."""
        return quality(self.benchmark, self.labels, self.golden) if self.golden else None


def run_accuracy(
    host: ProtocolHost,
    benchmark: Benchmark,
    files: Sequence[LabelledFile],
    golden: GoldenInterpreter | None,
    progress: Callable[[AccuracyResult], None] = lambda _result: None,
) -> AccuracyResult:
    """Run every file; Ctrl-C ends early and keeps what is done (``interrupted``)."""
    result = AccuracyResult(benchmark, len(files))
    try:
        for item in files:
            _run_file(host, item, golden, result)
            progress(result)
    except KeyboardInterrupt:
        result.interrupted = True
    return result


def _run_file(
    host: ProtocolHost, item: LabelledFile, golden: GoldenInterpreter | None, result: AccuracyResult
) -> None:
    device: list[tuple[float, ...]] = []
    wanted: list[tuple[float, ...]] = []
    agreeing = 0
    for piece in item.pieces():
        host.load(piece)
        printed = host.infer(1, 0).results
        device.append(printed.values)
        if golden is not None:
            wanted.append(golden.outputs(piece))
            tolerance = result.benchmark.printed_tolerance
            comparison = compare(printed.values, wanted[-1], tolerance, printed.decimals)
            agreeing += comparison.match
            result.max_abs_diff = max(result.max_abs_diff, comparison.max_abs_diff or 0.0)
    # All or nothing per file, so that an interruption leaves the lists equally long.
    result.labels.append(item.label)
    result.device.append(_average(device))
    if golden is not None:
        result.golden.append(_average(wanted))
    result.inferences += len(device)
    result.agreeing += agreeing


def _average(vectors: Sequence[Sequence[float]]) -> tuple[float, ...]:
    return tuple(sum(column) / len(vectors) for column in zip(*vectors, strict=True))


def quality(benchmark: Benchmark, labels: Sequence[int], outputs: Sequence[Sequence[float]]) -> Quality:
    """Top-1 and AUC of output vectors (one per label)."""
    if benchmark.metric is Metric.AUC:
        scores = [vector[0] for vector in outputs]
        return Quality(None, roc_auc([label == ANOMALY for label in labels], scores))
    correct = sum(
        vector.index(max(vector)) == label for label, vector in zip(labels, map(list, outputs), strict=True)
    )
    return Quality(correct / len(labels) if labels else None, _macro_auc(labels, outputs))


def _macro_auc(labels: Sequence[int], outputs: Sequence[Sequence[float]]) -> float | None:
    def areas() -> Iterator[float | None]:
        for name in sorted(set(labels)):
            if name < len(outputs[0]):
                yield roc_auc([label == name for label in labels], [v[name] / (sum(v) or 1) for v in outputs])

    found = [area for area in areas() if area is not None] if labels else []
    return sum(found) / len(found) if found else None


def roc_auc(positive: Sequence[bool], scores: Sequence[float]) -> float | None:
    """Area under the ROC curve: the chance that a positive scores above a negative (ties half).

    None when one of the two kinds is missing.
    """
    positives = sum(positive)
    negatives = len(positive) - positives
    if not positives or not negatives:
        return None
    order = sorted(range(len(scores)), key=scores.__getitem__)
    rank_sum = 0.0
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        shared_rank = (start + 1 + end) / 2  # ranks count from 1
        rank_sum += shared_rank * sum(positive[i] for i in order[start:end])
        start = end
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)
