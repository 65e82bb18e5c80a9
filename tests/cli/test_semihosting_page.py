"""docs/semihosting.md: its program, built and run as the page says, prints what the page shows."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from talking_firmware import ROOT, code_block, run

PAGE = (ROOT / "docs" / "semihosting.md").read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "squares.c").write_text(code_block(PAGE, "c"))
    compiling = code_block(PAGE, "console").splitlines()[0]
    subprocess.run(shlex.split(compiling.removeprefix("$ ")), cwd=folder, check=True)
    return folder


def test_as_the_page_shows_it(folder: Path) -> None:
    _compiling, running, shown = code_block(PAGE, "console").splitlines()
    done = run(folder, *shlex.split(running.removeprefix("$ boardless ")))
    assert (done.returncode, done.stdout) == (0, shown + "\n"), done.stderr
    assert "modelled" in done.stderr


@pytest.mark.parametrize("console", ["semihosting", "none"])
def test_until_hears_it_whatever_the_console_is(folder: Path, console: str) -> None:
    arguments = ("--board", "mps2-an386", "--args", "13", "--console", console, "--until", "= 169")
    done = run(folder, "run", "squares.elf", *arguments)
    assert (done.returncode, done.stdout) == (0, "13 * 13 = 169, and clock() moves\n"), done.stderr
    assert "stopped:      the text of --until came" in done.stderr


def test_its_code_is_the_process_s(folder: Path) -> None:
    done = run(folder, "run", "squares.elf", "--board", "mps2-an386", "--args", "13")
    assert (done.returncode, done.stdout) == (1, "13 * 13 = 169, and clock() moves\n")
    assert "exit code 1" in done.stderr
