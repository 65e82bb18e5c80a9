"""The machine of a command that looks at one firmware, and the input that it sends."""

from __future__ import annotations

from pathlib import Path

from benches.measure.performance import PerformanceSession
from benches.runs.job import DEFAULT_BOARD, image_job, require_known_base, shipped_job
from benches.silicon.validate import synthetic_input
from benches.suite.benchmarks import NAMES, find
from benches.suite.input_files import InputData, load_inputs
from emulator.cli.untold import tell_notes
from emulator.image.launch import Launch
from emulator.machine.machine import Machine


def firmware_machine(
    image: str,
    board: str | None,
    base: int | None,
    symbols: Path | None,
    launch: Launch,
    *,
    timing: str,
    hook: str,
) -> Machine:
    """A machine with the image loaded: a file, or a benchmark's name for the shipped one.

    Raises UsageError, BoardError, ImageError.
    """
    if image in NAMES and not Path(image).is_file():
        job = shipped_job(find(image), board or DEFAULT_BOARD)
    else:
        job = image_job(Path(image), board, None)
    machine = Machine(launch.board(job.board), timing=timing, hook=hook)
    require_known_base(job.image, base, machine.board)
    machine.load(job.image, base=base, symbols=symbols, load=launch.files, start=launch.start)
    tell_notes(machine)
    return machine


def chosen_input(session: PerformanceSession, input_file: Path | None) -> InputData:
    """The file's input, or a synthetic one. Raises UsageError for a file that does not fit."""
    if input_file is None:
        return synthetic_input(session.benchmark)
    return load_inputs((input_file,), session.benchmark, limit=1)[0]
