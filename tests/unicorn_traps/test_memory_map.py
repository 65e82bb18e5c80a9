"""What Unicorn makes of the order and the permissions of memories.

Every expectation was seen with Unicorn 2.1.4; a test that fails after an update names the
code to look at: ``Core`` in emulator/engine/core.py.
"""

from __future__ import annotations

import ctypes
import itertools
import mmap
from typing import Any

import pytest
from bare_unicorn import CODE, CORES, RAM, Listing, pc, r, run, set_r
from unicorn import UC_ARCH_ARM, UC_MODE_THUMB, Uc
from unicorn import unicorn_const as ucc

every_core = pytest.mark.parametrize("core", CORES)
SMALL, MIDDLE, LARGE = 0x10000, 0x20000, 0x40000
OTHER_RAM = 0x10000000
READ_WRITE = ucc.UC_PROT_READ | ucc.UC_PROT_WRITE


class Mapped:
    """A core with memories in buffers of the host, mapped in the order given."""

    def __init__(self, core: str, memories: list[tuple[int, int, int]]) -> None:
        self.uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
        self.uc.ctl_set_cpu_model(CORES[core])
        self.buffers: dict[int, mmap.mmap] = {}
        for base, size, permissions in memories:
            buffer = self.buffers[base] = mmap.mmap(-1, size)
            self.uc.mem_map_ptr(base, size, permissions, ctypes.addressof(ctypes.c_char.from_buffer(buffer)))


STORE_IN_A_LOOP = Listing("""
    6008      | str r0, [r1]
    e7ff      | b.n . + 2
    3801      | subs r0, #1
    d1fb      | bne.n . - 6
    bf00      | nop
""")
SECOND_BLOCK, TURNS = 4, 50


def translations(core: str, memories: list[tuple[int, int, int]]) -> int:
    """How often a block is translated while a loop stores to RAM at the offset of its second block."""
    m = Mapped(core, memories)
    m.buffers[CODE][: len(STORE_IN_A_LOOP.code)] = STORE_IN_A_LOOP.code
    seen = itertools.count()

    def translated(*_: Any) -> None:
        next(seen)

    m.uc.hook_add(ucc.UC_HOOK_EDGE_GENERATED, translated)
    set_r(m.uc, r0=TURNS, r1=RAM + SECOND_BLOCK)
    assert run(m.uc, until=STORE_IN_A_LOOP.end) is None
    assert r(m.uc, 0) == 0
    return next(seen)


@every_core
def test_memory_that_grows_shares_ram_addresses(core: str) -> None:
    """A store to one memory throws away translated code of a larger one that was mapped later.

    Hardware has no translations; only time is lost. We: the largest memory is mapped first.
    """
    other = (OTHER_RAM, SMALL, READ_WRITE | ucc.UC_PROT_EXEC)
    ram = (RAM, MIDDLE, READ_WRITE | ucc.UC_PROT_EXEC)
    code = (CODE, LARGE, ucc.UC_PROT_READ | ucc.UC_PROT_EXEC)
    assert translations(core, [other, ram, code]) > TURNS / 2
    assert translations(core, [code, ram, other]) < 10


STORE_AND_LOAD = Listing("""
    6008      | str r0, [r1]
    680a      | ldr r2, [r1]
    bf00      | nop
""")


@every_core
def test_a_store_to_a_read_only_memory_may_be_taken_by_its_hook(core: str) -> None:
    """A WRITE_PROT hook that gives True: Unicorn makes the store whatever the hook wrote, and goes on.

    The hardware's flash controller makes something else of a store. We: put that there behind the block.
    """
    m = Mapped(core, [(CODE, LARGE, ucc.UC_PROT_READ | ucc.UC_PROT_EXEC)])
    m.buffers[CODE][: len(STORE_AND_LOAD.code)] = STORE_AND_LOAD.code
    place = CODE + SMALL
    seen = []

    def stored(_uc: Uc, access: int, address: int, size: int, value: int, _data: object) -> bool:
        seen.append((access, address, size, value))
        m.buffers[CODE][SMALL : SMALL + 4] = b"\x01\x02\x03\x04"
        return address == place

    m.uc.hook_add(ucc.UC_HOOK_MEM_INVALID, stored)
    for turn in range(1, 3):
        set_r(m.uc, r0=0x12345678, r1=place, r2=0)
        assert run(m.uc, until=STORE_AND_LOAD.end) is None
        assert seen == [(ucc.UC_MEM_WRITE_PROT, place, 4, 0x12345678)] * turn
        assert r(m.uc, 2) == 0x12345678
    set_r(m.uc, r0=1, r1=place + 4)
    error = run(m.uc, until=STORE_AND_LOAD.end)
    assert error is not None
    assert error.errno == ucc.UC_ERR_WRITE_PROT


CHANGES_WHAT_FOLLOWS = Listing("""
    2301      | movs r3, #1
    802c      | strh r4, [r5]
    f3bf 8f6f | isb
    2307      | movs r3, #7
    bf00      | nop
""")
JUMP = Listing("""
    4710      | bx r2
""")


@every_core
def test_ram_is_opened_for_execution_by_its_first_fetch(core: str) -> None:
    """Without EXEC a fetch is FETCH_PROT with PC at its address; with EXEC given it goes on.

    Any RAM of the hardware is executable. Unicorn looks at each store to an executable memory
    for changed code, the long way, so RAM gets EXEC when it is needed; code changes count then.
    """
    m = Mapped(core, [(CODE, LARGE, ucc.UC_PROT_READ | ucc.UC_PROT_EXEC), (RAM, SMALL, READ_WRITE)])
    m.buffers[CODE][: len(JUMP.code)] = JUMP.code
    m.buffers[RAM][: len(CHANGES_WHAT_FOLLOWS.code)] = CHANGES_WHAT_FOLLOWS.code
    end = RAM + len(CHANGES_WHAT_FOLLOWS.code) - 2
    set_r(m.uc, r2=RAM | 1, r4=0x2309, r5=RAM + 8)
    error = run(m.uc, until=end)
    assert error is not None
    assert error.errno == ucc.UC_ERR_FETCH_PROT
    assert pc(m.uc) == RAM
    m.uc.mem_protect(RAM, SMALL, ucc.UC_PROT_ALL)
    for value in (9, 11):
        set_r(m.uc, r4=0x2300 | value)
        assert run(m.uc, start=RAM, until=end) is None
        assert r(m.uc, 3) == value


@every_core
@pytest.mark.parametrize(("page", "crosses"), [(0, False), (0x1000, True)])
def test_larger_pages_can_be_asked_for(core: str, page: int, crosses: bool) -> None:
    """M cores get pages of 1 KiB, where blocks end, too many for the TLB; we ask for 4 KiB.

    Hardware has neither pages nor a TLB.
    """
    uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
    if page:
        uc.ctl_set_page_size(page)
    uc.ctl_set_cpu_model(CORES[core])
    uc.mem_map(CODE, LARGE)
    uc.mem_write(CODE, bytes.fromhex("aff30080") * 512)  # nop.w
    seen: list[tuple[int, int]] = []
    uc.hook_add(ucc.UC_HOOK_BLOCK, lambda _uc, address, size, _data: seen.append((address - CODE, size)))
    assert run(uc, until=CODE + 512 * 4) is None
    assert sum(size for _, size in seen) == 512 * 4
    assert any(start // 1024 != (start + size - 1) // 1024 for start, size in seen) is crosses
