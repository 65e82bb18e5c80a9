"""Pseudo-random sequences, the same in each run: what stands behind a generator's registers.

A vendor's device adds where the sequence begins, and what of it firmware reads.
"""

from __future__ import annotations

from peripherals.register_device import ALL_BITS


def xorshift(state: int) -> int:
    """What follows in a 32-bit xorshift generator (Marsaglia, 2003); ``state`` is not 0."""
    state ^= state << 13 & ALL_BITS
    state ^= state >> 17
    return state ^ state << 5 & ALL_BITS


def shifted(state: int, taps: int) -> int:
    """What follows in a linear-feedback shift register (Galois): a one that falls out toggles ``taps``."""
    return state >> 1 ^ (taps if state & 1 else 0)
