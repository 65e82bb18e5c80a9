"""Runs catalogue rows, each in a process of its own when more than one may run at once.

A process that dies takes its row with it and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from benches.measure import process_pool
from benches.silicon.catalog import CatalogRow
from benches.silicon.streaming_catalog import StreamingRow
from benches.silicon.streaming_validate import blank_streaming_row, validate_streaming
from benches.silicon.validate import FAILED, NOT_RUN, ValidatedRow, ValidateOptions, blank_row, validate_row

Row = TypeVar("Row")
Result = TypeVar("Result")
ImageRow = CatalogRow | StreamingRow
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RowWork(Generic[Row, Result]):
    """What is done with each row.

    ``run`` can be sent to another process; ``without`` makes the result of a row that did not get done,
    from the row, a status and a detail.
    """

    run: Callable[[Row], Result]
    without: Callable[[Row, str, str], Result]


@dataclass(frozen=True, slots=True)
class _Validate:
    options: ValidateOptions

    def __call__(self, row: ImageRow) -> ValidatedRow:
        if isinstance(row, StreamingRow):
            return validate_streaming(row, self.options)
        return validate_row(row, self.options)


def _blank(row: ImageRow, status: str, detail: str) -> ValidatedRow:
    if isinstance(row, StreamingRow):
        return blank_streaming_row(row, status, detail)
    return blank_row(row, status, detail)


def validate_rows(
    rows: Sequence[ImageRow],
    options: ValidateOptions,
    jobs: int = 1,
    progress: Callable[[ValidatedRow], None] = lambda _row: None,
) -> list[ValidatedRow]:
    """All rows in the catalogue's order. Ctrl-C ends early: rows not done say so."""
    return run_rows(rows, RowWork(_Validate(options), _blank), jobs, progress)


def run_rows(
    rows: Sequence[Row],
    work: RowWork[Row, Result],
    jobs: int = 1,
    progress: Callable[[Result], None] = lambda _result: None,
) -> list[Result]:
    """The results of all rows in their order. Ctrl-C ends early: rows not done say so."""
    results = [work.without(row, NOT_RUN, INTERRUPTED) for row in rows]

    def died(row: Row, code: int | None) -> Result:
        if code == process_pool.INTERRUPTED:
            return work.without(row, NOT_RUN, INTERRUPTED)
        return work.without(row, FAILED, f"its process ended with code {code}")

    try:
        for index, result in process_pool.each_done(rows, work.run, died, jobs):
            results[index] = result
            progress(result)
    except KeyboardInterrupt:
        pass
    return results
