"""Which bits of a loaded value a waiting loop looks at, from the instructions that follow the load.

Compilers test a bit of a register in few ways: TST or AND with a constant, a shift that moves it into
the sign or the carry, UBFX, CBZ and CMP. What is none of these gives no answer, which is 0.

Encodings: ARMv7-M Architecture Reference Manual (DDI 0403E) A5.2, A5.3.1, A5.3.2, A7.7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from emulator.thumb.decode import decode
from emulator.thumb.fields import expand_immediate, immediate12
from emulator.thumb.instruction import FLAGS, Instruction, Kind

MOST_INSTRUCTIONS = 12
WORD = 0xFFFFFFFF
SIGN = 1 << 31
EQUAL, NOT_EQUAL, CARRY_SET, CARRY_CLEAR, MINUS, PLUS, GREATER_EQUAL, LESS = 0, 1, 2, 3, 4, 5, 10, 11
BY_SIGN = (MINUS, PLUS, GREATER_EQUAL, LESS)
ValueOf = Callable[[int], int]
"""The value that a core register holds all through the loop."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What a register holds of the loaded value: its bits ``mask``, moved left by ``left``."""

    mask: int
    left: int = 0

    def only(self, bits: int) -> _Held:
        """The same under a mask, in the register's own bits."""
        return replace(self, mask=self.mask & self.there(bits))

    def moved(self, left: int) -> _Held:
        """The same after a shift; what leaves the register is lost."""
        return replace(self, left=self.left + left).only(WORD)

    def there(self, bits: int) -> int:
        """Bits of the register in numbers of the loaded value."""
        return bits >> self.left if self.left >= 0 else bits << -self.left


@dataclass(slots=True)
class _Loop:
    """The walk: what registers hold, constants seen, and what the flags were set by."""

    value_of: ValueOf | None
    held: dict[int, _Held] = field(default_factory=dict)
    constants: dict[int, int] = field(default_factory=dict)
    flags: _Held | None = None
    carry: _Held | None = None

    def constant(self, register: int) -> int | None:
        """A register's value, where it is known."""
        if register in self.constants:
            return self.constants[register]
        return None if self.value_of is None else self.value_of(register)

    def puts(self, register: int, held: _Held | None, *, flags: bool, carry: _Held | None = None) -> None:
        """An instruction has written a register (15: none) and perhaps the flags."""
        if register != 15:  # TST and CMP have no destination
            self.constants.pop(register, None)
            self.held.pop(register, None)
            if held is not None:
                self.held[register] = held
        if flags:
            self.flags, self.carry = held, carry


def tested_bits(code: bytes, address: int, value_of: ValueOf | None = None) -> int:
    """The bits of what the load at ``address`` loads that decide the next branch; 0: unknown.

    ``code``: the bytes from there on. ``value_of``: see :data:`ValueOf`; None: only constants count.
    """
    load = decode(code, address)
    if load.memory is None or load.memory.is_store or load.memory.count != 1 or not load.load_writes:
        return 0
    loop = _Loop(value_of)
    loop.held[load.load_writes.bit_length() - 1] = _Held((1 << 8 * min(4, load.memory.size_bytes)) - 1)
    position = load.size_bytes
    for _ in range(MOST_INSTRUCTIONS):
        try:
            instruction = decode(code[position:], address + position)
        except ValueError:
            return 0
        if instruction.kind is Kind.BRANCH:
            return _decided(loop, instruction)
        if instruction.writes_pc or instruction.kind in (Kind.CALL, Kind.IT):
            return 0
        _step(loop, instruction)
        position += instruction.size_bytes
    return 0


def _decided(loop: _Loop, branch: Instruction) -> int:
    """The bits that a branch goes by."""
    if branch.opcode >> 8 & 0xF5 == 0xB1:  # CBZ, CBNZ
        held = loop.held.get(branch.opcode & 7)
        return held.mask if held is not None else 0
    if branch.condition in (CARRY_SET, CARRY_CLEAR):
        return loop.carry.mask if loop.carry is not None else 0
    if loop.flags is None:
        return 0
    if branch.condition in (EQUAL, NOT_EQUAL):
        return loop.flags.mask
    return loop.flags.only(SIGN).mask if branch.condition in BY_SIGN else 0


def _step(loop: _Loop, instruction: Instruction) -> None:
    known = _narrow(loop, instruction) if instruction.size_bytes == 2 else _wide(loop, instruction)
    if known:
        return
    for register in range(15):
        if instruction.writes >> register & 1:
            loop.puts(register, None, flags=False)
    if instruction.writes & FLAGS:
        loop.flags = loop.carry = None


def _narrow(loop: _Loop, instruction: Instruction) -> bool:
    """A 16-bit instruction that is understood (A5.2)."""
    opcode = instruction.opcode
    low, second = opcode & 7, opcode >> 3 & 7
    if opcode >> 11 in (0, 1):  # LSLS, LSRS by a constant; LSLS #0 is MOVS
        _shift(loop, low, second, opcode >> 6 & 31, left=opcode >> 11 == 0)
    elif opcode >> 11 == 0b00100:  # MOVS Rd, #
        loop.puts(opcode >> 8 & 7, None, flags=True)
        loop.constants[opcode >> 8 & 7] = opcode & 0xFF
    elif opcode >> 11 == 0b00101:  # CMP Rn, #
        loop.puts(15, loop.held.get(opcode >> 8 & 7), flags=True)
    elif opcode >> 6 in (0b0100000000, 0b0100001000):  # ANDS, TST
        is_test = opcode >> 6 == 0b0100001000
        loop.puts(15 if is_test else low, _both(loop, low, second), flags=True)
    elif opcode >> 6 == 0b0100001010:  # CMP Rn, Rm
        loop.puts(15, loop.held.get(low) or loop.held.get(second), flags=True)
    elif opcode >> 7 == 0b101100101:  # UXTH, UXTB
        held = loop.held.get(second)
        loop.puts(low, held and held.only(0xFFFF if opcode >> 6 & 1 == 0 else 0xFF), flags=False)
    elif opcode >> 8 == 0b01000110:  # MOV Rd, Rm
        loop.puts(opcode & 7 | opcode >> 4 & 8, loop.held.get(opcode >> 3 & 15), flags=False)
    else:
        return False
    return True


def _shift(loop: _Loop, destination: int, source: int, amount: int, *, left: bool) -> None:
    held = loop.held.get(source)
    if held is None:
        loop.puts(destination, None, flags=True)
        return
    amount = amount if amount or left else 32
    out = 1 << 32 - amount if left else 1 << amount - 1
    moved = held.moved(amount if left else -amount)
    loop.puts(destination, moved, flags=True, carry=held.only(out) if amount else None)


def _both(loop: _Loop, first: int, second: int) -> _Held | None:
    """What is left of the loaded value in the AND of two registers."""
    for one, other in ((first, second), (second, first)):
        held = loop.held.get(one)
        mask = loop.constant(other)
        if held is not None and other not in loop.held and mask is not None:
            return held.only(mask)
    return loop.held.get(first) if first == second else None


def _wide(loop: _Loop, instruction: Instruction) -> bool:
    """A 32-bit instruction that is understood (A5.3.1, A5.3.3)."""
    opcode = instruction.opcode
    source, destination = opcode >> 16 & 15, opcode >> 8 & 15
    sets_flags = bool(opcode >> 20 & 1)
    held = loop.held.get(source)
    if opcode >> 27 == 0b11110 and opcode >> 25 & 1 == 0 and opcode >> 15 & 1 == 0:
        operation, constant = opcode >> 21 & 15, expand_immediate(immediate12(opcode))
        if operation == 0:  # AND, TST
            loop.puts(destination, held and held.only(constant), flags=sets_flags)
        elif operation == 1:  # BIC
            loop.puts(destination, held and held.only(~constant & WORD), flags=sets_flags)
        elif operation in (13, 4) and sets_flags and destination == 15:  # CMP, TEQ
            loop.puts(15, held, flags=True)
        elif operation == 2 and source == 15:  # MOV
            loop.puts(destination, None, flags=sets_flags)
            loop.constants[destination] = constant
        else:
            return False
    elif opcode >> 20 == 0xF3C:  # UBFX
        lowest, width = opcode >> 10 & 0x1C | opcode >> 6 & 3, (opcode & 31) + 1
        field_bits = (1 << width) - 1 << lowest
        loop.puts(destination, held and held.only(field_bits).moved(-lowest), flags=False)
    elif opcode >> 21 == 0b11101010000 and opcode & 0x70C0 == 0:  # AND, TST with a register
        loop.puts(destination, _both(loop, source, opcode & 15), flags=sets_flags)
    else:
        return False
    return True
