"""How long a start takes: of the interpreter, of an import, of commands."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benches.speed.inference import Firmware
from benches.speed.rows import Goal, Row, command_seconds, row, seconds_until

QUICK = Goal(0.1, of_ratio=False)
READY = Goal(0.3, of_ratio=False)
TIMEOUT_S = 300.0
TO_READY = "start: from command to m-ready"
READY_TEXT = b"m-ready"


def start_rows(firmware: Firmware, turns: int) -> Iterator[Row]:
    """Each beside the interpreter's own start."""
    until_ready = ("run", str(firmware.path), "--board", firmware.board, "--until", "m-ready")
    starts: tuple[tuple[str, Sequence[str], Goal | None], ...] = (
        ("start: the interpreter", _interpreter("pass"), None),
        ("start: import boardless", _interpreter("import boardless"), QUICK),
        ("start: boardless --version", [*boardless_command(), "--version"], QUICK),
        (TO_READY, [*boardless_command(), *until_ready], READY),
        ("start: the same to its end, summary and all", [*boardless_command(), *until_ready], None),
    )
    rounds = [[_seconds(what, command) for what, command, _ in starts] for _ in range(turns)]
    seconds = [statistics.median(taken) for taken in zip(*rounds, strict=True)]
    for (what, _, goal), taken in zip(starts, seconds, strict=True):
        yield row(what, "s", taken, seconds[0] if goal else None, goal)


def _seconds(what: str, command: Sequence[str]) -> float:
    if what == TO_READY:
        return seconds_until(command, READY_TEXT, TIMEOUT_S)
    return command_seconds(command, TIMEOUT_S)


def _interpreter(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def boardless_command() -> list[str]:
    """How this installation's command is called."""
    installed = shutil.which("boardless", path=str(Path(sys.executable).parent))
    return [installed] if installed else [sys.executable, "-m", "emulator.cli.main"]
