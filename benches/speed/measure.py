"""Runs one kernel under plain Unicorn, a timing depth or QEMU; takes the times."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benches.speed import convolution
from benches.speed.rows import PLAIN, Speed, command_seconds, host_seconds
from emulator.board.model import Board
from emulator.board.reader import load_board
from emulator.engine.core import Core
from emulator.engine.counts import Counts
from emulator.errors import CheckFailed
from emulator.machine.machine import Machine

FLASH = 0x08000000
QEMU = "qemu-system-arm"
QEMU_MACHINE = "mps2-an386"
QEMU_TIMEOUT_S = 300
QEMU_SHORT = 0.1
"""Share of a run that another run of QEMU takes, to be subtracted with its start."""


def convolution_plain(board_name: str, repetitions: int) -> Speed:
    """The kernel on Unicorn with nothing hooked."""
    board = load_board(board_name)
    core = bare_core(board)
    core.load_memory(FLASH, convolution.image_bytes(FLASH, repetitions))
    core.set("sp", convolution.STACK_TOP)
    start = FLASH + convolution.VECTORS.size
    seconds = run_plain(core, start, start + convolution.exit_offset())
    return Speed(PLAIN, convolution.instructions(repetitions), seconds)


def convolution_emulated(board_name: str, timing: str, hook: str, repetitions: int) -> Speed:
    """The kernel on the whole machine; its instruction count is checked."""
    machine = Machine(board_name, timing=timing, hook=hook)
    machine.load(convolution.image(FLASH, repetitions))
    started = host_seconds()
    machine.run()
    seconds = host_seconds() - started
    counts = machine.counts
    wanted = convolution.instructions(repetitions)
    if not 0 <= counts.instructions - wanted <= 1:  # the BKPT itself may be counted
        raise CheckFailed(f"counted {counts.instructions} instructions; the kernel has {wanted}")
    return Speed(timing, counts.instructions, seconds, counts.cycles)


def convolution_qemu(repetitions: int) -> Speed | None:
    """The kernel on QEMU, without its start: a long run less a short one.

    None when the host disturbed it beyond use.
    """
    short = max(1, round(repetitions * QEMU_SHORT))
    seconds = _qemu_seconds(short + repetitions) - _qemu_seconds(short)
    counted = convolution.instructions(short + repetitions) - convolution.instructions(short)
    return Speed(QEMU, counted, seconds) if seconds > 0 else None


def _qemu_seconds(repetitions: int) -> float:
    with tempfile.TemporaryDirectory(prefix="boardless-") as folder:
        path = Path(folder) / "convolution.bin"
        path.write_bytes(convolution.image_bytes(0, repetitions))
        quiet = ("-display", "none", "-monitor", "none", "-serial", "none", "-semihosting")
        command = (QEMU, "-M", QEMU_MACHINE, *quiet, "-kernel", str(path))
        return command_seconds(command, QEMU_TIMEOUT_S)


def bare_core(board: Board) -> Core:
    """Unicorn with the board's memories and no hook."""
    return Core(board.core, board.regions, has_fpu=board.fpu != "none")


def run_plain(core: Core, start: int, end: int) -> float:
    """Run from ``start`` until ``end``; host seconds."""
    started = host_seconds()
    core.uc.emu_start(start | 1, end)
    return host_seconds() - started


def timed_call(machine: Machine, function: int) -> tuple[float, Counts]:
    """Call a function without arguments; host seconds and counts."""
    started = host_seconds()
    result = machine.call(function, returns=None)
    return host_seconds() - started, result.counts
