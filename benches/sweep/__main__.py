"""``python -m benches.sweep``: how much faster two workers measure a sweep than one, in one run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

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

GOAL = 1.8
CELLS = 200
MOST_CELLS = 256
SPECIFICATION = """
image = "ad"
board = "nucleo-l4r5zi"
[parameters]
regions.sram1.wait_states = {waits}
"""


class Silence:
    """Progress that nobody sees."""

    def begin(self, doing: str, total: int, done: int) -> None:
        """Nothing."""

    def advance(self, many: int) -> None:
        """Nothing."""


@click.command(cls=ProgramCommand)
@click.option("--cells", type=Count(most=MOST_CELLS), default=CELLS, show_default=True, help="Measurements.")
@click.option("--turns", type=Count(), default=1, show_default=True, help="One, two, one, two, ...")
@click.option("--json", "json_file", type=json_target(), help="Write the times as JSON.")
def main(*, cells: int, turns: int, json_file: OutputFile | None) -> None:
    """Measure the same sweep with one worker and with two, nothing kept, and compare seconds and tables."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    results: list[Outcome] = []
    for _turn in range(turns):
        for workers, times in seconds.items():
            started = time.perf_counter()
            results.append(_swept(cells, workers))
            times.append(time.perf_counter() - started)
            click.echo(f"{cells} cells, {workers} workers: {times[-1]:.1f} s", err=True)
    if any(outcome.results != results[0].results for outcome in results):
        raise CheckFailed("two workers gave other rows than one")
    ratio = min(seconds[1]) / min(seconds[2])
    click.echo(f"{cells} cells: two workers are {ratio:.2f} times as fast as one (goal {GOAL})")
    click.echo(UNOFFICIAL)
    if json_file is not None:
        json_file.write_json({"cells": cells, "seconds": seconds, "ratio": ratio, "goal": GOAL})
    if ratio < GOAL:
        raise CheckFailed(f"two workers are {ratio:.2f} times as fast, not {GOAL}")


def _swept(cells: int, workers: int) -> Outcome:
    def here(jobs: Mapping[int, Job], tell: Tell) -> Iterator[tuple[int, Answer]]:
        return done_here(jobs, workers, tell)

    with TemporaryDirectory(prefix="boardless-sweep-") as folder:
        file = Path(folder) / "sweep.toml"
        file.write_text(SPECIFICATION.format(waits=list(range(cells))))
        sweep = read_sweep(file)
        return run_sweep(sweep, Store(None), [here], here, Silence())


if __name__ == "__main__":
    main(prog_name="python -m benches.sweep")
