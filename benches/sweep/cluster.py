"""Does jobs on the workers of a Dask cluster, which need boardless installed and no common disk.

Dask itself gives a dead worker's jobs to another. What it can't give back, because the scheduler or all
workers went away, is left to whoever asked.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from benches.sweep.jobs import Answer, Job, code_version
from benches.sweep.work import perform
from emulator.errors import UsageError

Client = Any
"""Dask's, which has no types."""
LOGGERS = ("distributed", "distributed.client")
PATIENCE_S = 10
"""So long a scheduler may take to answer, and a cluster to have its first worker."""
LOOK_S = 1.0
"""So often a silent cluster is looked at."""
LONELY_S = 30
"""A cluster that has had no worker for so long has none."""
RUNNING, CANCELLED, FAILED = "running", "cancelled", "error"
"""States of a client and of futures."""


def connected(address: str) -> Client:
    """A scheduler that has workers. Raises UsageError."""
    try:
        import distributed  # noqa: PLC0415 -- optional, and slow to load
    except ImportError as error:
        raise UsageError(
            "a cluster needs Dask, which is not installed",
            where="--scheduler",
            next_step="pip install 'boardless[cluster]'",
        ) from error
    for name in LOGGERS:  # what happens is told in our words
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        connect: Any = distributed.Client
        client = connect(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"no Dask scheduler answers: {error}",
            where=f"--scheduler {address}",
            next_step="start one: `dask scheduler`, and workers: `dask worker ADDRESS --nthreads 1`",
        ) from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except TimeoutError as error:
        client.close()
        raise UsageError(
            "the scheduler has no workers",
            where=f"--scheduler {address}",
            next_step=f"start some: `dask worker {address} --nthreads 1`",
        ) from error
    return client


def done_there(
    client: Client, jobs: Mapping[int, Job], tell: Callable[[str], None]
) -> Iterator[tuple[int, Answer]]:
    """(number, answer) of each job as it is done. What is missing in the end, the cluster could not do.

    ``tell``: what happened on the way.
    """
    done: queue.Queue[Any] = queue.Queue()
    futures = {number: client.submit(perform, job, pure=False) for number, job in jobs.items()}
    numbers = {future.key: number for number, future in futures.items()}
    try:
        for future in futures.values():
            future.add_done_callback(done.put)
        while numbers:
            future = _next(client, done)
            if future is None or future.status == CANCELLED:
                undone = f"{len(numbers)} of {len(jobs)} jobs undone"
                tell(f"the cluster went away with {undone}; this machine did them")
                return
            number = numbers.pop(future.key)
            answer = _answer(future, tell)
            futures.pop(number).release()
            if answer is not None:
                yield number, answer
    finally:
        client.close(timeout=LOOK_S)


def _next(client: Client, done: queue.Queue[Any]) -> Any:
    """The next future that is done; None when none will be."""
    looks = 0
    while looks * LOOK_S < LONELY_S:
        try:
            return done.get(timeout=LOOK_S)
        except queue.Empty:
            if client.status != RUNNING:
                return None
            looks = 0 if client.scheduler_info()["workers"] else looks + 1
    return None


def _answer(future: Any, tell: Callable[[str], None]) -> Answer | None:
    """What came; None for what is of no use, which is told."""
    if future.status == FAILED:
        why = str(future.exception()).strip() or type(future.exception()).__name__
        tell(f"the cluster could not do a job, it was done on this machine: {why.splitlines()[0]}")
        return None
    answer: Answer = future.result()
    if answer.version != code_version():
        tell("a worker of the cluster runs another version of boardless; its jobs were done on this machine")
        return None
    return answer
