"""MSPLIM and PSPLIM of ARMv8-M: PUSH and exception entry below a limit (B3.21)."""

from __future__ import annotations

from pathlib import Path

import pytest
from assembled import finish, machine_with

from emulator import Machine
from emulator.board.reader import load_board
from emulator.engine.core import Core

BOARD = "virtual-m33"
STKOF = 1 << 20
RAM = next(region.base for region in load_board(BOARD).regions if region.kind == "ram")
KEPT, STACK, LIMIT = RAM + 0x300, RAM + 0x8100, RAM + 0x80C0
HANDLER = f"""
    ldr r2, ={KEPT:#x}
    ldr r1, =0xE000ED28
    ldr r3, [r1]
    cmp r3, #0
    itt ne
    strne r3, [r2]
    strne r3, [r1]
    mrs r3, psp
    str r3, [r2, #4]
    ldr r0, ={STACK:#x}
    sub r0, #32
    msr psp, r0
    ldr r1, =done
    str r1, [r0, #24]
    ldr r1, =0x01000000
    str r1, [r0, #28]
"""
PREPARE = f"""
    ldr r0, =0xE000ED24
    mov r1, #0x70000
    str r1, [r0]
    ldr r0, ={STACK:#x}
    msr psp, r0
    ldr r0, ={LIMIT:#x}
    msr psplim, r0
    movs r0, #2
    msr control, r0
    isb
"""


def run(folder: Path, body: str, hook: str = "native") -> Machine:
    machine = machine_with(folder, PREPARE + body, BOARD, hook=hook, handler=HANDLER)
    finish(machine)
    return machine


def word(machine: Machine, address: int) -> int:
    return int.from_bytes(machine.read_memory(address, 4), "little")


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize("sp", [LIMIT + 31, LIMIT + 0])
def test_a_frame_below_the_limit_is_not_written(tmp_path: Path, hook: str, sp: int) -> None:
    """SVC: STKOF is pending beside it; SP is the limit, and nothing has been written."""
    machine = run(tmp_path, f"    ldr r0, ={sp & ~3:#x}\n    mov sp, r0\n    svc 0\n", hook)
    assert word(machine, KEPT) == STKOF
    assert [word(machine, n) for n in range(LIMIT - 32, LIMIT + 32, 4)] == [0] * 16


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_frame_down_to_the_limit_is_fine(tmp_path: Path, hook: str) -> None:
    machine = run(
        tmp_path, f"    ldr r0, ={LIMIT + 32:#x}\n    mov sp, r0\n    mov r0, #7\n    svc 0\n", hook
    )
    assert (word(machine, KEPT), word(machine, KEPT + 4), word(machine, LIMIT)) == (0, LIMIT, 7)


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_push_below_the_limit_does_nothing(tmp_path: Path, hook: str) -> None:
    machine = run(tmp_path, f"    ldr r0, ={LIMIT + 4:#x}\n    mov sp, r0\n    push {{r0, r1}}\n", hook)
    assert (word(machine, KEPT), word(machine, LIMIT), word(machine, LIMIT - 4)) == (STKOF, 0, 0)


def test_reset_clears_the_limits_of_this_core_alone() -> None:
    board = load_board(BOARD)
    one, other = (Core(board.core, board.regions, has_fpu=False) for _ in range(2))
    one.set("msplim", RAM)
    assert (one.get("msplim"), one.get("psplim"), other.get("msplim")) == (RAM, 0, 0)
    board = load_board("virtual-m4")
    core = Core(board.core, board.regions, has_fpu=False)
    core.set("msplim", RAM)
    assert core.get("msplim") == 0
    machine = Machine(BOARD)
    machine.core.set("psplim", RAM)
    machine._parts.reset("software")
    assert machine.core.get("psplim") == 0
