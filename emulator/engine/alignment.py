"""Which loads and stores need an aligned address, whatever the core does with others.

ARMv7-M Architecture Reference Manual A3.2.1: multiples, doubles, exclusives and the FPU's loads and
stores raise UNALIGNED; others only with CCR.UNALIGN_TRP. ARMv6-M faults on every unaligned access,
which Unicorn sees to.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.thumb.instruction import PC, SP, Instruction, Kind

WORDS = frozenset(
    {
        Kind.LOAD_DOUBLE,
        Kind.STORE_DOUBLE,
        Kind.LOAD_MULTIPLE,
        Kind.STORE_MULTIPLE,
        Kind.FP_LOAD,
        Kind.FP_STORE,
        Kind.FP_LOAD_MULTIPLE,
        Kind.FP_STORE_MULTIPLE,
    }
)
ORDERED = ("lda", "stl")
"""LDA, STL and their kin of ARMv8-M are aligned as exclusives are."""


def required_alignment(instruction: Instruction, *, everywhere: bool) -> int:
    """The address bits that must be 0, as a mask; ``everywhere``: CCR.UNALIGN_TRP.

    SP and the literals' PC have no bits 1:0.
    """
    access = instruction.memory
    if access is None:
        return 0
    if instruction.kind in WORDS:
        return 0 if access.base in (SP, PC) else 3
    if everywhere or access.exclusive or instruction.name.startswith(ORDERED):
        return access.size_bytes - 1
    return 0


def address_of(instruction: Instruction, register: Callable[[int], int]) -> int:
    """Where a load or store goes; ``register(n)``: Rn before it executes."""
    access = instruction.memory
    assert access is not None
    base = (instruction.address + 4) & ~3 if access.base == PC else register(access.base)
    if access.index is not None:
        base += register(access.index) << access.shift
    return (base + access.offset) & 0xFFFFFFFF


def reach_of(instruction: Instruction, register: Callable[[int], int]) -> tuple[int, int] | None:
    """Address and length in bytes of what an instruction that is about to execute loads or stores."""
    access = instruction.memory
    if access is not None:
        return address_of(instruction, register), access.size_bytes * access.count
    if instruction.kind is not Kind.TABLE_BRANCH:
        return None
    base, shift = instruction.opcode >> 16 & 15, instruction.opcode >> 4 & 1
    table = instruction.address + 4 if base == PC else register(base)
    entry = table + (register(instruction.opcode & 15) << shift)
    return entry & 0xFFFFFFFF, 1 << shift
