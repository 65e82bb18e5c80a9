"""Regions that change while their memory is in use: what was allowed before does not stay so."""

from __future__ import annotations

from pathlib import Path

import pytest
from assembled import assemble, finish
from mpu_programs import (
    AREA,
    FAULTS_ON,
    FULL,
    HANDLER,
    KEPT,
    MAINLINE,
    NONE,
    PRIVDEFENA,
    PRIVILEGED,
    RAM,
    READ,
    READ_PRIVILEGED,
    STATUS,
    STORE_THERE,
    V8,
    at_ram,
    faults,
    mmfar,
    region,
    run,
    skip,
    turn_on,
    ways,
    word,
)

from emulator import Machine
from emulator.board.reader import load_board

TOUCH = """
    ldr r5, ={address:#x}
    ldr r6, [r5]
"""


def store(address: int) -> str:
    return STORE_THERE.replace("    .thumb_func\nthere:\n", "").format(address=address)


def none_of(board: str) -> int:
    return READ_PRIVILEGED if board == V8 else NONE


@ways(*MAINLINE)
@pytest.mark.parametrize("size", [32, 512, 4096], ids=["a guard", "part of a page", "a page"])
def test_a_region_that_moves(
    tmp_path: Path, board: str, way: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two pages that are in use, as a switch between two tasks does; five times each."""
    pages = (AREA, AREA + 0x2000)
    body = turn_on(PRIVDEFENA) + skip(2)
    for _turn in range(5):
        for here, there in (pages, pages[::-1]):
            body += TOUCH.format(address=here) + region(board, 1, there, size, READ) + "    dsb\n    isb\n"
            body += store(here + 8) + store(there + 12)
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert faults(machine) == 10
    assert [word(machine, page + n) for page in pages for n in (8, 12)] == [77, 0, 77, 0]


@ways(*MAINLINE)
def test_off_and_on_again(tmp_path: Path, board: str, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    off = "    ldr r0, =0xE000ED94\n    movs r1, #0\n    str r1, [r0]\n    dsb\n    isb\n"
    body = region(board, 1, AREA, 0x1000, READ) + region(board, 2, AREA + 0x1400, 64, READ) + skip(2)
    for n in range(4):
        body += turn_on(PRIVDEFENA) + store(AREA + 16 * n) + store(AREA + 0x1400 + 16 * n)
        body += off + store(AREA + 16 * n + 4) + store(AREA + 0x1400 + 16 * n + 4)
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert faults(machine) == 8
    for base in (AREA, AREA + 0x1400):
        assert [word(machine, base + 4 * n) for n in range(16)] == [0, 77, 0, 0] * 4


@ways(*MAINLINE)
@pytest.mark.parametrize("size", [64, 4096], ids=["part of a page", "a page"])
def test_code_in_ram_and_the_data_beside_it(
    tmp_path: Path, board: str, way: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that was run in a page can be changed there, but for what a region keeps, and runs as changed."""
    call = f"\n    ldr r5, ={AREA + 0x201:#x}\n    blx r5\n"
    body = "    movs r6, #0\n"
    for n, amount in enumerate((1, 2, 4)):  # adds r6, #amount; bx lr
        body += f"    ldr r5, ={AREA + 0x200:#x}\n    ldr r7, ={0x47703600 | amount:#x}\n    str r7, [r5]\n"
        body += "    dsb\n    isb\n" + call
        if n == 0:
            body += region(board, 1, AREA + 0x1000 - size, size, READ) + turn_on(PRIVDEFENA) + skip(2)
            if size == 4096:
                break
    body += (
        f"    mov r8, r6\n{store(AREA + 0xFFC)}    ldr r5, =0x20000340\n    mov r6, r8\n    str r6, [r5]\n"
    )
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert (faults(machine), word(machine, AREA + 0xFFC)) == (1, 0)
    assert word(machine, RAM + 0x340) == (1 if size == 4096 else 7)


@ways(*MAINLINE)
def test_flash_that_may_no_longer_be_read(
    tmp_path: Path, board: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of flash that was read and executed before, and one behind it in part."""
    flash = load_board(board).vector_table + 0x10000
    load = "    ldr r5, ={address:#x}\n    mov.w r6, #5\n    ldr r6, [r5]\n    nop\n"
    body = skip(2)
    for address in (flash, flash + 0x1010):
        body += load.format(address=address)
    if board == V8:  # an unprivileged reader; the region is the privileged one's
        body += region(board, 1, flash, 0x1000, READ_PRIVILEGED) + region(
            board, 2, flash + 0x1000, 64, READ_PRIVILEGED
        )
    else:
        body += region(board, 1, flash, 0x1000, NONE) + region(board, 2, flash + 0x1000, 64, NONE)
    if board == V8:
        body += region(board, 0, load_board(board).vector_table, 0x10000, READ)
        body += region(board, 3, RAM, 0x8000, 3, xn=True)
    body += turn_on(PRIVDEFENA)
    if board == V8:
        body += "    movs r0, #1\n    msr control, r0\n    isb\n"
    for address in (flash, flash + 0x1010):
        body += load.format(address=address)
    machine = run(tmp_path, board, body, way, monkeypatch)
    assert faults(machine) == 2


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_snapshot_has_its_regions(tmp_path: Path, hook: str) -> None:
    """To a time before the MPU was on, and back to one when it was."""
    board = "virtual-m4"
    body = FAULTS_ON + skip(2) + "    bl first\n" + region(board, 1, AREA, 32, READ)
    body += turn_on(PRIVDEFENA) + "    bl first\n    b done\n    .thumb_func\nfirst:\n" + store(AREA + 4)
    body += "    bx lr\n"
    machine = Machine(board, hook=hook)
    machine.load(assemble(tmp_path, body, machine.board, HANDLER + STATUS))
    before = machine.snapshot()
    finish(machine)
    assert faults(machine) == 1
    after = machine.snapshot()
    machine.restore(before)
    finish(machine)
    assert (faults(machine), mmfar(machine)) == (1, AREA + 4)
    machine.restore(after)
    assert machine.read_memory(KEPT, 4) == (1).to_bytes(4, "little")
    assert machine.read_memory(0xE000ED94, 4) == (5).to_bytes(4, "little")
    machine.reset()
    assert machine.read_memory(0xE000ED94, 4) == bytes(4)
    finish(machine)
    assert word(machine, AREA + 4) == 77


def test_addresses_are_moved_with_the_board() -> None:
    assert at_ram("virtual-m4", "ldr r0, =0x20008000") == "ldr r0, =0x20008000"


TOGGLE_PRIVILEGE = f"""
    mrs r0, ipsr
    cmp r0, #11
    bne 5f
    mrs r1, control
    movs r2, #1
    eors r1, r2
    msr control, r1
    cpsid i
    mrs r2, primask
    cpsie i
    ldr r3, ={AREA + 0x30:#x}
    ldr r0, [r3]
    adds r0, r2
    str r0, [r3]
    bx lr
5:
"""
"""SVC: the thread goes on in the other mode. Counted where only privileged code may: CPS worked."""


@pytest.mark.parametrize("size", [256, 4096], ids=["part of a page", "a page"])
@ways(*MAINLINE)
def test_privilege_that_a_handler_takes_and_gives(
    tmp_path: Path, board: str, way: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As kernels start their tasks: no MSR in a thread, an exception return makes it the user's."""
    body = region(board, 0, load_board(board).vector_table, 0x100000, READ)
    body += region(board, 1, RAM, 0x8000, FULL, xn=True)
    body += region(board, 2, AREA, size, PRIVILEGED, xn=True) + turn_on(PRIVDEFENA) + skip(2)
    steps = [store(AREA), "svc 0", store(AREA + 4), "svc 0", store(AREA + 8), "svc 0", store(AREA + 12)]
    machine = run(
        tmp_path, board, body + "\n".join(steps), way, monkeypatch, handler=TOGGLE_PRIVILEGE + HANDLER
    )
    assert [word(machine, AREA + n) for n in (0, 4, 8, 12, 0x30)] == [77, 0, 77, 0, 3]
    assert faults(machine) == 2
