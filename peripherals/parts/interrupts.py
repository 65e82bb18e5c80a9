"""Interrupt flags, the bits that enable them, and the lines that they assert.

A vendor's device adds the table ``INTERRUPTS`` beside its registers: which register's flags
assert which line while which other register's bits are set. Flags are set with
:meth:`InterruptDevice.raise_flags`; how firmware clears them (by writing 1, by writing 0, by a
register of its own) stands in the register table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from peripherals.register_device import ALL_BITS, RegisterDevice


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Line ``line`` is asserted while a bit of ``flags`` in ``mask`` and its enable are set.

    A flag's enable is the bit of the register ``enables`` that lies ``enable_shift`` above it.
    """

    line: str
    flags: str
    enables: str
    mask: int = ALL_BITS
    enable_shift: int = 0


class InterruptDevice(RegisterDevice):
    """Brings its lines up to date after each write; several rows may share a line."""

    INTERRUPTS: ClassVar[tuple[Interrupt, ...]] = ()

    def __init_subclass__(cls) -> None:
        """The rows name the lines that a board may connect."""
        super().__init_subclass__()
        if cls.INTERRUPTS and "LINES" not in vars(cls):
            cls.LINES = tuple(dict.fromkeys(row.line for row in cls.INTERRUPTS))

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store, let the effect happen, then the lines follow."""
        super().write(offset, size_bytes, value)
        self.refresh_lines()

    def raise_flags(self, register: str, mask: int) -> None:
        """Set flags; their lines follow."""
        self.set_bits(register, mask)
        self.refresh_lines()

    def pending(self, row: Interrupt) -> int:
        """The flags of a row that are set and enabled."""
        return self.values[row.flags] & self.values[row.enables] >> row.enable_shift & row.mask

    def refresh_lines(self) -> None:
        """Assert each line that any of its rows asks for; release the others."""
        levels: dict[str, bool] = {}
        for row in self.INTERRUPTS:
            levels[row.line] = bool(self.pending(row)) or levels.get(row.line, False)
        for name, level in levels.items():
            self.line(name).set_level(level)
