"""Which instructions a Cortex-M85 issues in one cycle: two, and a third that costs it nothing.

Source: jnk0le/random, cortex_m85.md, measured on RA8D1; LLVM's ARMScheduleM85.td for units.
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.thumb.instruction import Instruction, Kind
from emulator.timing.cores.classes import MULTIPLIES, may_be_skipped
from emulator.timing.cores.cortex_m85_rows import EXTENDS, INSERTS, REVERSES, RULES, SATURATES, VECTOR_PIPES

PORTS = 2
"""Words that are loaded in a cycle, and words that are stored."""
ALONE = frozenset(
    {
        *(Kind.DIVIDE, Kind.LOAD_MULTIPLE, Kind.STORE_MULTIPLE, Kind.FP_LOAD_MULTIPLE),
        *(Kind.FP_STORE_MULTIPLE, Kind.TABLE_BRANCH, Kind.SYSTEM, Kind.BARRIER, Kind.WAIT, Kind.UNKNOWN),
    }
)
VECTOR_ACCESSES = (Kind.VECTOR_LOAD, Kind.VECTOR_STORE)
"""What takes a scalar before it, and none behind it (jnk0le)."""
FREE = frozenset({Kind.NOP, Kind.IT, Kind.BRANCH, Kind.CALL, Kind.BRANCH_REGISTER})
FP_ARITHMETIC = frozenset({Kind.FP_ALU, Kind.FP_MULTIPLY, Kind.FP_MAC, Kind.FP_DIVIDE, Kind.FP_MOVE})
FP_TRANSFERS = frozenset({Kind.FP_LOAD, Kind.FP_STORE})
LONG_ADDENDS = frozenset({Kind.MULTIPLY_ACCUMULATE_LONG})


class Group(NamedTuple):
    """What has issued in the last cycle, and what a further instruction has to know of it."""

    size_bytes: int = 0
    slots: int = 0  # of two
    thirds: int = 0  # instructions beside those in slots
    first_only: bool = False  # one that no other of its sort, and no vector, goes with
    multiplies: bool = False
    long_addend: bool = False
    floats: bool = False
    double_load: bool = False
    loads: int = 0
    stores: int = 0
    loaded: int = 0  # registers that come from memory
    conditional: int = 0  # registers written on a condition
    closed: bool = False


def is_first_only(instruction: Instruction) -> bool:
    """Whether it is one of those that jnk0le calls "slot 0", or LLVM's M85UnitSlot0."""
    kind = instruction.kind
    return (
        kind is Kind.DSP
        or (kind is Kind.ALU and instruction.name in EXTENDS | INSERTS | REVERSES | SATURATES)
        or kind in FP_ARITHMETIC
        or kind in VECTOR_PIPES
    )


def stands_alone(instruction: Instruction) -> bool:
    """Whether it shares its cycle with nothing."""
    memory = instruction.memory
    return (
        instruction.kind in ALONE
        or is_slow_double(instruction)
        or instruction.name in ("vmrs", "vmsr")
        or (memory is not None and memory.exclusive)
        or (instruction.kind in VECTOR_ACCESSES and memory is None)
    )


def is_slow_double(instruction: Instruction) -> bool:
    """Whether it is arithmetic of double precision, which keeps everything waiting; moves do not."""
    kinds = FP_ARITHMETIC - {Kind.FP_MOVE}
    return instruction.double_precision and instruction.kind in kinds and instruction.name != "vmov"


def may_join(group: Group, instruction: Instruction) -> bool:
    """Whether units and slots let it issue beside a group."""
    if group.closed or stands_alone(instruction):
        return False
    size_bytes = group.size_bytes + instruction.size_bytes
    if group.slots + group.thirds >= PORTS and size_bytes > RULES["group_bytes"].cycles:
        return False
    if instruction.kind in FREE and not group.thirds:
        return True
    return group.slots < PORTS and not _conflicts(group, instruction)


def _conflicts(group: Group, instruction: Instruction) -> bool:
    kind, words = instruction.kind, _words(instruction)
    memory = instruction.memory
    stores = memory is not None and memory.is_store
    meets = (
        group.first_only and is_first_only(instruction),
        group.multiplies and kind in MULTIPLIES,
        group.floats and kind is Kind.FP_LOAD and instruction.double_precision,
        group.double_load and kind in FP_ARITHMETIC,
        group.long_addend
        and stores
        and (words == PORTS or (memory is not None and memory.index is not None)),
        words > 0 and (group.stores if stores else group.loads) + words > PORTS,
        bool(group.loaded & _late_reads(instruction)),
        bool(group.conditional & instruction.reads),
    )
    return any(meets)


def _late_reads(instruction: Instruction) -> int:
    """Registers that no load of the same cycle brings (jnk0le): addends, and what goes to the FPU."""
    to_floats = instruction.kind is Kind.FP_MOVE or instruction.kind in VECTOR_PIPES
    return instruction.reads if to_floats else instruction.accumulator_reads


def _words(instruction: Instruction) -> int:
    """Ports that an access takes; a vector's takes both."""
    if instruction.kind in VECTOR_ACCESSES:
        return PORTS
    memory = instruction.memory
    return 0 if memory is None else min(PORTS, memory.count * max(1, memory.size_bytes // 4))


def joined(group: Group, instruction: Instruction) -> Group:
    """The group with one instruction more."""
    kind, memory, words = instruction.kind, instruction.memory, _words(instruction)
    stores = memory is not None and memory.is_store
    third = kind in FREE and not group.thirds
    return Group(
        size_bytes=group.size_bytes + instruction.size_bytes,
        slots=group.slots + (not third),
        thirds=group.thirds + third,
        first_only=group.first_only or is_first_only(instruction),
        multiplies=group.multiplies or kind in MULTIPLIES,
        long_addend=group.long_addend or kind in LONG_ADDENDS,
        floats=group.floats or kind in FP_ARITHMETIC,
        double_load=group.double_load or (kind is Kind.FP_LOAD and instruction.double_precision),
        loads=group.loads + (0 if stores else words),
        stores=group.stores + (words if stores else 0),
        loaded=group.loaded | instruction.load_writes,
        conditional=group.conditional | (instruction.writes if may_be_skipped(instruction) else 0),
        closed=stands_alone(instruction) or kind in VECTOR_ACCESSES,
    )
