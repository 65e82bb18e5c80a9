"""How much faster two workers measure a sweep than one, in one run: ``python -m benches.sweep``."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from benches.runs.report import UNOFFICIAL
from benches.sweep.jobs import Answer, Job
from benches.sweep.local_pool import done_here
from benches.sweep.run import Outcome, Tell, run_sweep
from benches.sweep.specification import read_sweep
from benches.sweep.store import Store
from emulator.cli.command import ProgramCommand
from emulator.cli.parameter_types import Count, json_target
from emulator.errors import CheckFailed
from emulator.files import OutputFile

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

SPAWN = multiprocessing.get_context("spawn")
GOAL = 1.8
CELLS = 200
MOST_CELLS = 256
SPECIFICATION = """
image = "ad"
board = "nucleo-l4r5zi"
[parameters]
regions.sram1.wait_states = {waits}
"""


class Counted:
    """Progress as a number that other processes see."""

    def __init__(self, done: Synchronized[int]) -> None:
        self._done = done

    def begin(self, doing: str, total: int, done: int) -> None:
        """Nothing yet."""

    def advance(self, many: int) -> None:
        """So many more."""
        self._done.value += many


@click.command(cls=ProgramCommand)
@click.option("--cells", type=Count(most=MOST_CELLS), default=CELLS, show_default=True, help="Measurements.")
@click.option(
    "--beside",
    is_flag=True,
    help="Run both sweeps at once until two workers are through, and compare how far each came: what else the"
    " machine does slows both alike.",
)
@click.option("--json", "json_file", type=json_target(), help="Write the ratio as JSON.")
def main(*, cells: int, beside: bool, json_file: OutputFile | None) -> None:
    """Measure the same sweep with one worker and with two, nothing kept, and compare their speed."""
    ratio = _beside(cells) if beside else _one_after_the_other(cells)
    click.echo(f"{cells} cells: two workers are {ratio:.2f} times as fast as one (goal {GOAL})")
    click.echo(UNOFFICIAL)
    if json_file is not None:
        json_file.write_json({"cells": cells, "beside": beside, "ratio": ratio, "goal": GOAL})
    if ratio < GOAL:
        raise CheckFailed(f"two workers are {ratio:.2f} times as fast, not {GOAL}")


def _one_after_the_other(cells: int) -> float:
    """The ratio of their seconds. Raises CheckFailed when the rows differ."""
    seconds: list[float] = []
    results: list[Outcome] = []
    for workers in (1, 2):
        started = time.perf_counter()
        results.append(_swept(cells, workers, SPAWN.Value("i")))
        seconds.append(time.perf_counter() - started)
        click.echo(f"{cells} cells, {workers} workers: {seconds[-1]:.1f} s", err=True)
    if results[0].results != results[1].results:
        raise CheckFailed("two workers gave other rows than one")
    return seconds[0] / seconds[1]


def _beside(cells: int) -> float:
    """How many cells two workers did in the time in which one did one."""
    counts = {workers: SPAWN.Value("i") for workers in (1, 2)}
    processes = {
        workers: SPAWN.Process(target=_swept, args=(cells, workers, done)) for workers, done in counts.items()
    }
    for process in processes.values():
        process.start()
    processes[2].join()
    alone, both = int(counts[1].value), int(counts[2].value)
    processes[1].terminate()
    processes[1].join()
    click.echo(f"in the same time one worker did {alone} cells, two did {both}", err=True)
    if both != cells or not alone:
        raise CheckFailed("a sweep did not come to its end", next_step="give it more --cells")
    return both / alone


def _swept(cells: int, workers: int, done: Synchronized[int]) -> Outcome:
    def here(jobs: Mapping[int, Job], tell: Tell) -> Iterator[tuple[int, Answer]]:
        return done_here(jobs, workers, tell)

    with TemporaryDirectory(prefix="boardless-sweep-") as folder:
        file = Path(folder) / "sweep.toml"
        file.write_text(SPECIFICATION.format(waits=list(range(cells))))
        sweep = read_sweep(file)
        return run_sweep(sweep, Store(None), [here], here, Counted(done))
