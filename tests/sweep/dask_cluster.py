"""A real Dask cluster on this machine: ``dask-scheduler`` and ``dask-worker`` as processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 60


class Cluster:
    """A scheduler and its workers. ``address``: of the scheduler."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", str(file))
        self.address = self._address(file)
        self.workers = [self.add_worker(number) for number in range(workers)]

    def add_worker(self, number: int) -> subprocess.Popen[bytes]:
        local = self._folder / f"worker-{number}"
        return self._start(
            "worker", self.address, "--nthreads", "1", "--no-nanny", "--local-directory", str(local)
        )

    def _start(self, kind: str, *words: str) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            f"distributed.cli.dask_{kind}",
            "--host",
            "127.0.0.1",
            "--no-dashboard",
        ]
        with (self._folder / f"{kind}.log").open("ab") as log:
            return subprocess.Popen([*command, *words], stdout=log, stderr=log, cwd=self._folder)

    def _address(self, file: Path) -> str:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            assert self.scheduler.poll() is None, (self._folder / "scheduler.log").read_text()
            try:
                return str(json.loads(file.read_text())["address"])
            except (FileNotFoundError, ValueError):
                time.sleep(0.05)
        raise AssertionError((self._folder / "scheduler.log").read_text())

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
        for process in (*self.workers, self.scheduler):
            process.wait()


@contextmanager
def cluster_of(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    folder.mkdir(exist_ok=True)
    cluster = Cluster(folder, workers)
    try:
        yield cluster
    finally:
        cluster.end()
