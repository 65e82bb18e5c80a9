"""The double-precision coprocessor of RP2350's cores (datasheet 3.6.2): X and Y, and what is done to them.

Each of the two has a sign, an exponent and a mantissa in Q62 (1.0 is bit 62). Firmware writes operands, has
them added or reads their mantissas and multiplies those itself, writes the product or quotient back, has it
rounded, and reads the result. Scales of what is written and read: those that the SDK's sequences need
(hardware_dcp, dcp_canned.inc.S). Numbers below the smallest normal one are zero. A guess is the accuracy of
the reciprocals' seeds (here exact), and that the descriptor's bits are sign, zero, infinite, NaN.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

from emulator.device import CoprocessorInstruction
from peripherals.raspberrypi.dcp_number import (
    DOUBLE,
    NAN,
    NUMBER,
    ONE,
    POINT,
    SINGLE,
    WORD,
    ZERO,
    Number,
)

ENGAGED, EQUAL, NOT_LESS, UNORDERED = 1 << 31, 1 << 30, 1 << 29, 1 << 28
WIDE = (1 << 64) - 1
CDP = {
    (0, 0, 0): "init", (0, 1, 0): "compare", (1, 1, 0): "add", (1, 1, 1): "subtract", (2, 1, 0): "make_even",
    (8, 2, 0): "normalize", (8, 2, 1): "round_single", (8, 0, 1): "round_double", (8, 0, 2): "truncate",
    (8, 0, 3): "round_integer",
}  # fmt: skip
"""By opc1, CRm and opc2."""
MCRR = {
    (0, 0): "put_x_mantissa", (0, 1): "put_y_mantissa", (0, 2): "put_descriptors", (1, 0): "put_x",
    (1, 1): "put_y", (1, 2): "put_singles", (2, 0): "put_sticky", (3, 0): "put_product",
    (4, 0): "put_double_quotient", (5, 0): "put_double_root", (6, 0): "put_unsigned", (7, 0): "put_signed",
    (8, 0): "put_x_alone", (9, 2): "put_single_alone", (10, 0): "put_product", (11, 0): "put_single_quotient",
    (12, 0): "put_single_root",
}  # fmt: skip
"""By opc1 and CRm."""
SINGLES, DOUBLES = range(6), (1, 3, 5, 7, 9, 11)


class DoubleCoprocessor:
    """The first core's."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Both zero; nothing is going on."""
        self._x, self._y = ZERO_NUMBER, ZERO_NUMBER
        self._engaged = False

    def execute(self, instruction: CoprocessorInstruction) -> tuple[int, ...] | None:
        """Do it; None: there is no such instruction."""
        first, second = instruction.opcodes
        n, m, _d = instruction.registers
        if n:
            return None
        if instruction.name in ("cdp", "mcrr"):
            is_cdp = instruction.name == "cdp"
            done = CDP.get((first, m, second)) if is_cdp else MCRR.get((first, m))
            if done is None:
                return None
            self._engaged = done != "init"
            getattr(self, f"_{done}")(*instruction.values)
            return ()
        answer = self._word(m, second) if instruction.name == "mrc" and not first else None
        if instruction.name == "mrrc":
            answer = self._two_words(first, m)
        if not instruction.second and answer is not None:
            self._engaged = False
        return answer

    def save(self) -> Any:
        """State for a snapshot."""
        return tuple(self._x), tuple(self._y), self._engaged

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        x, y, self._engaged = state
        self._x, self._y = Number(*x), Number(*y)

    # -- reads -------------------------------------------------------------------------------
    def _word(self, m: int, second: int) -> tuple[int, ...] | None:
        """MRC."""
        if m == 0 and second in (0, 1):
            return (self._x.descriptor & 0xF0000000 if second == 0 else self._comparison(),)
        if m == 2 and second in SINGLES:
            return (self._x.packed(SINGLE),)
        if m == 3 and second in (0, 1):
            return (self._x.integer(signed=second == 0),)
        return None

    def _two_words(self, first: int, m: int) -> tuple[int, ...] | None:
        """MRRC."""
        x, y = self._x.mantissa, self._y.mantissa
        if m in (8, 9) and not first:
            return _words(y if m == 9 else x)
        if m == 10 and not first:
            return self._x.descriptor, self._y.descriptor
        if m in (4, 5):
            return _words((y if m == 5 else x) >> first)
        if m == 1 and first in (1, 2, 4):
            return {1: self._upper, 2: self._reciprocal, 4: self._root}[first]()
        if m == 0 and first in DOUBLES:
            return _words(self._x.packed(DOUBLE))
        return None

    def _upper(self) -> tuple[int, ...]:
        """RXYH: both mantissas in Q30."""
        return self._x.mantissa >> 32, self._y.mantissa >> 32

    def _reciprocal(self) -> tuple[int, ...]:
        """RYMR: 1/y in Q31, y in Q31."""
        y = self._y.mantissa or ONE
        return min((1 << 31 + POINT) // y, 1 << 31), y >> 31 & WORD

    def _root(self) -> tuple[int, ...]:
        """RXMQ: 1/sqrt(x) in Q31, x in Q30."""
        x = self._x.mantissa or ONE
        seed = isqrt((1 << 62 + POINT) // x)
        return min(seed, (1 << 31) - 1), x >> 32

    def _comparison(self) -> int:
        """RCMP: N says that something is going on, Z equal, C not less, V unordered."""
        engaged = ENGAGED if self._engaged else 0
        if NAN in (self._x.kind, self._y.kind):
            return engaged | UNORDERED
        x, y = self._x.value(), self._y.value()
        return engaged | (EQUAL if x == y else 0) | (NOT_LESS if x >= y else 0)

    # -- operands ----------------------------------------------------------------------------
    def _put_x_mantissa(self, low: int, high: int) -> None:
        self._x = self._x._replace(mantissa=high << 32 | low)

    def _put_y_mantissa(self, low: int, high: int) -> None:
        self._y = self._y._replace(mantissa=high << 32 | low)

    def _put_descriptors(self, x: int, y: int) -> None:
        self._x, self._y = self._x.described(x), self._y.described(y)

    def _put_x(self, low: int, high: int) -> None:
        self._x = Number.unpacked(high << 32 | low, DOUBLE)

    def _put_y(self, low: int, high: int) -> None:
        self._y = Number.unpacked(high << 32 | low, DOUBLE)

    def _put_singles(self, x: int, y: int) -> None:
        self._x, self._y = Number.unpacked(x, SINGLE), Number.unpacked(y, SINGLE)

    def _put_x_alone(self, low: int, high: int) -> None:
        self._put_x(low, high)
        self._y = ZERO_NUMBER

    def _put_single_alone(self, x: int, _again: int) -> None:
        self._x, self._y = Number.unpacked(x, SINGLE), ZERO_NUMBER

    def _put_unsigned(self, word: int, _again: int) -> None:
        self._x, self._y = Number.of_integer(word), ZERO_NUMBER

    def _put_signed(self, word: int, _again: int) -> None:
        self._put_unsigned(word, word)
        if word >> 31:
            self._x = Number.of_integer(word - (1 << 32))

    # -- results that firmware has computed ---------------------------------------------------
    def _put_sticky(self, low: int, high: int) -> None:
        """WXMS: whether anything is below."""
        self._x = self._x._replace(mantissa=int(bool(low | high)))

    def _put_product(self, low: int, high: int) -> None:
        """WXMO, WXFM: Q60."""
        below = self._x.mantissa & 1
        self._take(self._x.times(self._y), (high << 32 | low) << 2 | below)

    def _put_double_quotient(self, low: int, high: int) -> None:
        """WXDD: Q57."""
        self._take(self._x.over(self._y), (high << 32 | low) << 5)

    def _put_single_quotient(self, low: int, high: int) -> None:
        """WXFD: Q61."""
        self._take(self._x.over(self._y), (high << 32 | low) << 1)

    def _put_double_root(self, low: int, high: int) -> None:
        """WXDQ: Q60."""
        self._take(self._x.root(), (high << 32 | low) << 2)

    def _put_single_root(self, low: int, high: int) -> None:
        """WXFQ: Q61."""
        self._take(self._x.root(), (high << 32 | low) << 1)

    def _take(self, what: Number, mantissa: int) -> None:
        self._x = what._replace(mantissa=mantissa & WIDE)

    # -- what it does itself -------------------------------------------------------------------
    def _init(self) -> None:
        """INIT."""

    def _compare(self) -> None:
        """ADD0: which is larger is found when it matters."""

    def _add(self) -> None:
        self._x = self._x.plus(self._y)

    def _subtract(self) -> None:
        self._x = self._x.plus(self._y.negated())

    def _make_even(self) -> None:
        """SQR0: an even exponent, the mantissa from 1 to below 4."""
        x = self._x
        if x.kind == NUMBER and x.exponent & 1:
            self._x = x._replace(exponent=x.exponent - 1, mantissa=x.mantissa << 1)

    def _normalize(self) -> None:
        self._x = self._x.normalized()

    def _round_single(self) -> None:
        self._x = self._x.rounded(SINGLE.fraction_bits)

    def _round_double(self) -> None:
        self._x = self._x.rounded(DOUBLE.fraction_bits)

    def _truncate(self) -> None:
        self._x = self._x.whole(nearest=False)

    def _round_integer(self) -> None:
        self._x = self._x.whole(nearest=True)


def _words(value: int) -> tuple[int, int]:
    return value & WORD, value >> 32 & WORD


ZERO_NUMBER = Number(0, ZERO, 0, 0)
