"""Storage with names, as peripherals.quiet, where each register has its SET, CLR and TOG behind it."""

from __future__ import annotations

from peripherals.quiet import Quiet
from peripherals.register_device import ALL_BITS

PLACE, WORD_BYTES = 0xC, 4
SET, CLEAR = 0x4, 0x8


class AliasedQuiet(Quiet):
    """Names and reset values are those of the registers themselves, at multiples of 16 bytes."""

    def read(self, offset: int, size_bytes: int) -> int:
        """The aliases show the register."""
        return super().read(offset & ~PLACE, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """The aliases change its bits."""
        place, base = offset & PLACE, offset & ~(PLACE | 3)
        if not place:
            super().write(offset, size_bytes, value)
            return
        old, bits = self.stored(base), value << 8 * (offset & 3) & ALL_BITS
        new = old | bits if place == SET else old & ~bits if place == CLEAR else old ^ bits
        super().write(base, WORD_BYTES, new)
