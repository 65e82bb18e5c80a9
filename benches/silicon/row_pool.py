"""Runs catalogue rows, each in a process of its own when more than one may run at once.

A process that dies takes its row with it and nothing else.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

from benches.silicon.catalog import CatalogRow
from benches.silicon.validate import FAILED, NOT_RUN, ValidatedRow, ValidateOptions, blank_row, validate_row

Result = TypeVar("Result")
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RowWork(Generic[Result]):
    """What is done with each row.

    ``run`` can be sent to another process; ``without`` makes the result of a row that did not get done,
    from the row, a status and a detail.
    """

    run: Callable[[CatalogRow], Result]
    without: Callable[[CatalogRow, str, str], Result]


@dataclass(frozen=True, slots=True)
class _Validate:
    options: ValidateOptions

    def __call__(self, row: CatalogRow) -> ValidatedRow:
        return validate_row(row, self.options)


def validate_rows(
    rows: Sequence[CatalogRow],
    options: ValidateOptions,
    jobs: int = 1,
    progress: Callable[[ValidatedRow], None] = lambda _row: None,
) -> list[ValidatedRow]:
    """All rows in the catalogue's order. Ctrl-C ends early: rows not done say so."""
    return run_rows(rows, RowWork(_Validate(options), blank_row), jobs, progress)


def run_rows(
    rows: Sequence[CatalogRow],
    work: RowWork[Result],
    jobs: int = 1,
    progress: Callable[[Result], None] = lambda _result: None,
) -> list[Result]:
    """The results of all rows in their order. Ctrl-C ends early: rows not done say so."""
    results = [work.without(row, NOT_RUN, INTERRUPTED) for row in rows]
    try:
        if jobs == 1:
            for index, row in enumerate(rows):
                results[index] = work.run(row)
                progress(results[index])
        else:
            _in_processes(rows, work, jobs, results, progress)
    except KeyboardInterrupt:
        pass
    return results


def _in_processes(
    rows: Sequence[CatalogRow],
    work: RowWork[Result],
    jobs: int,
    results: list[Result],
    progress: Callable[[Result], None],
) -> None:
    with ThreadPoolExecutor(jobs) as threads:
        futures = {threads.submit(_in_child, row, work): index for index, row in enumerate(rows)}
        try:
            for future in as_completed(futures):
                index = futures[future]
                results[index] = future.result()
                progress(results[index])
        except KeyboardInterrupt:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _in_child(row: CatalogRow, work: RowWork[Result]) -> Result:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, row, work), daemon=True)
    process.start()
    sender.close()
    try:
        result: Result = receiver.recv()
    except EOFError:
        process.join()
        return work.without(row, FAILED, f"its process ended with code {process.exitcode}")
    process.join()
    return result


def _child(sender: Connection, row: CatalogRow, work: RowWork[Result]) -> None:
    try:
        sender.send(work.run(row))
    except KeyboardInterrupt:
        sender.send(work.without(row, NOT_RUN, INTERRUPTED))
