"""Whole machines that run a few lines of assembly; what they find they leave in RAM."""

from __future__ import annotations

import subprocess
from pathlib import Path

from emulator import Machine, StopReason
from emulator.board.model import Board
from emulator.board.reader import load_board

STACK_OFFSET, RESULTS_OFFSET = 0x4000, 0x100
CODE_OFFSET = 0x40

SKELETON = """
    .syntax unified
    .cpu {core}
    .thumb
    .section .vectors, "ax"
    .word {stack}, start + 1
    .rept 14
    .word handler + 1
    .endr
    .text
    .thumb_func
handler:
{handler}
    bx lr
    .global start
    .thumb_func
start:
    ldr r4, ={results}
{body}
    b done
    .ltorg
    .thumb_func
done:
    cpsid i
    b .
"""


def assemble(folder: Path, body: str, board: Board, handler: str = "") -> Path:
    """An ELF that runs ``body`` from reset with the results' address in r4, then stays at ``done``.

    ``handler``: what every exception does before it returns.
    """
    ram, flash = _ram(board), board.vector_table
    source = SKELETON.format(
        core=board.core, body=body, handler=handler, stack=ram + STACK_OFFSET, results=ram + RESULTS_OFFSET
    )
    (folder / "program.s").write_text(source)
    for command in (
        ["as", "program.s", "-o", "program.o"],
        ["ld", "-e", "start", f"--section-start=.vectors={flash:#x}", f"-Ttext={flash + CODE_OFFSET:#x}",
         "program.o", "-o", "program.elf"],
    ):  # fmt: skip
        subprocess.run([f"arm-none-eabi-{command[0]}", *command[1:]], cwd=folder, check=True)
    return folder / "program.elf"


def machine_with(
    folder: Path,
    body: str,
    board_name: str = "virtual-m4",
    *,
    hook: str = "native",
    timing: str = "memory",
    handler: str = "",
) -> Machine:
    """A machine with ``body`` loaded."""
    board = load_board(board_name)
    machine = Machine(board, hook=hook, timing=timing)
    machine.load(assemble(folder, body, board, handler))
    return machine


def address_of(machine: Machine, label: str) -> int:
    """Where a label is that has ``.thumb_func`` before it."""
    assert machine.image is not None
    assert machine.image.debug is not None
    symbol = machine.image.debug.symbol(label)
    assert symbol is not None
    return symbol.address


def finish(machine: Machine, max_cycles: int = 10_000_000) -> None:
    """Run to ``done``."""
    assert machine.run_to(address_of(machine, "done"), max_cycles=max_cycles) is StopReason.BREAK


def results(machine: Machine, words: int) -> tuple[int, ...]:
    """What the program has left."""
    data = machine.read_memory(_ram(machine.board) + RESULTS_OFFSET, 4 * words)
    return tuple(int.from_bytes(data[i : i + 4], "little") for i in range(0, 4 * words, 4))


def _ram(board: Board) -> int:
    return next(region.base for region in board.regions if region.kind == "ram")
