"""Small programs that set an MPU up and count what it refuses, for tests on whole machines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from assembled import finish, machine_with

from emulator import Machine
from emulator.board.reader import load_board
from emulator.engine import core as core_module

RAM = 0x20000000
V7, V8, V6 = "virtual-m4", "virtual-m33", "virtual-m0plus"
FLASH_BYTES = 0x100000
ALL_BOARDS = (V6, "virtual-m3", V7, "virtual-m7", V8)
BOARDS, MAINLINE, OLDER = (V6, V7, V8), (V7, V8), (V6, V7)
WAYS = ("native", "python", "no library")
"""Which block hook, and whether the TLB is filled by C or by its twin."""

IACCVIOL, DACCVIOL, MUNSTKERR, MSTKERR, MMARVALID = 1, 2, 8, 16, 128
NONE, PRIVILEGED, USER_READS, FULL, READ_PRIVILEGED, READ = 0, 1, 2, 3, 5, 6
"""AP of ARMv7-M."""
XN, ENABLE, HFNMIENA, PRIVDEFENA = 1 << 28, 1, 2, 4
KEPT = RAM + 0x300
AREA = RAM + 0x8000
"""What the programs protect; 32 KiB behind everything else."""

HANDLER = f"""
    ldr r2, ={KEPT:#x}
    ldr r3, [r2]
    adds r3, #1
    str r3, [r2]
    mrs r3, ipsr
    str r3, [r2, #16]
    mov r0, sp
    mov r1, lr
    lsls r1, r1, #29
    bpl 1f
    mrs r0, psp
1:  ldr r3, [r0, #24]
    str r3, [r2, #12]
    ldr r1, [r2, #8]
    adds r3, r1
    str r3, [r0, #24]
"""
STATUS = """
    ldr r1, =0xE000ED28
    ldr r3, [r1]
    cmp r3, #0
    beq 2f
    str r3, [r1]
    str r3, [r2, #4]
    ldr r3, [r1, #0xC]
    str r3, [r2, #20]
    ldr r3, [r1, #4]
    str r3, [r2, #24]
2:
"""
"""Each fault is counted at KEPT; kept there: CFSR, (how far to go on), its PC, its exception, MMFAR, HFSR."""


def v7_region(number: int, base: int, size_bytes: int, access: int, *, xn: bool = False, srd: int = 0) -> str:
    """A region of ARMv6-M or ARMv7-M."""
    size = size_bytes.bit_length() - 2
    attributes = (XN if xn else 0) | access << 24 | srd << 8 | size << 1 | 1
    return f"""
    ldr r0, =0xE000ED98
    movs r1, #{number}
    str r1, [r0]
    ldr r1, ={base:#x}
    str r1, [r0, #4]
    ldr r1, ={attributes:#x}
    str r1, [r0, #8]
"""


def v8_region(number: int, base: int, size_bytes: int, access: int, *, xn: bool = False) -> str:
    """A region of ARMv8-M; ``access`` is ARMv7-M's."""
    ap = {PRIVILEGED: 0, FULL: 1, READ_PRIVILEGED: 2, READ: 3}[access]
    return f"""
    ldr r0, =0xE000ED98
    movs r1, #{number}
    str r1, [r0]
    ldr r1, ={base | ap << 1 | int(xn):#x}
    str r1, [r0, #4]
    ldr r1, ={base + size_bytes - 32 | 1:#x}
    str r1, [r0, #8]
"""


def region(board: str, *arguments: int, xn: bool = False) -> str:
    make = v8_region if board == V8 else v7_region
    return make(*arguments, xn=xn)


def turn_on(control: int) -> str:
    return f"""
    ldr r0, =0xE000ED94
    movs r1, #{control | ENABLE}
    str r1, [r0]
    dsb
    isb
"""


def skip(size_bytes: int) -> str:
    """What the handler adds to the faulting instruction's address."""
    return f"""
    ldr r0, ={KEPT:#x}
    movs r1, #{size_bytes}
    str r1, [r0, #8]
"""


FAULTS_ON = """
    ldr r0, =0xE000ED24
    ldr r1, [r0]
    ldr r2, =0x70000
    orrs r1, r2
    str r1, [r0]
"""


def run(
    folder: Path,
    board: str,
    body: str,
    way: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    timing: str = "memory",
    handler: str = HANDLER,
    last: str = "",
) -> Machine:
    """Run a body, with every fault counted and enabled. ``last``: what the handler does at its end."""
    if way == "no library":
        monkeypatch.setattr(core_module, "native_library", lambda: None)
        monkeypatch.setattr("emulator.machine.protection.native_library", lambda: None)
    mainline = board != V6
    machine = machine_with(
        folder,
        at_ram(board, (FAULTS_ON if mainline else "") + body),
        board,
        hook="native" if way == "native" else "python",
        timing=timing,
        handler=at_ram(board, handler + (STATUS if mainline else "") + last),
    )
    finish(machine)
    return machine


def ram_of(board: str) -> int:
    return next(region.base for region in load_board(board).regions if region.kind == "ram")


def at_ram(board: str, source: str) -> str:
    """Addresses that are written for RAM at 0x20000000, moved."""
    return re.sub("0x2000[0-9a-f]{4}", lambda m: hex(int(m[0], 16) - RAM + ram_of(board)), source)


def flash_region(board: str) -> str:
    return region(board, 0, load_board(board).vector_table, FLASH_BYTES, READ)


def kept(machine: Machine, place: int) -> int:
    return word(machine, KEPT + place)


def faults(machine: Machine) -> int:
    return kept(machine, 0)


def status(machine: Machine) -> int:
    return kept(machine, 4)


def mmfar(machine: Machine) -> int:
    """As if RAM were at 0x20000000."""
    return kept(machine, 20) - ram_of(machine.board.name) + RAM


def word(machine: Machine, address: int) -> int:
    moved = address - RAM + ram_of(machine.board.name)
    return int.from_bytes(machine.read_memory(moved, 4), "little")


def ways(*boards: str) -> pytest.MarkDecorator:
    """Every board with the native hook, and the first mainline one in all ways."""
    chosen = [(board, "native") for board in boards]
    twins = V7 if V7 in boards else boards[0]
    return pytest.mark.parametrize(("board", "way"), [*chosen, *((twins, way) for way in WAYS[1:])])


every_way = pytest.mark.parametrize("way", WAYS)

STORE_THERE = """
    ldr r5, ={address:#x}
    movs r6, #77
    .thumb_func
there:
    str r6, [r5]
    nop
"""
LOAD_THERE = """
    ldr r5, ={address:#x}
    movs r6, #77
    .thumb_func
there:
    ldr r6, [r5]
    nop
    ldr r5, =0x20000340
    str r6, [r5]
"""
