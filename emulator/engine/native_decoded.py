"""A decoded instruction as the native pricer's book has it. Twin: ``Decoded`` in emulator/thumb/decoded.h."""

from __future__ import annotations

import struct
from collections.abc import Callable

from emulator.engine.absent import AbsentInstructions, uses_fpu
from emulator.engine.alignment import required_alignment
from emulator.engine.automaton import watches_itself
from emulator.engine.planner import divides_signed, leaving_of
from emulator.engine.symbolic import SIGNED_LOADS
from emulator.thumb.decode import ALWAYS, ItState, code_bytes, decode
from emulator.thumb.fields import sign_extend
from emulator.thumb.instruction import PC, Block, Instruction, Kind, MemoryAccess
from emulator.timing.cores.classes import FLOATING_POINT, is_conditional, is_multiple
from emulator.timing.cores.native_core import Figures

DECODED = struct.Struct("@7Q III iii BBB BBBB BBB BBBBBBBB 0Q")
KEY = struct.Struct("@Q")
ENTRY_BYTES = KEY.size + DECODED.size
"""``BookEntry`` in decoded.h."""
ANYWHERE = 0x1000
"""Where an instruction is decoded: nothing that is kept of it depends on it."""
UNCONDITIONAL = 255


(
    IS_MEMORY, IS_STORE, WRITES_BACK, HAS_INDEX, HAS_TARGET, WRITES_PC, SETS_FLAGS, MAY_STAY, IS_SIGNED,
    IS_OBSERVED, IS_OBSERVED_BEFORE_ADDRESS, IS_IT, IS_DIVIDE, IS_LOAD, IS_LOAD_DOUBLE, IS_LOAD_MULTIPLE,
    IS_PLAIN_STORE, IS_FLOATING, IS_MULTIPLE, IS_SIGNED_DIVIDE, IS_NOT_PLANNED, USES_FPU, IS_NOP,
    SUITS_OPEN_SLOT, IS_BRANCH, IS_NOT_PRICED,
) = (1 << bit for bit in range(26))  # fmt: skip
"""``Decoded.flags``."""
OF_KIND = {
    Kind.IT: IS_IT | SUITS_OPEN_SLOT,
    Kind.NOP: IS_NOP | SUITS_OPEN_SLOT,
    Kind.DIVIDE: IS_DIVIDE,
    Kind.LOAD: IS_LOAD,
    Kind.LOAD_DOUBLE: IS_LOAD_DOUBLE,
    Kind.LOAD_MULTIPLE: IS_LOAD_MULTIPLE,
    Kind.STORE: IS_PLAIN_STORE,
    Kind.BRANCH: IS_BRANCH,
    Kind.BRANCH_REGISTER: IS_BRANCH,
}
UNKNOWN = DECODED.pack(*(0,) * 8, IS_NOT_PRICED, *(0,) * 22)


def decoded_of_key(key: int, figures: Callable[[Instruction], Figures], absent: AbsentInstructions) -> bytes:
    """What stands in the book under a key: see ``book_key`` in decoded.h."""
    opcode, condition, in_it_block = key & 0xFFFFFFFF, key >> 32 & 0xFF, bool(key >> 40 & 1)
    it = ItState()
    if in_it_block:
        it = ItState((ALWAYS if condition == UNCONDITIONAL else condition) << 4 | 8)
    instruction = decode(code_bytes(opcode), ANYWHERE, it)
    try:
        return _packed(instruction, figures(instruction), absent)
    except struct.error:  # a field that C has no room for
        return UNKNOWN


def _packed(instruction: Instruction, figures: Figures, absent: AbsentInstructions) -> bytes:
    i, access = instruction, instruction.memory
    target = 0 if i.target is None else sign_extend(i.target - ANYWHERE, 32)
    place = (0, 0, 0, 0, 0, 0, 0)  # offset, write-back; base; index, shift; bytes and count of each transfer
    if access is not None:
        place = (
            *(access.offset, access.writeback or 0, access.base),
            *(access.index or 0, access.shift, access.size_bytes, access.count),
        )
    offset, writeback, base, *of_access = place
    return DECODED.pack(
        *(i.reads, i.writes, i.address_reads, i.accumulator_reads),
        *(i.shifted_reads, i.store_reads, i.load_writes),
        *(i.opcode, _flags(i, figures, absent), figures.traits),
        *(target, offset, writeback),
        *(i.size_bytes, UNCONDITIONAL if i.condition is None else i.condition),
        *(base, *of_access),
        *(required_alignment(i, everywhere=everywhere) for everywhere in (False, True)),
        leaving_of(i),
        *(figures.cycles, figures.refill, figures.latency, figures.occupies, figures.reads_at),
        *(figures.flags_latency, figures.extra, figures.tail),
    )


def _flags(instruction: Instruction, figures: Figures, absent: AbsentInstructions) -> int:
    i = instruction
    found = OF_KIND.get(i.kind, 0) | _flags_of_access(i.memory)
    found |= HAS_TARGET if i.target is not None else 0
    found |= WRITES_PC if i.writes_pc else 0
    found |= SETS_FLAGS if i.sets_flags else 0
    found |= MAY_STAY if is_conditional(i) else 0
    found |= IS_SIGNED if i.name.startswith(SIGNED_LOADS) else 0
    found |= IS_OBSERVED if figures.is_observed else 0
    found |= IS_OBSERVED_BEFORE_ADDRESS if figures.is_observed_before_address else 0
    found |= IS_FLOATING if i.kind in FLOATING_POINT else 0
    found |= IS_MULTIPLE if is_multiple(i) else 0
    found |= IS_SIGNED_DIVIDE if divides_signed(i) else 0
    found |= USES_FPU if uses_fpu(i) else 0
    return found | (IS_NOT_PLANNED if _is_watched(i, absent) else 0)


def _flags_of_access(access: MemoryAccess | None) -> int:
    if access is None:
        return 0
    found = IS_MEMORY
    found |= IS_STORE if access.is_store else 0
    found |= WRITES_BACK if access.writeback is not None else 0
    return found | (HAS_INDEX if access.index is not None else 0)


def _is_watched(instruction: Instruction, absent: AbsentInstructions) -> bool:
    """Whether Python plans its block: it looks at the instruction itself, or nobody may have meant it."""
    access = instruction.memory
    if watches_itself(Block(instruction.address, instruction.size_bytes, (instruction,)), absent):
        return True
    if access is None:
        return False
    depends_on_place = instruction.kind is Kind.TABLE_BRANCH and access.base == PC
    return depends_on_place or access.index == PC or (access.writeback is not None and access.base == PC)
