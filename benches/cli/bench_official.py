"""What ``boardless bench --official-results DIR`` does once its options are parsed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benches.cli.bench_run import (
    PERFORMANCE_ALONE,
    BenchOptions,
    machine_for,
    plan_jobs,
    report_console,
    status,
    write_report,
)
from benches.runs.official_conversation import Mode, play
from benches.runs.official_files import MARK, headline
from benches.runs.official_tree import write_run
from emulator.errors import BoardlessError, UsageError
from emulator.files import make_folder

MODES = {"performance": Mode.PERFORMANCE, "accuracy": Mode.ACCURACY, "energy": Mode.ENERGY}


def run_official_bench(options: BenchOptions, mode: str, root: Path) -> None:
    """Hold the runner's conversation with every job's device, and write its files below ``root``.

    What is done is written before an error of a later job is raised.
    """
    if options.has_more_of_a_window:
        raise UsageError(
            PERFORMANCE_ALONE, where="--official-results", next_step="Leave it out, or those options."
        )
    make_folder(root)
    console = report_console(options.json_file)
    done: list[dict[str, Any]] = []
    failure: BoardlessError | None = None
    for job in plan_jobs(options):
        try:
            with status(console, f"{job.title} on {job.board}, {mode}") as progress:
                run = play(job, machine_for(job, options), MODES[mode], progress)
            folder, missing = write_run(root, run)
        except BoardlessError as error:
            failure = error
            break
        words = f"{run.benchmark.name} on {run.system.board}, {mode}: {headline(run)}"
        told = f"{words}\n  {folder}" + (f"\n  {missing}" if missing else "")
        console.print(told, markup=False, highlight=False, soft_wrap=True)
        done.append(
            {"benchmark": run.benchmark.name, "board": run.system.board, "mode": mode, "folder": str(folder)}
        )
    if done:
        console.print(MARK, markup=False, highlight=False, soft_wrap=True)
    if options.json_file is not None:
        write_report(options.json_file, {"official_results": done})
    if failure is not None:
        raise failure
