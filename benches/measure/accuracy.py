"""Accuracy mode: a labelled set through the device and through the golden interpreter.

One inference an input, as the official hosts do. Anomaly detection cuts each recording into
overlapping windows and averages their errors into one score. Reported: top-1 and the one-vs-
rest ROC AUC (macro average) for the classifiers, ROC AUC for anomaly detection. Each file meets the
device as it was when it had booted, so that nothing depends on who ran which file, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from benches.measure.workers import each_shared
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


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What came of one file. ``golden``: the golden interpreter's output, None without one.

    ``agreeing``: of its ``inferences``, those with the golden interpreter's results.
    """

    label: int
    device: tuple[float, ...]
    golden: tuple[float, ...] | None
    inferences: int
    agreeing: int
    max_abs_diff: float


@dataclass(slots=True)
class AccuracyResult:
    """What has been done so far; valid after every file, so an interrupted run keeps it.

    ``outcomes``: by the file's place in the set. Everything told of them is in the set's order.
    """

    benchmark: Benchmark
    total: int
    outcomes: dict[int, FileOutcome] = field(default_factory=dict)
    interrupted: bool = False

    def _in_order(self) -> list[FileOutcome]:
        return [self.outcomes[index] for index in sorted(self.outcomes)]

    @property
    def done(self) -> int:
        """Files done."""
        return len(self.outcomes)

    @property
    def labels(self) -> list[int]:
        """Of the files that are done."""
        return [outcome.label for outcome in self._in_order()]

    @property
    def device(self) -> list[tuple[float, ...]]:
        """The device's outputs, one a file."""
        return [outcome.device for outcome in self._in_order()]

    @property
    def golden(self) -> list[tuple[float, ...]]:
        """The golden interpreter's; empty without one."""
        return [outcome.golden for outcome in self._in_order() if outcome.golden is not None]

    @property
    def inferences(self) -> int:
        """Of all files."""
        return sum(outcome.inferences for outcome in self.outcomes.values())

    @property
    def agreeing(self) -> int:
        """Inferences whose printed results are the golden interpreter's."""
        return sum(outcome.agreeing for outcome in self.outcomes.values())

    @property
    def max_abs_diff(self) -> float:
        """The largest difference from the golden interpreter."""
        return max((outcome.max_abs_diff for outcome in self.outcomes.values()), default=0.0)

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
    golden: Callable[[], GoldenInterpreter | None] = lambda: None,
    progress: Callable[[AccuracyResult], None] = lambda _result: None,
    *,
    begin_anew: Callable[[], None] = lambda: None,
    jobs: int = 1,
) -> AccuracyResult:
    """Run every file; Ctrl-C ends early and keeps what is done (``interrupted``).

    ``begin_anew()`` takes the device back to where it had booted. ``golden()`` makes the interpreter
    that each of the ``jobs`` processes has for itself.
    """
    result = AccuracyResult(benchmark, len(files))

    def begin() -> Callable[[LabelledFile], FileOutcome]:
        interpreter = golden()

        def run_file(item: LabelledFile) -> FileOutcome:
            begin_anew()
            return _run_file(host, benchmark, item, interpreter)

        return run_file

    try:
        for index, outcome in each_shared(files, begin, jobs):
            result.outcomes[index] = outcome
            progress(result)
    except KeyboardInterrupt:
        result.interrupted = True
    return result


def _run_file(
    host: ProtocolHost, benchmark: Benchmark, item: LabelledFile, golden: GoldenInterpreter | None
) -> FileOutcome:
    device: list[tuple[float, ...]] = []
    wanted: list[tuple[float, ...]] = []
    agreeing, max_abs_diff = 0, 0.0
    for piece in item.pieces():
        host.load(piece)
        printed = host.infer(1, 0).results
        device.append(printed.values)
        if golden is not None:
            wanted.append(golden.outputs(piece))
            comparison = compare(printed.values, wanted[-1], benchmark.printed_tolerance, printed.decimals)
            agreeing += comparison.match
            max_abs_diff = max(max_abs_diff, comparison.max_abs_diff or 0.0)
    return FileOutcome(
        item.label,
        _average(device),
        _average(wanted) if golden is not None else None,
        len(device),
        agreeing,
        max_abs_diff,
    )


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
