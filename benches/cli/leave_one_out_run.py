"""``boardless validate --leave-one-out``: refits, and prints what they make of each family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benches.cli.row_progress import row_progress
from benches.runs.report import UNOFFICIAL
from benches.silicon.catalog import CatalogRow, development_catalog
from benches.silicon.fitted_constants import fitted_constants, values_as_they_are
from benches.silicon.image_sources import find_image
from benches.silicon.leave_one_out import LeaveOneOut, LeftOutFamily, leave_one_out
from benches.silicon.repriced_row import Reprice, not_repriced
from benches.silicon.row_pool import RowWork, run_rows
from benches.silicon.validate import ValidateOptions


@dataclass(frozen=True, slots=True)
class Refits:
    """What came of it: nothing without development images, or when some of them are ``lacking``, with why."""

    result: LeaveOneOut | None = None
    lacking: tuple[str, ...] = ()


def run_leave_one_out(
    catalog: Sequence[CatalogRow], options: ValidateOptions, jobs: int, console: Console
) -> Refits:
    """Refit without each family of the development images that are there, and print it.

    Other images of the catalogue had no part in any constant: what they show is left out as it is.
    """
    fitted = {(row.version, row.path) for row in development_catalog()}
    rows = [
        row
        for row in catalog
        if row.mode == "performance"
        and (row.version, row.path) in fitted
        and find_image(row, options.folders) is not None
    ]
    if not rows:
        console.print("None of the images had a part in a constant: there is nothing to refit.")
        return Refits()
    constants = fitted_constants()
    work = RowWork(Reprice(options.folders, constants, options.hook), not_repriced)
    with row_progress(console, "refitting", len(rows)) as advance:
        repriced = run_rows(
            rows, work, jobs, lambda done: advance(f"{done.row.title}: {len(done.ratios)} combinations")
        )
    lacking = tuple(f"{row.row.title}: {row.problem}" for row in repriced if row.problem)
    if lacking:
        return Refits(lacking=lacking)
    result = leave_one_out(repriced, constants, values_as_they_are(constants))
    console.print(leave_one_out_table(result))
    figures, left_out = result.figures, result.left_out_figures
    console.print(
        f"mean {100 * figures.mean_abs_error:.2f} %, left out {100 * left_out.mean_abs_error:.2f} %; "
        f"worst {100 * figures.worst_abs_error:.2f} %, left out {100 * left_out.worst_abs_error:.2f} %",
        highlight=False,
    )
    return Refits(result)


def leave_one_out_table(result: LeaveOneOut) -> Table:
    """A row for each image, families together with what their refit changed."""
    table = Table(title=f"Families left out of the fit ({UNOFFICIAL})", title_justify="left")
    table.add_column("image", overflow="fold")
    for name in ("error", "left out"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("refitted otherwise", overflow="fold")
    for family in result.families:
        for index, row in enumerate(family.rows):
            table.add_row(
                row.title,
                f"{100 * (row.ratio - 1):+.1f} %",
                f"{100 * (row.left_out_ratio - 1):+.1f} %",
                "" if index else _changes(result, family),
                end_section=index + 1 == len(family.rows),
            )
    return table


def _changes(result: LeaveOneOut, family: LeftOutFamily) -> str:
    changes = [f"{name}: {result.values[name]} -> {value}" for name, value in family.changed.items()]
    return "; ".join(changes) or "nothing"
