"""Registers inside a block as *base + index << shift + constant*.

A base or index is an entry register (0..14), nothing (255), or a *symbol* (from
:data:`FIRST_SYMBOL` on): a value that the block computes in a way not followed here. Two
addresses with the same symbol differ by a known constant, so one look at run time serves
both.
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.thumb.instruction import Instruction, MemoryAccess

NO_REGISTER = 255
FIRST_SYMBOL = 1000
MASK32 = 0xFFFFFFFF


class Affine(NamedTuple):
    """``R[base] + (R[index] << shift) + constant`` with the registers' entry values."""

    base: int
    index: int
    shift: int
    constant: int


def _plus(value: Affine | None, constant: int) -> Affine | None:
    return None if value is None else value._replace(constant=(value.constant + constant) & MASK32)


def _sum(a: Affine | None, b: Affine | None, shift: int = 0) -> Affine | None:
    """``a + (b << shift)`` where that is still of the affine form."""
    if a is None or b is None or a.index != NO_REGISTER or b.index != NO_REGISTER:
        return None
    constant = (a.constant + (b.constant << shift)) & MASK32
    if b.base == NO_REGISTER:
        return a._replace(constant=constant)
    if a.base == NO_REGISTER and shift == 0:
        return Affine(b.base, NO_REGISTER, 0, constant)
    return Affine(a.base, b.base, shift, constant)


class Registers:
    """What is known of r0..r14 while walking through a block."""

    def __init__(self) -> None:
        self._values: list[Affine | None] = [Affine(n, NO_REGISTER, 0, 0) for n in range(15)] + [None]
        self._symbols = FIRST_SYMBOL

    def address_of(self, instruction: Instruction, access: MemoryAccess) -> Affine | None:
        """The access's first address, or None when it is not of the affine form."""
        if access.base == 15:
            base: Affine | None = Affine(NO_REGISTER, NO_REGISTER, 0, (instruction.address + 4) & ~3)
        else:
            base = self._values[access.base]
        if access.index is not None:
            base = _sum(base, self._values[access.index], access.shift)
        return _plus(base, access.offset)

    def execute(self, instruction: Instruction) -> None:
        """Follow one instruction; what it computes beyond sums is forgotten."""
        result = self._result(instruction) if instruction.condition is None else None
        access = instruction.memory
        written_back = None
        if access is not None and access.writeback is not None and instruction.condition is None:
            written_back = _plus(self._values[access.base], access.writeback)
        for n in range(15):
            if instruction.writes >> n & 1:
                self._values[n] = self._symbol()
        if result is not None and result[1] is not None:
            self._values[result[0]] = result[1]
        if written_back is not None and access is not None and not instruction.load_writes >> access.base & 1:
            self._values[access.base] = written_back

    def _symbol(self) -> Affine:
        self._symbols += 1
        return Affine(self._symbols, NO_REGISTER, 0, 0)

    def _result(self, instruction: Instruction) -> tuple[int, Affine | None] | None:
        op = instruction.opcode
        return self._wide(op) if instruction.is_wide else self._narrow(op, instruction.address)

    def _narrow(self, op: int, address: int) -> tuple[int, Affine | None] | None:  # noqa: PLR0911
        values = self._values
        low, middle = op & 7, op >> 3 & 7
        if op >> 10 == 0b000111:  # ADDS/SUBS Rd, Rn, #imm3
            amount = op >> 6 & 7
            return low, _plus(values[middle], -amount if op >> 9 & 1 else amount)
        if op >> 9 == 0b0001100:  # ADDS Rd, Rn, Rm
            return low, _sum(values[middle], values[op >> 6 & 7])
        if op >> 11 == 0b00100:  # MOVS Rd, #imm8
            return op >> 8 & 7, Affine(NO_REGISTER, NO_REGISTER, 0, op & 0xFF)
        if op >> 12 == 0b0011:  # ADDS/SUBS Rdn, #imm8
            register, amount = op >> 8 & 7, op & 0xFF
            return register, _plus(values[register], -amount if op >> 11 & 1 else amount)
        if op >> 6 == 0:  # MOVS Rd, Rm
            return low, values[middle]
        if op >> 8 == 0b01000110:  # MOV Rd, Rm
            return (op >> 4 & 8) | low, values[op >> 3 & 15]
        if op >> 8 == 0b01000100:  # ADD Rdn, Rm
            register = (op >> 4 & 8) | low
            return register, _sum(values[register], values[op >> 3 & 15])
        if op >> 11 == 0b10100:  # ADR
            return op >> 8 & 7, Affine(NO_REGISTER, NO_REGISTER, 0, ((address + 4) & ~3) + (op & 0xFF) * 4)
        if op >> 11 == 0b10101:  # ADD Rd, SP, #imm8
            return op >> 8 & 7, _plus(values[13], (op & 0xFF) * 4)
        if op >> 8 == 0b10110000:  # ADD/SUB SP, #imm7
            return 13, _plus(values[13], -(op & 0x7F) * 4 if op >> 7 & 1 else (op & 0x7F) * 4)
        return None

    def _wide(self, op: int) -> tuple[int, Affine | None] | None:  # noqa: PLR0911
        values = self._values
        register, source = op >> 8 & 15, op >> 16 & 15
        imm12 = (op >> 26 & 1) << 11 | (op >> 12 & 7) << 8 | (op & 0xFF)
        plain = op >> 27 == 0b11110 and not op >> 15 & 1
        if register == 15 or (plain and source == 15):
            return None
        if plain and op >> 20 & 0x3F in (0b100000, 0b101010):  # ADDW, SUBW
            return register, _plus(values[source], imm12 if op >> 20 & 0x3F == 0b100000 else -imm12)
        if plain and op >> 21 & 0x1F in (0b01000, 0b01101):  # ADD, SUB with a modified immediate
            amount = _expand_immediate(imm12)
            return register, _plus(values[source], amount if op >> 21 & 0x1F == 0b01000 else -amount)
        if plain and op >> 20 & 0x3F == 0b100100:  # MOVW
            return register, Affine(NO_REGISTER, NO_REGISTER, 0, source << 12 | imm12)
        if op >> 20 & 0xFFE == 0xEB0 and op >> 15 & 1 == 0:  # ADD Rd, Rn, Rm, LSL #n
            amount = (op >> 12 & 7) << 2 | (op >> 6 & 3)
            if op >> 4 & 3 == 0 and source != 15:
                return register, _sum(values[source], values[op & 15], amount)
        if op & 0xFFEFF0F0 == 0xEA4F0000:  # MOV.W Rd, Rm
            return register, values[op & 15]
        return None


def _expand_immediate(imm12: int) -> int:
    """ThumbExpandImm of the Arm ARM (A5.3.2)."""
    byte = imm12 & 0xFF
    if imm12 >> 10 == 0:
        return (byte, byte << 16 | byte, byte << 24 | byte << 8, byte * 0x01010101)[imm12 >> 8 & 3]
    rotation = imm12 >> 7
    value = 0x80 | (imm12 & 0x7F)
    return (value >> rotation | value << (32 - rotation)) & MASK32
