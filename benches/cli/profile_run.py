"""What ``boardless profile`` does once its options are parsed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benches.cli.firmware import chosen_input, firmware_machine
from benches.cli.firmware_options import WARMUPS
from benches.measure.operator_works import works_of
from benches.measure.performance import PerformanceSession
from benches.measure.recorded_window import record_inference
from benches.silicon.run_band import recorded_band
from benches.suite.benchmarks import find
from benches.suite.input_files import InputData
from emulator.cli.ending import on_ending_signal
from emulator.cli.report_console import PLAIN_WIDTH
from emulator.cli.session import Limits, goal_error
from emulator.cli.short_answer import print_answer
from emulator.cli.tables import table_console
from emulator.cli.untold import tell_modes
from emulator.errors import BoardlessError, UsageError
from emulator.files import OutputFile
from emulator.image.launch import Launch
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine
from emulator.profiling.recorded_run import Stretch, record_run
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.model import Recording
from emulator.recording.store import write_recording

READY = b"m-ready"
"""What a benchmark's firmware sends when it has booted: so it is among the image's bytes."""


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """The command's options, parsed."""

    image: str
    output: OutputFile | None = None
    board: str | None = None
    base: int | None = None
    symbols: Path | None = None
    launch: Launch = field(default_factory=Launch)
    benchmark: str | None = None
    input_file: Path | None = None
    stretch: Stretch = field(default_factory=Stretch)
    warmups: int = WARMUPS
    operators_from: str | None = None
    model: Path | None = None
    top: int | None = None
    source_roots: tuple[Path, ...] = ()
    timing: str = "memory"
    hook: str = "auto"


def run_profile(options: ProfileOptions) -> None:
    """Record, print the short answer, write the recording.

    Raises :class:`CheckFailed` when a text never came, :class:`LimitReached` when a limit came before it:
    what is shown then is another stretch than was asked for.
    """
    machine, recording, error = record_shown(options)
    tell_modes(machine)
    if options.output is not None:
        options.output.make(partial(write_recording, recording))
    print_answer(table_console(PLAIN_WIDTH, highlight=False), recording, options.top)
    if error is not None:
        raise error


def record_shown(options: ProfileOptions) -> tuple[Machine, Recording, BoardlessError | None]:
    """The machine, its recording, and what is to be raised when the recording has been shown."""
    machine = _machine(options)
    return machine, *_judged(machine, options)


def record(options: ProfileOptions) -> Recording:
    """Only record, for what looks at recordings. Raises as :func:`run_profile` does for what never came."""
    return record_on(_machine(options), options)


def record_on(machine: Machine, options: ProfileOptions) -> Recording:
    """The same on a machine with the image loaded."""
    recording, error = _judged(machine, options)
    if error is not None:
        raise error
    return recording


def _judged(machine: Machine, options: ProfileOptions) -> tuple[Recording, BoardlessError | None]:
    """The recording, and what is wrong with its end."""
    recording, reason = _record(options, machine)
    wanted = options.stretch
    if wanted.until is None or reason is None:
        return recording, None
    return recording, goal_error(reason, Limits(wanted.until, wanted.max_cycles), machine)


def _machine(options: ProfileOptions) -> Machine:
    return firmware_machine(
        options.image,
        options.board,
        options.base,
        options.symbols,
        options.launch,
        timing=options.timing,
        hook=options.hook,
    )


def _labels(options: ProfileOptions, machine: Machine, *, first: bool) -> Labels:
    """``first``: it is of a first inference."""
    works = works_of(Path(machine.image.path), options.model) if machine.image is not None else ()
    return Labels("", recorded_band(machine, first=first), options.source_roots, works=works)


def _record(options: ProfileOptions, machine: Machine) -> tuple[Recording, StopReason | None]:
    """The recording, and why a run ended: None for an inference."""
    stretch = options.stretch
    of_a_run = stretch.after is not None or stretch.until is not None or stretch.max_cycles is not None
    inference = options.benchmark is not None or options.input_file is not None
    if of_a_run and inference:
        raise UsageError(
            "--from, --until and --max-cycles record a run, in which no host sends inputs",
            where="--benchmark" if options.benchmark is not None else "--input",
            next_step="Leave one or the other away.",
        )
    if inference or (not of_a_run and _speaks_the_protocol(machine)):
        return _inference(options, machine), None
    with on_ending_signal(machine.interrupt):
        recorder = Recorder(machine, options.operators_from, begins=False)
        return record_run(recorder, machine, stretch, _labels(options, machine, first=False))


def _speaks_the_protocol(machine: Machine) -> bool:
    return machine.image is not None and any(READY in segment.data for segment in machine.image.segments)


def _inference(options: ProfileOptions, machine: Machine) -> Recording:
    def choose(session: PerformanceSession) -> InputData:
        if options.benchmark is not None:
            session.expect(find(options.benchmark))
        return chosen_input(session, options.input_file)

    labels = _labels(options, machine, first=not options.warmups)
    recorder = Recorder(machine, options.operators_from, begins=False)
    return record_inference(recorder, machine, choose, labels, options.stretch.function, options.warmups)
