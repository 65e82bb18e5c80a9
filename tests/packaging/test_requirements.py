"""Each Python from 3.10 to 3.13 gets wheels only, and the golden interpreter that it can have.

This asks the package index, as `make test` does to set itself up.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
SYSTEMS = {"Linux": "linux", "macOS": "darwin", "Windows": "win32"}
GOLDEN = {
    "3.10": "tflite-runtime",
    "3.11": "tflite-runtime",
    "3.12": "ai-edge-litert",
    "3.13": "ai-edge-litert",
}


def requirements(python: str, *extras: str, **platform: str) -> list[Requirement]:
    """Those of pyproject.toml for that Python on this platform or another, their markers settled."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + [
        line for extra in extras for line in project["optional-dependencies"][extra]
    ]
    values = {"python_version": python, "python_full_version": f"{python}.0", **platform}
    found = [Requirement(line) for line in lines]
    return [one for one in found if one.marker is None or one.marker.evaluate(values)]


def resolved(python: str, wanted: list[Requirement], folder: Path) -> dict[str, str]:
    """Versions by name that pip would install from wheels alone."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed",
         "--only-binary=:all:", "--python-version", python, "--target", str(folder), "--report", "-",
         *(f"{one.name}{one.specifier}" for one in wanted)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"is the package index reachable?\n{done.stderr}"
    entries = [entry["metadata"] for entry in json.loads(done.stdout)["install"]]
    return {entry["name"].lower().replace("_", "-"): entry["version"] for entry in entries}


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms have other golden interpreters")
@pytest.mark.parametrize("python", PYTHONS)
def test_installs_from_wheels_alone(python: str, tmp_path: Path) -> None:
    versions = resolved(python, requirements(python), tmp_path)
    assert GOLDEN[python] in versions
    numpy_major = int(versions["numpy"].partition(".")[0])
    assert numpy_major == 1 if GOLDEN[python] == "tflite-runtime" else numpy_major >= 2


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS)
def test_the_tests_too(python: str, tmp_path: Path) -> None:
    assert {"pytest", "ai-edge-litert"} <= set(resolved(python, requirements(python, "test"), tmp_path))


def test_numpy_1_is_asked_for_only_where_tflite_runtime_needs_it() -> None:
    for python in (*PYTHONS, "3.14"):
        found = {one.name: str(one.specifier) for one in requirements(python)}
        assert ("<2" in found["numpy"]) is ("tflite-runtime" in found), python


def rows_of_the_page() -> Iterator[tuple[str, str, str, str, str]]:
    """Python, system, machine, golden interpreter and numpy of each line in docs/installation.md."""
    page = (ROOT / "docs" / "installation.md").read_text()
    for pythons, platforms, golden, numpy in re.findall(
        r"^\| (3[^|]+) \| (\w[^|]+) \| ([^|]+) \| (\d) \|$", page, re.M
    ):
        system, machines = platforms.split(" ", 1)
        for python in pythons.split(", "):
            for machine in machines.split(", "):
                yield python, system, machine, golden, numpy


def test_the_page_says_what_the_metadata_say() -> None:
    rows = list(rows_of_the_page())
    assert {row[0] for row in rows} == set(PYTHONS)
    for python, system, machine, golden, numpy in rows:
        found = {
            one.name: str(one.specifier)
            for one in requirements(python, sys_platform=SYSTEMS[system], platform_machine=machine)
        }
        names = [name for name in ("tflite-runtime", "ai-edge-litert") if name in found]
        assert names == ([] if golden == "none" else [golden.split()[0]]), (python, system, machine)
        assert ("<2" in found["numpy"]) is (numpy == "1")
