"""An interpolator of SIO (RP2040 datasheet 2.3.1.6): two lanes, blend on the first, clamp on the second one.

A lane shifts right an accumulator, masks bits MASK_LSB to MASK_MSB, extends their sign, adds its base.
"""

from __future__ import annotations

from peripherals.parts.twos_complement import signed
from peripherals.register_device import ALL_BITS

SIGNED, CROSS_INPUT, CROSS_RESULT, ADD_RAW = 1 << 15, 1 << 16, 1 << 17, 1 << 18
BLEND, CLAMP = 1 << 21, 1 << 22
OVERFLOW_SHIFT, OVERFLOW_ANY = 23, 1 << 25
CONTROL_MASK = 0x1FFFFF
BLEND_BITS = 8
ADDEND_BITS = 24


class Interpolator:
    """Accumulators, bases and lane controls; ``blends``: of the two in a processor, the first one."""

    def __init__(self, *, blends: bool) -> None:
        self._special = BLEND if blends else CLAMP
        self.reset()

    def reset(self) -> None:
        """All zero."""
        self.accumulator = [0, 0]
        self.base = [0, 0, 0]
        self.control = [0, 0]

    def set_control(self, lane: int, value: int) -> None:
        """CTRL_LANE0, CTRL_LANE1."""
        self.control[lane] = value & (CONTROL_MASK | (self._special if lane == 0 else 0))

    def shown_control(self, lane: int) -> int:
        """The same with the overflow flags, which the first lane's register has."""
        if lane:
            return self.control[1]
        overflows = [self._overflows(n) for n in (0, 1)]
        flags = overflows[0] << OVERFLOW_SHIFT | overflows[1] << OVERFLOW_SHIFT + 1
        return self.control[0] | flags | (OVERFLOW_ANY if flags else 0)

    def set_both_bases(self, word: int) -> None:
        """BASE_1AND0: the halves, extended as each lane is signed; in blend mode as the second is."""
        lanes = (1, 1) if self.control[0] & self._special & BLEND else (0, 1)
        for number, lane in enumerate(lanes):
            half = word >> 16 * number & 0xFFFF
            self.base[number] = (signed(half, 16) if self.control[lane] & SIGNED else half) & ALL_BITS

    def results(self) -> tuple[int, int, int]:
        """LANE0, LANE1 and FULL."""
        masked = [self._masked(lane) for lane in (0, 1)]
        full = (masked[0] + masked[1] + self.base[2]) & ALL_BITS
        added = [(self._input(n) if self.control[n] & ADD_RAW else masked[n]) + self.base[n] for n in (0, 1)]
        lanes = [self._forced(n, added[n] & ALL_BITS) for n in (0, 1)]
        if self.control[0] & self._special & BLEND:
            lanes[0] = self._forced(0, masked[1] & (1 << BLEND_BITS) - 1)
            lanes[1] = self._blended(masked[1] & (1 << BLEND_BITS) - 1)
            full = (masked[0] + self.base[2]) & ALL_BITS
        elif self.control[0] & self._special & CLAMP:
            lanes[0] = self._forced(0, self._clamped(masked[0]))
        return lanes[0], lanes[1], full

    def pop(self) -> tuple[int, int, int]:
        """The same, and the accumulators take the lanes' results."""
        lane0, lane1, full = self.results()
        results = (lane0, lane1)
        for lane in (0, 1):
            source = 1 - lane if self.control[lane] & CROSS_RESULT else lane
            self.accumulator[lane] = results[source]
        return lane0, lane1, full

    def save(self) -> list[list[int]]:
        """State for a snapshot."""
        return [list(self.accumulator), list(self.base), list(self.control)]

    def load(self, state: list[list[int]]) -> None:
        """Put a saved state back."""
        self.accumulator, self.base, self.control = (list(part) for part in state)

    # -- inside ----------------------------------------------------------------------------
    def _input(self, lane: int) -> int:
        return self.accumulator[1 - lane if self.control[lane] & CROSS_INPUT else lane]

    def _field(self, lane: int, shift: int) -> int:
        return self.control[lane] >> shift & 31

    def _masked(self, lane: int) -> int:
        low, high = self._field(lane, 5), self._field(lane, 10)
        shifted = self._input(lane) >> self._field(lane, 0)
        if high < low:
            return 0
        value = shifted & (1 << high + 1) - (1 << low)
        if self.control[lane] & SIGNED and value >> high & 1:
            value |= ALL_BITS & ~((1 << high + 1) - 1)
        return value

    def _overflows(self, lane: int) -> int:
        """Whether bits above the mask are set in the shifted input."""
        return int(self._input(lane) >> self._field(lane, 0) >> self._field(lane, 10) + 1 != 0)

    def _forced(self, lane: int, value: int) -> int:
        """FORCE_MSB is ORed into bits 29:28 of what the processor sees."""
        return value | (self.control[lane] >> 19 & 3) << 28

    def _blended(self, fraction: int) -> int:
        is_signed = self.control[1] & SIGNED
        first, second = (signed(b) if is_signed else b for b in self.base[:2])
        return (first + ((second - first) * fraction >> BLEND_BITS)) & ALL_BITS

    def _clamped(self, value: int) -> int:
        is_signed = self.control[0] & SIGNED
        low, high, at = (signed(b) if is_signed else b for b in (*self.base[:2], value))
        return (low if at < low else high if at > high else at) & ALL_BITS
