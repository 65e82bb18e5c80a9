"""What ``boardless validate --assembly`` does once its options are parsed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benches.assembly.reader import own_catalog, read_assembly_catalog
from benches.assembly.run import (
    AssemblyOptions,
    AssemblyResult,
    absent_elfs,
    assembly_json,
    run_assembly,
    summarize_sets,
)
from benches.cli.bench_run import report_console, write_report
from benches.cli.validate_run import check_presence
from benches.runs.report import UNOFFICIAL
from benches.silicon.validate import ABSENT, FAILED
from emulator.errors import CheckFailed
from emulator.files import OutputFile


def run_validate_assembly(
    catalog: Path | None, options: AssemblyOptions, json_file: OutputFile | None, *, require_all: bool
) -> None:
    """Call every function, print both tables, write the JSON.

    Raises :class:`CheckFailed` when a function that is there did not return, or when all are required
    and an ELF is absent; :class:`UsageError` when every ELF is.
    """
    console = report_console(json_file)
    functions = own_catalog() if catalog is None else read_assembly_catalog(catalog)
    check_presence(absent_elfs(functions, options), len(functions.rows), require_all=require_all)
    results = run_assembly(functions, options)
    console.print(assembly_table(results))
    console.print(set_table(results))
    _print_remarks(console, results)
    if json_file is not None:
        write_report(json_file, assembly_json(results))
    failed = [r for r in results if r.status == FAILED]
    if failed:
        raise CheckFailed(
            f"{len(failed)} of {len(results)} functions failed",
            next_step="Their details are under the table.",
        )


def assembly_table(results: Sequence[AssemblyResult]) -> Table:
    """All rows but the absent ones."""
    table = Table(title=f"Assembly, modelled against published cycles ({UNOFFICIAL})", title_justify="left")
    for name in ("set", "function", "core"):
        table.add_column(name, overflow="fold")
    for name in ("published", "function", "offset", "modelled", "instructions", "ratio"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for r in results:
        if r.status == ABSENT:
            continue
        table.add_row(
            r.set,
            r.function,
            r.core.removeprefix("cortex-"),
            f"{r.published_cycles:,g}",
            _count(r.function_cycles),
            "-" if r.offset is None else f"{r.offset:+g}{' fitted' if r.fitted_offset else ''}",
            "-" if r.modelled_cycles is None else f"{r.modelled_cycles:,g}",
            _count(r.instructions),
            "-" if r.ratio is None else f"{r.ratio:.4f}",
            r.status,
        )
    return table


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def set_table(results: Sequence[AssemblyResult]) -> Table:
    """Errors per core and set."""
    table = Table(title="Absolute error, per core and set", title_justify="left")
    for name in ("core", "set"):
        table.add_column(name, overflow="fold")
    for name in ("functions", "mean", "median", "p90", "worst"):
        table.add_column(name, justify="right", no_wrap=True)
    for (core, name), f in summarize_sets(results).items():
        errors = (f.mean_abs_error, f.median_abs_error, f.p90_abs_error, f.worst_abs_error)
        table.add_row(core, name, str(f.count), *(f"{100 * error:.2f} %" for error in errors))
    return table


def _print_remarks(console: Console, results: Sequence[AssemblyResult]) -> None:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    for r in results:
        if r.status == FAILED:
            say(f"failed: {r.set} {r.function} on {r.board}: {r.detail}")
    absent = [r for r in results if r.status == ABSENT]
    if absent:
        say(f"{len(absent)} of {len(results)} functions are absent; build their ELFs:")
        for name in dict.fromkeys(r.elf for r in absent):
            say(f"  {name}")
