"""Stack pointers by MSR and fixed-point conversions, as the hardware has them, on whole machines."""

from __future__ import annotations

from pathlib import Path

import pytest
from assembled import finish, machine_with, results

HOOKS = ("native", "python")
STACKS = """
    ldr r0, ={value:#x}
    msr psp, r0
    mrs r1, psp
    str r1, [r4]
    mrs r2, msp
    mov r3, r2
    adds r3, #3
    msr msp, r3
    mov r1, sp
    subs r1, r1, r2
    str r1, [r4, #4]
    mrs r1, msp
    subs r1, r1, r2
    str r1, [r4, #8]
"""


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("board", ["virtual-m0", "virtual-m3", "virtual-m4", "virtual-m7", "virtual-m33"])
def test_stack_pointers_are_multiples_of_four(tmp_path: Path, board: str, hook: str) -> None:
    machine = machine_with(tmp_path, STACKS.format(value=0x20002007), board, hook=hook)
    finish(machine)
    assert results(machine, 3) == (0x20002004, 0, 0)


def test_in_an_it_block(tmp_path: Path) -> None:
    body = """
    ldr r0, =0x20002003
    ldr r1, =0x20003002
    cmp r0, r0
    ite eq
    msreq psp, r0
    msrne psp, r1
    mrs r2, psp
    str r2, [r4]
    cmp r0, r1
    ite eq
    msreq psp, r0
    msrne psp, r1
    mrs r2, psp
    str r2, [r4, #4]
    """
    machine = machine_with(tmp_path, body)
    finish(machine)
    assert results(machine, 2) == (0x20002000, 0x20003000)


CONVERSIONS = """
    ldr r0, =0xE000ED88
    mov r1, #0xF00000
    str r1, [r0]
    isb
    movs r6, #2
again:
    movs r5, #0
next:
    lsls r0, r5, #22
    vmsr fpscr, r0
    ldr r0, =0x41BAA122
    vmov s1, r0
    vcvt.f32.u32 s1, s1, #21
    vmov r1, s1
    vmov s2, r0
    cmp r5, r5
    ittt eq
    vcvteq.f32.s32 s2, s2, #21
    vmoveq s3, r0
    vcvteq.f32.u32 s3, s3, #21
    vmov r2, s2
    vmov r3, s3
    vmov s4, r0
    vcvt.f32.u32 s4, s4
    vmov r7, s4
    vmrs r0, fpscr
    stmia r4!, {r0-r3, r7}
    adds r5, #1
    cmp r5, #4
    bne next
    subs r6, #1
    bne again
"""
NEAREST = 0x44037542
FROM_INTEGER = (0x4E837542, 0x4E837543, 0x4E837542, 0x4E837542)
"""A conversion from an integer does obey FPSCR.RMode."""


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("board", ["virtual-m4", "virtual-m7", "virtual-m33"])
def test_fixed_point_rounds_to_nearest(tmp_path: Path, board: str, hook: str) -> None:
    """Under every rounding mode, in an IT block too, and the mode stays what firmware has set."""
    source = CONVERSIONS.replace("    ldr r0, =0xE000ED88", "    .fpu fpv4-sp-d16\n    ldr r0, =0xE000ED88")
    machine = machine_with(tmp_path, source, board, hook=hook)
    finish(machine)
    words = results(machine, 40)
    for turn in range(8):
        mode = turn % 4
        expected = (mode << 22 | 0x10, NEAREST, NEAREST, NEAREST, FROM_INTEGER[mode])
        assert words[5 * turn : 5 * turn + 5] == expected
