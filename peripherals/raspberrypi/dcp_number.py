"""A number as RP2350's double-precision coprocessor holds it (datasheet 3.6.2): unpacked, rounded, packed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

POINT = 62
ONE = 1 << POINT
WORD = 0xFFFFFFFF
NUMBER, ZERO, INFINITE, NAN = 0, 1 << 30, 1 << 29, 1 << 28
"""Kinds, as bits of a descriptor."""
KINDS, EXPONENT_MASK, EXPONENT_SIGN = ZERO | INFINITE | NAN, 0x3FFF, 0x2000
STICKY_FROM = 66
"""Exponents apart by so much: of the smaller number only that it is there matters."""
LEAST_INTEGER, MOST_INTEGER = -(1 << 31), (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Parts:
    """A format of IEEE 754."""

    fraction_bits: int
    exponent_bits: int

    @property
    def bias(self) -> int:
        """What the exponent field has too much."""
        return (1 << self.exponent_bits - 1) - 1

    @property
    def top(self) -> int:
        """The exponent field of infinities."""
        return (1 << self.exponent_bits) - 1


SINGLE, DOUBLE = Parts(23, 8), Parts(52, 11)


class Number(NamedTuple):
    """(-1)**sign * mantissa / 2**62 * 2**exponent, or what ``kind`` says."""

    sign: int
    kind: int
    exponent: int
    mantissa: int

    # -- from and to words -------------------------------------------------------------------
    @classmethod
    def unpacked(cls, word: int, parts: Parts) -> Number:
        """What a word of that format is; a number below the normal ones is zero."""
        fraction = word & (1 << parts.fraction_bits) - 1
        field = word >> parts.fraction_bits & parts.top
        sign = word >> parts.fraction_bits + parts.exponent_bits & 1
        if field == 0:
            return cls(sign, ZERO, 0, 0)
        if field == parts.top:
            return cls(sign, NAN if fraction else INFINITE, 0, 0)
        return cls(sign, NUMBER, field - parts.bias, ONE | fraction << POINT - parts.fraction_bits)

    @classmethod
    def of_integer(cls, value: int) -> Number:
        """An integer."""
        if not value:
            return cls(0, ZERO, 0, 0)
        exponent = abs(value).bit_length() - 1
        return cls(int(value < 0), NUMBER, exponent, abs(value) << POINT - exponent)

    def packed(self, parts: Parts) -> int:
        """The word of a rounded number; too small is zero, too large infinite."""
        sign = self.sign << parts.fraction_bits + parts.exponent_bits
        field = self.exponent + parts.bias
        if self.kind == NAN:
            return (parts.top << 1 | 1) << parts.fraction_bits - 1
        if self.kind == ZERO or (self.kind == NUMBER and field <= 0):
            return sign
        if self.kind == INFINITE or field >= parts.top:
            return sign | parts.top << parts.fraction_bits
        fraction = self.mantissa >> POINT - parts.fraction_bits & (1 << parts.fraction_bits) - 1
        return sign | field << parts.fraction_bits | fraction

    def integer(self, *, signed: bool) -> int:
        """A 32-bit word, saturated."""
        least, most = (LEAST_INTEGER, MOST_INTEGER) if signed else (0, WORD)
        if self.kind in (ZERO, NAN):
            return 0
        if self.kind == INFINITE:
            return (least if self.sign else most) & WORD
        return min(max(int(self.value()), least), most) & WORD

    @property
    def descriptor(self) -> int:
        """Sign, kind and exponent in a word."""
        return self.sign << 31 | self.kind | self.exponent & EXPONENT_MASK

    def described(self, word: int) -> Number:
        """With sign, kind and exponent of a word."""
        exponent = word & EXPONENT_MASK
        exponent -= (EXPONENT_MASK + 1) if exponent & EXPONENT_SIGN else 0
        return Number(word >> 31, word & KINDS, exponent, self.mantissa)

    def value(self) -> Fraction | float:
        """What it is; NaN is nothing that can be compared."""
        if self.kind == INFINITE:
            return float("-inf" if self.sign else "inf")
        if self.kind == ZERO:
            return Fraction(0)
        magnitude = Fraction(self.mantissa, ONE) * Fraction(2) ** self.exponent
        return -magnitude if self.sign else magnitude

    # -- arithmetic --------------------------------------------------------------------------
    def negated(self) -> Number:
        """The other sign."""
        return self._replace(sign=1 - self.sign)

    def plus(self, other: Number) -> Number:
        """The sum; what is lost of the smaller one below bit 0 is kept as a bit."""
        kinds = {self.kind, other.kind}
        if NAN in kinds or (kinds == {INFINITE} and self.sign != other.sign):
            return Number(0, NAN, 0, 0)
        if INFINITE in kinds:
            return self if self.kind == INFINITE else other
        if kinds == {ZERO}:
            return self._replace(sign=self.sign & other.sign)
        if ZERO in kinds:
            return other if self.kind == ZERO else self
        large, small = (self, other) if self.exponent >= other.exponent else (other, self)
        apart = min(large.exponent - small.exponent, STICKY_FROM)
        lost = small.mantissa & (1 << apart) - 1
        low = small.mantissa >> apart | int(lost > 0)
        total = large._signed(large.mantissa) + small._signed(low)
        if not total:
            return Number(0, ZERO, 0, 0)
        return Number(int(total < 0), NUMBER, large.exponent, abs(total))

    def times(self, other: Number) -> Number:
        """Sign, kind and exponent of the product."""
        kinds, sign = {self.kind, other.kind}, self.sign ^ other.sign
        if NAN in kinds or kinds == {ZERO, INFINITE}:
            return Number(0, NAN, 0, 0)
        kind = next((kind for kind in (INFINITE, ZERO) if kind in kinds), NUMBER)
        return Number(sign, kind, self.exponent + other.exponent, 0)

    def over(self, other: Number) -> Number:
        """Sign, kind and exponent of the quotient."""
        kinds, sign = (self.kind, other.kind), self.sign ^ other.sign
        if NAN in kinds or kinds in ((ZERO, ZERO), (INFINITE, INFINITE)):
            return Number(0, NAN, 0, 0)
        if self.kind == INFINITE or other.kind == ZERO:
            return Number(sign, INFINITE, 0, 0)
        if self.kind == ZERO or other.kind == INFINITE:
            return Number(sign, ZERO, 0, 0)
        return Number(sign, NUMBER, self.exponent - other.exponent, 0)

    def root(self) -> Number:
        """Sign, kind and exponent of the square root; its own exponent is even."""
        if self.kind == NAN or (self.sign and self.kind != ZERO):
            return Number(0, NAN, 0, 0)
        return Number(self.sign, self.kind, self.exponent >> 1, 0)

    # -- rounding ----------------------------------------------------------------------------
    def normalized(self) -> Number:
        """With a mantissa from 1 to below 2; a bit that falls out stays in bit 0."""
        if self.kind != NUMBER:
            return self
        if not self.mantissa:
            return self._replace(kind=ZERO)
        up = self.mantissa.bit_length() - 1 - POINT
        if up <= 0:
            return self._replace(exponent=self.exponent + up, mantissa=self.mantissa << -up)
        lost = self.mantissa & (1 << up) - 1
        return self._replace(exponent=self.exponent + up, mantissa=self.mantissa >> up | int(lost > 0))

    def rounded(self, fraction_bits: int) -> Number:
        """To the nearest with so many bits, to the even one of two."""
        number = self.normalized()
        if number.kind != NUMBER:
            return number
        drop = POINT - fraction_bits
        return number._replace(mantissa=_nearest(number.mantissa, drop) << drop).normalized()

    def whole(self, *, nearest: bool) -> Number:
        """The integer below its magnitude, or the nearest one."""
        number = self.normalized()
        if number.kind != NUMBER or number.exponent >= POINT:
            return number
        drop = min(POINT - number.exponent, POINT + 2)
        kept = _nearest(number.mantissa, drop) if nearest else number.mantissa >> drop
        whole = Number.of_integer(kept)
        return whole._replace(sign=number.sign)

    def _signed(self, mantissa: int) -> int:
        return -mantissa if self.sign else mantissa


def _nearest(mantissa: int, drop: int) -> int:
    kept, rest, half = mantissa >> drop, mantissa & (1 << drop) - 1, 1 << drop - 1
    return kept + int(rest > half or (rest == half and kept & 1))
