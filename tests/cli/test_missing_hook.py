"""Who runs without the native hook is told so, in one line on standard error, at every run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from talking_firmware import ROOT

import benches.speed.__main__ as speed
from benches.cli import host_run
from emulator import Machine
from emulator.cli import options
from emulator.cli.desk_options import DeskOptions
from emulator.cli.main import main
from emulator.engine import library
from emulator.errors import UsageError
from emulator.installation import origin

IMAGE = ROOT / "benches" / "images" / "kws-nucleo-l4r5zi.elf"
RUN = ("run", str(IMAGE), "--until", "m-timestamp", "--timing", "count")


@pytest.fixture(scope="module")
def hookless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation whose native hook was not built."""
    folder = tmp_path_factory.mktemp("hookless")
    unwanted = shutil.ignore_patterns("__pycache__", library.LIBRARY.name)
    shutil.copytree(ROOT / "emulator", folder / "emulator", ignore=unwanted)
    for room in ("peripherals", "benches"):
        (folder / room).symlink_to(ROOT / room)
    return folder


def run(installation: Path, *arguments: str) -> tuple[str, str, list[str]]:
    """What a command prints on standard output and error, and the lines that miss the hook."""
    done = subprocess.run(
        [sys.executable, "-W", "default", "-m", "emulator.cli.main", *arguments],
        cwd=installation, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    missing = [line for line in done.stderr.splitlines() if "native hook (" in line]
    return done.stdout, done.stderr, missing


def test_one_line_says_it_all(hookless: Path) -> None:
    out, said, (line,) = run(hookless, *RUN)
    assert line.startswith("boardless: no native hook (not built: there was no C compiler")
    assert "30 times slower (`boardless bench ad`: 87 s instead of 3 s)" in line
    assert "install a C compiler (Debian: apt install gcc libc6-dev), then: " in line
    assert f"{sys.executable} -m pip install --no-deps " in line
    assert out == "m-timestamp"
    assert ", python hook\n" in said


def test_nothing_is_said_when_it_was_asked_for(hookless: Path) -> None:
    assert run(hookless, *RUN, "--hook", "python")[2] == []


def test_nothing_is_said_when_there_is_one() -> None:
    _, said, lines = run(ROOT, *RUN)
    assert lines == []
    assert ", native hook\n" in said


def test_a_library_of_another_system_is_named(no_hook: Path) -> None:
    no_hook.write_text("not a library")
    assert library.native_library() is None
    assert library.native_library_problem().startswith(f"built, but it does not load: {no_hook}")


@pytest.fixture
def no_hook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """As if it had not been built, in this process; gives the path at which it would lie."""
    monkeypatch.setattr(library, "LIBRARY", tmp_path / "_native.so")
    library._opened.cache_clear()
    yield tmp_path / "_native.so"
    library._opened.cache_clear()


def test_asking_for_the_native_hook_says_how_to_get_it(no_hook: Path) -> None:
    with pytest.raises(UsageError, match="there is no native hook: not built") as caught:
        Machine("nucleo-l4r5zi", hook="native")
    assert caught.value.next_step == origin.native_hook_advice()


def test_python_users_are_warned(no_hook: Path) -> None:
    with pytest.warns(RuntimeWarning, match="no native hook") as told:
        Machine("nucleo-l4r5zi")
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Machine("nucleo-l4r5zi", hook="python")


@pytest.mark.parametrize("name", ["run", "serve", "bench", "explain", "profile", "validate"])
def test_every_command_that_runs_firmware_has_the_option(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    (hook,) = [parameter for parameter in command.params if parameter.name == "hook"]
    assert hook.callback is options._settle_hook


def test_the_speed_bench_has_it() -> None:
    (hook,) = [parameter for parameter in speed.main.params if parameter.name == "hook"]
    assert hook.callback is options._settle_hook


def test_host_says_it_once_and_not_its_children(
    no_hook: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = SimpleNamespace(
        images=(IMAGE, IMAGE), boards=(), usb_ids=(), base=None, energy=False, pace="none", desk=DeskOptions()
    )
    for arguments in host_run._serve_arguments(given):  # type: ignore[arg-type]
        assert arguments[arguments.index("--hook") + 1] == "python"
    assert capsys.readouterr().err.count("no native hook") == 1
