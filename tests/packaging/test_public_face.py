"""``import boardless``: light, complete, and typed, as an editable installation and as a wheel."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from building import Built

import boardless
import emulator

ROOT = Path(__file__).parents[2]
USER = Path(__file__).with_name("typed_user.py")
HEAVY = {
    "unicorn",
    "capstone",
    "elftools",
    "numpy",
    "serial",
    "intelhex",
    "rich",
    "tomllib",
    "tomli",
    "cxxfilt",
}


def modules_after(code: str) -> set[str]:
    """Every module that a fresh Python has after ``code``, by its first name."""
    command = [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_the_import_is_light() -> None:
    loaded = modules_after("import boardless")
    assert "emulator" in loaded
    assert not loaded & {*HEAVY, "click", "peripherals", "benches", "dataclasses", "ctypes", "typing"}


def test_the_version_is_told_without_the_engine() -> None:
    code = (
        "from emulator.cli.main import main\n"
        "try: main(['--version'], prog_name='boardless')\n"
        "except SystemExit: pass"
    )
    loaded = modules_after(code)
    assert "click" in loaded
    assert not loaded & {*HEAVY, "peripherals", "benches"}


def test_every_name_is_there() -> None:
    source = ast.parse(Path(boardless.__file__).read_text())
    typed = {
        alias.name
        for block in source.body if isinstance(block, ast.If)
        for statement in block.body if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }  # fmt: skip
    assert typed | {"__version__"} == set(boardless.__all__), "what type checkers see is what there is"
    assert set(boardless.__all__) <= set(dir(boardless))
    fresh = importlib.reload(boardless)
    for name in fresh.__all__:
        assert getattr(fresh, name) is not None
    assert fresh.Machine is emulator.Machine
    assert fresh.__version__ == emulator.__version__
    with pytest.raises(AttributeError, match="'boardless' has no attribute 'Mashine'"):
        fresh.Mashine  # noqa: B018


def test_every_error_is_there() -> None:
    errors = importlib.import_module("emulator.errors")
    of_ours = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.BoardlessError)
    }
    assert of_ours <= set(boardless.__all__)


def test_python_m_boardless() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "boardless", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"boardless, version {boardless.__version__}\n"


def check_types(folder: Path, python: str) -> None:
    """`mypy --strict` of a user's script in a folder of its own, for the packages of ``python``."""
    (folder / "user.py").write_text(USER.read_text())
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "user.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_of_the_editable_installation(tmp_path: Path) -> None:
    check_types(tmp_path, sys.executable)


def test_types_of_the_wheel(built: Built, tmp_path: Path) -> None:
    """In a virtual environment that has the wheel, and our own libraries, but not this checkout."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "env"], cwd=tmp_path, check=True)
    python = tmp_path / "env" / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(tmp_path / "env")}))
    built.wheel().extractall(site)
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    command = [
        str(python),
        "-c",
        "import boardless; print(boardless.Machine('virtual-m4'), boardless.__file__)",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("<Machine virtual-m4 (cortex-m4, 25 MHz), no image")
    assert str(site) in done.stdout
    check_types(tmp_path, str(python))
