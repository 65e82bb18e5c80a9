"""Does pieces of work at once, each in a process of its own that takes nothing along when it dies."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from multiprocessing.connection import Connection
from typing import TypeVar

INTERRUPTED = 130
Item = TypeVar("Item")
Result = TypeVar("Result")


def each_done(
    items: Sequence[Item],
    work: Callable[[Item], Result],
    died: Callable[[Item, int | None], Result],
    jobs: int,
) -> Iterator[tuple[int, Result]]:
    """(index, result) of each item, as they are done; ``jobs`` at once, 1: here, in order.

    ``work`` and the items go to other processes, so they are what pickle takes. ``died(item, code)``: the
    result of an item whose process ended without one; :data:`INTERRUPTED` is the code of Ctrl-C.
    """
    if jobs == 1:
        yield from ((index, work(item)) for index, item in enumerate(items))
        return
    with ThreadPoolExecutor(jobs) as threads:
        futures = {threads.submit(_in_child, item, work, died): index for index, item in enumerate(items)}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _in_child(
    item: Item, work: Callable[[Item], Result], died: Callable[[Item, int | None], Result]
) -> Result:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, work, item), daemon=True)
    process.start()
    sender.close()
    try:
        result: Result = receiver.recv()
    except EOFError:
        process.join()
        return died(item, process.exitcode)
    process.join()
    return result


def _child(sender: Connection, work: Callable[[Item], Result], item: Item) -> None:
    try:
        sender.send(work(item))
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
