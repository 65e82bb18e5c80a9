"""docs/consoles.md: its program, built and run as the page says, and other consoles of other firmware."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from talking_firmware import ROOT, build, code_block, run

PAGE = (ROOT / "docs" / "consoles.md").read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consoles")
    (folder / "hello.c").write_text(code_block(PAGE, "c"))
    compiling = code_block(PAGE, "console").splitlines()[0]
    subprocess.run(shlex.split(compiling.removeprefix("$ ")), cwd=folder, check=True)
    return folder


def test_as_the_page_shows_it(folder: Path) -> None:
    _compiling, running, shown = code_block(PAGE, "console").splitlines()
    done = run(folder, *shlex.split(running.removeprefix("$ boardless ")))
    assert (done.returncode, done.stdout) == (0, shown + "\n"), done.stderr
    until = run(folder, *shlex.split(running.removeprefix("$ boardless ")), "--until", "by RTT")
    assert (until.returncode, "stopped:      the text" in until.stderr) == (0, True), until.stderr


def test_a_channel_that_never_says_anything(folder: Path) -> None:
    arguments = ("run", "hello.elf", "--board", "virtual-m4", "--console", "rtt:2")
    silent = run(folder, *arguments)
    assert (silent.returncode, silent.stdout) == (0, "")
    assert "13 bytes went out on rtt0, which is not shown; --uart rtt0 shows it" in silent.stderr
    shown = run(folder, *arguments, "--uart", "rtt0")
    assert shown.stdout == "hello by RTT\n"


def test_no_control_block_is_said(folder: Path) -> None:
    built = build(folder)
    done = run(folder, "run", str(built), "--console", "rtt", "--max-cycles", "2000000")
    assert "console:      RTT: no control block has come up in 0x" in done.stderr


def test_a_board_file_with_a_console(folder: Path) -> None:
    document = (ROOT / "peripherals/boards/virtual-m4.toml").read_text()
    top = 'console = "rtt"\n' + document + "\n[rtt]\npoll_us = 500\nquiet_poll_us = 20_000\n"
    (folder / "debugged.toml").write_text(top)
    done = run(folder, "run", "hello.elf", "--board", "debugged.toml")
    assert (done.returncode, done.stdout) == (0, "hello by RTT\n"), done.stderr
    (folder / "wrong.toml").write_text(top.replace('"rtt"', '"rrt"'))
    wrong = run(folder, "run", "hello.elf", "--board", "wrong.toml")
    assert wrong.returncode == 2
    assert "wrong.toml: console: no console 'rrt'; did you mean 'rtt'?" in wrong.stderr


def test_the_itm_is_the_console(folder: Path) -> None:
    tracing = build(folder, trace=True)
    done = run(folder, "run", str(tracing), "--console", "itm", "--until", "booting\r\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.encode() == b"booting\n"  # once, and without the UART's; universal newlines


def test_a_console_that_is_none(folder: Path) -> None:
    done = run(folder, "run", "hello.elf", "--board", "virtual-m4", "--console", "rtt:99")
    assert done.returncode == 2
    assert "--console: console: no console 'rtt:99'" in done.stderr
