"""Does jobs on this machine's cores, in processes that stay; the death of one costs the job in its hands."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from benches.sweep.jobs import Answer, Job, code_version, failed
from benches.sweep.work import perform

TRIES = 2
"""A job whose process died is done once more: what killed it may have been somebody else's want of memory."""


@dataclass(slots=True, eq=False)
class _Worker:
    process: SpawnProcess
    connection: Connection
    job: int


def done_here(
    jobs: Mapping[int, Job], workers: int, tell: Callable[[str], None]
) -> Iterator[tuple[int, Answer]]:
    """(number, answer) of each job as it is done, ``workers`` at once. ``tell``: what happened on the way.

    Whoever stops asking ends the processes.
    """
    waiting, deaths = deque(jobs), Counter[int]()
    busy: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                busy.append(_new_worker(jobs, waiting.popleft()))
            ready = wait([worker.connection for worker in busy])
            for worker in [worker for worker in busy if worker.connection in ready]:
                number = worker.job
                answer = _answer(worker)
                if answer is not None:
                    if waiting:
                        _give(worker, waiting.popleft(), jobs)
                    else:
                        busy.remove(worker)
                        _end(worker)
                    yield number, answer
                    continue
                busy.remove(worker)
                worker.process.join()
                deaths[number] += 1
                ended = f"the process of a job ended with code {worker.process.exitcode}"
                if deaths[number] < TRIES:
                    tell(f"{ended}; it was done again")
                    waiting.appendleft(number)
                else:
                    yield number, Answer(code_version(), failed(jobs[number], f"{ended}, {TRIES} times"))
    finally:
        for worker in busy:
            worker.process.kill()
            _end(worker)


def _new_worker(jobs: Mapping[int, Job], number: int) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    worker = _Worker(process, ours, number)
    _give(worker, number, jobs)
    return worker


def _give(worker: _Worker, number: int, jobs: Mapping[int, Job]) -> None:
    worker.job = number
    try:
        worker.connection.send(jobs[number])
    except OSError:
        return  # it is dead: its connection says so, too


def _answer(worker: _Worker) -> Answer | None:
    """What a worker has sent; None when it died."""
    try:
        answer: Answer = worker.connection.recv()
    except (EOFError, OSError):
        return None
    return answer


def _end(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.join()


def _serve(connection: Connection) -> None:
    """A worker's life: jobs until nobody is there any more. Ctrl-C is the other side's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            job: Job = connection.recv()
        except (EOFError, OSError):
            return
        try:
            connection.send(perform(job))
        except OSError:
            return
