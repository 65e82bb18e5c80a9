"""The gate's verdict, figures and baseline are the same to the last byte wherever and however it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from every_kind import build_all

from emulator.engine import library

ROOT = Path(__file__).parents[2]
HERE = (sys.executable, "-m", "boardless")


@dataclass(frozen=True)
class Said:
    """What one run of the gate gives to its user: code, output, report, baseline."""

    code: int
    output: str
    report: str
    baseline: str


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, cross_tools: None) -> Path:
    return build_all(tmp_path_factory.mktemp("everywhere"))


def gate(project: Path, *options: str, at: Path = ROOT, told: str = "", **environment: str) -> Said:
    """Write a baseline, and check against it with a limit that does not hold."""
    specification = project / "strict.toml"
    text = (project / "boardless.toml").read_text()
    specification.write_text(text.replace("[measure.crc]", "[measure.crc]\nlimits.cycles = { hard = 10 }"))
    report, baseline = project / "report.json", project / "new.baseline"
    command = [*HERE, "check", str(specification), "--update", "--baseline", str(baseline), *options]
    done = subprocess.run(
        [*command, "--json", str(report)],
        cwd=at, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "crc cycles" in done.stderr and told in done.stderr, done.stderr
    shown = done.stdout.replace(str(project), "PROJECT")
    return Said(done.returncode, shown, report.read_text(), baseline.read_text())


@pytest.fixture(scope="module")
def alone(project: Path) -> Said:
    said = gate(project, "--jobs", "1")
    assert said.code == 1
    return said


def test_four_at_once(project: Path, alone: Said) -> None:
    assert gate(project, "--jobs", "4") == alone


def test_four_gates_beside_each_other(project: Path, alone: Said, tmp_path: Path) -> None:
    """As four workers of pytest-xdist would run them, each in its own clone."""
    places = [shutil.copytree(project, tmp_path / f"clone {number}") for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda place: gate(place, "--jobs", "1"), places)) == {alone}


def test_another_users_environment(project: Path, alone: Said) -> None:
    """Hashes, language, time zone, optimisation, and the folder that the command was started in."""
    other = {"PYTHONHASHSEED": "4711", "LC_ALL": "C", "TZ": "Asia/Kathmandu", "PYTHONOPTIMIZE": "2"}
    assert gate(project, "--jobs", "1", at=project, **other) == alone


def test_another_folder(project: Path, alone: Said, tmp_path: Path) -> None:
    place = Path(shutil.copytree(project, tmp_path / "a folder, é [1]"))
    assert gate(place, "--jobs", "1") == alone


def test_without_the_native_hook(project: Path, alone: Said, tmp_path: Path) -> None:
    """An installation whose C library was never built: the Python hook counts."""
    unwanted = shutil.ignore_patterns("__pycache__", library.LIBRARY.name)
    shutil.copytree(ROOT / "emulator", tmp_path / "emulator", ignore=unwanted)
    for room in ("peripherals", "benches", "boardless"):
        (tmp_path / room).symlink_to(ROOT / room)
    assert gate(project, "--jobs", "1", at=tmp_path, told="no native hook (not built") == alone
