"""docs/debugging.md: its session is one with a real GDB, and prints what the page shows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from session import Command

from emulator import Machine
from emulator.debugger.control import Control
from emulator.debugger.monitor import Monitor
from emulator.debugger.stops import StopTable
from emulator.debugger.timeline import Timeline

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "debugging.md").read_text()
IMAGE = "benches/images/kws-nucleo-l4r5zi.elf"
TOLD_AT_START = "gdb: target remote 127.0.0.1:"
OF_THE_HOST = ("warning: Source file is more recent", "Note: automatically using hardware")
"""Lines that depend on when files were checked out, or that GDB shows once."""
PATIENCE_S = 120


def session() -> list[Command]:
    block = re.search(r"^```gdb\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert block is not None
    parts = re.split(r"^\(gdb\) ", block[1], flags=re.MULTILINE)[1:]
    return [Command(line, output) for line, _, output in (part.partition("\n") for part in parts)]


def without_addresses(text: str) -> str:
    """Another build of the image has its functions elsewhere."""
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def outputs_of(gdb: str, commands: list[Command]) -> list[str]:
    """What a real GDB shows below each, with the image under `boardless run --gdb`."""
    run = subprocess.Popen(
        [sys.executable, "-m", "boardless", "run", IMAGE, "--gdb", "0", "--wall-limit", str(PATIENCE_S)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stdin is not None and run.stderr is not None
    run.stdin.write("name%")
    run.stdin.flush()
    told = run.stderr.readline()
    assert told.startswith(TOLD_AT_START), told
    port = told.removeprefix(TOLD_AT_START).split(";")[0]
    words = [gdb, "-nx", "-q", "-batch", IMAGE]
    for number, command in enumerate(commands):
        words += ["-ex", command.line.replace(":3333", f":{port}"), "-ex", f"echo ---{number}\\n"]
    shown = subprocess.run(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S,
        check=False,
    )  # fmt: skip
    rest = run.communicate(timeout=PATIENCE_S)[1]
    assert run.returncode == 0, rest
    lines = (line for line in shown.stdout.splitlines(keepends=True) if not line.startswith(OF_THE_HOST))
    outputs = re.split(r"^---\d+\n", "".join(lines), flags=re.MULTILINE)
    assert "the firmware waits and nobody will send it anything" in rest
    return outputs[: len(commands)]


def test_the_session(gdb: str) -> None:
    commands = session()
    outputs = outputs_of(gdb, commands)
    assert len(outputs) == len(commands), outputs
    for command, output in zip(commands, outputs, strict=True):
        expected = Command(command.line, without_addresses(command.output))
        assert expected.shows(without_addresses(output)), f"{command.line}: {output!r}"


def test_the_configuration_for_vs_code() -> None:
    block = re.search(r"^```json\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert block is not None
    (configuration,) = json.loads(block[1])["configurations"]
    assert (configuration["type"], configuration["servertype"]) == ("cortex-debug", "external")
    assert configuration["gdbTarget"] == "localhost:3333" and "--gdb 3333" in PAGE


def test_every_monitor_command_has_its_row() -> None:
    machine = Machine("virtual-m4")
    timeline = Timeline(machine, machine.stepping())
    control = Control(machine, timeline, StopTable(), lambda: False)
    monitor = Monitor(machine, timeline, control, lambda: None)
    rows = set(re.findall(r"`monitor (\w+)", PAGE.split("## Commands of monitor")[1].split("##")[0]))
    assert rows == set(monitor.commands)
