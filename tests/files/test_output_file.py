"""What a command writes is there whole or not at all, and never in the place of a device."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.errors import UsageError
from emulator.files import OutputFile, make_folder

ROOT = Path(__file__).parents[2]
YESTERDAY = "yesterday's report\n"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(YESTERDAY)
    return path


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_new_content_takes_the_old_ones_place(target):
    target.chmod(0o640)
    OutputFile(target).write_json({"a": 1})
    assert json.loads(target.read_text()) == {"a": 1}
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert names(target.parent) == ["report.json"]


def test_a_new_file_has_the_permissions_that_any_new_file_gets(tmp_path):
    (tmp_path / "plain").write_text("")
    OutputFile(tmp_path / "ours").write_text("x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_trying_out_leaves_everything_as_it_was(target):
    OutputFile(target).try_out()
    OutputFile(target.with_name("new.json")).try_out()
    assert target.read_text() == YESTERDAY
    assert names(target.parent) == ["report.json"]


def test_a_link_stays_a_link(target):
    link = target.with_name("latest.json")
    link.symlink_to(target.name)
    OutputFile(link).write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    link.with_name("dangling").symlink_to("later.json")
    OutputFile(link.with_name("dangling")).write_text("made")
    assert link.with_name("later.json").read_text() == "made"


def test_a_full_disk_leaves_yesterdays_file(target, monkeypatch):
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="the report can't be written: No space left") as caught:
        OutputFile(target, "the report").write_text("half")
    assert caught.value.where == str(target)
    assert target.read_text() == YESTERDAY
    assert names(target.parent) == ["report.json"]


def test_a_real_limit_of_the_file_system(target):
    """A file size limit fails in the middle of a write, as a disk that fills up does."""
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "from emulator.files import OutputFile; from emulator.errors import UsageError\n"
        f"try: OutputFile({str(target)!r}).write_bytes(bytes(100_000))\n"
        "except UsageError as error: print(error.what)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "the file can't be written: File too large\n", done.stderr
    assert target.read_text() == YESTERDAY
    assert names(target.parent) == ["report.json"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_kill_in_the_middle_leaves_yesterdays_file(target, number):
    program = (
        "import os\nfrom emulator.files import OutputFile\n"
        f"os.fsync = lambda _d: os.kill(os.getpid(), {int(number)})\n"
        f"OutputFile({str(target)!r}).write_text('half')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == -number
    assert target.read_text() == YESTERDAY


def test_what_writes_for_itself_gets_a_path_beside_the_target(target):
    seen = []

    def half(path: Path) -> None:
        seen.append(path)
        path.write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        OutputFile(target).make(half)
    assert seen[0].parent == target.parent
    assert target.read_text() == YESTERDAY
    assert names(target.parent) == ["report.json"]
    OutputFile(target).make(lambda path: path.write_text("whole"))
    assert target.read_text() == "whole"
    assert names(target.parent) == ["report.json"]


def bad_targets(folder: Path) -> dict[str, Path]:
    os.mkfifo(folder / "fifo")
    (folder / "folder").mkdir()
    (folder / "file").write_text("x")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "socket"))
    (folder / "to-device").symlink_to("/dev/null")
    (folder / "loop").symlink_to("loop")
    return {
        "a directory": folder / "folder",
        "no name, which is the current directory": Path(),
        "a pipe": folder / "fifo",
        "a socket": folder / "socket",
        "a device": Path("/dev/null"),
        "a terminal": Path("/dev/tty"),
        "a link to a device": folder / "to-device",
        "a link to itself": folder / "loop",
        "no such folder": folder / "none" / "x.json",
        "a file as a folder": folder / "file" / "x.json",
        "a long name": folder / ("x" * 300),
        "a null character": folder / "a\0b",
    }


KINDS = (
    "a directory", "no name, which is the current directory", "a pipe", "a socket", "a device", "a terminal",
    "a link to a device", "a link to itself", "no such folder", "a file as a folder", "a long name",
    "a null character",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_not_be_replaced_is_refused_before_and_after(tmp_path, kind):
    path = bad_targets(tmp_path)[kind]
    before = os.lstat(path).st_ino if os.path.lexists(path) and "\0" not in str(path) else None
    for attempt in (OutputFile(path).try_out, lambda: OutputFile(path).write_text("x")):
        with pytest.raises(UsageError, match="the file"):
            attempt()
    if before is not None:
        assert os.lstat(path).st_ino == before
    assert not [name for name in names(tmp_path) if name.endswith(".part")]


def test_write_protection_is_respected(open_folder, as_ordinary_user):
    target = open_folder / "report.json"
    target.write_text(YESTERDAY)
    target.chmod(0o444)
    closed = open_folder / "closed"
    closed.mkdir(0o555)

    def tried() -> None:
        with pytest.raises(UsageError, match="write protected"):
            OutputFile(target).try_out()
        with pytest.raises(UsageError, match="Permission denied"):
            OutputFile(closed / "new").try_out()

    as_ordinary_user(tried)
    assert target.read_text() == YESTERDAY


def test_standard_output(capfdbinary):
    output = OutputFile("-")
    assert output.is_standard_output
    output.try_out()
    output.write_json([1])
    assert capfdbinary.readouterr().out == b"[\n  1\n]\n"


def test_only_ones_own_file_is_removed(target):
    output = OutputFile(target)
    output.remove()
    assert target.read_text() == YESTERDAY
    output.write_text("ours")
    OutputFile(target).write_text("somebody else's")
    output.remove()
    assert target.read_text() == "somebody else's"
    output.write_text("ours again")
    output.remove()
    assert not target.exists()
    output.remove()


def test_a_folder_that_can_not_be_made(target):
    with pytest.raises(UsageError, match="the folder can't be made"):
        make_folder(target / "below")
