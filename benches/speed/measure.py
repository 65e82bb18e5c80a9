"""Runs one kernel under plain Unicorn, a timing depth or QEMU; takes the times."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benches.speed import convolution
from benches.speed.rows import PLAIN, Speed, command_seconds, host_seconds
from emulator.board.model import Board
from emulator.board.reader import load_board
from emulator.engine.core import Core
from emulator.engine.counts import Counts
from emulator.errors import CheckFailed
from emulator.image.model import Image
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
    speed = whole_run(machine, convolution.image(FLASH, repetitions), timing)
    wanted = convolution.instructions(repetitions)
    if not 0 <= speed.instructions - wanted <= 1:  # the BKPT itself may be counted
        raise CheckFailed(f"counted {speed.instructions} instructions; the kernel has {wanted}")
    return speed


def whole_run(machine: Machine, image: Image, way: str) -> Speed:
    """An image on the whole machine, until it ends itself."""
    machine.load(image)
    started = host_seconds()
    machine.run()
    seconds = host_seconds() - started
    return Speed(way, machine.counts.instructions, seconds, machine.counts.cycles)


def convolution_qemu(repetitions: int) -> Speed | None:
    """The kernel on QEMU: see :func:`on_qemu`."""
    return on_qemu(QEMU_MACHINE, partial(convolution.image_bytes, 0), convolution.instructions, repetitions)


def on_qemu(
    machine: str, image_bytes: Callable[[int], bytes], instructions: Callable[[int], int], repetitions: int
) -> Speed | None:
    """A kernel on QEMU, without its start: a long run less a short one.

    ``image_bytes``, ``instructions``: by the number of repetitions; the image is for address 0. None when
    the host disturbed it beyond use.
    """
    short = max(1, round(repetitions * QEMU_SHORT))
    long = short + repetitions
    seconds = _qemu_seconds(machine, image_bytes(long)) - _qemu_seconds(machine, image_bytes(short))
    return Speed(QEMU, instructions(long) - instructions(short), seconds) if seconds > 0 else None


def _qemu_seconds(machine: str, data: bytes) -> float:
    with tempfile.TemporaryDirectory(prefix="boardless-") as folder:
        path = Path(folder) / "kernel.bin"
        path.write_bytes(data)
        quiet = ("-display", "none", "-monitor", "none", "-serial", "none", "-semihosting")
        return command_seconds((QEMU, "-M", machine, *quiet, "-kernel", str(path)), QEMU_TIMEOUT_S)


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
