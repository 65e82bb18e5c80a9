"""RP2350's coprocessors alone: the SDK's sequences for doubles, canaries and booleans, pins."""

from __future__ import annotations

import math
import random
import struct

import pytest
from device_bench import Bench, get, round_trip

from emulator.device import CoprocessorInstruction
from peripherals.raspberrypi.dcp import DoubleCoprocessor
from peripherals.raspberrypi.rcp import FALSE, PARITY, TRUE, RedundancyCoprocessor
from peripherals.raspberrypi.rp2350_sio import Rp2350Sio

WORD = 0xFFFFFFFF
LESS, EQUAL, NOT_LESS, UNORDERED = 0, 1 << 30, 1 << 29, 1 << 28
NUMBERS = (0.0, -0.0, 1.0, -1.0, 1.5, math.pi, 1e300, -1e-300, math.inf, -math.inf, math.nan, 2.0**53, 0.1)


def bits(value: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def value_of(word: int) -> float:
    return float(struct.unpack("<d", struct.pack("<Q", word))[0])


class Fpu:
    """Sends instructions as the core would."""

    def __init__(self) -> None:
        self.unit = DoubleCoprocessor()

    def do(self, name: str, opcode: int, m: int, second: int = 0, *values: int) -> tuple[int, ...]:
        sent = CoprocessorInstruction(name, False, (opcode, second), (0, m, 0), values)
        answer = self.unit.execute(sent)
        assert answer is not None
        return answer

    def write(self, opcode: int, m: int, word: int) -> None:
        self.do("mcrr", opcode, m, 0, word & WORD, word >> 32)

    def read(self, opcode: int, m: int) -> int:
        low, high = self.do("mrrc", opcode, m)
        return high << 32 | low

    def operands(self, x: float, y: float) -> None:
        self.write(1, 0, bits(x))
        self.write(1, 1, bits(y))

    def rounded(self) -> float:
        self.do("cdp", 8, 0, 1)
        return value_of(self.read(1, 0))

    def add(self, x: float, y: float, *, subtract: bool = False) -> float:
        self.operands(x, y)
        self.do("cdp", 0, 1)
        self.do("cdp", 1, 1, int(subtract))
        return self.rounded()

    def multiply(self, x: float, y: float) -> float:
        self.operands(x, y)
        product = self.read(0, 4) * self.read(0, 5)
        self.write(2, 0, product & (1 << 64) - 1)
        self.write(3, 0, product >> 64)
        return self.rounded()

    def divide(self, x: float, y: float) -> float:
        self.operands(x, y)
        dividend, divisor = self.read(0, 4), self.read(0, 5) or 1
        quotient, rest = divmod(dividend << 57, divisor)
        self.write(4, 0, quotient & ~1 | int(rest > 0) | quotient & 1)
        return self.rounded()

    def root(self, x: float) -> float:
        self.write(1, 0, bits(x))
        self.do("cdp", 2, 1)
        square = self.read(0, 4) << 58  # Q120
        found = math.isqrt(square)
        self.write(5, 0, found | int(found * found != square))
        return self.rounded()


def same(found: float, right: float) -> bool:
    both_nan = math.isnan(found) and math.isnan(right)
    return both_nan or (found == right and math.copysign(1, found) == math.copysign(1, right))


def pairs() -> list[tuple[float, float]]:
    chance = random.Random(2350)
    made = [
        (chance.uniform(-2, 2) * 2.0 ** chance.randrange(-60, 60),
         chance.uniform(-2, 2) * 2.0 ** chance.randrange(-60, 60))
        for _ in range(300)
    ]  # fmt: skip
    near = [(x, -math.nextafter(x, 2 * x)) for x, _ in made[:40]] + [(x, x * 2.0**-54) for x, _ in made[:40]]
    return [*made, *near, *((x, y) for x in NUMBERS for y in NUMBERS)]


def quotient(x: float, y: float) -> float:
    if math.isnan(x) or math.isnan(y) or (x == 0 == y) or (math.isinf(x) and math.isinf(y)):
        return math.nan
    if y == 0:
        return math.copysign(math.inf, x) * math.copysign(1, y)
    return x / y


def normal(value: float) -> bool:
    return value == 0 or not math.isfinite(value) or abs(value) >= 2.0**-1022


@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "divide"])
def test_doubles_are_rounded_as_everywhere(operation: str) -> None:
    fpu = Fpu()
    for x, y in pairs():
        if operation == "add":
            found, right = fpu.add(x, y), x + y
        elif operation == "subtract":
            found, right = fpu.add(x, y, subtract=True), x - y
        elif operation == "multiply":
            found, right = fpu.multiply(x, y), x * y
        else:
            found, right = fpu.divide(x, y), quotient(x, y)
        assert not normal(right) or same(found, right), (x, y, found, right)


def test_roots() -> None:
    fpu = Fpu()
    for x, _ in pairs():
        right = math.nan if x < 0 or math.isnan(x) else math.sqrt(x)
        assert same(fpu.root(x), right), x


def test_seeds_and_scales_are_what_the_sequences_of_the_sdk_take() -> None:
    fpu = Fpu()
    fpu.operands(3.0, 1.75)
    assert fpu.do("mrrc", 1, 1) == (0x60000000, 0x70000000)  # both in Q30
    seed, y = fpu.do("mrrc", 2, 1)
    assert abs(seed / 2**31 - 1 / 1.75) < 2**-8
    assert y == int(1.75 * 2**31)
    fpu.do("cdp", 2, 1)
    seed, x = fpu.do("mrrc", 4, 1)
    assert x == 3 << 30
    assert abs(seed / 2**31 - 3**-0.5) < 2**-8


def test_comparisons_and_what_goes_on() -> None:
    fpu = Fpu()
    for x in NUMBERS:
        for y in NUMBERS:
            fpu.operands(x, y)
            fpu.do("cdp", 0, 1)
            (flags,) = fpu.do("mrc", 0, 0, 1)
            unordered = math.isnan(x) or math.isnan(y)
            right = UNORDERED if unordered else (EQUAL if x == y else 0) | (NOT_LESS if x >= y else 0)
            assert flags & ~(1 << 31) == right, (x, y)
            assert flags >> 31, "something was going on"
            assert fpu.do("mrc", 0, 0, 1)[0] >> 31 == 0, "until it was read"


@pytest.mark.parametrize(
    ("value", "truncated", "nearest"),
    [(2.5, 2, 2), (-2.5, -2, -2), (3.5, 3, 4), (0.4, 0, 0), (1e20, 2**31 - 1, 2**31 - 1),
     (-1e20, -(2**31), -(2**31)), (math.nan, 0, 0), (-0.75, 0, -1)],
)  # fmt: skip
def test_integers(value: float, truncated: int, nearest: int) -> None:
    fpu = Fpu()
    for second, right in ((2, truncated), (3, nearest)):
        fpu.write(8, 0, bits(value))
        fpu.do("cdp", 0, 1)
        fpu.do("cdp", 1, 1)
        fpu.do("cdp", 8, 0, second)
        assert fpu.do("mrc", 0, 3)[0] == right & WORD
    fpu.do("mcrr", 7, 0, 0, right & WORD, right & WORD)
    fpu.do("cdp", 0, 1)
    fpu.do("cdp", 1, 1, 1)
    assert fpu.rounded() == right


def test_singles_and_a_saved_state() -> None:
    fpu = Fpu()
    single = struct.unpack("<I", struct.pack("<f", 0.1))[0]
    fpu.do("mcrr", 1, 2, 0, single, single)
    mantissa, descriptors = fpu.read(0, 8), fpu.do("mrrc", 0, 10)
    other = Fpu()
    other.write(0, 0, mantissa)
    other.write(0, 2, descriptors[1] << 32 | descriptors[0])
    assert other.rounded() == struct.unpack("<f", struct.pack("<f", 0.1))[0]
    fpu.write(1, 0, bits(1 / 3))
    fpu.do("cdp", 8, 2, 1)
    assert fpu.do("mrc", 0, 2, 5)[0] == struct.unpack("<I", struct.pack("<f", 1 / 3))[0]


def redundancy(unit: RedundancyCoprocessor, name: str, opcode: int, second: int, *values: int,
               tag: int = 0, m: int | None = None) -> tuple[int, ...] | None:  # fmt: skip
    place = (tag >> 4, tag & 15 if m is None else m, 0)
    return unit.execute(CoprocessorInstruction(name, True, (opcode, second), place, values))


def test_redundancy() -> None:
    unit = RedundancyCoprocessor()
    assert redundancy(unit, "mrc", 1, 0) == (FALSE,)
    assert redundancy(unit, "mrc", 0, 1, tag=0x5A) is None, "no salt, no canary"
    assert redundancy(unit, "mcrr", 8, 0, 0x1234, 0x5678, m=0) == ()
    assert redundancy(unit, "mrc", 1, 0) == (TRUE,)
    (canary,) = redundancy(unit, "mrc", 0, 1, tag=0x5A) or (0,)
    assert redundancy(unit, "mcr", 0, 1, canary, tag=0x5A) == ()
    assert redundancy(unit, "mcr", 0, 1, canary ^ 1, tag=0x5A) is None
    assert "canary" in unit.panicked
    assert redundancy(unit, "mcr", 1, 0, FALSE) == () and redundancy(unit, "mcr", 2, 0, TRUE) == ()
    assert redundancy(unit, "mcr", 2, 0, FALSE) is None
    assert redundancy(unit, "mcrr", 6, 0, 7, 7 ^ PARITY, m=8) == ()
    assert redundancy(unit, "mcrr", 7, 0, 7, 8, m=0) is None
    assert redundancy(unit, "mcr", 4, 0, 0, tag=3) == () and redundancy(unit, "mcr", 5, 1, 0, tag=3) == ()
    assert redundancy(unit, "mcr", 5, 1, 0, tag=4) == () and redundancy(unit, "mcr", 5, 1, 0, tag=4) is None
    assert redundancy(unit, "mcrr", 8, 0, 0, 0, m=0) is None, "salt is written once"
    again = RedundancyCoprocessor()
    again.load(unit.save())
    assert redundancy(again, "mrc", 0, 1, tag=0x5A) == (canary,)
    assert redundancy(again, "cdp", 0, 1) is None


def test_pins_of_the_gpio_coprocessor() -> None:
    bench = Bench()
    sio = bench.build(Rp2350Sio, "sio", lines=("proc0", "bell"))

    def pins(name: str, opcode: int, m: int, *values: int) -> tuple[int, ...] | None:
        return sio.coprocess(0, CoprocessorInstruction(name, False, (opcode, 0), (0, m, 0), values))

    assert pins("mcrr", 4, 4, 25, 1) == ()  # the enable of pin 25
    assert pins("mcr", 6, 0, 25) == ()  # set it
    assert (bench.signals.get("GPIO25"), get(sio, "GPIO_OUT")) == (1, 1 << 25)
    assert pins("mrc", 0, 8) == (1 << 25,)
    assert pins("mcr", 5, 0, 25) == () and bench.signals.get("GPIO25") == 0
    assert pins("mcrr", 6, 0, 25, 0) == () and get(sio, "GPIO_OUT") == 0, "its condition is 0"
    assert pins("mcrr", 8, 0, 0x30, 0) == () and pins("mrrc", 0, 0) == (0x30, 0)
    assert pins("mcr", 3, 0, 0x10) == () and pins("mrc", 0, 0) == (0x20,)
    assert pins("mcr", 0, 8, 1) is None and pins("mrc", 1, 0) is None
    assert get(sio, "FIFO_ST") == 2
    round_trip(sio)
