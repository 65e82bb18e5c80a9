"""A chip as data: what an SVD file says of it, everything derived and expanded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Field:
    """Some bits of a register. ``values``: what its values are called."""

    name: str
    lowest: int
    width: int
    values: Mapping[int, str] = field(default_factory=dict)

    @property
    def mask(self) -> int:
        """Its bits in the register."""
        return (1 << self.width) - 1 << self.lowest


@dataclass(frozen=True, slots=True)
class Register:
    """One register. ``offset``: bytes from its peripheral's base.

    ``writable``: bits that a write stores; ``ones_clear``: bits that writing 1 clears; ``access``:
    ``"r"``, ``"w"`` or ``"rw"``.
    """

    name: str
    offset: int
    size_bytes: int
    reset: int
    access: str
    writable: int
    ones_clear: int
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Peripheral:
    """One peripheral. ``size_bytes``: of its address blocks, 0 when none is given.

    ``same_as``: the peripheral whose registers it has, unchanged, "" if they are its own.
    """

    name: str
    base: int
    size_bytes: int
    registers: tuple[Register, ...]
    description: str = ""
    interrupts: Mapping[str, int] = field(default_factory=dict)
    same_as: str = ""


@dataclass(frozen=True, slots=True)
class Processor:
    """The core as the file names it (``"CM4"``), and what it was built with; None: not said."""

    name: str
    fpu: bool | None = None
    double_precision: bool | None = None
    mpu: bool | None = None
    priority_bits: int | None = None
    interrupts: int | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """A whole chip. ``notes``: what was wrong with its file and what was made of it, a line each."""

    name: str
    vendor: str
    source: str
    processor: Processor | None
    peripherals: tuple[Peripheral, ...]
    notes: tuple[str, ...] = ()
