"""Runs one case in a child of its own: a crash, a hang or a leak of one case touches no other."""

from __future__ import annotations

import io
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.cli.commands import programs

from .cases import FOLDER, Case

LIMIT_S = 60.0
MEMORY_BYTES = 12 << 30
LARGEST_FILE_BYTES = 1 << 30
EXIT_TRACEBACK = 250
STOPPED_S = 5.0


@dataclass(frozen=True)
class Ended:
    """How a case ended: ``status``: exit code, or minus the signal's number; ``hung``: not by itself."""

    status: int
    output: str
    errors: str
    seconds: float
    hung: bool = False


def run_case(case: Case, folder: Path) -> Ended:
    """Run it with ``folder`` as its own; what it leaves there is for the judge to see."""
    lay_out(case, folder)
    begin = time.monotonic()
    pid = os.fork()
    if not pid:
        _child(case, folder)  # never comes back
    status, hung = _wait(pid, begin + LIMIT_S)
    seconds = time.monotonic() - begin
    output, errors = (_text(folder / ".streams" / name) for name in ("1", "2"))
    return Ended(os.waitstatus_to_exitcode(status), output, errors, seconds, hung)


@contextmanager
def case_folder() -> Iterator[Path]:
    """A folder for one case."""
    folder = Path(tempfile.mkdtemp(prefix="boardless-fuzz-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def lay_out(case: Case, folder: Path) -> None:
    """Put the case's files there, and some that are no files."""
    for name, data in case.files.items():
        (folder / name).write_bytes(data)
    (folder / "old.out").write_text("yesterday")
    (folder / "empty").write_bytes(b"")
    (folder / "random.bin").write_bytes(bytes(range(256)) * 8)
    (folder / "random.toml").write_bytes(b"[x]\ny = 1\n")
    os.mkfifo(folder / "fifo")
    (folder / "loop").symlink_to("loop")
    (folder / "link.out").symlink_to("old.out")
    streams = folder / ".streams"
    streams.mkdir()
    (streams / "0").write_bytes(case.console)


def words_in(case: Case, folder: Path) -> list[str]:
    """The command line with the folder's path."""
    return [word.replace(FOLDER, str(folder)) for word in case.words]


def _wait(pid: int, end_s: float) -> tuple[int, bool]:
    pause_s = 0.002
    looked_s = time.monotonic()
    while True:
        now_s = time.monotonic()
        if now_s - looked_s > STOPPED_S:  # all of us were stopped: it is no hang
            end_s += now_s - looked_s
        looked_s = now_s
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            with suppress(ProcessLookupError, PermissionError):  # children of its own, if any
                os.killpg(pid, signal.SIGKILL)
            return status, False
        if now_s > end_s:
            os.killpg(pid, signal.SIGKILL)
            return os.waitpid(pid, 0)[1], True
        time.sleep(pause_s)
        pause_s = min(0.02, pause_s * 1.3)


def _child(case: Case, folder: Path) -> None:
    code = EXIT_TRACEBACK
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE_BYTES, LARGEST_FILE_BYTES))
        os.chdir(folder)
        _own_streams(folder / ".streams")
        code = _call(case, folder)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 -- the child must not go on as its parent
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _own_streams(streams: Path) -> None:
    for number, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY | os.O_CREAT), (2, os.O_WRONLY | os.O_CREAT)):
        opened = os.open(streams / str(number), flags | (os.O_APPEND if number else 0), 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, "r", closefd=False), encoding="utf-8")
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(number, "w", closefd=False), encoding="utf-8", write_through=True)
        for number in (1, 2)
    )
    sys.stderr.reconfigure(errors="backslashreplace")


def _call(case: Case, folder: Path) -> int:
    """The exit code of the command in this process; a traceback is printed as Python prints one."""
    program = next(
        program
        for program, words, command in programs()
        if (command.callback.__module__ == case.program if case.program else words)
    )
    try:
        program.main(words_in(case, folder), prog_name=case.program or "boardless")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 -- it is what we look for
        traceback.print_exc()
        return EXIT_TRACEBACK
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_bytes()[: 1 << 20].decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
