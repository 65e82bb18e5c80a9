"""Single-address code hooks and memory that the host owns: two things that the engine builds on.

Seen with Unicorn 2.1.4. These are no traps: a test that fails means that the engine's use of
them must change.
"""

from __future__ import annotations

import ctypes
import itertools
import mmap
from random import Random
from typing import Any

import pytest
from bare_unicorn import CODE, CORES, IT_STATE, RAM, Device, Listing, cpsr, open_core, pc, r, run, set_r
from it_programs import outcome, random_program
from unicorn import UC_ARCH_ARM, UC_MODE_THUMB, Uc
from unicorn import arm_const as arm
from unicorn import unicorn_const as ucc

every_core = pytest.mark.parametrize("core", CORES)

SUM = Listing("""
    3001      | adds r0, #1
    3002      | adds r0, #2
    3004      | adds r0, #4
    2846      | cmp r0, #70
    dbfa      | blt.n . - 8
    bf00      | nop
""")


@every_core
def test_late_code_hook_works_after_cache_removal(core: str) -> None:
    """A code hook on one address of a block that was translated before it was added.

    It is called after ``ctl_remove_cache(start, end)`` of the block, and not before; registers
    in it are those before the instruction, PC is its address.
    """
    uc = open_core(core, SUM)
    seen: list[tuple[int, int]] = []
    assert run(uc, until=SUM.end) is None
    uc.hook_add(ucc.UC_HOOK_CODE, lambda uc, *_: seen.append((pc(uc), r(uc, 0))), None, CODE + 4, CODE + 4)
    set_r(uc, r0=0)
    assert run(uc, until=SUM.end) is None
    assert seen == []
    uc.ctl_remove_cache(CODE, CODE + 10)
    set_r(uc, r0=0)
    assert run(uc, until=SUM.end) is None
    assert seen == [(CODE + 4, n * 7 + 3) for n in range(10)]
    assert r(uc, 0) == 70


@every_core
def test_late_code_hook_from_a_stop_at_block_entry(core: str) -> None:
    """As the engine does it: stop at an unknown block, hook it, forget its translation, go on.

    The block hook is called again at the resume, and the new translation has the hook.
    """
    uc = open_core(core, SUM)
    known: set[tuple[int, int]] = set()
    hooked: list[int] = []
    entries: list[int] = []

    def on_block(uc: Uc, address: int, size: int, _data: Any) -> None:
        if (address, size) not in known:
            known.add((address, size))
            unknown.append((address, size))
            uc.emu_stop()
            return
        entries.append(address)

    unknown: list[tuple[int, int]] = []
    uc.hook_add(ucc.UC_HOOK_BLOCK, on_block)
    at = CODE
    for _ in range(10):
        assert run(uc, at, until=SUM.end) is None
        at = pc(uc)
        if not unknown:
            break
        start, size = unknown.pop()
        if start <= CODE + 4 < start + size:
            uc.hook_add(ucc.UC_HOOK_CODE, lambda uc, *_: hooked.append(r(uc, 0)), None, CODE + 4, CODE + 4)
        uc.ctl_remove_cache(start, start + size)
    assert hooked == [n * 7 + 3 for n in range(10)]
    assert entries == [CODE] * 10 + [CODE + 10]


def passes(condition: int, flags: int) -> bool:
    """Whether an Arm condition holds for NZCV."""
    n, z, c, v = (flags >> bit & 1 for bit in (3, 2, 1, 0))
    holds = (z, c, n, v, c and not z, n == v, n == v and not z)[condition >> 1]
    return bool(holds) != bool(condition & 1)


def it_block(condition: int, pattern: tuple[int, ...]) -> bytes:
    """IT with ``condition``; ``pattern[i]`` is 1 for an E. Instruction i adds i + 1 to Ri."""
    mask = 1 << (3 - len(pattern))
    for i, otherwise in enumerate(pattern):
        mask |= ((condition & 1) ^ otherwise) << (3 - i)
    half_words = [0xBF00 | condition << 4 | mask]
    half_words += [0x3000 | i << 8 | (i + 1) for i in range(len(pattern) + 1)]
    return b"".join(h.to_bytes(2, "little") for h in (*half_words, 0x3701))  # adds r7, #1 after the block


@every_core
def test_code_hook_in_it_block_fires_when_the_condition_passed(core: str) -> None:
    """All conditions, patterns and flags: hooks on each instruction of an IT block fire exactly
    for those that execute, and leave no IT state (unlike memory hooks, trap U1)."""
    uc = open_core(core, b"")
    fired: list[int] = []
    uc.hook_add(
        ucc.UC_HOOK_CODE, lambda _uc, at, *_: fired.append((at - CODE) // 2 - 1), None, CODE + 2, CODE + 9
    )
    patterns = [p for length in range(4) for p in itertools.product((0, 1), repeat=length)]
    for condition, pattern in itertools.product(range(14), patterns):
        code = it_block(condition, pattern)
        uc.mem_write(CODE, code)
        uc.ctl_remove_cache(CODE, CODE + 16)
        conditions = [condition, *(condition ^ otherwise for otherwise in pattern)]
        for flags in range(16):
            fired.clear()
            set_r(uc, **{f"r{n}": 0 for n in range(8)})
            uc.reg_write(arm.UC_ARM_REG_CPSR, 0x20 | flags << 28)
            assert run(uc, until=CODE + len(code)) is None
            executed = [i for i, c in enumerate(conditions) if passes(c, flags)]
            assert [i for i in fired if i < len(conditions)] == executed
            assert [r(uc, n) for n in range(8)] == [n + 1 if n in executed else 0 for n in range(7)] + [1]
            assert cpsr(uc) & IT_STATE == 0


@every_core
def test_code_hooks_change_nothing(core: str) -> None:
    """Random IT programs with code hooks on half of their addresses end as without any."""
    plain, hooked = open_core(core, b""), open_core(core, b"")
    Device(plain), Device(hooked)
    calls = itertools.count()
    random = Random(1)
    for half_word in random.sample(range(150), 75):
        at = CODE + 2 * half_word
        hooked.hook_add(ucc.UC_HOOK_CODE, lambda uc, *_: (cpsr(uc), next(calls)), None, at, at)
    for seed in range(60):
        program = random_program(Random(seed))
        assert outcome(plain, program, seed) == outcome(hooked, program, seed), seed
    assert next(calls) > 1000


class HostMapped:
    """A core whose RAM and code lie in buffers that the host owns."""

    def __init__(self, core: str, program: Listing) -> None:
        self.uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
        self.uc.ctl_set_cpu_model(CORES[core])
        self.code, self.ram = mmap.mmap(-1, 0x1000), mmap.mmap(-1, 0x1000)
        for base, buffer in ((CODE, self.code), (RAM, self.ram)):
            pointer = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
            self.uc.mem_map_ptr(base, 0x1000, ucc.UC_PROT_ALL, pointer)
        self.code[: len(program.code)] = program.code


INCREMENT_WORD = Listing("""
    6808      | ldr r0, [r1]
    3001      | adds r0, #1
    6008      | str r0, [r1]
    bf00      | nop
""")


@every_core
def test_host_memory_is_coherent(core: str) -> None:
    """Loads see what the host wrote, the host sees stores, with no call in between."""
    m = HostMapped(core, INCREMENT_WORD)
    set_r(m.uc, r1=RAM)
    for value in (5, 500, 0xFFFFFFFE):
        m.ram[0:4] = value.to_bytes(4, "little")
        assert run(m.uc, until=INCREMENT_WORD.end) is None
        assert int.from_bytes(m.ram[0:4], "little") == value + 1
        assert m.uc.mem_read(RAM, 4) == m.ram[0:4]


MOVE = Listing("""
    2001      | movs r0, #1
    e7ff      | b.n . + 2
    bf00      | nop
""")


@every_core
def test_host_written_code_needs_cache_removal(core: str) -> None:
    """Code that the host changes in its buffer is run as it was translated, until
    ``ctl_remove_cache`` (Core.forget_code, which Machine.load and write_memory call).

    Only the block that holds ``until`` is translated anew by every ``emu_start``.
    """
    m = HostMapped(core, MOVE)
    assert run(m.uc, until=MOVE.end) is None
    m.code[0] = 2  # movs r0, #2
    assert run(m.uc, until=MOVE.end) is None
    assert r(m.uc, 0) == 1
    m.uc.ctl_remove_cache(CODE, CODE + 2)
    assert run(m.uc, until=MOVE.end) is None
    assert r(m.uc, 0) == 2


PATCH_ITSELF = Listing("""
    2001      | movs r0, #1
    701a      | strb r2, [r3]
    f3bf 8f6f | isb
    2003      | movs r0, #3
    bf00      | nop
""")


@every_core
def test_guest_written_code_is_translated_anew(core: str) -> None:
    """Code that the guest itself changes is noticed, in host-owned memory too."""
    m = HostMapped(core, PATCH_ITSELF)
    set_r(m.uc, r2=9, r3=CODE + 8)
    assert run(m.uc, until=PATCH_ITSELF.end) is None
    assert r(m.uc, 0) == 9
    set_r(m.uc, r2=11)
    assert run(m.uc, until=PATCH_ITSELF.end) is None
    assert r(m.uc, 0) == 11


@every_core
def test_one_buffer_at_two_addresses(core: str) -> None:
    """An alias of a region is the same buffer mapped twice: what one writes, the other reads."""
    m = HostMapped(core, INCREMENT_WORD)
    pointer = ctypes.addressof(ctypes.c_char.from_buffer(m.ram))
    m.uc.mem_map_ptr(0x10000000, 0x1000, ucc.UC_PROT_ALL, pointer)
    set_r(m.uc, r1=RAM)
    assert run(m.uc, until=INCREMENT_WORD.end) is None
    set_r(m.uc, r1=0x10000000)
    assert run(m.uc, until=INCREMENT_WORD.end) is None
    assert m.ram[0] == 2
