"""Does pieces of work at once in processes that share what was made before they began.

A worker is a copy of this process at the moment when it is asked for, a booted machine and all; where
the system can't copy a process, everything is done here.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

from benches.measure.process_pool import INTERRUPTED
from emulator.errors import BoardlessError, CheckFailed, GuestFault

Item = TypeVar("Item")
Result = TypeVar("Result")


def each_shared(
    items: Sequence[Item], begin: Callable[[], Callable[[Item], Result]], jobs: int
) -> Iterator[tuple[int, Result]]:
    """(index, result) of each item, as they are done; ``jobs`` at once, 1: here, in order.

    ``begin()`` is called once in each process and makes what does the work. An error of the work is
    raised here. Raises CheckFailed when a worker died; KeyboardInterrupt as soon as one was interrupted.
    """
    if min(jobs, len(items)) <= 1 or "fork" not in multiprocessing.get_all_start_methods():
        work = begin()
        yield from ((index, work(item)) for index, item in enumerate(items))
        return
    crew = _Crew(items, begin)
    try:
        yield from crew.results(min(jobs, len(items)))
    finally:
        crew.end()


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    index: int = -1  # of the item that it has


class _Crew(Generic[Item, Result]):
    """Some workers, and the items that are left for them."""

    def __init__(self, items: Sequence[Item], begin: Callable[[], Callable[[Item], Result]]) -> None:
        self._items = items
        self._begin = begin
        self._next = 0
        self._workers: list[_Worker] = []

    def results(self, jobs: int) -> Iterator[tuple[int, Result]]:
        """See :func:`each_shared`."""
        for _ in range(jobs):
            self._hire()
        busy = {worker.pipe: worker for worker in self._workers if self._give(worker)}
        while busy:
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # type: ignore[index]
                index, result = worker.index, self._take(worker)
                if not self._give(worker):
                    del busy[worker.pipe]
                yield index, result

    def end(self) -> None:
        """Whoever still works is no longer needed."""
        for worker in self._workers:
            worker.pipe.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()

    def _hire(self) -> None:
        context = multiprocessing.get_context("fork")
        mine, theirs = context.Pipe()
        others = [worker.pipe for worker in self._workers]
        process = context.Process(
            target=_serve, args=(theirs, [*others, mine], self._items, self._begin), daemon=True
        )
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, mine))

    def _give(self, worker: _Worker) -> bool:
        """Send it the next item, if there is one."""
        if self._next == len(self._items):
            return False
        worker.index = self._next
        self._next += 1
        with contextlib.suppress(BrokenPipeError):  # it has died: its end of file says so
            worker.pipe.send(worker.index)
        return True

    def _take(self, worker: _Worker) -> Result:
        try:
            result: Result | BoardlessError = worker.pipe.recv()
        except (EOFError, ConnectionResetError):
            worker.process.join()
            if worker.process.exitcode == INTERRUPTED:
                raise KeyboardInterrupt from None
            raise CheckFailed(
                f"the process that worked on number {worker.index + 1} of {len(self._items)} ended with code "
                f"{worker.process.exitcode}",
                next_step="With --jobs 1 the same is done in this process. Was the memory exhausted?",
            ) from None
        if isinstance(result, BoardlessError):
            raise result
        return result


def _serve(
    pipe: Connection,
    of_others: Sequence[Connection],
    items: Sequence[Item],
    begin: Callable[[], Callable[[Item], Result]],
) -> None:
    for other in of_others:  # else nobody's end of file would come
        other.close()
    try:
        work = begin()
        while True:
            item = items[pipe.recv()]
            try:
                pipe.send(work(item))
            except BoardlessError as error:
                pipe.send(_portable(error))
    except (EOFError, BrokenPipeError):  # nothing is left to do, or nobody waits for it
        return
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def _portable(error: BoardlessError) -> BoardlessError:
    """The error as it goes from one process to another: its class may be made of other things."""
    if isinstance(error, GuestFault):
        return error
    carried = BoardlessError(error.what, where=error.where, next_step=error.next_step)
    carried.exit_code = error.exit_code
    return carried
