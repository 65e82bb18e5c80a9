"""DWARF's numbers of variable length (DWARF 5, section 7.6)."""

from __future__ import annotations


def unsigned(data: bytes, at: int) -> tuple[int, int]:
    """The number at ``at`` and where it ends. Raises IndexError behind the end of the data."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def signed(data: bytes, at: int) -> tuple[int, int]:
    """The signed number at ``at`` and where it ends. Raises IndexError behind the end of the data."""
    value, end = unsigned(data, at)
    bits = 7 * (end - at)
    return value - (1 << bits if value >> (bits - 1) & 1 else 0), end
