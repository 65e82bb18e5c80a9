"""Traps by operands: alignment, division by zero; on whole machines, as the hardware has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from assembled import finish, machine_with, results

from emulator import Machine
from emulator.board.reader import load_board

HOOKS = ("native", "python")
UNALIGNED, DIVBYZERO = 1 << 24, 1 << 25
MAINLINE = ("virtual-m3", "virtual-m4", "virtual-m7", "virtual-m33")

COUNT = """
    ldr r2, =0xE000ED28
    ldr r3, [r2]
    str r3, [r2]
    ldr r2, =0x20000300
    str r3, [r2, #4]
    ldr r3, [r2]
    adds r3, #1
    str r3, [r2]
    ldr r3, [sp, #24]
    ldr r1, [r2, #8]
    adds r3, r1
    str r3, [sp, #24]
    ldr r3, [sp, #28]
    str r3, [r2, #12]
    ldr r1, =0x0600FC00
    bics r3, r1
    str r3, [sp, #28]
"""
"""Every handler: counts at 0x20000300, keeps CFSR and the stacked xPSR, goes on behind the instruction."""

PREPARE = """
    ldr r8, =0x20000300
    mov r0, #0
    str r0, [r8]
    ldr r1, =0xE000ED24
    ldr r0, [r1]
    orr r0, r0, #0x70000
    str r0, [r1]
    ldr r0, =0xE000ED88
    mov r1, #0xF00000
    str r1, [r0]
    ldr r9, =0xE000ED14
    dsb
    isb
    ldr r10, =0x20000400
    mov r5, #0
"""


def ram_of(board: str) -> int:
    return next(region.base for region in load_board(board).regions if region.kind == "ram")


def kept(machine: Machine, place: int) -> int:
    """A word that the handler has left."""
    return int.from_bytes(machine.read_memory(ram_of(machine.board.name) + 0x300 + place, 4), "little")


def faults(machine: Machine) -> int:
    return kept(machine, 0)


def last_status(machine: Machine) -> int:
    return kept(machine, 4)


def at_ram(source: str, board: str) -> str:
    """Addresses that are written for RAM at 0x20000000, moved."""
    return source.replace("0x20000", f"{ram_of(board) >> 12:#07x}")


def run_one(
    folder: Path,
    instruction: str,
    size: int,
    *,
    board: str = "virtual-m4",
    hook: str = "native",
    before: str = "",
) -> Machine:
    """Run ``instruction``, of ``size`` bytes, with what a handler that skips it finds."""
    fpu = "" if board == "virtual-m3" else "    .fpu fpv4-sp-d16\n"
    body = f"{fpu}{PREPARE}    mov r0, #{size}\n    str r0, [r8, #8]\n{before}\n{instruction}\n    nop\n"
    machine = machine_with(folder, at_ram(body, board), board, hook=hook, handler=at_ram(COUNT, board))
    finish(machine)
    return machine


STRICT = {
    "ldm": ("ldm r6, {r0, r1}", 2),
    "stm": ("stm r6!, {r0, r1}", 2),
    "ldmdb": ("ldmdb r6, {r0, r1}", 4),
    "ldrd": ("ldrd r0, r1, [r6]", 4),
    "strd": ("strd r0, r1, [r6, #4]!", 4),
    "ldrex": ("ldrex r0, [r6]", 4),
    "strex": ("ldrex r0, [r10]\n strex r0, r1, [r6]", 4),
    "ldrexh": ("ldrexh r0, [r6]", 4),
}
FLOATING = {
    "vldr": ("vldr s0, [r6]", 4),
    "vstr": ("vstr s0, [r6, #8]", 4),
    "vldm": ("vldmia r6, {s0-s3}", 4),
    "vstm": ("vstmdb r6!, {s0-s3}", 4),
}
PLACES = {
    "known": "    add r6, r10, #{offset}",
    "loaded": "    add r6, r10, #{offset}\n    str r6, [r10, #64]\n    ldr r6, [r10, #64]",
    "next block": "    add r6, r10, #{offset}\n    b 1f\n1:",
}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", [*STRICT, *FLOATING])
def test_what_must_be_aligned(tmp_path: Path, name: str, place: str, hook: str) -> None:
    """UsageFault, UNALIGNED; no fault where the address is a multiple of four."""
    instruction, size = (STRICT | FLOATING)[name]
    for offset, expected in ((1, 1), (4, 0), (2, 0 if name == "ldrexh" else 1)):
        machine = run_one(tmp_path, instruction, size, hook=hook, before=PLACES[place].format(offset=offset))
        assert faults(machine) == expected, (name, offset)
        if expected:
            assert last_status(machine) == UNALIGNED
            record = machine.system.last_fault
            assert record is not None
            assert record.address is not None
            assert record.address & 3 == offset


@pytest.mark.parametrize("board", MAINLINE)
@pytest.mark.parametrize("name", STRICT)
def test_on_every_core(tmp_path: Path, name: str, board: str) -> None:
    instruction, size = STRICT[name]
    machine = run_one(tmp_path, instruction, size, board=board, before=PLACES["known"].format(offset=1))
    assert (faults(machine), last_status(machine)) == (1, UNALIGNED)


@pytest.mark.parametrize("hook", HOOKS)
def test_in_an_it_block(tmp_path: Path, hook: str) -> None:
    """The instruction faults, those behind it do not run, and its IT state is stacked."""
    source = """
    add r6, r10, #1
    mov r7, #0
    cmp r5, r5
    ittt eq
    addeq r7, #1
    ldrdeq r0, r1, [r6]
    addeq r7, #4
    str r7, [r4]
    """
    machine = run_one(tmp_path, source, 4, hook=hook)
    assert (faults(machine), last_status(machine)) == (1, UNALIGNED)
    assert results(machine, 1) == (5,)  # the handler clears the IT state: what follows runs anyway
    stacked = kept(machine, 12)
    assert (stacked >> 25 & 3) | (stacked >> 8 & 0xFC) == 0b0000_0100  # EQ, two of it left


@pytest.mark.parametrize("hook", HOOKS)
def test_unalign_trp(tmp_path: Path, hook: str) -> None:
    """Off: loads as ever; on: half-words and words trap, bytes do not; off again: as ever."""
    source = """
    add r6, r10, #1
    mov r7, #3
again:
    ldr.w r0, [r6]
    ldrh.w r0, [r6]
    str.w r0, [r6, #8]
    ldrb.w r0, [r6]
    ldr.w r0, [r10, r7]
    ldr.w r0, [r10]
    ldr r1, [r8]
    str r1, [r4], #4
    ldr r0, [r9]
    eor r0, r0, #8
    str r0, [r9]
    dsb
    isb
    subs r7, #1
    bne again
    """
    machine = run_one(tmp_path, source, 4, hook=hook)
    assert results(machine, 3) == (0, 4, 4)
    assert last_status(machine) == UNALIGNED


DIVISIONS = """
    mov r0, #7
    mov r7, #2
again:
    mov r1, #99
    {instruction} r1, r0, r5
    str r1, [r4], #4
    ldr r1, [r8]
    str r1, [r4], #4
    ldr r1, [r9]
    orr r1, r1, #16
    str r1, [r9]
    dsb
    isb
    subs r7, #1
    bne again
"""


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("board", MAINLINE)
@pytest.mark.parametrize("instruction", ["udiv", "sdiv"])
def test_division_by_zero(tmp_path: Path, instruction: str, board: str, hook: str) -> None:
    """0 without CCR.DIV_0_TRP; with it a UsageFault, and nothing is written."""
    machine = run_one(tmp_path, DIVISIONS.format(instruction=instruction), 4, board=board, hook=hook)
    assert results(machine, 4) == (0, 0, 99, 1)
    assert last_status(machine) == DIVBYZERO


def test_both_hooks_count_the_same(tmp_path: Path) -> None:
    counts = []
    for hook in HOOKS:
        machine = run_one(tmp_path, DIVISIONS.format(instruction="udiv"), 4, hook=hook)
        counts.append((machine.counts.instructions, machine.counts.cycles))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("board", ["virtual-m0", "virtual-m0plus"])
@pytest.mark.parametrize(
    "instruction", ["ldr r0, [r6]", "ldrh r0, [r6]", "str r0, [r6]", "ldm r6!, {r0, r1}"]
)
def test_armv6m_faults_on_every_unaligned_access(
    tmp_path: Path, instruction: str, board: str, hook: str
) -> None:
    """HardFault."""
    body = f"    ldr r6, =0x20000401\n    movs r0, #0\n    str r0, [r4]\n    {instruction}\n    nop\n"
    handler = """
    ldr r1, [sp, #24]
    adds r1, #2
    str r1, [sp, #24]
    mrs r1, ipsr
    str r1, [r4]
    """
    machine = machine_with(tmp_path, at_ram(body, board), board, hook=hook, handler=handler)
    finish(machine)
    assert results(machine, 1) == (3,)
    record = machine.system.last_fault
    assert record is not None
    assert (record.name, record.address) == ("unaligned access", ram_of(board) + 0x401)
