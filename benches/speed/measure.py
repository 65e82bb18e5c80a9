"""Runs one kernel under plain Unicorn, the three timing depths and QEMU; takes the times."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benches.speed import convolution
from emulator.board.model import Board
from emulator.board.reader import load_board
from emulator.engine.core import Core
from emulator.engine.counts import Counts
from emulator.errors import CheckFailed
from emulator.machine.machine import Machine

TIMINGS = ("count", "core", "memory")
FLASH = 0x08000000
QEMU = "qemu-system-arm"
QEMU_MACHINE = "mps2-an386"
QEMU_TIMEOUT_S = 300
QEMU_SHORT = 0.1
"""Share of a run that another run of QEMU takes, to be subtracted with its start."""


@dataclass(frozen=True, slots=True)
class Speed:
    """One way of running one kernel: instructions retired, host seconds, and their quotient.

    ``cycles`` are modelled ones, None where nothing models them.
    """

    way: str
    instructions: int
    host_s: float
    cycles: int | None = None

    @property
    def mips(self) -> float:
        """Million instructions per host second."""
        return self.instructions / self.host_s / 1e6


def best_in_turns(repeats: int, ways: Sequence[Callable[[], Speed]]) -> list[Speed]:
    """The fastest run of each way, the one that the host disturbed least; all take turns.

    So a host that is busy for a while disturbs all of them.
    """
    rounds = [[way() for way in ways] for _ in range(repeats)]
    return [min(runs, key=lambda speed: speed.host_s) for runs in zip(*rounds, strict=True)]


def convolution_plain(board_name: str, repetitions: int) -> Speed:
    """The kernel on Unicorn with nothing hooked."""
    board = load_board(board_name)
    core = bare_core(board)
    core.load_memory(FLASH, convolution.image_bytes(FLASH, repetitions))
    core.set("sp", convolution.STACK_TOP)
    start = FLASH + convolution.VECTORS.size
    seconds = run_plain(core, start, start + convolution.exit_offset())
    return Speed("plain Unicorn", convolution.instructions(repetitions), seconds)


def convolution_emulated(board_name: str, timing: str, hook: str, repetitions: int) -> Speed:
    """The kernel on the whole machine; its instruction count is checked."""
    machine = Machine(board_name, timing=timing, hook=hook)
    machine.load(convolution.image(FLASH, repetitions))
    started = time.perf_counter()
    machine.run()
    seconds = time.perf_counter() - started
    counts = machine.counts
    wanted = convolution.instructions(repetitions)
    if not 0 <= counts.instructions - wanted <= 1:  # the BKPT itself may be counted
        raise CheckFailed(f"counted {counts.instructions} instructions; the kernel has {wanted}")
    return Speed(timing, counts.instructions, seconds, counts.cycles)


def convolution_qemu(repeats: int, repetitions: int) -> Speed | None:
    """The kernel on QEMU, without its start: a long run less a short one, each the best of some.

    None when QEMU is not installed, or when the host disturbed it beyond use.
    """
    if shutil.which(QEMU) is None:
        return None
    short = max(1, round(repetitions * QEMU_SHORT))
    pairs = [(_qemu_seconds(short + repetitions), _qemu_seconds(short)) for _ in range(repeats)]
    seconds = min(long_s for long_s, _ in pairs) - min(short_s for _, short_s in pairs)
    counted = convolution.instructions(short + repetitions) - convolution.instructions(short)
    return Speed(QEMU, counted, seconds) if seconds > 0 else None


def _qemu_seconds(repetitions: int) -> float:
    with tempfile.TemporaryDirectory(prefix="boardless-") as folder:
        path = Path(folder) / "convolution.bin"
        path.write_bytes(convolution.image_bytes(0, repetitions))
        quiet = ("-display", "none", "-monitor", "none", "-serial", "none", "-semihosting")
        command = (QEMU, "-M", QEMU_MACHINE, *quiet, "-kernel", str(path))
        started = time.perf_counter()
        subprocess.run(command, check=True, timeout=QEMU_TIMEOUT_S, capture_output=True)
        return time.perf_counter() - started


def bare_core(board: Board) -> Core:
    """Unicorn with the board's memories and no hook."""
    return Core(board.core, board.regions, has_fpu=board.fpu != "none")


def run_plain(core: Core, start: int, end: int) -> float:
    """Run from ``start`` until ``end``; host seconds."""
    started = time.perf_counter()
    core.uc.emu_start(start | 1, end)
    return time.perf_counter() - started


def timed_call(machine: Machine, function: int) -> tuple[float, Counts]:
    """Call a function without arguments; host seconds and counts."""
    started = time.perf_counter()
    result = machine.call(function, returns=None)
    return time.perf_counter() - started, result.counts
