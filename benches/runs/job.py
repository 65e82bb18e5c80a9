"""One row of ``boardless bench``: from an image and a board to a measured run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from benches.measure.accuracy import AccuracyResult, run_accuracy
from benches.measure.performance import GoldenReport, PerformanceSession
from benches.protocol.machine_channel import MachineLike
from benches.runs.rows import AccuracyRun, BenchRun
from benches.silicon.catalog import CatalogRow, development_catalog
from benches.suite import shipped
from benches.suite.benchmarks import Benchmark
from benches.suite.golden import GoldenInterpreter, GoldenUnavailable
from benches.suite.input_files import dataset_folder, load_inputs, read_labels
from emulator.board.model import Accelerator, Board
from emulator.board.reader import load_board
from emulator.errors import UsageError
from emulator.files import read_bytes
from emulator.image import require_base

if TYPE_CHECKING:
    from emulator.profiling import CountState

DEFAULT_BOARD = "nucleo-l4r5zi"


class BoardLike(Protocol):
    """The part of a board that a report names and that its error band depends on."""

    @property
    def name(self) -> str:
        """The board's name."""

    @property
    def core(self) -> str:
        """Its core, such as "cortex-m4"."""

    @property
    def accelerators(self) -> tuple[Accelerator, ...]:
        """What stands in front of its memories."""


class HookLike(Protocol):
    """The block hook."""

    @property
    def kind(self) -> str:
        """Which one: native or python."""


class LoadedMachine(MachineLike, Protocol):
    """A machine with its board, image loaded."""

    @property
    def board(self) -> BoardLike:
        """The board that it emulates."""

    @property
    def hook(self) -> HookLike:
        """The block hook in use."""


@dataclass(frozen=True, slots=True)
class BenchJob:
    """What to run. ``benchmark`` None: whatever the image says that it is.

    ``inputs`` empty: the shipped ones. ``count``: inferences per window in performance mode,
    at most so many files in accuracy mode; None: the benchmark's default, or all files.
    ``known_model``: the image is ours, so its model is the shipped one, or ``model``. ``jobs``: processes of
    accuracy mode.
    """

    image: Path
    board: str
    benchmark: Benchmark | None = None
    base: int | None = None
    inputs: tuple[Path, ...] = ()
    count: int | None = None
    model: Path | None = None
    known_model: bool = False
    timing: str = "memory"
    jobs: int = 1

    @property
    def title(self) -> str:
        """What a reader is told that it is: the benchmark, or the image's name."""
        return self.benchmark.name if self.benchmark else self.image.name


def image_job(image: Path, board: str | None, benchmark: Benchmark | None) -> BenchJob:
    """The job for a user's image; its board may come from the catalogue of published images."""
    row = published_row(sha256_of(image))
    return BenchJob(image, board or (row.board if row else DEFAULT_BOARD), benchmark)


def require_known_base(image: Path, base: int | None, board: Board) -> None:
    """Refuse a raw binary without a load address, unless it is a published image: those are known."""
    if published_row(sha256_of(image)) is None:
        require_base(image, base, board)


def shipped_job(benchmark: Benchmark, board: str, model: Path | None = None) -> BenchJob:
    """The job for the image that the package ships, or builds, for a board; with ``model`` it builds."""
    loaded = load_board(board)
    if model is None:
        image = shipped.image_for_board(benchmark, loaded)
    else:
        image = shipped.image_of_model(benchmark, loaded, model)
    return BenchJob(image, board, benchmark, known_model=True)


def sha256_of(path: Path) -> str:
    """The file's SHA-256 as hex digits."""
    return hashlib.sha256(read_bytes(path)).hexdigest()


def published_row(sha256: str, rows: Sequence[CatalogRow] | None = None) -> CatalogRow | None:
    """The catalogue's row of exactly this image, if any."""
    known = development_catalog() if rows is None else rows
    return next((row for row in known if row.sha256 == sha256), None)


def golden_for(job: BenchJob, benchmark: Benchmark) -> GoldenInterpreter | GoldenReport:
    """The interpreter to compare with, or the reason why there is none."""
    if job.model is None and not job.known_model:
        return GoldenReport(reason="the image's model is not known: give it with --model FILE")
    try:
        model = job.model or shipped.model_for(benchmark)
        return GoldenInterpreter(model, benchmark, known=job.model is None)
    except GoldenUnavailable as unavailable:
        return GoldenReport(reason=str(unavailable))


def run_performance(
    job: BenchJob,
    machine: LoadedMachine,
    progress: Callable[[str], None] = lambda _step: None,
    counts: Callable[[], CountState] | None = None,
) -> BenchRun:
    """Boot, check every input against the golden interpreter, measure a window for each.

    ``counts``: see :class:`PerformanceSession`.
    """
    progress("booting")
    session = PerformanceSession(machine, counts=counts)
    benchmark = session.benchmark
    if job.benchmark is not None:
        session.expect(job.benchmark)
    folders = job.inputs or (shipped.inputs_for(benchmark),)
    measurement = session.measure(
        load_inputs(folders, benchmark, limit=benchmark.bench_inputs),
        job.count or benchmark.inferences,
        benchmark.warmups,
        golden_for(job, benchmark),
        progress,
        keeps_input=job.known_model,
    )
    sha256 = sha256_of(job.image)
    return BenchRun(
        measurement=measurement,
        board=machine.board.name,
        core=machine.board.core,
        image=str(job.image),
        image_sha256=sha256,
        timing=job.timing,
        published=published_row(sha256),
    )


def run_accuracy_job(
    job: BenchJob,
    machine: LoadedMachine,
    progress: Callable[[AccuracyResult], None] = lambda _result: None,
) -> AccuracyRun:
    """Boot and run a labelled set on ``job.jobs`` processes.

    Interrupted by Ctrl-C it returns what is done.
    """
    session = PerformanceSession(machine)
    benchmark = session.benchmark
    if job.benchmark is not None:
        session.expect(job.benchmark)
    if len(job.inputs) > 1:
        raise UsageError("accuracy mode takes one folder with y_labels.csv", where="--inputs")
    folder = dataset_folder(job.inputs[0] if job.inputs else shipped.inputs_for(benchmark), benchmark)
    files = read_labels(folder, benchmark)[: job.count]
    golden_here = cache(partial(golden_for, job, benchmark))
    result = run_accuracy(
        session.host,
        benchmark,
        files,
        lambda: made if isinstance(made := golden_here(), GoldenInterpreter) else None,
        progress,
        begin_anew=_way_back(machine),
        jobs=job.jobs,
    )
    golden = golden_here()  # only now, if not before: what it starts is not for other processes
    return AccuracyRun(
        result=result,
        board=machine.board.name,
        core=machine.board.core,
        clock_hz=machine.clock.core_hz,
        image=str(job.image),
        image_sha256=sha256_of(job.image),
        golden_runtime=golden.runtime if isinstance(golden, GoldenInterpreter) else None,
        golden_reason=golden.reason if isinstance(golden, GoldenReport) else "",
    )


def _way_back(machine: LoadedMachine) -> Callable[[], None]:
    """Take the machine back to where it stands now."""
    from emulator.machine.machine import Machine  # noqa: PLC0415 - loads the engine

    if not isinstance(machine, Machine):
        return lambda: None
    return partial(machine.restore, machine.snapshot())
