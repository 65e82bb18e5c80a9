"""The Memory Protection Unit at work: small programs on whole machines, as the manuals want them.

ARMv6-M and ARMv7-M Architecture Reference Manuals B3.5, ARMv8-M D1.2; qemu-system-arm 7.2 agrees on the
mps2 boards where it has the rule.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from assembled import address_of, machine_with
from mpu_programs import (
    ALL_BOARDS,
    AREA,
    BOARDS,
    DACCVIOL,
    FULL,
    HANDLER,
    HFNMIENA,
    IACCVIOL,
    KEPT,
    LOAD_THERE,
    MAINLINE,
    MMARVALID,
    MSTKERR,
    MUNSTKERR,
    NONE,
    OLDER,
    PRIVDEFENA,
    PRIVILEGED,
    RAM,
    READ,
    READ_PRIVILEGED,
    STORE_THERE,
    V6,
    V7,
    V8,
    at_ram,
    every_way,
    faults,
    flash_region,
    kept,
    mmfar,
    ram_of,
    region,
    run,
    skip,
    status,
    turn_on,
    v7_region,
    v8_region,
    ways,
    word,
)

from emulator import Machine
from emulator.errors import GuestFault


@ways(*ALL_BOARDS)
@pytest.mark.parametrize("timing", ["memory", "count"])
def test_a_guard_refuses_and_its_page_does_not(
    tmp_path: Path, board: str, way: str, timing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The smallest region that refuses all stores, in a page whose rest may be written."""
    size = 256 if board == V6 else 32
    body = region(board, 2, AREA + 0x400, size, READ) + turn_on(PRIVDEFENA) + skip(2)
    for offset in (0x3FC, 0x400 + size):
        body += STORE_THERE.replace("    .thumb_func\nthere:\n", "").format(address=AREA + offset)
    body += STORE_THERE.format(address=AREA + 0x400 + size - 4)
    machine = run(tmp_path, board, body, way, monkeypatch, timing=timing)
    assert faults(machine) == 1
    assert [word(machine, AREA + n) for n in (0x3FC, 0x400 + size, 0x400 + size - 4)] == [77, 77, 0]
    assert kept(machine, 12) == address_of(machine, "there")
    if board == V6:
        assert kept(machine, 16) == 3
    else:
        assert (kept(machine, 16), status(machine)) == (4, DACCVIOL | MMARVALID)
        assert mmfar(machine) == AREA + 0x400 + size - 4


@ways(*BOARDS)
def test_whole_pages_that_may_be_read_or_nothing(
    tmp_path: Path, board: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load works and a store doesn't; the address is exact; a refused load leaves its register."""
    body = region(board, 0, AREA, 0x2000, READ) + turn_on(PRIVDEFENA) + skip(2)
    body += LOAD_THERE.replace("    .thumb_func\nthere:\n", "").format(address=AREA + 0x20)
    body += STORE_THERE.format(address=AREA + 0x1010)
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert faults(machine) == 1
    assert (word(machine, 0x20000340), word(machine, AREA + 0x1010)) == (0, 0)
    if board != V6:
        assert (status(machine), mmfar(machine)) == (DACCVIOL | MMARVALID, AREA + 0x1010)


@ways(*OLDER)
@pytest.mark.parametrize("size", [256, 0x4000], ids=["part of a page", "whole pages"])
def test_a_refused_load_leaves_its_register(
    tmp_path: Path, board: str, way: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = region(board, 0, AREA, size, NONE) + turn_on(PRIVDEFENA) + skip(2)
    machine = run(tmp_path, board, body + LOAD_THERE.format(address=AREA + 0x24), way, monkeypatch)
    assert (faults(machine), word(machine, 0x20000340)) == (1, 77)
    assert kept(machine, 12) == address_of(machine, "there")


@ways(*OLDER)
def test_the_highest_region_decides(
    tmp_path: Path, board: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = v7_region(1, AREA, 0x1000, FULL) + v7_region(0, AREA, 0x1000, NONE)
    body += v7_region(3, AREA + 0x400, 0x100, READ) + turn_on(PRIVDEFENA) + skip(2)
    body += STORE_THERE.replace("    .thumb_func\nthere:\n", "").format(address=AREA + 0x500)
    body += STORE_THERE.format(address=AREA + 0x440)
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert (faults(machine), word(machine, AREA + 0x500), word(machine, AREA + 0x440)) == (1, 77, 0)


@every_way
def test_overlapping_regions_refuse_on_armv8m(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = v8_region(0, AREA, 0x1000, FULL) + v8_region(1, AREA + 0x800, 0x1000, FULL)
    body += turn_on(PRIVDEFENA) + skip(2)
    body += STORE_THERE.replace("    .thumb_func\nthere:\n", "").format(address=AREA + 0x7FC)
    body += STORE_THERE.format(address=AREA + 0x800)
    machine = run(tmp_path, V8, body, way, monkeypatch)
    assert (faults(machine), word(machine, AREA + 0x7FC), word(machine, AREA + 0x800)) == (1, 77, 0)
    assert (status(machine), mmfar(machine)) == (DACCVIOL | MMARVALID, AREA + 0x800)


@ways(*OLDER)
def test_disabled_subregions_let_the_region_below_decide(
    tmp_path: Path, board: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = v7_region(0, AREA, 0x800, READ, srd=0b00000100) + turn_on(PRIVDEFENA) + skip(2)
    stores = [STORE_THERE.replace("    .thumb_func\nthere:\n", "").format(address=AREA + n)
              for n in (0x1FC, 0x200, 0x2FC, 0x300)]  # fmt: skip
    machine = run(tmp_path, board, body + "".join(stores), way, monkeypatch)
    assert faults(machine) == 2
    assert [word(machine, AREA + n) for n in (0x1FC, 0x200, 0x2FC, 0x300)] == [0, 77, 77, 0]


@ways(*BOARDS)
@pytest.mark.parametrize("background", [False, True])
def test_the_background_map_is_an_option(
    tmp_path: Path, board: str, way: str, background: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = flash_region(board) + region(board, 1, RAM, 0x8000, FULL, xn=True)
    body += turn_on(PRIVDEFENA if background else 0) + skip(2) + STORE_THERE.format(address=AREA)
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert (faults(machine), word(machine, AREA)) == ((0, 77) if background else (1, 0))


@ways(*MAINLINE)
@pytest.mark.parametrize("is_on", [False, True])
def test_hard_fault_is_checked_when_hfnmiena_says_so(
    tmp_path: Path, board: str, way: str, is_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAULTMASK raises the priority to HardFault's; a refused access there locks the core up."""
    body = region(board, 0, AREA, 0x1000, READ) + turn_on(PRIVDEFENA | (HFNMIENA if is_on else 0)) + skip(2)
    body += "cpsid f\n" + STORE_THERE.format(address=AREA).replace("there", "masked") + "cpsie f\n"
    body += STORE_THERE.format(address=AREA + 4)
    if is_on:
        with pytest.raises(GuestFault, match="locked up"):
            run(tmp_path, board, body, way, monkeypatch)
        return
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert (faults(machine), word(machine, AREA), word(machine, AREA + 4)) == (1, 77, 0)


CALL_THERE = """
    ldr r5, ={address:#x}
    ldr r6, =0x4770
    strh r6, [r5]
"""


@ways(*BOARDS)
@pytest.mark.parametrize("size", [256, 0x2000], ids=["part of a page", "whole pages"])
def test_code_does_not_run_where_it_never_may(
    tmp_path: Path, board: str, way: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A region with XN; the handler returns to the caller. The same code runs before the MPU is on."""
    call = f"\n    ldr r5, ={AREA + 0x40 + 1:#x}\n    blx r5\n"
    back = f"\n    ldr r0, ={KEPT:#x}\n    ldr r1, =after - {AREA + 0x40:#x}\n    str r1, [r0, #8]\n"
    body = CALL_THERE.format(address=AREA + 0x40) + call + region(board, 0, AREA, size, FULL, xn=True)
    body += turn_on(PRIVDEFENA) + back + call + "    .thumb_func\nafter:\n    nop\n"
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert (faults(machine), kept(machine, 12) - ram_of(board) + RAM) == (1, AREA + 0x40)
    if board != V6:
        assert status(machine) == IACCVIOL


@ways(*MAINLINE)
def test_unprivileged_code_has_rights_of_its_own(
    tmp_path: Path, board: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same page for both, before and after CONTROL.nPRIV is set; LDRT and STRT are the user's."""
    body = flash_region(board) + region(board, 1, RAM, 0x8000, FULL, xn=True)
    body += region(board, 2, AREA, 0x1000, PRIVILEGED, xn=True)
    body += region(board, 3, AREA + 0x1000, 0x400, PRIVILEGED, xn=True)
    body += turn_on(PRIVDEFENA) + skip(4)
    for offset in (0x10, 0x1010):
        body += f"\n    ldr r5, ={AREA + offset:#x}\n    movs r6, #5\n    str.w r6, [r5]\n"
        body += "    movs r6, #6\n    strt r6, [r5, #4]\n    str.w r6, [r5, #8]\n    ldrt r6, [r5]\n"
        body += f"    ldr r5, ={RAM + 0x340 + (offset >> 10):#x}\n    str.w r6, [r5]\n"
    body += "    movs r0, #1\n    msr control, r0\n    isb\n"
    for offset in (0x20, 0x1020):
        body += f"\n    ldr r5, ={AREA + offset:#x}\n    str.w r6, [r5]\n    nop\n"
    machine = run(tmp_path, board, body, way, monkeypatch)
    for offset in (0x10, 0x1010):
        assert [word(machine, AREA + offset + n) for n in (0, 4, 8, 16)] == [5, 0, 6, 0]
    assert (word(machine, RAM + 0x340), word(machine, RAM + 0x344)) == (6, 6)
    assert faults(machine) == 6


SWITCH_TO_PSP = """
    ldr r0, ={stack:#x}
    msr psp, r0
    movs r0, #2
    msr control, r0
    isb
"""


@ways(*MAINLINE)
def test_a_stack_overflow_ends_at_the_guard(
    tmp_path: Path, board: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task recurses until a PUSH meets the 32 bytes below its stack; the report names the region."""
    body = region(board, 5, AREA, 32, READ_PRIVILEGED, xn=True) + turn_on(PRIVDEFENA)
    body += SWITCH_TO_PSP.format(stack=AREA + 0x110) + "    bl recurse\n    b done\n"
    body += "    .thumb_func\nrecurse:\n    push {r4, r5, r6, lr}\n    bl recurse\n    pop {r4, r5, r6, pc}\n"
    machine = machine_with(
        tmp_path, at_ram(board, body), board, hook="native" if way == "native" else "python", handler="b ."
    )
    with pytest.raises(GuestFault, match="stack overflow") as raised:
        machine.run()
    moved = ram_of(board) - RAM
    assert f"MPU region 5 (0x{AREA + moved:08x} to 0x{AREA + 31 + moved:08x}, " in str(raised.value.report)
    assert "stacking" in str(raised.value.report)  # the fault's own frame meets the guard, too
    assert register(machine, 0xE000ED34) == AREA + 0x10 + moved
    assert register(machine, 0xE000ED28) == DACCVIOL | MMARVALID | MSTKERR
    assert word(machine, AREA + 0x2C) == address_of(machine, "recurse") + 6 | 1


def register(machine: Machine, address: int) -> int:
    return int.from_bytes(machine.read_memory(address, 4), "little")


@ways(*MAINLINE)
def test_stacking_onto_a_guard_is_a_fault_of_its_own(
    tmp_path: Path, board: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SVC with a full stack: MSTKERR, no address; MemManage preempts the handler that was wanted."""
    body = region(board, 5, AREA, 32, READ_PRIVILEGED, xn=True) + turn_on(PRIVDEFENA)
    body += SWITCH_TO_PSP.format(stack=AREA + 0x30)
    body += f"    ldr r7, ={AREA + 0x200:#x}\n    svc 0\n"
    leave = f"    ldr r0, ={AREA + 0x200:#x}\n    msr psp, r0\n"
    machine = run(tmp_path, board, body, way, monkeypatch, handler=leave_first(leave))
    assert status(machine) & 0xFF == MSTKERR
    assert [word(machine, AREA + n) for n in range(0, 32, 4)] == [0] * 8


def leave_first(code: str) -> str:
    """A handler that first repairs the process stack, with a frame that goes on at ``done``."""
    frame = "".join(f"    str r1, [r0, #{4 * n}]\n" for n in range(6))
    return f"""{code}
    movs r1, #0
{frame}
    ldr r1, =done
    str r1, [r0, #24]
    ldr r1, =0x01000000
    str r1, [r0, #28]
    ldr r2, ={KEPT:#x}
    ldr r3, [r2]
    adds r3, #1
    str r3, [r2]
"""


@ways(*MAINLINE)
def test_unstacking_from_a_forbidden_stack_is_a_fault_of_its_own(
    tmp_path: Path, board: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SVC's handler takes the process stack's rights away and returns: MUNSTKERR."""
    if board == V8:
        forbid = v8_region(5, AREA, 0x1000, READ_PRIVILEGED, xn=True)
        forbid += "    movs r0, #3\n    msr control, r0\n    isb\n"  # the return is to unprivileged code
    else:
        forbid = v7_region(5, AREA, 0x1000, NONE)
    handler = f"""
    ldr r2, ={KEPT:#x}
    ldr r3, [r2]
    adds r3, #1
    str r3, [r2]
    cmp r3, #1
    bne 1f
{forbid + turn_on(PRIVDEFENA)}
    bx lr
1:  movs r1, #0
    ldr r0, =0xE000ED94
    str r1, [r0]
    dsb
    isb
    mrs r0, psp
    ldr r1, =done
    str r1, [r0, #24]
"""
    body = SWITCH_TO_PSP.format(stack=AREA + 0x100) + "    svc 0\n    b .\n"
    machine = run(tmp_path, board, body, way, monkeypatch, handler=handler)
    assert status(machine) & 0xFF == MUNSTKERR


@ways(*BOARDS)
@pytest.mark.parametrize("offset", [0xFF8, 0x3F8], ids=["from page to page", "within a page"])
def test_a_multiple_that_meets_a_region_changes_no_base(
    tmp_path: Path, board: str, way: str, offset: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STM of four words of which two are refused: the base register stays, MMFAR is the third word's."""
    body = region(board, 2, AREA + offset + 8, 256, READ) if offset == 0x3F8 else ""
    body += "" if body else region(board, 2, AREA + 0x1000, 0x1000, READ)
    body += (
        turn_on(PRIVDEFENA)
        + skip(2)
        + f"""
    ldr r5, ={AREA + offset:#x}
    movs r0, #1
    movs r1, #2
    movs r2, #3
    movs r3, #4
    .thumb_func
there:
    stmia r5!, {{r0, r1, r2, r3}}
    ldr r0, =0x20000340
    str r5, [r0]
"""
    )
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert faults(machine) == 1
    assert word(machine, 0x20000340) == AREA + offset + ram_of(board) - RAM
    assert [word(machine, AREA + offset + n) for n in (8, 12)] == [0, 0]
    if board != V6:
        assert mmfar(machine) == AREA + offset + 8


@ways(*MAINLINE)
@pytest.mark.parametrize("size", [256, 0x2000], ids=["part of a page", "whole pages"])
def test_a_refusal_in_an_it_block(
    tmp_path: Path, board: str, way: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second instruction of four faults, is skipped by the handler, and the block goes on."""
    fix = """
    ldr r1, [r0, #28]
    ldr r3, =0x0600FC00
    and r3, r3, r1
    ldr r7, =0x20000344
    str r3, [r7]
    bic r1, r1, r3
    str r1, [r0, #28]
"""
    body = (
        region(board, 2, AREA, size, READ)
        + turn_on(PRIVDEFENA)
        + skip(2)
        + f"""
    ldr r5, ={AREA + 0x40:#x}
    movs r6, #1
    cmp r6, #1
    ittte eq
    addeq r6, #1
    streq r6, [r5]
    addeq r6, #2
    movne r6, #0
    ldr r0, =0x20000340
    str r6, [r0]
"""
    )
    machine = run(tmp_path, board, body, way, monkeypatch, handler=HANDLER + fix)
    assert (faults(machine), word(machine, AREA + 0x40)) == (1, 0)
    assert word(machine, 0x20000340) == 0  # IT state was cleared by the handler: all of the rest ran
    assert word(machine, 0x20000344) == it_state(0b0000_0110)
    assert mmfar(machine) == AREA + 0x40


def it_state(value: int) -> int:
    """ITSTATE where xPSR has it."""
    return (value & 3) << 25 | (value >> 2) << 10


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize("is_lazy", [True, False])
def test_the_fpus_part_of_a_frame(
    tmp_path: Path, hook: str, is_lazy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A region that refuses stores behind the basic frame: MSTKERR when all is stacked at once."""
    lazy = "" if is_lazy else "    ldr r0, =0xE000EF34\n    mov r1, #0x80000000\n    str r1, [r0]\n"
    body = f"""
    ldr r0, =0xE000ED88
    mov r1, #0xF00000
    str r1, [r0]
    dsb
    isb
{lazy}{region(V7, 5, AREA + 0x40, 32, READ)}{turn_on(PRIVDEFENA)}{SWITCH_TO_PSP.format(stack=AREA + 0x68)}
    mov r0, #7
    .inst 0xeef70a00 @ vmov.f32 s1, #1.0
    svc 0
"""
    handler = leave_first(f"    ldr r0, ={AREA + 0x200:#x}\n    msr psp, r0\n")
    leave = "    mov r4, lr\n    orr lr, lr, #0x10\n"
    machine = run(tmp_path, V7, body, hook, monkeypatch, handler=handler, last=leave)
    assert status(machine) & 0xFF == (0 if is_lazy else MSTKERR)
    assert word(machine, AREA) == (7 if is_lazy else 0)
    assert [word(machine, AREA + n) for n in range(0x40, 0x60, 4)] == [0] * 8


@ways(V7)
@pytest.mark.parametrize("size", [64, 0x1000], ids=["part of a page", "a page"])
def test_a_table_branch_reads_its_table(
    tmp_path: Path, board: str, way: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = (
        v7_region(1, AREA, size, NONE, xn=True)
        + turn_on(PRIVDEFENA)
        + skip(4)
        + f"""
    ldr r5, ={AREA + 0x20:#x}
    movs r6, #3
    .thumb_func
there:
    tbb [r5, r6]
    nop
"""
    )
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert (faults(machine), kept(machine, 12)) == (1, address_of(machine, "there"))
    assert (status(machine), mmfar(machine)) == (DACCVIOL | MMARVALID, AREA + 0x23)


@ways(V7)
@pytest.mark.parametrize("size", [64, 0x1000], ids=["part of a page", "a page"])
def test_alignment_is_looked_at_first(
    tmp_path: Path, board: str, way: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MemA of ARMv7-M (B2.5.6): the alignment fault, then the access's rights."""
    body = v7_region(1, AREA, size, NONE, xn=True) + turn_on(PRIVDEFENA) + skip(4)
    body += f"    ldr r5, ={AREA + 0x21:#x}\n    ldrd r6, r7, [r5]\n    nop\n"
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert (faults(machine), status(machine)) == (1, 1 << 24)
