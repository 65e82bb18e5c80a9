"""16-bit Thumb encodings (ARMv7-M ARM, A5.2; ARMv8-M adds BXNS and BLXNS)."""

from __future__ import annotations

from emulator.thumb.fields import (
    PC_BIT,
    Handler,
    Place,
    branch,
    build,
    sign_extend,
    transfer,
    unknown,
)
from emulator.thumb.instruction import FLAGS, LR, PC, SP, Instruction, Kind, MemoryAccess

SP_BIT, LR_BIT = 1 << SP, 1 << LR

SHIFTS = ("lsl", "lsr", "asr")
IMMEDIATE_OPERATIONS = ("mov", "cmp", "add", "sub")
REGISTER_OPERATIONS = (  # A5.2.2, by bits 9:6
    *("and", "eor", "lsl", "lsr", "asr", "adc", "sbc", "ror"),
    *("tst", "rsb", "cmp", "cmn", "orr", "mul", "bic", "mvn"),
)
COMPARISONS = frozenset({"tst", "cmp", "cmn"})
READS_CARRY = frozenset({"adc", "sbc"})
ONE_OPERAND = frozenset({"rsb", "mvn"})
REGISTER_OFFSET = (  # A5.2.4, by bits 11:9: name, bytes, store
    ("str", 4, True),
    ("strh", 2, True),
    ("strb", 1, True),
    ("ldrsb", 1, False),
    ("ldr", 4, False),
    ("ldrh", 2, False),
    ("ldrb", 1, False),
    ("ldrsh", 2, False),
)
IMMEDIATE_OFFSET = {  # by bits 15:11
    0b01100: ("str", 4, True),
    0b01101: ("ldr", 4, False),
    0b01110: ("strb", 1, True),
    0b01111: ("ldrb", 1, False),
    0b10000: ("strh", 2, True),
    0b10001: ("ldrh", 2, False),
}
EXTENDS = ("sxth", "sxtb", "uxth", "uxtb")
REVERSALS = ("rev", "rev16", "hlt", "revsh")
HINTS = {0: "nop", 1: "yield", 2: "wfe", 3: "wfi", 4: "sev"}
WAITS = frozenset({"wfe", "wfi"})


def _data(place: Place, opcode: int, name: str, reads: int, writes: int, *, flags: bool) -> Instruction:
    """Make a data-processing instruction that sets the flags if ``flags``."""
    kind = Kind.MULTIPLY if name == "mul" else Kind.ALU
    if flags:
        writes |= FLAGS
    return build(place, opcode, kind, name, reads, writes, sets_flags=flags)


def shift_immediate(opcode: int, place: Place) -> Instruction:
    """LSL, LSR, ASR by a constant; LSL #0 is MOVS."""
    name = SHIFTS[opcode >> 11]
    if opcode >> 6 == 0:
        return _data(place, opcode, "mov", 1 << (opcode >> 3 & 7), 1 << (opcode & 7), flags=True)
    return _data(place, opcode, name, 1 << (opcode >> 3 & 7), 1 << (opcode & 7), flags=not place.in_it_block)


def add_subtract(opcode: int, place: Place) -> Instruction:
    """ADD, SUB of three registers or a 3-bit constant."""
    reads = 1 << (opcode >> 3 & 7)
    if not opcode & 0x400:
        reads |= 1 << (opcode >> 6 & 7)
    name = "sub" if opcode & 0x200 else "add"
    return _data(place, opcode, name, reads, 1 << (opcode & 7), flags=not place.in_it_block)


def immediate_operation(opcode: int, place: Place) -> Instruction:
    """MOV, CMP, ADD, SUB with an 8-bit constant."""
    name = IMMEDIATE_OPERATIONS[opcode >> 11 & 3]
    register = 1 << (opcode >> 8 & 7)
    compares = name == "cmp"
    return _data(
        place,
        opcode,
        name,
        0 if name == "mov" else register,
        0 if compares else register,
        flags=compares or not place.in_it_block,
    )


def register_operation(opcode: int, place: Place) -> Instruction:
    """Two-register data processing (A5.2.2)."""
    name = REGISTER_OPERATIONS[opcode >> 6 & 15]
    destination, operand = 1 << (opcode & 7), 1 << (opcode >> 3 & 7)
    compares = name in COMPARISONS
    reads = operand if name in ONE_OPERAND else operand | destination
    if name in READS_CARRY:
        reads |= FLAGS
    writes = 0 if compares else destination
    return _data(place, opcode, name, reads, writes, flags=compares or not place.in_it_block)


def special_data(opcode: int, place: Place) -> Instruction:
    """ADD, CMP, MOV with high registers (A5.2.3); onto PC they are branches."""
    operation = opcode >> 8 & 3
    destination = 1 << (opcode & 7 | opcode >> 4 & 8)
    operand = 1 << (opcode >> 3 & 15)
    if operation == 1:
        return _data(place, opcode, "cmp", operand | destination, 0, flags=True)
    name, reads = ("mov", operand) if operation == 2 else ("add", operand | destination)
    kind = Kind.BRANCH_REGISTER if destination == PC_BIT else Kind.ALU
    return build(place, opcode, kind, name, reads, destination)


def branch_exchange(opcode: int, place: Place) -> Instruction:
    """BX, BLX; with bit 2 set BXNS, BLXNS of ARMv8-M."""
    link = bool(opcode & 0x80)
    secure = opcode & 4
    name = ("blx" if link else "bx") + ("ns" if secure else "")
    kind = Kind.SYSTEM if secure else Kind.BRANCH_REGISTER
    writes = PC_BIT | (LR_BIT if link else 0)
    return build(place, opcode, kind, name, 1 << (opcode >> 3 & 15), writes, link=link)


def literal_load(opcode: int, place: Place) -> Instruction:
    """LDR Rt, [PC, #imm]."""
    memory = MemoryAccess(PC, (opcode & 0xFF) << 2, 4, 1, False)
    return transfer(place, opcode, Kind.LOAD, "ldr", 1 << (opcode >> 8 & 7), memory)


def register_offset(opcode: int, place: Place) -> Instruction:
    """Decode loads and stores at [Rn, Rm]."""
    name, size_bytes, is_store = REGISTER_OFFSET[opcode >> 9 & 7]
    memory = MemoryAccess(opcode >> 3 & 7, 0, size_bytes, 1, is_store, index=opcode >> 6 & 7)
    kind = Kind.STORE if is_store else Kind.LOAD
    return transfer(place, opcode, kind, name, 1 << (opcode & 7), memory, stores_register_offset=is_store)


def immediate_offset(opcode: int, place: Place) -> Instruction:
    """Decode loads and stores at [Rn, #imm5 * size]."""
    name, size_bytes, is_store = IMMEDIATE_OFFSET[opcode >> 11]
    memory = MemoryAccess(opcode >> 3 & 7, (opcode >> 6 & 31) * size_bytes, size_bytes, 1, is_store)
    return transfer(place, opcode, Kind.STORE if is_store else Kind.LOAD, name, 1 << (opcode & 7), memory)


def stack_offset(opcode: int, place: Place) -> Instruction:
    """LDR, STR at [SP, #imm8 * 4]."""
    is_store = not opcode & 0x800
    memory = MemoryAccess(SP, (opcode & 0xFF) << 2, 4, 1, is_store)
    kind, name = (Kind.STORE, "str") if is_store else (Kind.LOAD, "ldr")
    return transfer(place, opcode, kind, name, 1 << (opcode >> 8 & 7), memory)


def address_of(opcode: int, place: Place) -> Instruction:
    """ADR, and ADD Rd, SP, #imm."""
    destination = 1 << (opcode >> 8 & 7)
    if opcode & 0x800:
        return build(place, opcode, Kind.ALU, "add", SP_BIT, destination)
    return build(place, opcode, Kind.ALU, "adr", PC_BIT, destination)


def adjust_stack(opcode: int, place: Place) -> Instruction:
    """ADD SP, SUB SP by a constant."""
    return build(place, opcode, Kind.ALU, "sub" if opcode & 0x80 else "add", SP_BIT, SP_BIT)


def compare_branch(opcode: int, place: Place) -> Instruction:
    """CBZ, CBNZ."""
    target = place.address + 4 + (opcode >> 3 & 0x1F) * 2 + (opcode >> 3 & 0x40)
    name = "cbnz" if opcode & 0x800 else "cbz"
    return build(place, opcode, Kind.BRANCH, name, 1 << (opcode & 7), PC_BIT, target=target & 0xFFFFFFFF)


def extend(opcode: int, place: Place) -> Instruction:
    """SXTH, SXTB, UXTH, UXTB."""
    return build(place, opcode, Kind.ALU, EXTENDS[opcode >> 6 & 3], 1 << (opcode >> 3 & 7), 1 << (opcode & 7))


def reverse(opcode: int, place: Place) -> Instruction:
    """REV, REV16, REVSH; HLT stops."""
    name = REVERSALS[opcode >> 6 & 3]
    if name == "hlt":
        return build(place, opcode, Kind.SYSTEM, name)
    return build(place, opcode, Kind.ALU, name, 1 << (opcode >> 3 & 7), 1 << (opcode & 7))


def push(opcode: int, place: Place) -> Instruction:
    """PUSH {low registers, LR}."""
    registers = opcode & 0xFF | (LR_BIT if opcode & 0x100 else 0)
    if not registers:
        return unknown(opcode, place)
    count = registers.bit_count()
    memory = MemoryAccess(SP, -4 * count, 4, count, True, writeback=-4 * count)
    return transfer(place, opcode, Kind.STORE_MULTIPLE, "push", registers, memory)


def pop(opcode: int, place: Place) -> Instruction:
    """POP {low registers, PC}."""
    registers = opcode & 0xFF | (PC_BIT if opcode & 0x100 else 0)
    if not registers:
        return unknown(opcode, place)
    count = registers.bit_count()
    memory = MemoryAccess(SP, 0, 4, count, False, writeback=4 * count)
    return transfer(place, opcode, Kind.LOAD_MULTIPLE, "pop", registers, memory)


def multiple(opcode: int, place: Place) -> Instruction:
    """LDM, STM; LDM does not write back a base that it loads."""
    base, registers = opcode >> 8 & 7, opcode & 0xFF
    if not registers:
        return unknown(opcode, place)
    count = registers.bit_count()
    is_store = not opcode & 0x800
    writeback = 4 * count if is_store or not registers >> base & 1 else None
    memory = MemoryAccess(base, 0, 4, count, is_store, writeback=writeback)
    kind, name = (Kind.STORE_MULTIPLE, "stm") if is_store else (Kind.LOAD_MULTIPLE, "ldm")
    return transfer(place, opcode, kind, name, registers, memory)


def change_state(opcode: int, place: Place) -> Instruction:
    """CPSIE, CPSID."""
    if opcode & 0xE0 != 0x60:
        return unknown(opcode, place)
    return build(place, opcode, Kind.SYSTEM, "cpsid" if opcode & 0x10 else "cpsie")


def breakpoint_instruction(opcode: int, place: Place) -> Instruction:
    """BKPT."""
    return build(place, opcode, Kind.SYSTEM, "bkpt")


def hint(opcode: int, place: Place) -> Instruction:
    """Decode IT and the hints; unallocated hints are NOPs."""
    if opcode & 15:
        return build(place, opcode, Kind.IT, "it", it_mask=opcode & 0xFF)
    name = HINTS.get(opcode >> 4 & 15, "nop")
    return build(place, opcode, Kind.WAIT if name in WAITS else Kind.NOP, name)


def conditional_branch(opcode: int, place: Place) -> Instruction:
    """Bcc, UDF, SVC."""
    condition = opcode >> 8 & 15
    if condition == 14:
        return build(place, opcode, Kind.UNKNOWN, "udf")
    if condition == 15:
        return build(place, opcode, Kind.SYSTEM, "svc")
    conditional = place._replace(condition=condition)
    return branch(conditional, opcode, place.address + 4 + 2 * sign_extend(opcode, 8))


def unconditional_branch(opcode: int, place: Place) -> Instruction:
    """B."""
    return branch(place, opcode, place.address + 4 + 2 * sign_extend(opcode, 11))


RANGES: tuple[tuple[int, int, Handler], ...] = (  # first and last value of bits 15:8
    (0x00, 0x17, shift_immediate),
    (0x18, 0x1F, add_subtract),
    (0x20, 0x3F, immediate_operation),
    (0x40, 0x43, register_operation),
    (0x44, 0x46, special_data),
    (0x47, 0x47, branch_exchange),
    (0x48, 0x4F, literal_load),
    (0x50, 0x5F, register_offset),
    (0x60, 0x8F, immediate_offset),
    (0x90, 0x9F, stack_offset),
    (0xA0, 0xAF, address_of),
    (0xB0, 0xB0, adjust_stack),
    (0xB1, 0xB1, compare_branch),
    (0xB2, 0xB2, extend),
    (0xB3, 0xB3, compare_branch),
    (0xB4, 0xB5, push),
    (0xB6, 0xB6, change_state),
    (0xB9, 0xB9, compare_branch),
    (0xBA, 0xBA, reverse),
    (0xBB, 0xBB, compare_branch),
    (0xBC, 0xBD, pop),
    (0xBE, 0xBE, breakpoint_instruction),
    (0xBF, 0xBF, hint),
    (0xC0, 0xCF, multiple),
    (0xD0, 0xDF, conditional_branch),
    (0xE0, 0xE7, unconditional_branch),
)


def _handler(top: int) -> Handler:
    return next((handler for first, last, handler in RANGES if first <= top <= last), unknown)


HANDLERS: tuple[Handler, ...] = tuple(_handler(top) for top in range(256))
"""Decoder of a 16-bit encoding by its bits 15:8."""
