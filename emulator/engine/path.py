"""A path through some blocks: on which values its branches depend, and what it leaves behind.

The same expressions as a block's addresses (:mod:`emulator.engine.symbolic`), over all blocks of
one turn of a loop. What can't be followed exactly raises :class:`NotFollowedError`.
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.engine.expressions import Op
from emulator.engine.symbolic import Registers
from emulator.thumb.fields import expand_immediate, immediate12
from emulator.thumb.instruction import FLAGS, LR, PC, Instruction, Kind, MemoryAccess

FOLLOWED = {
    Kind.ALU, Kind.ALU_SHIFT, Kind.MULTIPLY, Kind.MULTIPLY_ACCUMULATE, Kind.LOAD, Kind.STORE,
    Kind.LOAD_DOUBLE, Kind.STORE_DOUBLE, Kind.LOAD_MULTIPLE, Kind.STORE_MULTIPLE, Kind.BRANCH, Kind.CALL,
    Kind.BRANCH_REGISTER, Kind.NOP, Kind.BARRIER,
}  # fmt: skip
"""No kind whose cycles depend on its operands' values (divisions, long multiplications on an M3)."""
BX = 0x4700
EQ, NE, MI, PL = 0, 1, 4, 5
NEED_NO_CARRY = (EQ, NE, MI, PL)


class NotFollowedError(Exception):
    """The path has an instruction that is not followed."""


class Flags(NamedTuple):
    """What set the flags: ``"sub"`` or ``"add"`` of two nodes, or ``"result"``: N and Z of ``a`` alone."""

    kind: str
    a: int
    b: int


class Decision(NamedTuple):
    """A branch of the path: on a condition's flags, or (CBZ, CBNZ) on whether node ``flags.a`` is 0."""

    flags: Flags
    condition: int
    taken: bool


class Stored(NamedTuple):
    """A store of the path; ``value``: a node."""

    address: int
    size_bytes: int
    value: int


class Path(Registers):
    """Expressions of r0..r14 behind a path that begins anywhere, over what they held at its beginning."""

    def __init__(self) -> None:
        super().__init__()
        self._flags: Flags | None = None
        self.decisions: list[Decision] = []
        self.addresses: list[int] = []  # nodes: of loads and stores, and where registers branch to
        self.stored: list[Stored] = []
        self.written = 0

    def follow(self, instruction: Instruction, next_address: int) -> None:
        """Go through one instruction to the next one executed. Raises NotFollowedError."""
        kind = instruction.kind
        if kind not in FOLLOWED or instruction.in_it_block or instruction.name == "clrex":
            raise NotFollowedError
        if kind is Kind.BRANCH and instruction.reads:
            self._decide(instruction, taken=next_address != instruction.end)
        if kind is Kind.BRANCH_REGISTER:
            if instruction.opcode & 0xFF87 != BX:
                raise NotFollowedError
            self.addresses.append(self.get(instruction.opcode >> 3 & 15, instruction))
        access = instruction.memory
        if access is not None:
            self._note_access(instruction, access)
        flags = self._flags_of(instruction)
        self.execute(instruction)
        if kind is Kind.CALL:
            self._values[LR] = self.graph.constant(instruction.end | 1)
        if instruction.writes & FLAGS:
            self._flags = flags
        self.written |= instruction.writes & 0x7FFF

    # -- branches ----------------------------------------------------------------------------
    def _decide(self, instruction: Instruction, *, taken: bool) -> None:
        if instruction.condition is None:  # CBZ, CBNZ
            value = self._values[instruction.opcode & 7]
            condition = NE if instruction.opcode >> 11 & 1 else EQ
            self.decisions.append(Decision(Flags("result", value, value), condition, taken))
            return
        flags = self._flags
        if flags is None or (flags.kind == "result" and instruction.condition not in NEED_NO_CARRY):
            raise NotFollowedError
        self.decisions.append(Decision(flags, instruction.condition, taken))

    def _flags_of(self, i: Instruction) -> Flags | None:
        """What the flags come from, by operands as they are before the instruction."""
        if not i.writes & FLAGS:
            return None
        return self._wide_flags(i) if i.is_wide else self._narrow_flags(i)

    def _narrow_flags(self, i: Instruction) -> Flags | None:
        op, graph, values = i.opcode, self.graph, self._values
        if op >> 11 == 0b00011:  # ADDS, SUBS with a register or a small constant
            other = graph.constant(op >> 6 & 7) if op >> 10 & 1 else values[op >> 6 & 7]
            return Flags("sub" if op >> 9 & 1 else "add", values[op >> 3 & 7], other)
        if op >> 13 == 0b001 and op >> 11 & 3:  # CMP, ADDS, SUBS Rd, #imm8
            kind = "add" if op >> 11 & 3 == 2 else "sub"
            return Flags(kind, values[op >> 8 & 7], graph.constant(op & 0xFF))
        if op >> 8 == 0b01000101:  # CMP of any two registers
            return Flags("sub", self.get(op >> 4 & 8 | op & 7, i), self.get(op >> 3 & 15, i))
        if op >> 10 == 0b010000:
            a, b = values[op & 7], values[op >> 3 & 7]
            found = self._compared({8: 0, 10: 13, 11: 8}.get(op >> 6 & 15), a, b)
            if found is not None:
                return found
            if op >> 6 & 15 == 9:
                return Flags("sub", graph.constant(0), b)
        result = self._narrow(i)
        return None if result is None else Flags("result", result[1], result[1])

    def _wide_flags(self, i: Instruction) -> Flags | None:
        op = i.opcode
        d, n, m = op >> 8 & 15, op >> 16 & 15, op & 15
        if op >> 27 == 0b11110 and not op >> 15 & 1 and not op >> 25 & 1:
            operand = self.graph.constant(expand_immediate(immediate12(op)))
        elif op >> 25 == 0b1110101:
            operand = self._shifted(self.get(m, i), op >> 4 & 3, (op >> 12 & 7) << 2 | op >> 6 & 3)
        else:
            return None
        code = op >> 21 & 15
        if n != PC:
            found = self._compared(code if d == PC or code in (8, 13) else None, self.get(n, i), operand)
            if found is not None:
                return found
        result = self._processing(code, d, n, operand, i)
        return None if result is None else Flags("result", result[1], result[1])

    def _compared(self, code: int | None, a: int, b: int) -> Flags | None:
        """TST, TEQ, CMN (ADDS) and CMP (SUBS) by the code of AND, EOR, ADD and SUB."""
        if code in (0, 4):
            both = self.graph.put(Op.AND if code == 0 else Op.EOR, a, b)
            return Flags("result", both, both)
        return Flags("add" if code == 8 else "sub", a, b) if code in (8, 13) else None

    # -- memory ------------------------------------------------------------------------------
    def _note_access(self, instruction: Instruction, access: MemoryAccess) -> None:
        if access.exclusive:
            raise NotFollowedError
        address = self.address_of(instruction, access)
        self.addresses.append(address)
        if instruction.writes_pc:  # POP {pc}, and nothing else
            if instruction.kind is not Kind.LOAD_MULTIPLE:
                raise NotFollowedError
            target = self._load(self.graph.plus(address, 4 * (access.count - 1)), 4, signed=False)
            if target is None:
                raise NotFollowedError
            self.addresses.append(target)

    def _note_store(self, instruction: Instruction, access: MemoryAccess, address: int) -> None:
        """As in a block, but word by word, so that what a function saves comes back."""
        stored = [n for n in range(15) if instruction.store_reads >> n & 1]
        op = instruction.opcode
        if instruction.kind is Kind.STORE_DOUBLE:
            stored = [op >> 12 & 15, op >> 8 & 15]
        if instruction.kind is Kind.STORE and len(stored) == 1:
            self._keep(address, access.size_bytes, self._values[stored[0]])
        elif access.size_bytes == 4 and len(stored) == access.count:
            for n, register in enumerate(stored):
                self._keep(self.graph.plus(address, 4 * n), 4, self._values[register])
        else:
            raise NotFollowedError

    def _keep(self, address: int, size_bytes: int, value: int) -> None:
        self.stored.append(Stored(address, size_bytes, value))
        self.keep_store(address, size_bytes, value)

    def after(self, register: int) -> int:
        """The node of a register's value behind the path."""
        return self._values[register]
