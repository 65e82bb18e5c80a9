"""What ``boardless validate`` does once its options are parsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benches.cli.bench_run import report_console, write_report
from benches.cli.leave_one_out_run import Refits, run_leave_one_out
from benches.cli.row_progress import row_progress
from benches.runs.report import UNOFFICIAL
from benches.silicon.catalog import development_catalog, read_catalog
from benches.silicon.error_bands import BandTable
from benches.silicon.error_figures import ErrorFigures
from benches.silicon.fit_report import CauseFit, fit_report
from benches.silicon.image_sources import find_image
from benches.silicon.leave_one_out import LeaveOneOut
from benches.silicon.measured_images import measured_energies, measured_images
from benches.silicon.row_figure import CYCLES, UNITS, RowFigure
from benches.silicon.row_figures import errors_by_quantity, figures_of, report_json
from benches.silicon.row_pool import ImageRow, validate_rows
from benches.silicon.streaming_catalog import read_streaming_catalog, streaming_catalog
from benches.silicon.validate import (
    ABSENT,
    FAILED,
    CoreSummary,
    ValidatedRow,
    ValidateOptions,
    summarize,
)
from emulator.errors import CheckFailed, UsageError
from emulator.files import OutputFile


@dataclass(frozen=True, slots=True)
class ValidateOutputs:
    """What to write and print beside the two tables.

    ``require_all``: an absent image fails the check. ``leave_one_out``: families are left out in turn.
    """

    json_file: OutputFile | None = None
    bands_file: OutputFile | None = None
    fit_report: bool = False
    require_all: bool = False
    leave_one_out: bool = False


def run_validate(catalog: Path | None, options: ValidateOptions, jobs: int, outputs: ValidateOutputs) -> None:
    """Run the catalogue, print both tables, write the JSON and the error bands.

    Raises :class:`CheckFailed` when a row that has its image failed or was not refitted, or when all are
    required and one is absent; :class:`UsageError` when every image is: then nothing was checked.
    """
    if (outputs.bands_file is not None or outputs.leave_one_out) and options.timing != "memory":
        raise UsageError(
            f"error bands and fitted constants are of the memory model, not of --timing {options.timing}",
            where="--leave-one-out" if outputs.bands_file is None else "--update-bands",
            next_step="Leave --timing out.",
        )
    console = report_console(outputs.json_file)
    catalog_rows = development_catalog() if catalog is None else read_catalog(catalog)
    streaming = streaming_catalog() if catalog is None else read_streaming_catalog(catalog)
    all_rows: list[ImageRow] = [*catalog_rows, *streaming]
    absent = [row for row in all_rows if find_image(row, options.folders) is None]
    check_presence(
        [f"{row.version} {row.path}" for row in absent], len(all_rows), require_all=outputs.require_all
    )
    options = replace(options, situations=outputs.bands_file is not None)
    rows = _run(all_rows, options, jobs, console)
    console.print(row_table(rows))
    console.print(summary_table(summarize(rows), errors_by_quantity(rows)))
    fits = fit_report(rows) if outputs.fit_report else None
    if fits is not None:
        console.print(fit_table(fits))
    _print_remarks(console, rows, bool(options.folders))
    refits = Refits()
    if outputs.leave_one_out:
        refits = run_leave_one_out(catalog_rows, options, jobs, console)
    if outputs.json_file is not None:
        content = report_json(rows)
        if fits is not None:
            content["fit_report"] = [fit.as_json() for fit in fits]
        if refits.result is not None:
            content["leave_one_out"] = refits.result.as_json()
        write_report(outputs.json_file, content)
    if refits.lacking:
        raise CheckFailed(
            f"{len(refits.lacking)} images were not refitted: there are no left-out errors, and no new bands",
            next_step="\n  ".join(refits.lacking),
        )
    if outputs.bands_file is not None:
        _write_bands(console, rows, refits.result, outputs.bands_file)
    failed = [row for row in rows if row.status == FAILED]
    if failed:
        raise CheckFailed(
            f"{len(failed)} of {len(rows)} images failed",
            next_step="Their details are under the table and in the JSON.",
        )


def check_presence(absent: Sequence[str], count: int, *, require_all: bool) -> None:
    """Raise when what is absent of ``count`` images leaves nothing to check, or all are required."""
    if len(absent) == count:
        raise UsageError(
            f"none of the {count} images was found: nothing can be checked",
            next_step="name the folders that hold them with --images DIR",
        )
    if absent and require_all:
        raise CheckFailed(
            f"{len(absent)} of {count} images are absent, and --require-all wants every one",
            next_step="\n  ".join(absent),
        )


def _write_bands(
    console: Console, rows: Sequence[ValidatedRow], left_out: LeaveOneOut | None, output: OutputFile
) -> None:
    ratios = {} if left_out is None else {row.key: row.left_out_ratio for row in left_out.rows}
    report = None if left_out is None else left_out.as_json()
    table = BandTable(measured_images(rows, ratios), report, measured_energies(rows))
    if not table.bands:
        raise CheckFailed("no row was measured: the error bands stay as they are", where=str(output))
    table.write(output)
    for band in table.bands:
        words = f"{band.core}, {band.memory}: {band.words} {band.evidence}"
        console.print(words, markup=False, highlight=False, soft_wrap=True)


def _run(
    rows: Sequence[ImageRow], options: ValidateOptions, jobs: int, console: Console
) -> list[ValidatedRow]:
    with row_progress(console, "validating", len(rows)) as advance:
        return validate_rows(
            rows, options, jobs, lambda row: advance(f"{row.system} {row.benchmark}: {row.status}")
        )


def row_table(rows: Sequence[ValidatedRow]) -> Table:
    """All rows but the absent ones, a line for each published figure."""
    table = Table(title=f"Modelled against published, of an inference ({UNOFFICIAL})", title_justify="left")
    for name in ("version", "submitter", "system", "bench", "core"):
        table.add_column(name, overflow="fold")
    table.add_column("unit", no_wrap=True)
    for name in ("published", "modelled", "ratio", "device", "instructions", "host s", "board s"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for row in rows:
        if row.status == ABSENT:
            continue
        names = (
            row.version,
            row.submitter,
            row.system,
            row.benchmark if row.mode == "performance" else f"{row.benchmark} ({row.mode})",
            row.core.removeprefix("cortex-"),
        )
        rest = (
            _count(row.device_cycles),
            _count(row.instructions),
            "-" if row.host_s is None else f"{row.host_s:.2f}",
            "-" if row.board_s is None else f"{row.board_s:.2f}",
            row.status,
        )
        figures = figures_of(row)
        table.add_row(*names, *(_cells(figures[0]) if figures else ("-",) * 4), *rest)
        for figure in figures[1:]:
            table.add_row(*("",) * len(names), *_cells(figure))
    return table


def _cells(figure: RowFigure) -> tuple[str, ...]:
    """Unit, published, modelled, ratio."""
    decimals = 0 if figure.quantity == CYCLES else 2
    modelled = "-" if figure.modelled is None else f"{figure.modelled:,.{decimals}f}"
    ratio = "-" if figure.ratio is None else f"{figure.ratio:.4f}"
    return figure.unit, f"{figure.published:,.{decimals}f}", modelled, ratio


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def summary_table(summaries: dict[str, CoreSummary], errors: dict[str, ErrorFigures]) -> Table:
    """Errors of cycles per core, with the baseline of one fitted constant; then of all cores' figures."""
    table = Table(title="Absolute error of what is modelled", title_justify="left")
    table.add_column("core", no_wrap=True)
    table.add_column("of", no_wrap=True)
    table.add_column("model", no_wrap=True)
    for name in ("images", "mean", "median", "p90", "worst"):
        table.add_column(name, justify="right", no_wrap=True)
    for core, summary in summaries.items():
        table.add_row(core, CYCLES, "this model", *_figures(summary.figures))
        constant = f"{summary.baseline_cpi:.3f} cycles an instruction (fitted)"
        table.add_row("", "", constant, *_figures(summary.baseline), end_section=True)
    for number, (quantity, figures) in enumerate(errors.items()):
        words = quantity if quantity == CYCLES else f"{quantity}, {UNITS[quantity]}"
        table.add_row("" if number else "all", words, "this model", *_figures(figures))
    return table


def _figures(figures: ErrorFigures) -> tuple[str, ...]:
    errors = (
        figures.mean_abs_error,
        figures.median_abs_error,
        figures.p90_abs_error,
        figures.worst_abs_error,
    )
    return (str(figures.count), *(f"{100 * error:.2f} %" for error in errors))


def fit_table(fits: Sequence[CauseFit]) -> Table:
    """Causes beside the remaining error; the best explanations first."""
    table = Table(
        title="What goes together with the remaining error (a hint of where to look, not a fit)",
        title_justify="left",
    )
    for name in ("core", "cause"):
        table.add_column(name, no_wrap=True)
    for name in ("images", "mean share", "correlation", "would have to change by", "mean error", "left"):
        table.add_column(name, justify="right", no_wrap=True)
    for index, fit in enumerate(fits):
        last = index + 1 == len(fits) or fits[index + 1].core != fit.core
        table.add_row(
            fit.core,
            fit.cause,
            str(fit.rows),
            f"{100 * fit.mean_share:.2f} %",
            "-" if fit.correlation is None else f"{fit.correlation:+.2f}",
            f"{100 * fit.factor:+.0f} %",
            f"{100 * fit.mean_abs_error:.2f} %",
            f"{100 * fit.mean_abs_error_left:.2f} %",
            end_section=last,
        )
    return table


def _print_remarks(console: Console, rows: Sequence[ValidatedRow], has_folders: bool) -> None:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    for row in rows:
        if row.detail and row.status != ABSENT:
            say(f"{row.status}: {row.version} {row.submitter} {row.system} {row.benchmark}: {row.detail}")
    absent = [row for row in rows if row.status == ABSENT]
    if absent:
        hint = "" if has_folders else "; give their folders with --images DIR"
        say(f"{len(absent)} of {len(rows)} images are absent{hint}:")
        for row in absent:
            say(f"  {row.version} {row.path}")
