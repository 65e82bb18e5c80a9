"""Instructions of FlexSPI's lookup table (IMXRT1060RM, chapter "FlexSPI", table "Instruction set")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

BYTE_BITS = 8
STOP, JUMP_ON_CS = 0x00, 0x1F
DDR = 0x20
FILL = 0xFF


class Operation(Enum):
    """What an instruction does on the wires."""

    COMMAND = "command"
    ADDRESS = "address"
    COLUMN = "column address"
    MODE = "mode"
    WRITE = "write"
    READ = "read"
    DUMMY = "dummy"
    OTHER = "other"


CODES = {
    0x01: Operation.COMMAND, 0x02: Operation.ADDRESS, 0x03: Operation.COLUMN, 0x04: Operation.MODE,
    0x05: Operation.MODE, 0x06: Operation.MODE, 0x07: Operation.MODE, 0x08: Operation.WRITE,
    0x09: Operation.READ, 0x0A: Operation.READ, 0x0C: Operation.DUMMY, 0x0D: Operation.DUMMY,
}  # fmt: skip
MODE_BITS = {0x04: 1, 0x05: 2, 0x06: 4, 0x07: 8}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One half word: opcode, lines, operand."""

    operation: Operation
    lanes: int
    operand: int
    mode_bits: int = 0

    def bits(self) -> int:
        """Bits before any data."""
        if self.operation is Operation.COMMAND:
            return BYTE_BITS
        if self.operation in (Operation.ADDRESS, Operation.COLUMN):
            return self.operand
        if self.operation is Operation.DUMMY:
            return self.operand * self.lanes
        return self.mode_bits

    def clocks(self, data_bytes: int = 0) -> int:
        """Clocks on its lines, with so many bytes of data."""
        return -(-(self.bits() + data_bytes * BYTE_BITS) // self.lanes)

    def bytes_out(self, address: int) -> Iterator[int]:
        """What the chip gets, in bytes: bits beyond whole ones are filled up."""
        count = -(-self.bits() // BYTE_BITS)
        if self.operation is Operation.ADDRESS:
            yield from (address & (1 << self.operand) - 1).to_bytes(count, "big")
        elif self.operation is Operation.COMMAND:
            yield self.operand
        else:
            yield from [self.operand if self.operation is Operation.MODE else FILL] * count


def decoded(words: Sequence[int]) -> tuple[Instruction, ...]:
    """The instructions of a sequence, up to its end."""
    steps = []
    for half in (word >> shift & 0xFFFF for word in words for shift in (0, 16)):
        code = half >> 10 & ~DDR
        if code in (STOP, JUMP_ON_CS):
            break
        operation = CODES.get(code, Operation.OTHER)
        steps.append(Instruction(operation, 1 << (half >> 8 & 3), half & 0xFF, MODE_BITS.get(code, 0)))
    return tuple(steps)


def lead_clocks(steps: Sequence[Instruction]) -> int:
    """Clocks before the first data."""
    clocks = 0
    for step in steps:
        if step.operation in (Operation.READ, Operation.WRITE):
            break
        clocks += step.clocks()
    return clocks
