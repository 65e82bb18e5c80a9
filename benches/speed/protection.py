"""What an MPU that is on costs: a kws inference with none, and with the regions that systems set up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benches.speed.inference import Firmware, function_address, timed_inferences
from benches.speed.measure import timed_call
from benches.speed.rows import Speed
from emulator.board.model import Board
from emulator.machine.machine import Machine
from emulator.system.mpu import CTRL, ENABLE, PRIVDEFENA, RASR, RBAR, RNR, XN_V7

GUARD_BYTES = 32
LARGE_STACK, SMALL_STACK = 0x1000, 0x200
"""Bytes from the guard to the stack pointer: in another page, or in that of all of the stack."""
FULL_ACCESS, NO_ACCESS, READ_ONLY = 3 << 24, 0, 6 << 24
PERIPHERALS, PERIPHERALS_BYTES = 0x40000000, 0x20000000

Region = tuple[int, int, int]
"""Base, size in bytes, access and XN as RASR has them."""


@dataclass(frozen=True, slots=True)
class Setup:
    """``regions(board, guard)``: in order; the guard is at that address, ``stack_bytes`` below SP."""

    name: str
    regions: Callable[[Board, int], Sequence[Region]]
    control: int
    stack_bytes: int = LARGE_STACK


def _guard(_board: Board, guard: int) -> Sequence[Region]:
    return ((guard, GUARD_BYTES, NO_ACCESS | XN_V7),)


def _everything(board: Board, guard: int) -> Sequence[Region]:
    """Code is read-only, data are never executed, and a guard lies below the stack."""
    memories = [
        (r.base, _power_of_two(r.size_bytes), READ_ONLY if r.kind == "flash" else FULL_ACCESS | XN_V7)
        for r in board.regions
        if not r.alias_of
    ]
    devices = (PERIPHERALS, PERIPHERALS_BYTES, FULL_ACCESS | XN_V7)
    return (*memories[:6], devices, *_guard(board, guard))


OFF = Setup("MPU off", lambda _board, _guard: (), 0)
SETUPS = (
    OFF,
    Setup("stack guard, background map", _guard, ENABLE | PRIVDEFENA),
    Setup("the same, a stack of 512 bytes", _guard, ENABLE | PRIVDEFENA, SMALL_STACK),
    Setup("flash, RAM, devices and a guard", _everything, ENABLE),
)


def inference_protected(firmware: Firmware, timing: str, hook: str, inferences: int, setup: Setup) -> Speed:
    """Some inferences under a setup of an ARMv7-M MPU, one warm-up before them."""
    machine = firmware.ready_machine(timing, hook)
    guard = (machine.core.get("sp") - setup.stack_bytes) & -GUARD_BYTES
    set_up(machine, setup.regions(machine.board, guard), setup.control)
    timed_call(machine, function_address(machine))
    return timed_inferences(machine, inferences, setup.name)


def set_up(machine: Machine, regions: Sequence[Region], control: int) -> None:
    """Write the registers, as firmware would."""
    for number, (base, size_bytes, attributes) in enumerate(regions):
        size = size_bytes.bit_length() - 2
        for address, value in ((RNR, number), (RBAR, base), (RASR, attributes | size << 1 | ENABLE)):
            machine.core.write_memory(address, value.to_bytes(4, "little"))
    machine.core.write_memory(CTRL, control.to_bytes(4, "little"))


def _power_of_two(size_bytes: int) -> int:
    """What a region needs to hold a memory."""
    return 1 << (size_bytes - 1).bit_length()
