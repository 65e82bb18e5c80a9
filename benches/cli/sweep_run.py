"""What ``boardless sweep`` does once its options are parsed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from benches.sweep.choice import Question, answer, read_question
from benches.sweep.cluster import connected, done_there
from benches.sweep.jobs import Answer, Job
from benches.sweep.local_pool import done_here
from benches.sweep.plots import Picture, form_of
from benches.sweep.run import Doer, Outcome, Tell, run_sweep
from benches.sweep.specification import Sweep, read_sweep
from benches.sweep.store import Store
from benches.sweep.table import check_names, failures, for_people, readable, table_of
from emulator import __version__
from emulator.cli.ending import on_ending_signal
from emulator.cli.report_console import PLAIN_WIDTH, print_table, say
from emulator.cli.tables import table_console
from emulator.errors import CheckFailed, UsageError
from emulator.files import OutputFile
from emulator.reporting.exports.tables import csv_text, parquet
from emulator.reporting.questions import UNOFFICIAL
from emulator.reporting.table import Table

CACHE = ".boardless-cache"
X = "flash"
MOST_ROWS = 40
"""On a terminal; files have all."""
SPEED_OVER_S = 600
"""The remaining time is estimated by the speed of so long a time: cells differ."""


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """The command's options, parsed."""

    specification: Path
    jobs: int = 1
    scheduler: str | None = None
    cache: Path | None = None
    no_cache: bool = False
    csv_file: OutputFile | None = None
    parquet_file: OutputFile | None = None
    json_file: OutputFile | None = None
    plot_file: OutputFile | None = None
    heat_file: OutputFile | None = None
    x: str | None = None
    y: str = "latency"
    by: str | None = None
    best: str | None = None
    under: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    every: tuple[str, ...] = ()
    top: int = 5


def run(options: SweepOptions) -> None:
    """Measure, print, write. Raises CheckFailed when a cell failed or none is best; KeyboardInterrupt."""
    sweep = read_sweep(options.specification)
    check_names(sweep)
    question = _question(options, sweep)
    _check_pictures(options, sweep)
    on_stderr = options.json_file is not None and options.json_file.is_standard_output
    console = table_console(PLAIN_WIDTH, on_stderr=on_stderr, highlight=False)
    outcome = _measured(options, sweep, console)
    table = table_of(sweep, outcome)
    best = None
    problem: CheckFailed | None = None
    if question is not None and not outcome.interrupted:
        try:
            best = answer(sweep, table, question)
        except CheckFailed as error:
            problem = error
    _print(console, options, outcome, table, best)
    _write(options, outcome, table, best)
    _draw(options, sweep, table)
    if outcome.interrupted:
        raise KeyboardInterrupt
    if problem is not None:
        raise problem
    _require_all(options, table)


def _question(options: SweepOptions, sweep: Sweep) -> Question | None:
    if options.best is not None:
        return read_question(sweep, options.best, options.under, options.over, options.every)
    for name in ("under", "over", "every"):
        if getattr(options, name):
            raise UsageError(
                "limits choose among the best", where=f"--{name}", next_step="add --best latency, or another"
            )
    return None


def _measured(options: SweepOptions, sweep: Sweep, console: Console) -> Outcome:
    folder = None if options.no_cache else options.cache or sweep.folder / CACHE
    store = Store(folder)

    def here(jobs: Mapping[int, Job], tell: Tell) -> Iterator[tuple[int, Answer]]:
        return done_here(jobs, options.jobs, tell)

    doers: list[Doer] = [here]
    if options.scheduler is not None:
        client = connected(options.scheduler)

        def there(jobs: Mapping[int, Job], tell: Tell) -> Iterator[tuple[int, Answer]]:
            return done_there(client, jobs, tell)

        doers.insert(0, there)

    def stop() -> None:
        raise KeyboardInterrupt

    with on_ending_signal(stop), _progress(console) as progress:
        return run_sweep(sweep, store, doers, here, progress)


class _Bars:
    """A bar for builds, one for measurements."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task: Any = None

    def begin(self, doing: str, total: int, done: int) -> None:
        """A new bar."""
        self._task = self._bars.add_task(doing, total=total, completed=done)

    def advance(self, many: int) -> None:
        """Further along the last bar."""
        if self._task is not None:
            self._bars.update(self._task, advance=many)


@contextmanager
def _progress(console: Console) -> Iterator[_Bars]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("ends in"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        speed_estimate_period=SPEED_OVER_S,
    ) as bars:
        yield _Bars(bars)


def _print(
    console: Console, options: SweepOptions, outcome: Outcome, table: Table, best: Table | None
) -> None:
    if best is not None:
        print_table(console, readable(best).top(options.top))
    else:
        print_table(console, for_people(table).top(MOST_ROWS))
    for note in outcome.notes:
        say(console, f"note: {note}")
    say(
        console,
        f"{len(table)} cells, {outcome.measured} measurements, {outcome.kept} of them kept from before",
    )
    say(console, UNOFFICIAL)


def _write(options: SweepOptions, outcome: Outcome, table: Table, best: Table | None) -> None:
    output = options.csv_file
    if output is not None:
        output.write_text(csv_text(table))
    output = options.parquet_file
    if output is not None:
        output.write_bytes(parquet(table))
    if options.json_file is not None:
        options.json_file.write_json(_as_json(outcome, table, best))


def _check_pictures(options: SweepOptions, sweep: Sweep) -> None:
    """Raise UsageError for pictures that could not be drawn, before anything runs."""
    for target in (options.plot_file, options.heat_file):
        if target is not None:
            form_of(target.path)
    if options.plot_file is None and options.heat_file is None:
        if options.x is not None or options.by is not None:
            where = "--x" if options.x is not None else "--by"
            raise UsageError("there is no picture to draw", where=where, next_step="add --plot FILE.svg")
        return
    if options.heat_file is not None and len(sweep.axes) < 2:
        raise UsageError("a map needs two axes", where="--heat", next_step="give two keys lists of values")
    empty = table_of(sweep, Outcome([{"failure": ""}] * len(sweep.cells), [None] * len(sweep.cells)))
    picture = Picture(sweep, empty)
    picture.check(options.x, options.y, options.by)
    if options.heat_file is not None:
        picture.check_map(*_sides(options, sweep))


def _sides(options: SweepOptions, sweep: Sweep) -> tuple[str, str]:
    """The axes of a map."""
    x = options.x or sweep.axes[0].name
    return x, options.by or next((axis.name for axis in sweep.axes if axis.name != x), x)


def _draw(options: SweepOptions, sweep: Sweep, table: Table) -> None:
    output = options.plot_file
    if output is not None:
        output.write_bytes(Picture(sweep, table).scatter(output.path, options.x or X, options.y, options.by))
    output = options.heat_file
    if output is not None:
        x, by = _sides(options, sweep)
        output.write_bytes(Picture(sweep, table).heat(output.path, x, options.y, by))


def _as_json(outcome: Outcome, table: Table, best: Table | None) -> dict[str, Any]:
    return {
        "boardless": __version__,
        "note": UNOFFICIAL,
        "notes": outcome.notes,
        "interrupted": outcome.interrupted,
        "measurements": outcome.measured,
        "kept": outcome.kept,
        "table": table.as_json(),
        "best": None if best is None else best.as_json(),
    }


def _require_all(options: SweepOptions, table: Table) -> None:
    failed = failures(table)
    if failed:
        count = sum(map(len, failed.values()))
        raise CheckFailed(
            f"{count} of {len(table)} cells could not be measured",
            where=str(options.specification),
            next_step=f"the first: {next(iter(failed))}",
        )
