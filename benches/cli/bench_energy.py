"""What ``boardless bench --mode energy`` does once its options are parsed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benches.cli.bench_run import (
    PERFORMANCE_ALONE,
    BenchOptions,
    machine_for,
    plan_jobs,
    report_console,
    status,
    write_report,
)
from benches.energy.inference_energy import EnergyRun, run_energy
from benches.runs.job import BenchJob
from benches.runs.report import UNOFFICIAL
from emulator.errors import BoardlessError, UsageError


def run_energy_bench(options: BenchOptions) -> None:
    """Run every job, print the table, write the JSON. An error comes after the rows before it."""
    if options.has_more_of_a_window:
        raise UsageError(PERFORMANCE_ALONE, where="--mode energy")
    console = report_console(options.json_file)
    runs: list[EnergyRun] = []
    failure: BoardlessError | None = None
    for job in plan_jobs(options):
        try:
            runs.append(_run(job, options, console))
        except BoardlessError as error:
            failure = error
            break
    if runs:
        console.print(energy_table(runs))
        _print_sources(console, runs)
    if options.json_file is not None:
        write_report(options.json_file, {"runs": [run.as_json() for run in runs]})
    if failure is not None:
        raise failure


def _run(job: BenchJob, options: BenchOptions, console: Console) -> EnergyRun:
    with status(console, f"{job.title} on {job.board}") as progress:
        return run_energy(job, machine_for(job, options), progress)


def energy_table(runs: Sequence[EnergyRun]) -> Table:
    """The table of all runs; published figures get columns when a run has one."""
    with_published = any(run.published_ratio is not None for run in runs)
    table = Table(title=f"Boardless energy ({UNOFFICIAL})", title_justify="left")
    for name in ("benchmark", "board"):
        table.add_column(name, overflow="fold")
    for name in ("clock", "supply", "power", "latency", "energy"):
        table.add_column(name, justify="right", no_wrap=True)
    if with_published:
        table.add_column("published", justify="right", no_wrap=True)
        table.add_column("ratio", justify="right", no_wrap=True)
    for run in runs:
        median = run.median
        cells = [
            run.benchmark.name,
            run.board,
            f"{run.clock_hz / 1e6:g} MHz",
            f"{run.supply_mv / 1000:g} V {run.regulator}",
            f"{median.joules / median.seconds * 1e3:.2f} mW",
            f"{median.seconds / median.inferences * 1e3:.3f} ms",
            f"{median.microjoules:.1f} uJ",
        ]
        if with_published:
            known = run.published_ratio is not None and run.published is not None
            cells.append(f"{run.published.published_energy_uj:.1f} uJ" if known and run.published else "-")
            cells.append(f"{run.published_ratio:.3f}" if run.published_ratio else "-")
        table.add_row(*cells)
    return table


def _print_sources(console: Console, runs: Sequence[EnergyRun]) -> None:
    """Say where the currents come from: an energy is only as good as they are."""
    for board, source in dict.fromkeys((run.board, dict(run.sources)["run_microamps"]) for run in runs):
        console.print(f"{board}: run current from {source}", markup=False, highlight=False, soft_wrap=True)
