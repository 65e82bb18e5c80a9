"""A cyclic redundancy check, bit by bit, the most significant first.

A vendor's device adds its registers: the polynomial, and which data and remainders are mirrored.
"""

from __future__ import annotations


def shifted_in(remainder: int, data: int, data_bits: int, polynomial: int, size_bits: int) -> int:
    """The remainder after a datum; ``size_bits``: those of the remainder and of the polynomial."""
    top, mask = 1 << size_bits - 1, (1 << size_bits) - 1
    for bit in range(data_bits - 1, -1, -1):
        feedback = bool(remainder & top) != bool(data >> bit & 1)
        remainder = (remainder << 1 & mask) ^ (polynomial if feedback else 0)
    return remainder


def reverse_bits(value: int, width: int) -> int:
    """Mirror the low ``width`` bits."""
    return int(f"{value & (1 << width) - 1:0{width}b}"[::-1], 2)
