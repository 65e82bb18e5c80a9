"""docs/testing.md: its tests are run, its failure is what comes out, and every ability has its words."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import boardless
from emulator.testing.plugin import MARKERS

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text()
EXAMPLE = ROOT / "firmware" / "examples" / "filter"
PROSE = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


FIRST, DEVICE, LIMITS, BENCHMARK = blocks("python")


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """With the page's image and configuration."""
    shutil.copy(ROOT / "benches" / "images" / "kws-nucleo-l4r5zi.elf", pytester.path / "firmware.elf")
    pytester.makeini(blocks("ini")[0])
    return pytester


def test_the_first_lines(pytester: pytest.Pytester, tmp_path: Path, cross_tools: None) -> None:
    shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("build"))
    for command in ("cmake -G Ninja -S . -B build", "cmake --build build"):
        subprocess.run(command.split(), cwd=pytester.path, check=True, capture_output=True)
    pytester.makeini("[pytest]")
    pytester.makepyfile(FIRST)
    pytester.runpytest().assert_outcomes(passed=1)
    assert len(FIRST.strip().splitlines()) <= 12


def test_the_device(project: pytest.Pytester) -> None:
    project.makeini("[pytest]")
    project.makepyfile(DEVICE)
    project.runpytest().assert_outcomes(passed=8)


def test_the_limits_and_the_benchmark(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # pytest-benchmark measures nothing under xdist
    project.makepyfile(LIMITS + "\n\n" + BENCHMARK)
    result = project.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    assert blocks("text")[0] in result.stdout.str(), "put into the page what came out"
    result.stdout.re_match_lines([r"test_crc32_speed .*"])


def test_the_robot_suite(project: pytest.Pytester) -> None:
    (project.path / "suite.robot").write_text(blocks("robotframework")[0])
    command = [sys.executable, "-m", "robot", "suite.robot"]
    done = subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)
    assert "2 tests, 2 passed, 0 failed" in done.stdout, done.stdout


def test_every_ability_option_and_marker_has_its_words(project: pytest.Pytester) -> None:
    abilities = {name for name in dir(boardless.Dut) if not name.startswith("_")}
    told = set(re.findall(r"dut\.(\w+)", PROSE))
    assert abilities - told == {"close", "load_firmware", "sections", "image", "root"}
    assert told - abilities == {"console"}
    options = set(re.findall(r"--dut-\w+", project.runpytest("--help").stdout.str()))
    assert options == set(re.findall(r"--dut-\w+", PROSE))
    assert [marker.partition("(")[0] for marker in MARKERS] == re.findall(
        r"^\| `(boardless_\w+)\(", PROSE, re.M
    )
