"""The integer divider of SIO (RP2040 datasheet 2.3.1.5): eight cycles, signed or unsigned.

A write of an operand starts a division of its signedness. The results can be written, to put an
interrupted calculation back; reading the quotient clears DIRTY.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.register_device import ALL_BITS

CYCLES = 8
READY, DIRTY = 1 << 0, 1 << 1
SIGN = 1 << 31


class Divider:
    """Operands, results, and when the results are there."""

    def __init__(self, context: DeviceContext) -> None:
        self._context = context
        self.reset()

    def reset(self) -> None:
        """Zero, ready and clean."""
        self.dividend = self.divisor = self.quotient = self.remainder = 0
        self._dirty = False
        self._ready_at = 0

    def start(self, *, signed: bool) -> None:
        """An operand was written."""
        self._dirty = True
        self._ready_at = self._context.clock.now() + CYCLES
        self.quotient, self.remainder = divide(self.dividend, self.divisor, signed=signed)

    def put(self, *, quotient: int | None = None, remainder: int | None = None) -> None:
        """A result was written."""
        self._dirty = True
        self.quotient = self.quotient if quotient is None else quotient
        self.remainder = self.remainder if remainder is None else remainder

    def take_quotient(self) -> int:
        """The quotient was read."""
        if self._dirty:
            self._context.consumed()
        self._dirty = False
        return self.quotient

    def status(self) -> int:
        """CSR."""
        ready = self._context.clock.now() >= self._ready_at
        if not ready:
            self._context.touch()
        return (READY if ready else 0) | (DIRTY if self._dirty else 0)

    def save(self) -> tuple[int, ...]:
        """State for a snapshot."""
        return (self.dividend, self.divisor, self.quotient, self.remainder, int(self._dirty), self._ready_at)

    def load(self, state: tuple[int, ...]) -> None:
        """Put a saved state back."""
        self.dividend, self.divisor, self.quotient, self.remainder, dirty, self._ready_at = state
        self._dirty = bool(dirty)


def divide(dividend: int, divisor: int, *, signed: bool) -> tuple[int, int]:
    """(quotient, remainder) of words; by zero as 2.3.1.5 says: -1, or 1 of a negative dividend."""
    if signed:
        dividend, divisor = _signed(dividend), _signed(divisor)
    if divisor == 0:
        return (1 if dividend < 0 else ALL_BITS), dividend & ALL_BITS
    quotient = abs(dividend) // abs(divisor)
    remainder = abs(dividend) % abs(divisor)
    quotient = -quotient if (dividend < 0) != (divisor < 0) else quotient
    remainder = -remainder if dividend < 0 else remainder
    return quotient & ALL_BITS, remainder & ALL_BITS


def _signed(word: int) -> int:
    return word - (1 << 32) if word & SIGN else word
