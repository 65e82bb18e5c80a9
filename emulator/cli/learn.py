"""``boardless run --learn-board``: learn first, then run on the learned board."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import click

from emulator.board.model import Board
from emulator.board.reader import board_document, load_board
from emulator.cli.session import Limits
from emulator.files import OutputFile
from emulator.image.model import Image
from emulator.learning import Learned, learn
from emulator.learning.toml_text import toml_text
from emulator.machine.machine import Machine

LEARNING_WALL_S = 30.0
"""The host's time for one run from reset, unless a limit was given."""
HEADER = "# Proposed by `boardless run --learn-board`: what let a firmware go on, not facts of a manual."


def learn_board(
    board: Board,
    image: Image,
    build: Callable[[Board], Machine],
    limits: Limits,
    output: OutputFile | None,
    name: str,
) -> Board:
    """Learn, print the proposed lines (and write a board file), give the learned board.

    ``name``: how the user named the board. Raises UsageError when the file can't be written.
    """
    learned = learn(
        build,
        board,
        image,
        until=limits.until,
        max_cycles=limits.max_cycles,
        wall_limit=limits.wall_limit_s or LEARNING_WALL_S,
    )
    click.echo(proposal(learned), err=True)
    if output is not None and learned.devices:
        _write(output, name, learned)
        click.echo(f"board file:   {output}; run it with --board {output}", err=True)
    return learned.board


def proposal(learned: Learned) -> str:
    """The learned lines with their reasons, and what stayed unsolved."""
    if not learned.devices:
        parts = ["learned:      nothing; no waiting loop around an unknown register"]
    else:
        parts = ["learned:      these lines let the firmware go on", HEADER]
        for device in learned.devices:
            parts += [f"# {reason}" for reason in device.reasons]
            parts.append(toml_text(device.table(), ("devices", device.name)))
    parts += [f"unsolved:     {text}" for text in learned.unsolved]
    return "\n".join(parts)


def _write(output: OutputFile, name: str, learned: Learned) -> None:
    document = copy.deepcopy(board_document(name))
    document.pop("name", None)
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
