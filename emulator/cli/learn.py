"""``boardless run --learn-board``: learn first, then run on the learned board."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable
from typing import Any

import click

from emulator.board.model import Board
from emulator.board.reader import board_document, load_board
from emulator.cli.ending import on_ending_signal
from emulator.cli.session import Limits
from emulator.cli.status import StatusLine
from emulator.errors import LimitReached
from emulator.files import OutputFile
from emulator.image.model import Image
from emulator.learning import Learned, Lesson, learn
from emulator.learning.toml_text import toml_text
from emulator.machine.machine import Machine

LEARNING_RUN_S = 30.0
"""The host's time for one run from reset: a firmware that goes on and on hangs nowhere."""
HEADER = "# Proposed by `boardless run --learn-board`: what let a firmware go on, not facts of a manual."


class _Teacher:
    """Shows what the learning does, and ends it at Ctrl-C or at the time limit."""

    def __init__(self, limits: Limits) -> None:
        self.interrupted = False
        self._end_s = limits.end_s()
        self._found = 0
        self._work = ""
        self._machine: Machine | None = None
        self._status = StatusLine(self._words)

    def lesson(self, limits: Limits) -> Lesson:
        """What the learning tells us and asks us."""
        return Lesson(
            until=limits.until,
            max_cycles=limits.max_cycles,
            run_limit_s=LEARNING_RUN_S,
            stopped=self._stopped,
            found=self._tell,
            works=self._show,
        )

    def stop(self) -> None:
        """Ctrl-C: end soon, with what was found; the second time at once."""
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True

    def close(self) -> None:
        """Take the status line away."""
        self._status.erase()

    def _stopped(self) -> bool:
        return self.interrupted or (self._end_s is not None and time.monotonic() >= self._end_s)

    def _tell(self, text: str) -> None:
        self._found += 1
        self._status.erase()
        click.echo(f"learning:     {text}", err=True)

    def _show(self, work: str, machine: Machine) -> None:
        self._work, self._machine = work, machine
        self._status.update()

    def _words(self) -> str:
        cycles = self._machine.counts.cycles if self._machine is not None else 0
        return f"learning: {self._work}, {cycles:,} cycles, {self._found} findings so far"


def learn_board(
    board: Board,
    image: Image,
    build: Callable[[Board], Machine],
    limits: Limits,
    output: OutputFile | None,
    name: str,
) -> Board:
    """Learn, print the proposed lines (and write a board file), give the learned board.

    ``name``: how the user named the board. The time limit is that of learning and running together.
    When it comes, or Ctrl-C, what was found so far is printed and written all the same; then
    LimitReached or KeyboardInterrupt is raised. Raises UsageError when the file can't be written.
    """
    teacher = _Teacher(limits)
    with on_ending_signal(teacher.stop):
        try:
            learned = learn(build, board, image, teacher.lesson(limits))
        finally:
            teacher.close()
        click.echo(proposal(learned), err=True)
        if output is not None and learned.devices:
            _write(output, name, learned)
            click.echo(f"board file:   {output}; run it with --board {output}", err=True)
    if teacher.interrupted:
        raise KeyboardInterrupt
    if learned.stopped:
        raise LimitReached(
            f"learning was not through at the limit of {limits.wall_limit_s:g} s",
            next_step="what it found so far is above; give more with --wall-limit",
        )
    return learned.board


def proposal(learned: Learned) -> str:
    """The learned lines with their reasons, and what stayed unsolved."""
    if not learned.devices:
        nothing = "nothing so far" if learned.stopped else "nothing"
        parts = [f"learned:      {nothing}; no waiting loop around an unknown register"]
    else:
        so_far = "so far, " if learned.stopped else ""
        parts = [f"learned:      {so_far}these lines let the firmware go on", HEADER]
        for device in learned.devices:
            parts += [f"# {reason}" for reason in device.reasons]
            parts.append(toml_text(device.table(), ("devices", device.name)))
    parts += [f"unsolved:     {text}" for text in learned.unsolved]
    return "\n".join(parts)


def _write(output: OutputFile, name: str, learned: Learned) -> None:
    document = copy.deepcopy(board_document(name))
    document.pop("name", None)
    if learned.board.register_map:
        document["register_map"] = os.path.relpath(learned.board.register_map, output.path.parent)
    devices = document.setdefault("devices", {})
    for device in learned.devices:
        devices[device.name] = _over(devices.get(device.name, {}), device.table())
    reasons = [f"# {reason}" for device in learned.devices for reason in device.reasons]
    output.write_text("\n".join([HEADER, *reasons, "", toml_text(document), ""]))
    load_board(str(output.path))


def _over(below: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in table.items():
        both = isinstance(merged.get(key), dict) and isinstance(value, dict)
        merged[key] = _over(merged[key], value) if both else value
    return merged
