"""A core's model as the native pricer takes it: figures by instruction, rules, and states as bytes.

The models stay where they are: all that C knows of a core's figures comes from them, through these.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple, Protocol

from emulator.thumb.instruction import Instruction
from emulator.timing.cores.scoreboard import Frozen, Pending, Source

REGISTERS = 64
"""Of a mask that C takes: all that a core has."""


class Figures(NamedTuple):
    """What a model says of one instruction, wherever it stands; ``traits``: bits that the model's C names."""

    cycles: int
    refill: int = 0
    latency: int = 0
    occupies: int = 0
    reads_at: int = 0
    flags_latency: int = 0
    extra: int = 0
    tail: int = 0
    traits: int = 0
    is_observed: bool = False
    is_observed_before_address: bool = False


class NativeCore(Protocol):
    """One model. ``number``: its C, as pricer.h names it; ``rules``: its structure's."""

    number: int
    rules: tuple[int, ...]

    def figures(self, instruction: Instruction) -> Figures:
        """What the model says of an instruction."""

    def pack(self, state: Hashable) -> bytes:
        """A state in C's form. Raises ValueError for one that C has no room for."""

    def unpack(self, packed: bytes) -> Hashable:
        """The state again."""


def pack_pending(pending: Frozen) -> bytes:
    """``Pending`` in scoreboard.h: cycles by register, then sources by register."""
    cycles, sources = bytearray(REGISTERS), bytearray(REGISTERS)
    for entry in pending:
        if not 0 < entry.cycle < 256 or entry.register >= REGISTERS:
            raise ValueError(f"no room for {entry}")
        cycles[entry.register], sources[entry.register] = entry.cycle, entry.source.value
    return bytes(cycles + sources)


def unpack_pending(packed: bytes) -> Frozen:
    """The same back, from its bytes."""
    return tuple(
        Pending(register, packed[register], Source(packed[REGISTERS + register]))
        for register in range(REGISTERS)
        if packed[register]
    )


def bits(flags: tuple[bool, ...]) -> int:
    """Flags as bits, the first one lowest."""
    return sum(flag << n for n, flag in enumerate(flags))
