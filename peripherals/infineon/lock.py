"""The two-bit lock of PSoC 6's watchdogs (registers TRM CY8C6xxA, WDT_CTL and MCWDT_LOCK)."""

from __future__ import annotations

LOCKED = 3


def unlocked(lock: int, written: int) -> int:
    """What a write of ``written`` makes of a lock: 1 and 2 clear one bit each, 3 sets both."""
    return LOCKED if written == LOCKED else lock & ~written
