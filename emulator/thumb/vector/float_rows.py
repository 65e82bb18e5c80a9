"""Encodings of MVE's floating point (Armv8-M Architecture Reference Manual DDI 0553, C2.4).

The width of an element is a bit of its own, bit 20 or bit 28, which says of some that it is half precision,
of others single. What the float pipe has ready one stage later is of the kind of products (LLVM's
ARMScheduleM55.td), additions with a core register too.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.thumb.instruction import Kind
from emulator.thumb.vector.across_rows import CONDITIONS
from emulator.thumb.vector.data_rows import THREE, WITH_CORE
from emulator.thumb.vector.pattern import Flag, Row

FLOAT, LONGER, ACROSS = Kind.VECTOR_FLOAT, Kind.VECTOR_MULTIPLY, Kind.VECTOR_ACROSS
SCALAR, SUBTRACT, TOP, UNSIGNED = Flag.SCALAR, Flag.SUBTRACT, Flag.TOP, Flag.UNSIGNED
NONE = Flag(0)
WIDTHS = ((1, 1, 0), (2, 0, 1))
"""log2 of an element's bytes; the bit that is set for halves; the one that is set for singles."""
ACCUMULATED, ACCUMULATED_CORE = THREE.replace("=", "+"), WITH_CORE.replace("=", "+")
TO_NEAREST, TO_PLUS, TO_MINUS, TO_ZERO, TO_NEAREST_AWAY = range(5)
"""Rounding modes, as numbers.h has them."""
BY_LETTER = (("a", TO_NEAREST_AWAY), ("n", TO_NEAREST), ("p", TO_PLUS), ("m", TO_MINUS))
"""In the order of their two bits."""
WHOLE = (
    (0, "n", TO_NEAREST),
    (1, "x", TO_NEAREST),
    (2, "a", TO_NEAREST_AWAY),
    (3, "z", TO_ZERO),
    (5, "m", TO_MINUS),
    (7, "p", TO_PLUS),
)
UNORDERED = (2, 3)
"""Comparisons of integers alone: CS, HI."""


THREES = (  # first eight bits, bit 21, bits 11:4
    ("1110 1111", 0, "1101 0100", f"vadd.f{{b}} {THREE}", "FADD", NONE, FLOAT),
    ("1110 1111", 1, "1101 0100", f"vsub.f{{b}} {THREE}", "FSUB", NONE, FLOAT),
    ("1111 1111", 0, "1101 0101", f"vmul.f{{b}} {THREE}", "FMUL", NONE, LONGER),
    ("1111 1111", 1, "1101 0100", f"vabd.f{{b}} {THREE}", "FABD", NONE, FLOAT),
    ("1111 1111", 0, "1111 0101", f"vmaxnm.f{{b}} {THREE}", "FMAX", NONE, FLOAT),
    ("1111 1111", 1, "1111 0101", f"vminnm.f{{b}} {THREE}", "FMIN", NONE, FLOAT),
    ("1110 1111", 0, "1100 0101", f"vfma.f{{b}} {ACCUMULATED}", "FMA", NONE, LONGER),
    ("1110 1111", 1, "1100 0101", f"vfms.f{{b}} {ACCUMULATED}", "FMA", SUBTRACT, LONGER),
)


def _three() -> Iterator[Row]:
    for s, h, w in WIDTHS:
        fixed = {"s": s}
        for first, bit, rest, text, operation, flags, kind in THREES:
            bits = f"{first} 00{bit}{h} nnn0 ddd0 {rest} mmm0"
            yield Row(bits, text, operation, flags, kind, fixed=fixed)
        for b, degrees, flag in ((0, 90, NONE), (1, 270, SUBTRACT)):
            bits = f"1111 110{b} 100{w} nnn0 ddd0 1000 0100 mmm0"
            yield Row(bits, f"vcadd.f{{b}} {THREE}, #{degrees}", "FCADD", flag, FLOAT, fixed=fixed)
        for turn in range(4):
            high, low, turned = turn >> 1, turn & 1, fixed | {"turn": turn}
            bits = f"1111 110{high} {low}01{w} nnn0 ddd0 1000 0100 mmm0"
            yield Row(bits, f"vcmla.f{{b}} {ACCUMULATED}, #{90 * turn}", "FCMLA", NONE, LONGER, fixed=turned)
            bits = f"111{w} 1110 0011 nnn0 ddd{high} 1110 0000 mmm{low}"
            yield Row(bits, f"vcmul.f{{b}} {THREE}, #{90 * turn}", "FCMUL", NONE, LONGER, fixed=turned)


def _with_core() -> Iterator[Row]:
    for s, h, _ in WIDTHS:
        for bit, top, rest, text, operation in (
            ("nnn0", 0, "1111 0100", f"vadd.f{{b}} {WITH_CORE}", "FADD"),
            ("nnn0", 1, "1111 0100", f"vsub.f{{b}} {WITH_CORE}", "FSUB"),
            ("nnn1", 0, "1110 0110", f"vmul.f{{b}} {WITH_CORE}", "FMUL"),
            ("nnn1", 0, "1110 0100", f"vfma.f{{b}} {ACCUMULATED_CORE}", "FMA"),
            ("nnn1", 1, "1110 0100", f"vfmas.f{{b}} {ACCUMULATED_CORE}", "FMAS"),
        ):
            bits = f"111{h} 1110 0011 {bit} ddd{top} {rest} mmmm"
            yield Row(bits, text, operation, SCALAR, LONGER, fixed={"s": s})


def _one() -> Iterator[Row]:
    for s, h, _ in WIDTHS:
        fixed = {"s": s}
        for low, name in ((0, "max"), (1, "min")):
            operation = f"F{name.upper()}"
            bits = f"111{h} 1110 0011 1111 ddd{low} 1110 1000 mmm1"
            yield Row(bits, f"v{name}nma.f{{b}} {{+qd}}, {{qm}}", f"{operation}A", NONE, FLOAT, fixed=fixed)
            for bit, letter in ((1, ""), (0, "A")):
                bits = f"111{h} 1110 1110 11{bit}0 dddd 1111 {low}000 mmm0"
                text = f"v{name}nm{letter.lower()}v.f{{b}} {{+rd}}, {{qm}}"
                yield Row(bits, text, f"{operation}{letter}V", NONE, ACROSS, fixed=fixed)
    one, sizes = "{=qd}, {qm}", (1, 2)
    yield Row("1111 1111 1011 ss01 ddd0 0111 0100 mmm0", f"vabs.f{{b}} {one}", "FABS", NONE, FLOAT, sizes)
    yield Row("1111 1111 1011 ss01 ddd0 0111 1100 mmm0", f"vneg.f{{b}} {one}", "FNEG", NONE, FLOAT, sizes)
    for number, letter, mode in WHOLE:
        bits = f"1111 1111 1011 ss10 ddd0 01{number >> 1:02b} {number & 1}100 mmm0"
        raises = {"mode": mode, "raises": int(letter == "x")}
        yield Row(bits, f"vrint{letter}.f{{b}} {one}", "RINT", NONE, LONGER, sizes, raises)


def _conversions() -> Iterator[Row]:
    one, sizes = "{=qd}, {qm}", (1, 2)
    whole, to_zero = {"i": 0, "mode": TO_NEAREST}, {"i": 0, "mode": TO_ZERO}
    yield Row(
        "1111 1111 1011 ss11 ddd0 0110 u100 mmm0",
        f"vcvt.f{{b}}.{{t}}{{b}} {one}",
        "FROM_FIXED",
        NONE,
        LONGER,
        sizes,
        whole,
    )
    yield Row(
        "1111 1111 1011 ss11 ddd0 0111 u100 mmm0",
        f"vcvt.{{t}}{{b}}.f{{b}} {one}",
        "TO_FIXED",
        NONE,
        LONGER,
        sizes,
        to_zero,
    )
    for number, (letter, mode) in enumerate(BY_LETTER):
        bits = f"1111 1111 1011 ss11 ddd0 00{number:02b} u100 mmm0"
        yield Row(
            bits,
            f"vcvt{letter}.{{t}}{{b}}.f{{b}} {one}",
            "TO_FIXED",
            NONE,
            LONGER,
            sizes,
            {"i": 0, "mode": mode},
        )
    for s, amount, high in ((1, "1011 iiii", "110"), (2, "101i iiii", "111")):
        point = {"s": s, "behind": 1}
        bits = f"111u 1111 {amount} ddd0 {high}0 0101 mmm0"
        yield Row(
            bits,
            f"vcvt.f{{b}}.{{t}}{{b}} {one}, #{{point}}",
            "FROM_FIXED",
            NONE,
            LONGER,
            fixed=point | {"mode": TO_NEAREST},
        )
        bits = f"111u 1111 {amount} ddd0 {high}1 0101 mmm0"
        yield Row(
            bits,
            f"vcvt.{{t}}{{b}}.f{{b}} {one}, #{{point}}",
            "TO_FIXED",
            NONE,
            LONGER,
            fixed=point | {"mode": TO_ZERO},
        )
    for t, half, top in ((0, "b", NONE), (1, "t", TOP)):
        bits = f"1110 1110 0011 1111 ddd{t} 1110 0000 mmm1"
        yield Row(bits, f"vcvt{half}.f16.f32 {{+qd}}, {{qm}}", "FNARROW", top, FLOAT, fixed={"s": 1})
        bits = f"1111 1110 0011 1111 ddd{t} 1110 0000 mmm1"
        yield Row(bits, f"vcvt{half}.f32.f16 {{=qd}}, {{qm}}", "FWIDEN", top, LONGER, fixed={"s": 2})


def _comparisons() -> Iterator[Row]:
    """VCMP, and VPT, which opens a block."""
    for s, h, _ in WIDTHS:
        for number, condition in enumerate(CONDITIONS):
            if number in UNORDERED:
                continue
            high, low, middle = number >> 2 & 1, number & 1, number >> 1 & 1
            first, fixed = f"111{h} 1110 0k11 nnn1 kkk{high} 1111", {"condition": number, "s": s}
            text = f"{{compare}}.f{{b}} {condition}, {{qn}}, "
            bits = f"{first} {low}000 mmm{middle}"
            yield Row(bits, text + "{qm}", "FCMP", NONE, Kind.VECTOR_PREDICATE, fixed=fixed)
            bits = f"{first} {low}1{middle}0 mmmm"
            yield Row(bits, text + "{zm}", "FCMP", SCALAR, Kind.VECTOR_PREDICATE, fixed=fixed)


def float_rows() -> Iterator[Row]:
    """Every row; those of predicates (VPST) come before them."""
    yield from _three()
    yield from _with_core()
    yield from _one()
    yield from _conversions()
    yield from _comparisons()
