"""Sweeps on a real local Dask cluster: the same table, and what happens when parts of it go away."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from threading import Timer

import pytest
from dask_cluster import Cluster, cluster_of
from sweep_specs import BOOT, KWS, command, run

from benches.sweep import cluster as cluster_room
from benches.sweep.jobs import Firmware, MeasureJob, NamedBytes, Window
from emulator.board.reader import load_board

SPECIFICATION = f"{BOOT}[parameters]\nregions.sram1.wait_states = {list(range(24))}\n"
ONE_CELL_MISSES = SPECIFICATION.replace("23]", "300]")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The table as one machine makes it."""
    folder = tmp_path_factory.mktemp("here")
    assert run(folder, SPECIFICATION, "--csv", "a.csv").returncode == 0
    return (folder / "a.csv").read_bytes()


def begin(folder: Path, cluster: Cluster, after: int) -> subprocess.Popen[str]:
    """A sweep on the cluster that has some results, and lacks others."""
    (folder / "sweep.toml").write_text(SPECIFICATION)
    words = command("--csv", "a.csv", "--scheduler", cluster.address, "--jobs", "2")
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while len(list((folder / ".boardless-cache").rglob("*.json"))) < after:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process


def end(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    return out


def test_two_workers(tmp_path: Path, reference: bytes) -> None:
    with cluster_of(tmp_path / "dask") as cluster:
        done = run(tmp_path, SPECIFICATION, "--csv", "a.csv", "--scheduler", cluster.address)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "a.csv").read_bytes() == reference
        assert "note:" not in done.stdout
        failing = run(tmp_path, ONE_CELL_MISSES, "--scheduler", cluster.address)
        assert failing.returncode == 1 and "from 0 to 255, not 300" in failing.stdout
        assert "23 measurements, 23 of them kept" in failing.stdout


def test_a_worker_is_killed(tmp_path: Path, reference: bytes) -> None:
    with cluster_of(tmp_path / "dask") as cluster:
        process = begin(tmp_path, cluster, after=2)
        cluster.workers[0].kill()
        end(process)
    assert (tmp_path / "a.csv").read_bytes() == reference


def test_the_scheduler_goes_away(tmp_path: Path, reference: bytes) -> None:
    with cluster_of(tmp_path / "dask") as cluster:
        process = begin(tmp_path, cluster, after=2)
        cluster.scheduler.kill()
        out = end(process)
    assert "note: the cluster went away with" in out and "this machine did them" in out
    assert (tmp_path / "a.csv").read_bytes() == reference


def test_all_workers_go_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_room, "LONELY_S", 2)
    told: list[str] = []
    firmware = Firmware(NamedBytes(KWS.name, KWS.read_bytes()))
    window = Window(inferences=500)
    job = MeasureJob(firmware, load_board("nucleo-l4r5zi"), (), "memory", (window,))
    with cluster_of(tmp_path / "dask", workers=1) as cluster:
        client = cluster_room.connected(cluster.address)
        Timer(1.0, cluster.workers[0].kill).start()
        assert list(cluster_room.done_there(client, {0: job}, told.append)) == []
    assert told == ["the cluster went away with 1 of 1 jobs undone; this machine did them"]


def test_no_scheduler_is_there(tmp_path: Path) -> None:
    done = run(tmp_path, SPECIFICATION, "--scheduler", "tcp://127.0.0.1:1")
    assert done.returncode == 2
    assert "--scheduler tcp://127.0.0.1:1: no Dask scheduler answers" in done.stderr
    assert "dask scheduler" in done.stderr and "Traceback" not in done.stderr


def test_a_scheduler_without_workers(tmp_path: Path) -> None:
    with cluster_of(tmp_path / "dask", workers=0) as cluster:
        done = run(tmp_path, SPECIFICATION, "--scheduler", cluster.address)
    assert done.returncode == 2
    assert "the scheduler has no workers" in done.stderr and "Traceback" not in done.stderr
