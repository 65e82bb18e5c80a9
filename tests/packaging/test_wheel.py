"""The built wheel holds everything that a user needs, and builds without a compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("boardless", "emulator", "peripherals", "benches")
DATA = {".toml", ".csv", ".json", ".elf", ".tflite", ".bin"}
FIRMWARE_SOURCES = {".c", ".h", ".s", ".S", ".ld", ".toml", ".tflite", ".py"}


def build_wheel(folder: Path, environment: dict[str, str]) -> zipfile.ZipFile:
    """Build from a copy of the checkout's sources, offline."""
    source = folder / "source"
    unwanted = shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info", "build", ".*cache")
    for name in (*PACKAGES, "firmware"):
        # "build" is an output folder at the root, but a package in benches
        ignore = unwanted if name != "benches" else shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(ROOT / name, source / name, ignore=ignore)
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation",
         "--wheel-dir", str(folder), str(source)],
        env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("boardless-*.whl")
    return zipfile.ZipFile(wheel)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return set(build_wheel(tmp_path_factory.mktemp("wheel"), {}).namelist())


def files_in(folder: Path, suffixes: set[str]) -> set[str]:
    return {
        str(path.relative_to(folder.parent))
        for path in folder.rglob("*")
        if path.suffix in suffixes and path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_and_data_file(wheel: set[str], package: str) -> None:
    missing = files_in(ROOT / package, {".py", *DATA}) - wheel
    assert not missing, "a folder without __init__.py, or a kind of data that setup.py does not name"


def test_firmware_sources(wheel: set[str]) -> None:
    expected = {f"benches/{name}" for name in files_in(ROOT / "firmware", FIRMWARE_SOURCES)}
    assert expected
    assert not expected - wheel


def test_native_hook_and_command(wheel: set[str]) -> None:
    assert any(name.startswith("emulator/engine/_native.") for name in wheel)
    assert any(name.endswith("dist-info/entry_points.txt") for name in wheel)


def test_nothing_else(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel if ".dist-info/" not in name}
    assert tops == set(PACKAGES)
    assert not [name for name in wheel if "__pycache__" in name]


def test_builds_without_a_compiler(tmp_path: Path) -> None:
    names = build_wheel(tmp_path, {"CC": "false"}).namelist()
    assert "emulator/engine/python_hook.py" in names
    assert not [name for name in names if name.endswith((".so", ".pyd"))]
