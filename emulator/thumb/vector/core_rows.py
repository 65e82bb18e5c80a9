"""Encodings of Armv8.1-M in core registers (DDI 0553, C2.4): loops, selects, long shifts, CLRM."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.thumb.instruction import Kind
from emulator.thumb.vector.pattern import Flag, Row

LOOP, SHIFT = Kind.LOOP, Kind.LONG_SHIFT
SIZES = (0, 1, 2, 3)
PREDICATES = Flag.PREDICATES
LETTERS = ((0, "lsll"), (1, "lsrl"), (2, "asrl"))

LOOPS = (
    Row("1111 0000 0000 1111 1110 0000 0000 0001", "lctp", "CLEAR_PREDICATION", kind=LOOP),
    Row("1111 0000 0100 nnnn 1110 0000 0000 0001", "dls lr, {rn}", "LOOP_START", kind=LOOP),
    Row(
        "1111 0000 00ss nnnn 1110 0000 0000 0001", "dlstp.{b} lr, {rn}", "LOOP_START", PREDICATES, LOOP, SIZES
    ),
    Row("1111 0000 0100 nnnn 1100 jiii iiii iii1", "wls lr, {rn}, {ahead}", "LOOP_WHILE", kind=LOOP),
    Row("1111 0000 0000 1111 1100 jiii iiii iii1", "le lr, {back}", "LOOP_END", kind=LOOP),
    Row("1111 0000 0010 1111 1100 jiii iiii iii1", "le {back}", "LOOP_FOREVER", kind=LOOP),
    Row("1111 0000 0001 1111 1100 jiii iiii iii1", "letp lr, {back}", "LOOP_END", PREDICATES, LOOP),
    Row(
        "1111 0000 00ss nnnn 1100 jiii iiii iii1",
        "wlstp.{b} lr, {rn}, {ahead}",
        "LOOP_WHILE",
        PREDICATES,
        LOOP,
        SIZES,
    ),
)
SELECTS = (
    Row("1110 1010 0101 nnnn 10oo dddd cccc mmmm", "{select}", "SELECT", kind=Kind.ALU),
    Row("1110 1000 1001 1111 ai0l llll llll llll", "clrm {cleared}", "CLEAR", kind=Kind.ALU),
)


def _shifts() -> Iterator[Row]:
    one = "1110 1010 0101 dddd"
    for number, name in ((3, "sqshl"), (0, "uqshl"), (2, "srshr"), (1, "urshr")):
        yield Row(
            f"{one} 0iii 1111 ii{number:02b} 1111", f"{name} {{+rd}}, #{{length}}", name.upper(), kind=SHIFT
        )
    for number, name in ((2, "sqrshr"), (0, "uqrshl")):
        yield Row(f"{one} mmmm 1111 00{number:02b} 1101", f"{name} {{+rd}}, {{rm}}", name.upper(), kind=SHIFT)
    for number, name in LETTERS:
        yield Row(
            f"1110 1010 0101 lll0 0iii hhh1 ii{number:02b} 1111",
            f"{name} {{+el}}, {{+oh}}, #{{length}}",
            name.upper(),
            Flag.IMMEDIATE,
            SHIFT,
        )
    for number, name in (LETTERS[0], LETTERS[2]):
        yield Row(
            f"1110 1010 0101 lll0 mmmm hhh1 00{number:02b} 1101",
            f"{name} {{+el}}, {{+oh}}, {{rm}}",
            name.upper(),
            kind=SHIFT,
        )
    for number, name in ((3, "sqshll"), (0, "uqshll"), (2, "srshrl"), (1, "urshrl")):
        yield Row(
            f"1110 1010 0101 lll1 0iii hhh1 ii{number:02b} 1111",
            f"{name} {{+el}}, {{+oh}}, #{{length}}",
            name.upper(),
            kind=SHIFT,
        )
    for number, name in ((2, "sqrshrl"), (0, "uqrshll")):
        for bit, bits in ((0, 64), (1, 48)):
            yield Row(
                f"1110 1010 0101 lll1 mmmm hhh1 {bit}0{number:02b} 1101",
                f"{name} {{+el}}, {{+oh}}, #{bits}, {{rm}}",
                name.upper(),
                kind=SHIFT,
                fixed={"bits": bits},
            )


def core_rows() -> Iterator[Row]:
    """Every row, those first that another one's bits would cover."""
    yield from LOOPS
    yield from SELECTS
    yield from _shifts()
