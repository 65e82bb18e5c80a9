"""A console that can't be written: one message and exit code 2; a reader that left: silence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from commands import programs
from talking_firmware import ROOT, command_line

from emulator.recording.store import write_recording
from tests.reporting.made import small

KWS = "benches/images/kws-nucleo-l4r5zi.elf"
COMMANDS = {
    "--help": ["--help"],
    "--version": ["--version"],
    "boards": ["boards"],
    "boards NAME": ["boards", "nucleo-l4r5zi"],
    "new-board": ["new-board", "FOLDER/kestrel.toml", "--svd", "tests/chip/kestrel.svd"],
    "doctor": ["doctor"],
    "run": ["run", KWS, "--until", "m-ready"],
    "profile": ["profile", KWS, "--max-cycles", "1000"],
    "report": ["report", "FOLDER/run.blr"],
    "compare": ["compare", "FOLDER/run.blr", "FOLDER/run.blr"],
    "explain": ["explain", KWS, "--max-cycles", "1000"],
    "validate": ["validate", "--assembly"],
    "check": ["check", "FOLDER/boardless.toml", "--update", "--jobs", "1"],
    "sweep": ["sweep", "FOLDER/sweep.toml", "--jobs", "1"],
    "calibrate": ["calibrate", "--help"],
    "build": ["build", "kws", "--out", "FOLDER/kws.elf"],
    "bench": ["bench", "kws", "--count", "1", "--timing", "count"],
    "serve": ["serve", KWS, "--wall-limit", "0.1"],
    "host": ["host", "--help"],
}
SPEED = [sys.executable, "-m", "benches.speed", "--help"]


def line(name: str, folder: Path) -> list[str]:
    if any("run.blr" in word for word in COMMANDS[name]):
        write_recording(small(), folder / "run.blr")
    if name == "check":
        (folder / "boardless.toml").write_text(f'[measure.a]\nimage = "{KWS}"\nmax_cycles = 1000\n')
    if name == "sweep":
        (folder / "sweep.toml").write_text(f'image = "{ROOT / KWS}"\nmax_cycles = [1000, 2000]\n')
    return command_line(*(word.replace("FOLDER", str(folder)) for word in COMMANDS[name]))


def test_every_command_is_tried() -> None:
    names = {words[0] for _program, words, _command in programs() if words}
    assert names <= {name.split()[0] for name in COMMANDS}


def start(arguments: list[str], **streams: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        arguments, cwd=ROOT, stdin=subprocess.DEVNULL, timeout=60, text=True, check=False, **streams
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk(name: str, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = start(line(name, tmp_path), stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("boardless: ") == 1, done.stderr
    assert "can't be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("name", ["--help", "boards", "run", "doctor"])
def test_a_full_disk_for_messages(name: str, tmp_path: Path) -> None:
    arguments = line(name, tmp_path) if name in ("run",) else [*line(name, tmp_path), "--no-such-option"]
    with Path("/dev/full").open("w") as full:
        done = start(arguments, stdout=subprocess.PIPE, stderr=full)
    assert done.returncode == 2
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_closed_output(name: str, tmp_path: Path) -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *line(name, tmp_path)]
    done = start(command, stderr=subprocess.PIPE)
    assert done.returncode == 2, done.stderr
    assert done.stderr == "boardless: standard output can't be written: it is closed\n"


@pytest.mark.parametrize("descriptor", ["0<", "2>"])
def test_other_streams_may_be_closed(descriptor: str, tmp_path: Path) -> None:
    """An image opened in a closed stream's place would get what belongs to the console."""
    report = tmp_path / "run.json"
    command = [*line("run", tmp_path), "--json", str(report)]
    done = start(["sh", "-c", f'exec "$@" {descriptor}&-', "sh", *command], stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert done.stdout.endswith("m-ready")
    assert json.loads(report.read_text())["stop"] == "until"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("run", "bench")])
def test_a_reader_that_left(name: str, tmp_path: Path) -> None:
    """As in ``| head -1``, at its worst: nobody has ever read."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = start(line(name, tmp_path), stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert done.returncode == 128 + signal.SIGPIPE, done.stderr
    assert done.stderr == ""


def test_head_takes_one_line(tmp_path: Path) -> None:
    done = start(
        ["bash", "-c", 'set -o pipefail; "$@" | head -1', "bash", *line("boards NAME", tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.stdout.startswith("nucleo-l4r5zi")
    assert done.stderr == ""
    assert done.returncode in (0, 128 + signal.SIGPIPE)  # a short text may have gone in one piece


def test_a_text_that_was_not_seen_is_no_success(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = start(line("run", tmp_path), stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert done.returncode == 128 + signal.SIGPIPE
    assert "nobody reads the output" in done.stderr


def test_programs_beside_boardless() -> None:
    with Path("/dev/full").open("w") as full:
        done = start(SPEED, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.count("boardless: ") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", KWS, "--until", "m-ready"],
        ["explain", KWS, "--max-cycles", "1000"],
        ["validate", "--assembly"],
        ["bench", "kws", "--count", "1", "--timing", "count"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_report_on_standard_output_is_alone_there(arguments: list[str]) -> None:
    done = start(command_line(*arguments, "--json", "-"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert "unofficial" in json.loads(done.stdout)["note"]
    assert "unofficial" in done.stderr
    with Path("/dev/full").open("w") as full:
        done = start(command_line(*arguments, "--json", "-"), stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert "boardless: standard output can't be written" in done.stderr


def test_a_name_that_is_no_unicode_can_be_printed(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    done = start(command_line("build", "kws", "--out", str(folder)), capture_output=True)
    assert done.returncode == 0, done.stderr
    assert r"caf\udce9" in done.stdout
    done = start(command_line("run", KWS, "--until", os.fsdecode(b"\xe9")), capture_output=True)
    assert done.returncode == 1
    assert r"never sent '\\xe9'" in done.stderr
