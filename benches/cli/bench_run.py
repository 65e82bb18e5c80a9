"""What ``boardless bench`` does once its options are parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benches.measure.accuracy import AccuracyResult
from benches.measure.changes import parse_changes
from benches.measure.layer_costs import measure_layers
from benches.measure.network_description import read_layers
from benches.measure.profiled_window import Conversation
from benches.measure.what_if import compare
from benches.runs.job import (
    DEFAULT_BOARD,
    BenchJob,
    LoadedMachine,
    image_job,
    require_known_base,
    run_accuracy_job,
    run_performance,
    shipped_job,
)
from benches.runs.report import UNOFFICIAL, accuracy_table, bench_table, layer_table, what_if_table
from benches.runs.rows import AccuracyRun, BenchRun
from benches.silicon.error_bands import BandTable, read_bands
from benches.suite import shipped
from benches.suite.benchmarks import SHIPPED, Benchmark
from benches.suite.input_files import InputData, load_inputs
from emulator import __version__
from emulator.board.reader import load_board
from emulator.cli.tables import table_console
from emulator.cli.untold import tell_modes, tell_notes, unmodelled_json
from emulator.errors import BoardlessError, CheckFailed, UsageError
from emulator.files import OutputFile
from emulator.image.launch import Launch

if TYPE_CHECKING:
    from emulator.board.model import Board
    from emulator.machine.machine import Machine

PLAIN_WIDTH = 240
"""Columns of a table that goes to a file or a pipe."""

PERFORMANCE_ALONE = "--profile, --layers, --what-if and --clock are of performance mode"

MachineFactory = Callable[[BenchJob, "BenchOptions"], LoadedMachine]


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """The command's options, parsed."""

    benchmarks: tuple[Benchmark, ...] = ()
    board: str | None = None
    image: Path | None = None
    base: int | None = None
    launch: Launch = field(default_factory=Launch)
    inputs: tuple[Path, ...] = ()
    model: Path | None = None
    count: int | None = None
    accuracy: bool = False
    profile_file: OutputFile | None = None
    layers: bool = False
    what_if: tuple[str, ...] = ()
    clocks_hz: tuple[int, ...] = ()
    bands: Path | None = None
    jobs: int = 1
    timing: str = "memory"
    hook: str = "auto"
    prices_folder: Path | None = None
    json_file: OutputFile | None = None

    @property
    def has_more_of_a_window(self) -> bool:
        """Whether something is asked for that performance mode alone tells of its windows."""
        return bool(self.profile_file or self.layers or self.what_if or self.clocks_hz)


@dataclass(slots=True)
class BenchOutcome:
    """Rows done, the hook they ran under, and the error that ended them early, if one did."""

    performance: list[BenchRun] = field(default_factory=list)
    accuracy: list[AccuracyRun] = field(default_factory=list)
    hook: str | None = None
    failure: BoardlessError | None = None


def run_bench(options: BenchOptions, make_machine: MachineFactory | None = None) -> None:
    """Run every job, print the table, write the JSON; raises :class:`CheckFailed` on a mismatch.

    A job that fails does not lose the rows before it: they are printed, then its error is raised.
    """
    console = report_console(options.json_file)
    jobs = plan_jobs(options)
    for board in dict.fromkeys(job.board for job in jobs if options.what_if):
        parse_changes(options.what_if, load_board(board))  # a mistyped one is found before anything runs
    outcome = _run_jobs(jobs, options, make_machine or machine_for, console)
    if outcome.performance:
        console.print(bench_table(outcome.performance))
    for run in outcome.performance:
        if run.layers:
            console.print(layer_table(run))
        if run.what_if is not None:
            console.print(what_if_table(run, run.what_if))
    if outcome.accuracy:
        console.print(accuracy_table(outcome.accuracy))
    _print_reasons(console, outcome)
    _print_bands(console, outcome)
    if options.json_file is not None:
        runs = [run.as_json() for run in outcome.performance] + [run.as_json() for run in outcome.accuracy]
        write_report(options.json_file, {"hook": outcome.hook, "runs": runs})
    if outcome.failure is not None:
        raise outcome.failure
    _raise_on_mismatch(outcome)
    if any(run.result.interrupted for run in outcome.accuracy):
        raise KeyboardInterrupt


def _run_jobs(
    jobs: list[BenchJob], options: BenchOptions, make_machine: MachineFactory, console: Console
) -> BenchOutcome:
    from benches.cli.bench_recordings import recording_files, write_window  # noqa: PLC0415 - the engine

    outcome = BenchOutcome()
    bands = read_bands(options.bands)
    recordings = recording_files(options.profile_file, jobs)
    for job in jobs:
        try:
            machine = make_machine(job, options)
            outcome.hook = machine.hook.kind
            if options.accuracy:
                outcome.accuracy.append(_accuracy(job, machine, console))
            else:
                outcome.performance.append(_performance(job, machine, console, bands))
                if job in recordings:
                    write_window(recordings[job], outcome.performance[-1], job, machine_for(job, options))
                if options.layers:
                    outcome.performance[-1] = _with_layers(outcome.performance[-1], job, options)
                if options.what_if or options.clocks_hz:
                    outcome.performance[-1] = _with_what_if(outcome.performance[-1], job, options)
        except BoardlessError as error:
            outcome.failure = error
            break
        if outcome.accuracy and outcome.accuracy[-1].result.interrupted:
            break
    return outcome


def report_console(json_file: OutputFile | None) -> Console:
    """Where tables go: standard output, or beside it when the report takes that."""
    return table_console(PLAIN_WIDTH, on_stderr=json_file is not None and json_file.is_standard_output)


def write_report(output: OutputFile, content: dict[str, Any]) -> None:
    """Write a JSON report with the version and the unofficial note in front."""
    output.write_json({"boardless": __version__, "note": UNOFFICIAL, **content})


def plan_jobs(options: BenchOptions) -> list[BenchJob]:
    """The jobs that the options ask for. Raises :class:`UsageError` on ones that contradict."""
    if options.accuracy and options.has_more_of_a_window:
        raise UsageError(PERFORMANCE_ALONE, where="--mode accuracy")
    if options.what_if and options.timing != "memory":
        raise UsageError(
            f"--timing {options.timing} prices no memories",
            where="--what-if",
            next_step="Leave --timing out.",
        )
    if options.image is not None:
        if len(options.benchmarks) > 1:
            raise UsageError(
                "one image runs one benchmark", next_step="Name at most one benchmark with --image."
            )
        benchmark = options.benchmarks[0] if options.benchmarks else None
        jobs = [image_job(options.image, options.board, benchmark)]
    else:
        if options.base is not None:
            raise UsageError("--base describes an image of yours", next_step="Give --image too.")
        require_image(options.launch)
        if options.model is not None and len(options.benchmarks) != 1:
            raise UsageError(
                "--model is of one benchmark or of one image",
                next_step="Name the benchmark to build it for, or give the --image that it is in.",
            )
        board = options.board or DEFAULT_BOARD
        jobs = [shipped_job(benchmark, board, options.model) for benchmark in options.benchmarks or SHIPPED]
    if len(jobs) > 1 and any(path.is_file() for path in options.inputs):
        raise UsageError(
            "an input file fits one benchmark only",
            where="--inputs",
            next_step="Name that benchmark: `boardless bench kws --inputs FILE`.",
        )
    return [
        replace(
            job,
            base=options.base,
            inputs=options.inputs,
            count=options.count,
            model=options.model,
            timing=options.timing,
            jobs=options.jobs,
        )
        for job in jobs
    ]


def require_image(launch: Launch) -> None:
    """Refuse what describes a user's image, when the shipped ones run. Raises UsageError."""
    if words := launch.words():
        one = len(words) == 1
        raise UsageError(
            f"{', '.join(words)} describe{'s' * one} an image of yours", next_step="Give --image too."
        )


def machine_for(job: BenchJob, options: BenchOptions, board: Board | None = None) -> Machine:
    """Build the job's machine, or one of another ``board``, and load its image."""
    from emulator.machine.machine import Machine  # noqa: PLC0415 - loads the engine

    launch = options.launch
    described = board or launch.board(job.board)
    machine = Machine(
        described, timing=options.timing, hook=options.hook, prices_folder=options.prices_folder
    )
    require_known_base(job.image, job.base, machine.board)
    machine.load(job.image, base=job.base, load=launch.files, start=launch.start)
    if board is None:  # and not again for each board of --what-if
        tell_notes(machine)
    return machine


def _performance(job: BenchJob, machine: LoadedMachine, console: Console, bands: BandTable) -> BenchRun:
    from benches.silicon.run_band import band_of_window  # noqa: PLC0415 - loads the engine
    from benches.silicon.run_situation import counter_of  # noqa: PLC0415 - as above
    from emulator.machine.machine import Machine  # noqa: PLC0415 - as above

    with status(console, f"{job.title} on {job.board}") as progress:
        if not isinstance(machine, Machine):
            return run_performance(job, machine, progress)
        run = run_performance(job, machine, progress, counter_of(machine))
        band = band_of_window(machine, run.window, bands)
    tell_modes(machine)
    return replace(run, band=band, unmodelled=tuple(unmodelled_json(machine)))


def _with_layers(run: BenchRun, job: BenchJob, options: BenchOptions) -> BenchRun:
    """The same run with its layers, measured on a machine of their own."""
    layers = read_layers(job.image)
    return replace(run, layers=measure_layers(machine_for(job, options), layers, _first_input(run, job)))


def _first_input(run: BenchRun, job: BenchJob) -> InputData:
    benchmark = run.measurement.benchmark
    return load_inputs(job.inputs or (shipped.inputs_for(benchmark),), benchmark, limit=1)[0]


def _with_what_if(run: BenchRun, job: BenchJob, options: BenchOptions) -> BenchRun:
    """The same run with its window as it is and with the changes, on machines of their own."""
    board = options.launch.board(job.board)

    def make(changed: Board) -> Machine:
        return machine_for(job, options, changed)

    changes = parse_changes(options.what_if, board)
    what_if = compare(make, board, _conversation(run, job), changes, options.clocks_hz)
    return replace(run, what_if=what_if)


def _conversation(run: BenchRun, job: BenchJob) -> Conversation:
    """What was said up to the window that the run's row shows."""
    measurement = run.measurement
    benchmark, shown = measurement.benchmark, run.window
    folders = job.inputs or (shipped.inputs_for(benchmark),)
    inputs = load_inputs(folders, benchmark, limit=benchmark.bench_inputs)
    return Conversation(
        inputs[: measurement.windows.index(shown) + 1],
        shown.window.inferences,
        shown.window.warmups,
        checked=bool(measurement.checks),
        keeps_input=job.known_model,
    )


def _accuracy(job: BenchJob, machine: LoadedMachine, console: Console) -> AccuracyRun:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(f"{job.title} accuracy", total=None)

    def advance(result: AccuracyResult) -> None:
        bar.start()  # a thread: only now, behind the processes that are copies of this one
        bar.update(task, completed=result.done, total=result.total)

    try:
        return run_accuracy_job(job, machine, advance)
    finally:
        bar.stop()


@contextmanager
def status(console: Console, title: str) -> Iterator[Callable[[str], None]]:
    """Show what is going on while it goes on, on a terminal; gives the function that is told."""
    if not console.is_terminal:
        yield lambda _step: None
        return
    with console.status(title) as status:
        yield lambda step: status.update(f"{title}: {step}")


def _print_reasons(console: Console, outcome: BenchOutcome) -> None:
    reasons = [run.measurement.golden.reason for run in outcome.performance]
    reasons += [run.golden_reason for run in outcome.accuracy]
    for reason in dict.fromkeys(reason for reason in reasons if reason):
        console.print(f"golden check: {reason}", markup=False, highlight=False, soft_wrap=True)


def _print_bands(console: Console, outcome: BenchOutcome) -> None:
    """Say what the error column is of, or why it has no number."""
    for run in outcome.performance:
        if run.band is not None:
            text = f"error of {run.measurement.benchmark.name}: {run.band.sentence}"
            console.print(text, markup=False, highlight=False, soft_wrap=True)


def _raise_on_mismatch(outcome: BenchOutcome) -> None:
    wrong = [r.measurement.benchmark.name for r in outcome.performance if r.measurement.golden.match is False]
    wrong += [run.result.benchmark.name for run in outcome.accuracy if run.result.mismatches]
    if wrong:
        raise CheckFailed(
            f"results differ from the golden interpreter's: {', '.join(wrong)}",
            next_step="Is --model the very model of the image? Kernels that round otherwise differ too.",
        )
