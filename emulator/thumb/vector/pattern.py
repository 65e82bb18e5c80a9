"""A row of an encoding table: its bits as the manual draws them, its text, and what executes it.

In ``bits`` 0 and 1 are fixed, spaces are for the eye, and every letter is a field, whose bits are put
together in their order. In ``text`` stands the instruction as assemblers write it; ``{qd}`` is an operand:
the letter of its class (``q`` vector, ``r`` core register, ``e`` and ``o`` an even and an odd core register
named by three bits, ``s`` and ``f`` a single whose lowest bit is drawn first and last, ``i`` a number) and
the letter of its field. ``=`` before it says that it is written,
``+`` that it is read and written. ``{b}`` is the element's width in bits, ``{w}`` twice as much, ``{t}``
``s`` or ``u``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntFlag
from functools import cached_property

from emulator.thumb.instruction import Kind

OPERAND = re.compile(r"\{([=+]?)([qreoizlsf])([a-zA-Z])\}")


class Flag(IntFlag):
    """What an operation does beside its name; as in operations.h."""

    UNSIGNED = 1 << 0
    TOP = 1 << 1  # the upper halves of its elements, or of the results
    ROUND = 1 << 2
    SCALAR = 1 << 3  # the second operand is a core register, the same for every element
    IMMEDIATE = 1 << 4  # it is a number
    EXCHANGE = 1 << 5
    ACCUMULATE = 1 << 6
    SUBTRACT = 1 << 7
    WRITES_BACK = 1 << 8
    STORE = 1 << 9
    BEFORE = 1 << 10  # the offset is added before the access
    PREDICATES = 1 << 11  # a tail-predicated loop
    WRAPS = 1 << 12
    NARROWS = 1 << 13
    SETS_FLAGS = 1 << 14
    LINKS = 1 << 15


NO_FLAGS = Flag(0)


@dataclass(frozen=True)
class Row:
    """One encoding. ``sizes``: of the field ``s`` that are allowed; ``fixed``: fields that no bits give."""

    bits: str
    text: str
    operation: str
    flags: Flag = NO_FLAGS
    kind: Kind = Kind.VECTOR_ALU
    sizes: tuple[int, ...] = (0, 1, 2)
    fixed: dict[str, int] = field(default_factory=dict)

    @cached_property
    def mask(self) -> int:
        """The fixed bits."""
        return int("".join("1" if c in "01" else "0" for c in self._drawn), 2)

    @cached_property
    def value(self) -> int:
        """What they are."""
        return int("".join(c if c == "1" else "0" for c in self._drawn), 2)

    @cached_property
    def _drawn(self) -> str:
        drawn = self.bits.replace(" ", "")
        assert len(drawn) == 32, self.bits
        return drawn

    @cached_property
    def _places(self) -> dict[str, tuple[int, ...]]:
        places: dict[str, list[int]] = {}
        for n, letter in enumerate(self._drawn):
            if letter not in "01-":
                places.setdefault(letter, []).append(31 - n)
        return {letter: tuple(found) for letter, found in places.items()}

    @cached_property
    def name(self) -> str:
        """The mnemonic: no data type, no operands."""
        return re.split(r"[ .{]", self.text)[0]

    @cached_property
    def operands(self) -> tuple[tuple[str, str, str], ...]:
        """(``=``, ``+`` or nothing; class; field) of each operand in the text."""
        return tuple(OPERAND.findall(self.text))

    def fields(self, opcode: int) -> dict[str, int]:
        """Every field of an instruction of this encoding."""
        found = dict(self.fixed)
        for letter, places in self._places.items():
            value = 0
            for place in places:
                value = value << 1 | opcode >> place & 1
            found[letter] = value
        return found

    def matches(self, opcode: int) -> bool:
        """Whether an instruction has this encoding."""
        if opcode & self.mask != self.value:
            return False
        return "s" not in self._places or self.fields(opcode)["s"] in self.sizes
