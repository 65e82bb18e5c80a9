"""Where a call's arguments and its result lie: Arm's Procedure Call Standard (AAPCS32, IHI 0042).

From scalars to register values and stack bytes, and from registers to a result.
The rules are quoted by their letters there: B and C of "Parameter passing", and the ``.cp``
rules of the VFP variant, in which floating point goes to s0 to s15.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from emulator.system.core import CoreRegisters

CORE_REGISTERS = 4  # r0 to r3
VFP_REGISTERS = 16  # s0 to s15
STACK_ALIGNMENT_BYTES = 8  # of the stack pointer at every public interface
WORD_BYTES = 4
WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Scalar:
    """An argument of one or two words: its bits (an extended integer, an IEEE 754 float or double)."""

    bits: int
    size_bytes: int  # 4 or 8
    is_float: bool = False

    def words(self) -> tuple[int, ...]:
        """The words in the order of their addresses (little endian)."""
        low = self.bits & WORD
        return (low,) if self.size_bytes == WORD_BYTES else (low, self.bits >> 32 & WORD)


@dataclass(slots=True)
class Placement:
    """Register values by name, and the bytes at the stack pointer when the function begins."""

    registers: dict[str, int] = field(default_factory=dict)
    stack: bytearray = field(default_factory=bytearray)

    def push(self, scalar: Scalar) -> None:
        """Rules C.7 and C.8: the next stacked address that suits its alignment."""
        self.stack.extend(bytes(-len(self.stack) % scalar.size_bytes))
        self.stack.extend(struct.pack(f"<{len(scalar.words())}I", *scalar.words()))


def place(arguments: Iterable[Scalar], *, hard_float: bool) -> Placement:
    """Allocate the arguments; ``hard_float``: the VFP variant."""
    placement = Placement()
    next_core = 0
    free_vfp = list(range(VFP_REGISTERS))
    for argument in arguments:
        words = argument.words()
        if hard_float and argument.is_float:
            registers = _vfp_registers(free_vfp, len(words))
            if registers:  # C.1.cp: the lowest that are free, back-filling the gap before a double
                free_vfp = [n for n in free_vfp if n not in registers]
                placement.registers.update({f"s{n}": word for n, word in zip(registers, words, strict=True)})
            else:  # C.2.cp: from now on none goes to a register
                free_vfp = []
                placement.push(argument)
            continue
        next_core += next_core % len(words)  # C.3: two words begin at an even register
        if next_core + len(words) <= CORE_REGISTERS:  # C.4
            placement.registers.update({f"r{next_core + n}": word for n, word in enumerate(words)})
            next_core += len(words)
        else:  # C.6: no later argument goes to a register either
            next_core = CORE_REGISTERS
            placement.push(argument)
    placement.stack.extend(bytes(-len(placement.stack) % STACK_ALIGNMENT_BYTES))
    return placement


def _vfp_registers(free: list[int], count: int) -> tuple[int, ...]:
    """The lowest free s register, or the lowest free d register as its two halves; ``()`` for none."""
    if count == 1:
        return (free[0],) if free else ()
    return next(((n, n + 1) for n in free if n % 2 == 0 and n + 1 in free), ())


@dataclass(frozen=True, slots=True)
class ResultType:
    """How a result is read: a :mod:`struct` code, of the bytes that count."""

    code: str
    is_float: bool = False

    def read(self, core: CoreRegisters, *, hard_float: bool) -> int | float | bool:
        """The value in r0, or s0 for floating point in the VFP variant, and the register after it."""
        bank = "s" if self.is_float and hard_float else "r"
        words = core.get_many((f"{bank}0", f"{bank}1"))
        value: int | float | bool = struct.unpack_from(f"<{self.code}", struct.pack("<2I", *words))[0]
        return value


RESULT_TYPES: Mapping[str, ResultType] = {
    "int8": ResultType("b"),
    "uint8": ResultType("B"),
    "int16": ResultType("h"),
    "uint16": ResultType("H"),
    "int32": ResultType("i"),
    "uint32": ResultType("I"),
    "int64": ResultType("q"),
    "uint64": ResultType("Q"),
    "bool": ResultType("?"),
    "float": ResultType("f", is_float=True),
    "double": ResultType("d", is_float=True),
}
