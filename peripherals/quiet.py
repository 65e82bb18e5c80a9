"""A device without function: registers that hold what was written.

For controllers that start-up code sets up but that no benchmark depends on. The board's
TOML gives the register names and the few effects that start-up code waits for::

    parameters = { registers = { CR = 0x00, SR = 0x04 }, resets = { CR = 0x20 },
                   follow = ["SR.0 = CR.0"], clear = ["CR.31"], set = ["SR.5"], silent = true }

A register may begin at any byte: chips with 8 and 16-bit registers have several in a word, and
the bits of each are counted from its own first byte (``SR = 0x05``, ``SR.7``).

``follow``: a status bit that always equals an enable bit. ``clear``: bits that hardware
clears at once (a start or calibration bit). ``set``: status bits that are always set.
``read_only``: registers that writes don't change. Every access is reported as unmodelled
unless ``silent``.

Where the board has a register map (``register_map``, as ``boardless new-board`` writes it), registers
that are not named here have their reset values from it, and what writes change and reads show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import msgspec

from emulator.device import DescribedWord, DeviceContext, DeviceParameters
from emulator.schema.table import Problem, about
from emulator.schema.words import suggest
from peripherals.parts.parameters import Word
from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import ALL_BITS, Register

WORD_BITS = 32
BIT_PATTERN = r"[A-Za-z_]\w*\.([12]?[0-9]|3[01])"
Bit = Annotated[
    str, msgspec.Meta(pattern=rf"^\s*{BIT_PATTERN}\s*$", extra={"form": "a bit as REGISTER.BIT, 0 to 31"})
]
FollowingBit = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^\s*{BIT_PATTERN}\s*=\s*{BIT_PATTERN}\s*$",
        extra={"form": "a pair of bits as REGISTER.BIT = REGISTER.BIT"},
    ),
]
Bits = list[Bit]


class QuietParameters(DeviceParameters, frozen=True):
    """Its registers, and the few effects that start-up code waits for."""

    registers: Annotated[
        dict[str, Word],
        about(
            "Offsets of the registers that have names; one may begin at any byte.",
            example={"CR": 0x00, "SR": 0x04},
        ),
    ] = msgspec.field(default_factory=dict)
    resets: Annotated[
        dict[str, Word], about("Reset values of named registers, where not 0.", example={"CR": 0x20})
    ] = msgspec.field(default_factory=dict)
    follow: Annotated[
        list[FollowingBit],
        about("Status bits that always equal an enable bit.", example=["SR.0 = CR.0"]),
    ] = msgspec.field(default_factory=list)
    clear: Annotated[
        Bits, about("Bits that hardware clears at once: a start or a calibration bit.", example=["CR.31"])
    ] = msgspec.field(default_factory=list)
    set: Annotated[Bits, about("Status bits that are always set.", example=["SR.5"])] = msgspec.field(
        default_factory=list
    )
    read_only: Annotated[list[str], about("Named registers that writes don't change.", example=["SR"])] = (
        msgspec.field(default_factory=list)
    )
    silent: Annotated[
        bool, about("Whether accesses are not told among those that no model covers.", example=True)
    ] = False

    def contradictions(self) -> Iterator[Problem]:
        """Yield what names no register, bits beyond a register's word, two names of one offset."""
        named = [(f"resets.{name}", name) for name in self.resets]
        named += [(f"read_only.{number}", name) for number, name in enumerate(self.read_only)]
        named += [(key, name) for key, name, _bit in self._bits()]
        for key, name in named:
            if name not in self.registers:
                what = f"no register {name!r}{suggest(name, self.registers)}"
                yield Problem(key, what, f"name it: registers = {{ {name} = 0x... }}")
        for key, name, bit in self._bits():
            offset = self.registers.get(name, 0)
            if bit + 8 * (offset & 3) >= WORD_BITS:
                what = f"bit {bit} of {name}, at 0x{offset:X}, lies in the next word"
                yield Problem(key, what, "count bits from the register's own first byte")
        offsets: dict[int, str] = {}
        for name, offset in self.registers.items():
            if offsets.setdefault(offset, name) != name:
                yield Problem(
                    f"registers.{name}", f"0x{offset:X} is {offsets[offset]} already", "name it once"
                )

    def _bits(self) -> Iterator[tuple[str, str, int]]:
        """Each bit that is named: the key that does, the register, the number."""
        for key, texts in (("follow", self.follow), ("clear", self.clear), ("set", self.set)):
            for number, text in enumerate(texts):
                for part in text.split("="):
                    register, _, bit = part.strip().partition(".")
                    yield f"{key}.{number}", register, int(bit)


class Quiet(ReadyDevice):
    """Storage with names, reset values, and status bits that follow enable bits."""

    PARAMETERS = QuietParameters
    parameters: QuietParameters
    LINES = ("global",)
    stores_only = True

    def __init__(self, context: DeviceContext) -> None:
        self._other: dict[int, int] = {}
        self._words: dict[int, DescribedWord] = {}
        self._adopted = False
        super().__init__(context)
        parameters = self.parameters
        self._follow = tuple(self._pair(text) for text in parameters.follow)
        self._clear = [self._bit(text) for text in parameters.clear]
        self._set = [self._bit(text) for text in parameters.set]

    def register_table(self) -> tuple[Register, ...]:
        """Build the rows from the board's parameters."""
        resets, fixed = self.parameters.resets, self.parameters.read_only
        names = self.parameters.registers
        rows: dict[int, Register] = {}
        for name, offset in names.items():
            row = rows.get(offset & ~3) or Register(offset & ~3, self._word_of(name))
            reset = row.reset | resets.get(name, 0) << 8 * (offset & 3) & ALL_BITS
            writable = row.writable & ~self._bits_of(offset) if name in fixed else row.writable
            rows[offset & ~3] = replace(row, reset=reset, writable=writable)
        return tuple(rows.values())

    def register_name(self, offset: int) -> str:
        """Name the register that begins there, else the one whose word it is in."""
        names = self.parameters.registers
        named = next((name for name, known in names.items() if known == offset), None)
        return named or super().register_name(offset)

    def _word_of(self, name: str) -> str:
        """What the word is called that a register is in: as the register at its first byte, if any."""
        names = self.parameters.registers
        first = names[name] & ~3
        return next((other for other, offset in names.items() if offset == first), f"+0x{first:x}")

    def _bits_of(self, offset: int) -> int:
        """The bits in its word of the register at ``offset``: up to the next register's."""
        names = self.parameters.registers
        end = min((other for other in names.values() if other > offset), default=offset + 4)
        size_bytes = min(end, (offset | 3) + 1) - offset
        return (1 << 8 * size_bytes) - 1 << 8 * (offset & 3)

    def ready_table(self) -> tuple[Ready, ...]:
        """Give the pairs of ``follow``."""
        return self._follow

    def reset(self) -> None:
        """Forget everything written."""
        super().reset()
        self._other.clear()

    def read(self, offset: int, size_bytes: int) -> int:
        """Give back what was written."""
        if not self.parameters.silent:
            self.context.unmodelled(offset, "read", "stored only")
        self._adopt()
        if offset & ~3 in self._rows:
            return super().read(offset, size_bytes)
        value = self.stored(offset & ~3) & self._described(offset & ~3).readable
        return value >> 8 * (offset & 3) & (1 << 8 * size_bytes) - 1

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Keep the value, then let status bits follow."""
        if not self.parameters.silent:
            self.context.unmodelled(offset, "write", "stored only")
        self._adopt()
        if offset & ~3 in self._rows:
            super().write(offset, size_bytes, value)
            return
        word = self._described(offset & ~3)
        shift = 8 * (offset & 3)
        written = value << shift & (1 << 8 * size_bytes) - 1 << shift
        lanes = (1 << 8 * size_bytes) - 1 << shift & word.writable & ~word.ones_clear
        old = self.stored(offset & ~3)
        self._other[offset & ~3] = old & ~lanes & ~(written & word.ones_clear) | written & lanes
        self.settle()

    def stored(self, offset: int) -> int:
        """What the word at ``offset`` holds, named or not."""
        self._adopt()
        row = self._rows.get(offset)
        return self.values[row.name] if row else self._other.get(offset, self._described(offset).reset)

    def save(self) -> Any:
        """Give named registers and the other offsets written."""
        self._adopt()
        return {"named": super().save(), "other": dict(self._other)}

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._adopt()
        super().load(state["named"])
        self._other = dict(state["other"])

    def settle(self) -> None:
        """Clear and set what hardware does, then let status bits follow."""
        for name, mask in self._clear:
            self.clear_bits(name, mask)
        for name, mask in self._set:
            self.set_bits(name, mask)
        super().settle()

    def _described(self, offset: int) -> DescribedWord:
        """What the board's register map says of a word, which is asked once."""
        word = self._words.get(offset)
        if word is None:
            word = self._words[offset] = self.context.described(offset) or DescribedWord()
        return word

    def _adopt(self) -> None:
        """Let named registers begin with the reset values of the board's map; before their first use."""
        if self._adopted:
            return
        self._adopted = True
        given = {self.parameters.registers[name] & ~3 for name in self.parameters.resets}
        for offset, row in self._rows.items():
            word = self.context.described(offset)
            if word is not None and offset not in given:
                self._rows[offset] = replace(row, reset=word.reset)
                self.values[row.name] = word.reset

    def _pair(self, text: str) -> Ready:
        status, _, enable = text.partition("=")
        return Ready(*self._bit(status), *self._bit(enable))

    def _bit(self, text: str) -> tuple[str, int]:
        """The word that a bit is in, and its mask there."""
        name, _, number = text.strip().partition(".")
        return self._word_of(name), 1 << int(number) + 8 * (self.parameters.registers[name] & 3)
