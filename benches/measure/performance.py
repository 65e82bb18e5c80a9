"""Performance mode: one image, some inputs, the host's part played, the figures taken.

What is counted: instructions and cycles between the device's two time stamps around its N
inferences, divided by N (which moments exactly: :class:`benches.protocol.host.InferenceWindow`).
The device's own difference B - A, times the core clock, stands beside it as ``device_cycles``.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benches.protocol.host import InferenceWindow, ProtocolError, ProtocolHost
from benches.protocol.machine_channel import MachineChannel, MachineLike
from benches.suite import wake_word
from benches.suite.benchmarks import NAMES, Benchmark, find
from benches.suite.golden import Comparison, GoldenInterpreter, compare
from benches.suite.input_files import InputData
from emulator.errors import UsageError

if TYPE_CHECKING:
    from emulator.profiling import CountDifference, CountState

MICROSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class GoldenReport:
    """The golden check of a run: None everywhere, and a ``reason``, when there was none."""

    runtime: str | None = None
    match: bool | None = None
    max_abs_diff: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredWindow:
    """One window: the input's name, what the device said, core clock at its end.

    ``passed``: the counts from the command to the answer, warm-ups among them, where a session counts.
    """

    input_name: str
    window: InferenceWindow
    clock_hz: int
    passed: CountDifference | None = None

    @property
    def instructions(self) -> int:
        """Instructions per inference, rounded."""
        counts = self.window.counts
        return 0 if counts is None else round(counts.instructions / self.window.inferences)

    @property
    def cycles(self) -> int:
        """Modelled cycles per inference between the stamps, rounded."""
        counts = self.window.counts
        return 0 if counts is None else round(counts.cycles / self.window.inferences)

    @property
    def device_cycles(self) -> int | None:
        """The device's own difference of time stamps in core cycles per inference."""
        latency = self.window.latency_us
        return None if latency is None else round(latency * self.clock_hz / MICROSECONDS)

    @property
    def latency_us(self) -> float:
        """Modelled cycles at the core clock."""
        return self.cycles / self.clock_hz * MICROSECONDS


@dataclass(frozen=True, slots=True)
class Measurement:
    """All that a session in performance mode gave."""

    benchmark: Benchmark
    vendor: str
    windows: tuple[MeasuredWindow, ...]
    golden: GoldenReport
    checks: tuple[dict[str, Any], ...] = field(default=())

    @property
    def median(self) -> MeasuredWindow:
        """The window whose latency is the (low) median, as the official hosts report a median."""
        middle = statistics.median_low([w.window.latency_us or w.latency_us for w in self.windows])
        return next(w for w in self.windows if (w.window.latency_us or w.latency_us) == middle)


class PerformanceSession:
    """Boots the device behind ``machine`` and plays performance mode on it.

    ``counts``: the machine's counters between two blocks, for windows that tell what passed.
    """

    def __init__(
        self,
        machine: MachineLike,
        *,
        wall_limit_s: float | None = None,
        counts: Callable[[], CountState] | None = None,
    ) -> None:
        self._machine = machine
        self._counts = counts
        self.channel = MachineChannel(machine, wall_limit_s=wall_limit_s)
        self.host = ProtocolHost(self.channel)
        self.host.wait_ready()
        self.vendor = self.host.name()
        self.benchmark = find_announced(self.host.profile().model)

    def expect(self, benchmark: Benchmark) -> None:
        """Raise :class:`UsageError` when the image is another benchmark's."""
        if self.benchmark is not benchmark:
            raise UsageError(
                f"the image says that it is {self.benchmark.model_name}, not {benchmark.model_name}",
                next_step=f"Run it as `boardless bench {self.benchmark.name}`.",
            )

    def measure(
        self,
        inputs: Sequence[InputData],
        inferences: int,
        warmups: int,
        golden: GoldenInterpreter | GoldenReport,
        progress: Callable[[str], None] = lambda _step: None,
        *,
        keeps_input: bool = False,
    ) -> Measurement:
        """For each input: one inference, compared with ``golden``, then one measured window.

        The check has its own inference because engines that reuse the input's memory print
        something else after the second; so the input is sent again for the window, unless the
        firmware ``keeps_input``. A :class:`GoldenReport` stands for "no golden run".
        """
        windows: list[MeasuredWindow] = []
        comparisons: list[tuple[str, Comparison]] = []
        for item in inputs:
            if isinstance(golden, GoldenInterpreter):
                progress(f"checking {item.name}")
                comparisons.append((item.name, self._check(item, golden)))
            progress(f"measuring {inferences} inferences of {item.name}")
            if not (keeps_input and isinstance(golden, GoldenInterpreter)):
                self.host.load(item.data)
            windows.append(self.measure_window(item.name, inferences, warmups))
        report = golden if isinstance(golden, GoldenReport) else _summarize(golden.runtime, comparisons)
        checks = tuple(
            {"input": name, "match": c.match, "max_abs_diff": c.max_abs_diff} for name, c in comparisons
        )
        return Measurement(self.benchmark, self.vendor, tuple(windows), report, checks)

    def _check(self, item: InputData, golden: GoldenInterpreter) -> Comparison:
        self.host.load(item.data)
        printed = self.host.infer(1, 0).results
        return compare(
            printed.values, golden.outputs(item.data), self.benchmark.printed_tolerance, printed.decimals
        )

    def measure_window(self, input_name: str, inferences: int, warmups: int) -> MeasuredWindow:
        """One window of the input that was loaded last. Raises ProtocolError."""
        before = self._counts and self._counts()
        window = self.host.infer(inferences, warmups)
        after = self._counts and self._counts()
        if len(window.results.values) != self.benchmark.outputs:
            raise ProtocolError(
                f"{self.benchmark.model_name} printed {len(window.results.values)} results, "
                f"not {self.benchmark.outputs}"
            )
        if window.start_us is not None and not window.elapsed_us:
            raise ProtocolError(
                "the device's two time stamps are equal: its clock stands still",
                next_step="Is the timer that the firmware reads modelled? See `boardless run`'s summary.",
            )
        passed = None if before is None or after is None else after - before
        return MeasuredWindow(input_name, window, self._machine.clock.core_hz, passed)


def find_announced(model: str) -> Benchmark:
    """The benchmark that a device names in ``m-model-[...]``."""
    try:
        return find(model)
    except UsageError as error:
        streams = model == wake_word.MODEL_NAME
        raise ProtocolError(
            f"the device runs {model!r}, which is none of {', '.join(NAMES)}",
            next_step="play a sound: `boardless bench sww --image FILE --audio FILE.wav`"
            if streams
            else error.next_step,
        ) from error


def _summarize(runtime: str, comparisons: Sequence[tuple[str, Comparison]]) -> GoldenReport:
    return GoldenReport(
        runtime=runtime,
        match=all(comparison.match for _, comparison in comparisons),
        max_abs_diff=max(
            (c.max_abs_diff for _, c in comparisons if c.max_abs_diff is not None), default=None
        ),
    )
