"""What Unicorn's TLB holds, and for how long: emulator/engine/tlb.py is built on this.

Every expectation was seen with Unicorn 2.1.4. A miss of the TLB is seen by its fill hook.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from bare_unicorn import CODE, CORES, IT_STATE, RAM, Listing, cpsr, gone, r, run, set_r
from unicorn import UC_ARCH_ARM, UC_MODE_THUMB, Uc
from unicorn import arm_const as arm
from unicorn import unicorn_const as ucc

from emulator.engine.library import native_library
from emulator.engine.tlb import PAGE_SHIFT, Tlb

every_core = pytest.mark.parametrize("core", CORES)
PAGE, SIZE = 1 << PAGE_SHIFT, 1 << 20
READ_WRITE = ucc.UC_PROT_READ | ucc.UC_PROT_WRITE
TURNS = 50
PLACE = "emulator/engine/tlb.py"

LOAD_AND_STORE = Listing("""
    680b      | ldr r3, [r1]
    6013      | str r3, [r2]
    3801      | subs r0, #1
    d1fb      | bne.n . - 6
    bf00      | nop
""")
FOLLOW = Listing("""
    6812      | ldr r2, [r2]
    6812      | ldr r2, [r2]
    6812      | ldr r2, [r2]
    6812      | ldr r2, [r2]
    6812      | ldr r2, [r2]
    6812      | ldr r2, [r2]
    6812      | ldr r2, [r2]
    6812      | ldr r2, [r2]
    6812      | ldr r2, [r2]
    6812      | ldr r2, [r2]
    3801      | subs r0, #1
    d1f3      | bne.n . - 22
    bf00      | nop
""")
LOAD_IN_IT_BLOCK = Listing("""
    4284      | cmp r4, r0
    bf1f      | itttt ne
    680b      | ldrne r3, [r1]
    bf00      | nopne
    bf00      | nopne
    bf00      | nopne
    e7ff      | b.n . + 2
    4280      | cmp r0, r0
    3401      | adds r4, #1
    bf00      | nop
""")
LOADS = 10  # to one place: the entry and its eight victims hold nine pages


def open_core(core: str, program: Listing) -> Uc:
    """A core with pages of 4 KiB, a program in flash and a RAM, each of 1 MiB."""
    uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
    uc.ctl_set_page_size(PAGE)
    uc.ctl_set_cpu_model(CORES[core])
    uc.mem_map(CODE, SIZE, ucc.UC_PROT_READ | ucc.UC_PROT_EXEC)
    uc.mem_map(RAM, SIZE, READ_WRITE)
    uc.mem_write(CODE, program.code)
    return uc


def count_fills(uc: Uc, permissions: Callable[[int], int]) -> Callable[[], int]:
    """Fill the TLB with what ``permissions`` gives for a kind of access; returns the number so far."""
    seen = itertools.count()

    def fill(_uc: Uc, page: int, access: int, entry: Any, _data: object) -> bool:
        next(seen)
        entry.paddr, entry.perms = page, permissions(access)
        return True

    uc.ctl_set_tlb_mode(ucc.UC_TLB_VIRTUAL)
    uc.hook_add(ucc.UC_HOOK_TLB_FILL, fill)
    return lambda: next(seen)


def built_library() -> ctypes.CDLL:
    library = native_library()
    assert library is not None, "build the native hook: pip install -e ."
    return library


def executable_for_fetches(access: int) -> int:
    return ucc.UC_PROT_ALL if access == ucc.UC_MEM_FETCH else READ_WRITE


def everything(_access: int) -> int:
    return int(ucc.UC_PROT_ALL)


@every_core
@pytest.mark.parametrize(
    ("permissions", "watched", "short"),
    [
        (executable_for_fetches, None, True),
        (executable_for_fetches, (0, RAM - 1), True),
        (everything, None, False),
        (executable_for_fetches, (1, 0), False),
    ],
    ids=["no hook", "a hook elsewhere", "entries that allow execution", "a hook everywhere"],
)
def test_stores_to_ram_are_short(
    core: str, permissions: Callable[[int], int], watched: tuple[int, int] | None, short: bool
) -> None:
    """A page whose stores go the long way is lost once another page has had its place.

    Hardware has no TLB. Unicorn keeps such a page marked, and does not find marked pages again.
    """
    uc = open_core(core, LOAD_AND_STORE)
    fills = count_fills(uc, permissions)
    if watched:
        uc.hook_add(ucc.UC_HOOK_MEM_INVALID, lambda *_: False, None, *watched)
    set_r(uc, r0=TURNS, r1=CODE + 2 * PAGE, r2=RAM + 2 * PAGE)
    assert run(uc, until=LOAD_AND_STORE.end) is None
    assert r(uc, 0) == 0
    assert (fills() < TURNS / 2) is short, gone("takes the long way", PLACE)


@every_core
def test_an_entry_allows_what_the_access_was_alone(core: str) -> None:
    """Without a fill hook a load's entry refuses the store that follows, and the other way round.

    Hardware's memories have both. With the M core's own tables (the other mode) an entry has both too.
    """
    seen: list[int] = []
    uc = open_core(core, LOAD_AND_STORE)

    def that_access_alone(access: int) -> int:
        seen.append(access)
        return {
            ucc.UC_MEM_READ: ucc.UC_PROT_READ,
            ucc.UC_MEM_WRITE: ucc.UC_PROT_WRITE,
            ucc.UC_MEM_FETCH: ucc.UC_PROT_EXEC,
        }[access]

    count_fills(uc, that_access_alone)
    set_r(uc, r0=TURNS, r1=RAM, r2=RAM)
    assert run(uc, until=LOAD_AND_STORE.end) is None
    assert len(seen) > TURNS, gone("looks an entry up anew for another kind of access", PLACE)


def load_chain(uc: Uc) -> None:
    """Pages of RAM in one place of the first TLB, each with the address of the next."""
    stride = SIZE  # 256 pages
    for n in range(1, LOADS):
        uc.mem_map(RAM + n * stride, PAGE, READ_WRITE)
    for n in range(LOADS):
        uc.mem_write(RAM + n * stride, (RAM + (n + 1) % LOADS * stride).to_bytes(4, "little"))


@every_core
def test_a_tlb_grows_that_was_full_at_a_flush(core: str) -> None:
    """256 entries at first; twice as many after a flush of more than 0.7 of them; never without.

    Hardware has no TLB.
    """
    misses: list[int] = []
    for grows in (False, True):
        uc = open_core(core, FOLLOW)
        load_chain(uc)
        fills = count_fills(uc, executable_for_fetches)  # comes before the other's
        tlb = Tlb(uc, None)
        if grows:
            tlb.widen()
            assert tlb.is_wide
        before = fills()
        set_r(uc, r0=TURNS, r2=RAM)
        assert run(uc, until=FOLLOW.end) is None
        misses.append(fills() - before)
    assert misses[0] > TURNS * LOADS / 2, gone("has a small TLB", PLACE)
    assert misses[1] < 2 * LOADS


@every_core
@pytest.mark.parametrize("filled_by", ["hook", "Tlb", "native Tlb"])
def test_a_miss_in_an_it_block_stays_there(core: str, filled_by: str) -> None:
    """After a fill by a hook the block that follows is executed in the IT state of the load.

    Hardware's IT state goes on with each instruction. Not so with Unicorn's own fill, which does not
    restore the load's state first.
    """
    uc = open_core(core, LOAD_IN_IT_BLOCK)
    tlb: Tlb | None = None
    if filled_by == "hook":
        count_fills(uc, executable_for_fetches)
    else:
        tlb = Tlb(uc, built_library() if filled_by == "native Tlb" else None)
    set_r(uc, r0=1, r1=RAM, r4=0)
    assert run(uc, until=LOAD_IN_IT_BLOCK.end) is None
    if tlb is None:
        assert r(uc, 4) == 0, gone("leaves the IT state of a load that missed the TLB", PLACE)
    else:
        assert r(uc, 4) == 1


@pytest.mark.parametrize("is_native", [False, True])
def test_widening_keeps_the_it_state_of_a_stopped_core(is_native: bool) -> None:
    uc = open_core("cortex-m4", LOAD_IN_IT_BLOCK)
    tlb = Tlb(uc, built_library() if is_native else None)
    in_it_block = cpsr(uc) | 0x0C00
    uc.reg_write(arm.UC_ARM_REG_CPSR, in_it_block)
    tlb.widen()
    assert cpsr(uc) & IT_STATE == in_it_block & IT_STATE != 0


@pytest.mark.parametrize("is_native", [False, True])
@every_core
def test_stores_change_code_in_a_ram_that_may_hold_some(core: str, is_native: bool) -> None:
    """After its TLB entry went to another page, too: RAM that may hold code is executable in every entry."""
    uc = open_core(core, LOAD_AND_STORE)
    uc.mem_protect(RAM, SIZE, ucc.UC_PROT_ALL)
    tlb = Tlb(uc, built_library() if is_native else None)
    tlb.allow_execution(RAM, SIZE)
    target = RAM + 2 * PAGE
    for value in (7, 9, 11):
        code = bytes.fromhex(f"{value:02x}2300bf")  # movs r3, #value; nop
        uc.mem_write(CODE + 2 * PAGE, code)
        set_r(uc, r0=TURNS, r1=CODE + 2 * PAGE, r2=target)
        assert run(uc, until=LOAD_AND_STORE.end) is None
        set_r(uc, r3=0)
        assert run(uc, start=target, until=target + 2) is None
        assert r(uc, 3) == value


@pytest.mark.parametrize("is_native", [False, True])
def test_pages_that_the_core_has_seen(is_native: bool) -> None:
    uc = open_core("cortex-m4", LOAD_AND_STORE)
    tlb = Tlb(uc, built_library() if is_native else None)
    tlb.widen()
    assert tlb.filled_pages(0, 1 << 32) == []
    set_r(uc, r0=1, r1=RAM + 5 * PAGE, r2=RAM + SIZE - 4)
    assert run(uc, until=LOAD_AND_STORE.end) is None
    assert tlb.filled_pages(RAM, RAM + SIZE) == [RAM + 5 * PAGE, RAM + SIZE - PAGE]
    assert tlb.filled_pages(RAM + 6 * PAGE, RAM + SIZE - PAGE) == []


MODE = Listing("""
    680b      | ldr r3, [r1]
    bf00      | nop
    f380 8814 | msr CONTROL, r0
    680b      | ldr r3, [r1]
    bf00      | nop
""")


@every_core
def test_privilege_that_a_host_writes_counts_late(core: str) -> None:
    """Hardware follows CONTROL.nPRIV at once. Unicorn asks the other TLB after an MSR, not after reg_write.

    Writing the flags makes it look again. We: Core._follow_privilege.
    """
    uc = open_core(core, MODE)
    fills_of = fills_of_a_run(uc)
    assert fills_of(0, 4) == 2  # code and data
    assert fills_of(0, 4) == 0
    uc.reg_write(arm.UC_ARM_REG_CONTROL, 1)
    assert fills_of(0, 4) == 0, gone("keeps to the TLB of privileged code", "emulator/engine/core.py")
    uc.reg_write(arm.UC_ARM_REG_APSR_NZCV, uc.reg_read(arm.UC_ARM_REG_APSR_NZCV))
    assert fills_of(0, 4) == 2


@every_core
def test_privilege_that_msr_writes_counts_at_once(core: str) -> None:
    """As on hardware."""
    fills_of = fills_of_a_run(open_core(core, MODE))
    assert fills_of(0, 4) == 2
    assert fills_of(4, 12) == 2


def fills_of_a_run(uc: Uc) -> Callable[[int, int], int]:
    """How often the TLB is filled while the program runs from one offset to another."""
    seen = count_fills(uc, everything)
    set_r(uc, r0=1, r1=RAM)

    def run_part(start: int, end: int) -> int:
        before = seen()
        assert run(uc, CODE + start, CODE + end) is None
        return seen() - before - 1

    return run_part
