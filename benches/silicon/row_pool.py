"""Runs catalogue rows, each in a process of its own when more than one may run at once.

A process that dies takes its row with it and nothing else.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from multiprocessing.connection import Connection

from benches.silicon.catalog import CatalogRow
from benches.silicon.validate import FAILED, NOT_RUN, ValidatedRow, ValidateOptions, blank_row, validate_row


def validate_rows(
    rows: Sequence[CatalogRow],
    options: ValidateOptions,
    jobs: int = 1,
    progress: Callable[[ValidatedRow], None] = lambda _row: None,
) -> list[ValidatedRow]:
    """All rows in the catalogue's order. Ctrl-C ends early: rows not done say so."""
    results = [blank_row(row, NOT_RUN, "interrupted") for row in rows]
    try:
        if jobs == 1:
            for index, row in enumerate(rows):
                results[index] = validate_row(row, options)
                progress(results[index])
        else:
            _in_processes(rows, options, jobs, results, progress)
    except KeyboardInterrupt:
        pass
    return results


def _in_processes(
    rows: Sequence[CatalogRow],
    options: ValidateOptions,
    jobs: int,
    results: list[ValidatedRow],
    progress: Callable[[ValidatedRow], None],
) -> None:
    with ThreadPoolExecutor(jobs) as threads:
        futures = {threads.submit(_in_child, row, options): index for index, row in enumerate(rows)}
        try:
            for future in as_completed(futures):
                index = futures[future]
                results[index] = future.result()
                progress(results[index])
        except KeyboardInterrupt:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _in_child(row: CatalogRow, options: ValidateOptions) -> ValidatedRow:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, row, options), daemon=True)
    process.start()
    sender.close()
    try:
        result: ValidatedRow = receiver.recv()
    except EOFError:
        process.join()
        return blank_row(row, FAILED, f"its process ended with code {process.exitcode}")
    process.join()
    return result


def _child(sender: Connection, row: CatalogRow, options: ValidateOptions) -> None:
    try:
        sender.send(validate_row(row, options))
    except KeyboardInterrupt:
        sender.send(blank_row(row, NOT_RUN, "interrupted"))
