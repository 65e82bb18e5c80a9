"""Which two instructions the Cortex-M7 issues in one cycle.

Source: jnk0le/random, cortex_m7.md, measured on STM32H743.
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.thumb.instruction import Instruction, Kind
from emulator.timing.cores.classes import MULTIPLIES, moves_two_registers
from emulator.timing.cores.cortex_m7_rows import (
    ALONE,
    BITS,
    FP_ARITHMETIC,
    SHIFTS,
    USES_SHIFTER,
)

BRANCHES = frozenset({Kind.BRANCH, Kind.CALL, Kind.BRANCH_REGISTER})
FP_MOVES = frozenset({Kind.FP_LOAD, Kind.FP_STORE, Kind.FP_MOVE})
"""VLDR, VSTR and VMOV: with a multiply-accumulate only beside the first of a row."""


class Slot(NamedTuple):
    """What the younger instruction needs to know of the older one in its cycle."""

    multiplies: bool = False
    stores: bool = False
    loads: bool = False
    base: int = -1  # of a load at a constant offset, else -1
    odd_word: bool = False
    bits: bool = False
    uses_shifter: bool = False
    shifted_operand: bool = False
    plain_shift: bool = False
    floating: bool = False
    branches: bool = False
    moves_float: bool = False


def slot_of(instruction: Instruction) -> Slot | None:
    """Describe an instruction for a partner; None when it takes none."""
    memory, kind, name = instruction.memory, instruction.kind, instruction.name
    if (
        kind in ALONE
        or moves_two_registers(instruction)
        or (memory is not None and memory.count > 1)
        or instruction.double_precision
    ):
        return None
    loads = memory is not None and not memory.is_store
    constant = memory is not None and loads and memory.index is None
    return Slot(
        multiplies=kind in MULTIPLIES,
        stores=memory is not None and memory.is_store,
        loads=loads,
        base=memory.base if memory is not None and constant else -1,
        odd_word=memory is not None and bool(memory.offset & 4),
        bits=kind is Kind.DSP or name in BITS,
        uses_shifter=name in USES_SHIFTER or (kind is Kind.DSP and "xta" in name),
        shifted_operand=kind is Kind.ALU_SHIFT or instruction.shifted_constant,
        plain_shift=name in SHIFTS,
        floating=kind in FP_ARITHMETIC,
        branches=kind in BRANCHES,
        moves_float=kind in FP_MOVES,
    )


def may_pair(older: Slot, instruction: Instruction) -> bool:
    """Whether ``instruction`` can issue in the younger slot beside ``older``."""
    younger = slot_of(instruction)
    if younger is None or younger.bits:
        return False
    conflicts = (
        older.multiplies and (younger.multiplies or younger.stores),
        older.stores and (younger.stores or younger.multiplies),
        younger.shifted_operand and (older.shifted_operand or older.plain_shift or older.uses_shifter),
        older.floating and younger.floating,
        older.branches and younger.branches,
        older.loads and younger.loads and not _different_banks(older, younger),
    )
    return not any(conflicts)


def share_decoder(older: Slot, instruction: Instruction) -> bool:
    """Whether the decoder takes both at once: those that pair, and two loads of one bank."""
    younger = slot_of(instruction)
    return may_pair(older, instruction) or (older.loads and younger is not None and younger.loads)


def unknown_banks(older: Slot, instruction: Instruction) -> bool:
    """Whether only the addresses tell if a load and the load ``older`` meet different banks."""
    younger = slot_of(instruction)
    return younger is not None and younger.loads and (older.base < 0 or older.base != younger.base)


def _different_banks(older: Slot, younger: Slot) -> bool:
    """Whether two loads meet different banks; with different bases the run will tell."""
    if older.base < 0 or older.base != younger.base:
        return True
    return older.odd_word != younger.odd_word
