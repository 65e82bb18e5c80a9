"""Numbers below zero in registers and in memory."""

from __future__ import annotations


def signed(word: int, bits: int = 32) -> int:
    """A two's complement number of so many bits."""
    word &= (1 << bits) - 1
    return word - (1 << bits) if word >> bits - 1 else word
