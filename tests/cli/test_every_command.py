"""What holds for every command: files, folders and numbers go by one set of rules."""

from __future__ import annotations

import ast
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from commands import Walked, parameters, programs
from talking_firmware import ROOT

from emulator.cli.command import Command, Program
from emulator.cli.parameter_types import (
    BoardName,
    ConsoleText,
    Count,
    FileAtAddress,
    InputFile,
    InputFileOrFolder,
    InputFolder,
    LinkPath,
    OutputPlace,
    OutputTarget,
    PartsPerMillion,
    Seconds,
)

PARAMETERS = parameters()
FILES_IN = (FileAtAddress, InputFile, InputFileOrFolder, InputFolder, BoardName)
FILES_OUT = (OutputTarget, OutputPlace, LinkPath)
PLAIN_TEXT = {  # options and arguments of text that is no file's name
    "--args", "--serial", "--usb", "--device", "--function", "--callers", "--callees", "--annotate",
    "--operators-from", "--bsp", "--what-if", "--clock", "--only", "--bisect", "--build", "--port", "--keep",
    "--uart", "--scheduler", "--best", "--under", "--over", "--every", "--processing-pin", "--detection-pin",
    "--timestamp-pin", "--chip", "--console", "--x", "--y", "--by", "--gdb",
    "benchmarks",
    "command",
}  # fmt: skip


def of(*types: type) -> list[Walked]:
    return [item for item in PARAMETERS if isinstance(item.parameter.type, types)]


def title(item: Walked) -> str:
    return item.title


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    signal.alarm(60)
    yield
    signal.alarm(0)


def refused(item: Walked, *values: str, words: str = "") -> None:
    """The command ends with one message and exit code 2, and nothing is printed as a result."""
    result = CliRunner().invoke(item.program, item.line(*values))
    assert result.exit_code == 2, (result.exit_code, result.output, result.exception)
    assert result.stderr.count("boardless: ") + result.stderr.count("Error: ") == 1, result.stderr
    assert words in result.stderr
    assert not result.stdout


def test_there_are_commands_and_all_are_ours() -> None:
    names = {words[0] if words else command.callback.__module__ for _program, words, command in programs()}
    assert {"run", "bench", "serve", "build", "validate", "benches.speed.__main__"} <= names
    for program, _words, command in programs():
        assert isinstance(program, Program)
        assert isinstance(command, Command)


@pytest.mark.parametrize("item", PARAMETERS, ids=title)
def test_every_file_has_a_type_of_ours(item: Walked) -> None:
    kind = item.parameter.type
    assert not isinstance(kind, (click.Path, click.File))
    if isinstance(kind, click.types.StringParamType):
        assert item.option in PLAIN_TEXT, "is it a file? then give it one of our types; else name it here"
    if item.parameter.name in ("json_file", "ports_file", "bands_file", "learn_output"):
        assert isinstance(kind, OutputTarget)


def test_the_walk_finds_outputs_and_inputs() -> None:
    assert len(of(OutputTarget)) >= 7
    assert len(of(*FILES_IN)) >= 15
    assert all(item.parameter.type.standard_output for item in of(OutputTarget) if item.option == "--json")


# -- outputs -------------------------------------------------------------------------------
@pytest.fixture
def odd_places(tmp_path: Path) -> dict[str, Path]:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "socket"))
    return {
        "a directory": tmp_path / "folder",
        "a pipe": tmp_path / "fifo",
        "a socket": tmp_path / "socket",
        "a device": Path("/dev/null"),
        "no such folder": tmp_path / "none" / "x",
        "below a file": tmp_path / "file" / "x",
    }


@pytest.mark.parametrize(
    "kind", ["a directory", "a pipe", "a socket", "a device", "no such folder", "below a file"]
)
@pytest.mark.parametrize("item", of(OutputTarget), ids=title)
def test_an_output_is_tried_before_anything_runs(item: Walked, kind: str, odd_places) -> None:
    path = odd_places[kind]
    before = path.stat() if path.exists() else None
    refused(item, str(path), words=str(path))
    if before is not None:
        assert path.stat().st_ino == before.st_ino


@pytest.mark.parametrize("item", of(LinkPath), ids=title)
def test_a_link_takes_nothings_place(item: Walked, odd_places) -> None:
    for path in odd_places.values():
        refused(item, str(path), words=str(path))


@pytest.mark.parametrize("kind", ["a pipe", "a socket", "a device", "below a file"])
def test_a_built_file_takes_no_devices_place(kind: str, odd_places) -> None:
    build = next(item for item in of(OutputPlace) if item.words == ("build",))
    result = CliRunner().invoke(build.program, ["build", "kws", "--out", str(odd_places[kind])])
    assert result.exit_code == 2, result.output
    assert str(odd_places[kind].parent if kind == "below a file" else odd_places[kind]) in result.stderr
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("option", ["--ports", "--learn-output", "--update-bands"])
def test_only_a_report_goes_to_standard_output(option: str) -> None:
    item = next(item for item in of(OutputTarget) if item.option == option)
    refused(item, "-", words="standard output")


# -- inputs --------------------------------------------------------------------------------
def unreadable(tmp_path: Path) -> dict[str, Path]:
    os.mkfifo(tmp_path / "fifo.toml")
    (tmp_path / "folder.toml").mkdir()
    return {
        "a pipe": tmp_path / "fifo.toml",
        "an endless device": Path("/dev/zero"),
        "a directory": tmp_path / "folder.toml",
        "an unreadable file": Path("/proc/self/mem"),  # also for the administrator
        "nothing": tmp_path / "nothing.toml",
    }


IMAGE_COMMANDS = (("run",), ("serve",), ("explain",), ("profile",))


def to_the_reader(item: Walked, path: Path) -> list[str]:
    """A command line that comes as far as reading the file."""
    if item.words == ("host",):
        return [*item.line(str(path)), *(["--image", str(path)] if item.option == "--board" else []), "true"]
    if isinstance(item.parameter.type, BoardName) and item.words in IMAGE_COMMANDS:
        return [*item.line(str(path)), "benches/images/kws-nucleo-l4r5zi.elf"]
    if item.words == ("bench",) and item.option in ("--audio", "--truth"):
        return ["bench", "sww", item.option, str(path)]
    if item.option == "--load" and item.words == ("bench",):
        return [*item.line(str(path)), "--image", "benches/images/kws-nucleo-l4r5zi.elf"]
    if item.option in ("--symbols", "--audio", "--load"):
        return [*item.line(str(path)), "benches/images/kws-nucleo-l4r5zi.elf"]
    if item.option == "--bands":
        return ["bench", "kws", "--bands", str(path)]
    if item.option == "--input":
        return [*item.words, "kws", "--input", str(path)]
    if item.option == "--catalog":
        return ["validate", "--catalog", str(path)]
    if item.option == "--model" and item.words == ("build",):
        return ["build", "kws", "--model", str(path)]
    if item.option == "--model":
        return ["bench", "--image", "benches/images/kws-nucleo-l4r5zi.elf", "--model", str(path)]
    if item.option == "--inputs":
        return ["bench", "kws", "--inputs", str(path)]
    if item.words == ("calibrate",) and item.option == "board":
        return ["calibrate", "--emulated", "--", str(path)]
    if item.words == ("calibrate",):
        image = "benches/images/kws-nucleo-l4r5zi.elf"
        others = ["--elf", image] if item.option == "--counts" else ["--emulated"]
        return [*item.line(str(path)), *others, "nucleo-l4r5zi"]
    if item.words == ("compare",) and isinstance(item.parameter.type, BoardName):
        return [*item.line(str(path)), *["benches/images/kws-nucleo-l4r5zi.elf"] * 2]
    if item.words == ("compare",):
        return ["compare", str(path), str(path)]
    if item.words == ("new-board",):
        return [*item.line(str(path)), "new.toml"]
    return item.line(str(path))


@pytest.mark.parametrize(
    "kind", ["a pipe", "an endless device", "a directory", "an unreadable file", "nothing"]
)
@pytest.mark.parametrize("item", of(*FILES_IN), ids=title)
def test_what_is_no_file_is_refused_at_once(item: Walked, kind: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    if item.program.callback.__module__ == "benches.assembly.build":
        (tmp_path / "out").mkdir()
    path = unreadable(tmp_path)[kind]
    if kind == "a directory" and isinstance(item.parameter.type, (InputFolder, InputFileOrFolder)):
        path = path / "below"
    result = CliRunner().invoke(item.program, to_the_reader(item, path))
    assert result.exit_code == 2, (result.exit_code, result.output, result.exception)
    assert str(path) in result.stderr
    assert result.stderr.count("boardless: ") + result.stderr.count("Error: ") == 1, result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("kind", ["a pipe", "an endless device", "a directory", "an unreadable file"])
@pytest.mark.parametrize("part", ["y_labels.csv", "one.bin"])
def test_what_a_file_names_is_read_with_the_same_care(kind: str, part: str, tmp_path) -> None:
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "y_labels.csv").write_text("one.bin,12,3\n")
    (folder / "one.bin").write_bytes(bytes(490))
    (folder / part).unlink()
    (folder / part).symlink_to(unreadable(tmp_path)[kind])
    (program,) = {item.program for item in PARAMETERS if item.words == ("bench",)}
    result = CliRunner().invoke(program, ["bench", "kws", "--inputs", str(folder)])
    assert result.exit_code == 2, (result.output, result.exception)
    assert result.stderr.count("boardless: ") == 1


# -- numbers and repetitions ---------------------------------------------------------------
@pytest.mark.parametrize(
    "item", [i for i in PARAMETERS if isinstance(i.parameter.type, click.types.FloatParamType)], ids=title
)
def test_a_time_is_a_positive_number(item: Walked) -> None:
    assert isinstance(item.parameter.type, Seconds)
    for value in ("nan", "-nan", "inf", "-inf", "1e300", "1e999", "-1", "0", "-0.0", "soon", ""):
        refused(item, value, words=item.option)


@pytest.mark.parametrize("item", of(PartsPerMillion), ids=title)
def test_an_error_of_a_clock_is_a_number(item: Walked) -> None:
    for value in ("nan", "-inf", "1e300", "fast", ""):
        refused(item, value, words=item.option)


@pytest.mark.parametrize(
    "item", [i for i in PARAMETERS if isinstance(i.parameter.type, click.types.IntParamType)], ids=title
)
def test_a_number_has_two_ends(item: Walked) -> None:
    assert isinstance(item.parameter.type, Count)
    for value in ("-1", "1" * 30, "1" * 5000, "1.5", "0x", ""):
        refused(item, value, words=item.option)


@pytest.mark.parametrize("item", of(ConsoleText), ids=title)
def test_an_empty_text_is_nothing_to_wait_for(item: Walked) -> None:
    refused(item, "", words="empty")


@pytest.mark.parametrize(
    "item",
    [
        item
        for item in PARAMETERS
        if isinstance(item.parameter, click.Option)
        and not (item.parameter.is_flag or item.parameter.multiple)
    ],
    ids=title,
)
def test_an_option_of_one_value_is_given_once(item: Walked) -> None:
    refused(item, "first", "second", words=f"{item.option} is given twice")


# -- one place that reads, one that writes ---------------------------------------------------
FILE_CALLS = {"open", "write_text", "write_bytes", "read_text", "read_bytes"}
ELSEWHERE = {  # file: what it reads or writes that is no user's file
    "emulator/board/reader.py": "shipped boards, as package data",
    "emulator/cli/console.py": "the null device",
    "emulator/engine/register_file.py": "/proc/self/mem",
    "emulator/engine/vector/vector_state.py": "/proc/self/mem",
    "emulator/links/pty.py": "a terminal",
    "emulator/system/semihosting.py": "the firmware's own files",
    "benches/silicon/catalog.py": "the shipped catalogue, as package data",
    "benches/silicon/streaming_catalog.py": "the shipped catalogue, as package data",
    "benches/silicon/fitted_constants.py": "the shipped table, as package data",
    "benches/silicon/validate.py": "a temporary folder",
    "benches/virtual_ports/__init__.py": "a temporary folder, and package data",
    "benches/virtual_ports/port_list_hook.py": "runs in host software without us",
    "benches/build/firmware.py": "a temporary folder",
    "benches/build/calibration.py": "a temporary folder",
    "benches/build/boot_rom.py": "a temporary folder",
    "peripherals/raspberrypi/psm.py": "the shipped boot ROM, as package data",
    "peripherals/nxp/src.py": "the shipped boot ROM, as package data",
    "emulator/board/reference.py": "a developer's command for a page of docs/",
    "benches/suite/golden.py": "opens an interpreter, not a file",
    "benches/suite/wake_word_golden.py": "opens an interpreter, not a file",
    "emulator/installation/origin.py": "its own metadata",
    "emulator/timing/version.py": "its own sources",
    "benches/assembly/build.py": "a temporary folder",
    "benches/speed/measure.py": "a temporary folder",
    "benches/speed/subjects.py": "a temporary folder",
    "benches/cli/host_run.py": "a temporary folder",
    "benches/sweep/speed.py": "a temporary folder",
    "benches/sweep/jobs.py": "its own sources",
    "benches/sweep/work.py": "a temporary folder",
}


def file_calls(source: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func
        if isinstance(name, ast.Attribute) and name.attr in FILE_CALLS:
            yield node
        if isinstance(name, ast.Name) and name.id == "open":
            yield node


def test_files_are_read_and_written_in_one_room() -> None:
    found = set()
    for folder in ("emulator", "peripherals", "benches"):
        for file in (ROOT / folder).rglob("*.py"):
            name = str(file.relative_to(ROOT))
            ours = [call for call in file_calls(file.read_text()) if not _is_a_room_call(call)]
            if ours and not name.startswith("emulator/files/"):
                found.add(name)
    assert found == set(ELSEWHERE)


def _is_a_room_call(call: ast.Call) -> bool:
    """``OutputFile(...).write_text(...)`` or a variable that holds one."""
    target = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(target, ast.Call) and isinstance(target.func, ast.Name):
        return target.func.id == "OutputFile"
    return isinstance(target, ast.Name) and target.id in ("output", "json_file", "markdown_file", "html_file")
