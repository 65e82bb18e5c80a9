"""Encodings of MVE's integer data processing (Armv8-M Architecture Reference Manual DDI 0553, C2.4).

Bits 22, 7 and 5, which would name Q8 to Q15, are 0: M-profile has eight vectors.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.thumb.instruction import Kind
from emulator.thumb.vector.pattern import Flag, Row

ALU, MULTIPLY = Kind.VECTOR_ALU, Kind.VECTOR_MULTIPLY
TOP, ROUND, SCALAR, IMMEDIATE = Flag.TOP, Flag.ROUND, Flag.SCALAR, Flag.IMMEDIATE
EXCHANGE, SUBTRACT = Flag.EXCHANGE, Flag.SUBTRACT
THREE = "{=qd}, {qn}, {qm}"
WITH_CORE = "{=qd}, {qn}, {rm}"
HALVES = ((0, "b", Flag(0)), (1, "t", TOP))

ROWS = (
    # two vectors, element by element
    Row("1110 1111 0000 nnn0 ddd0 0001 0101 mmm0", f"vand {THREE}", "AND"),
    Row("1110 1111 0001 nnn0 ddd0 0001 0101 mmm0", f"vbic {THREE}", "BIC"),
    Row("1110 1111 0010 nnn0 ddd0 0001 0101 mmm0", f"vorr {THREE}", "ORR"),
    Row("1110 1111 0011 nnn0 ddd0 0001 0101 mmm0", f"vorn {THREE}", "ORN"),
    Row("1111 1111 0000 nnn0 ddd0 0001 0101 mmm0", f"veor {THREE}", "EOR"),
    Row("1110 1111 00ss nnn0 ddd0 1000 0100 mmm0", f"vadd.i{{b}} {THREE}", "ADD"),
    Row("1111 1111 00ss nnn0 ddd0 1000 0100 mmm0", f"vsub.i{{b}} {THREE}", "SUB"),
    Row("1110 1111 00ss nnn0 ddd0 1001 0101 mmm0", f"vmul.i{{b}} {THREE}", "MUL", kind=MULTIPLY),
    Row("111u 1111 00ss nnn0 ddd0 0110 0100 mmm0", f"vmax.{{t}}{{b}} {THREE}", "MAX"),
    Row("111u 1111 00ss nnn0 ddd0 0110 0101 mmm0", f"vmin.{{t}}{{b}} {THREE}", "MIN"),
    Row("111u 1111 00ss nnn0 ddd0 0111 0100 mmm0", f"vabd.{{t}}{{b}} {THREE}", "ABD"),
    Row("111u 1111 00ss nnn0 ddd0 0000 0100 mmm0", f"vhadd.{{t}}{{b}} {THREE}", "HADD"),
    Row("111u 1111 00ss nnn0 ddd0 0001 0100 mmm0", f"vrhadd.{{t}}{{b}} {THREE}", "HADD", ROUND),
    Row("111u 1111 00ss nnn0 ddd0 0010 0100 mmm0", f"vhsub.{{t}}{{b}} {THREE}", "HSUB"),
    Row("111u 1111 00ss nnn0 ddd0 0000 0101 mmm0", f"vqadd.{{t}}{{b}} {THREE}", "QADD"),
    Row("111u 1111 00ss nnn0 ddd0 0010 0101 mmm0", f"vqsub.{{t}}{{b}} {THREE}", "QSUB"),
    Row("1110 1111 00ss nnn0 ddd0 1011 0100 mmm0", f"vqdmulh.s{{b}} {THREE}", "QDMULH", kind=MULTIPLY),
    Row("1111 1111 00ss nnn0 ddd0 1011 0100 mmm0", f"vqrdmulh.s{{b}} {THREE}", "QDMULH", ROUND, MULTIPLY),
    Row("111u 1110 00ss nnn1 ddd0 1110 0000 mmm1", f"vmulh.{{t}}{{b}} {THREE}", "MULH", kind=MULTIPLY),
    Row("111u 1110 00ss nnn1 ddd1 1110 0000 mmm1", f"vrmulh.{{t}}{{b}} {THREE}", "MULH", ROUND, MULTIPLY),
    # shifts by a vector: the value is in the place that is Qm elsewhere
    Row("111u 1111 00ss mmm0 ddd0 0100 0100 nnn0", f"vshl.{{t}}{{b}} {THREE}", "SHL"),
    Row("111u 1111 00ss mmm0 ddd0 0101 0100 nnn0", f"vrshl.{{t}}{{b}} {THREE}", "SHL", ROUND),
    Row("111u 1111 00ss mmm0 ddd0 0100 0101 nnn0", f"vqshl.{{t}}{{b}} {THREE}", "QSHL"),
    Row("111u 1111 00ss mmm0 ddd0 0101 0101 nnn0", f"vqrshl.{{t}}{{b}} {THREE}", "QSHL", ROUND),
    # dual products, carries, complex numbers
    Row("1111 1110 0011 nnn1 ddd0 1111 0000 mmm1", f"vpsel {THREE}", "PSEL"),
    Row(
        "111z 1110 0011 nnn0 ddd0 1111 0000 mmm1", "vqdmullb.s{z} {=qd}, {qn}, {qm}", "QDMULL", kind=MULTIPLY
    ),
    Row(
        "111z 1110 0011 nnn0 ddd1 1111 0000 mmm1", "vqdmullt.s{z} {=qd}, {qn}, {qm}", "QDMULL", TOP, MULTIPLY
    ),
    Row("1110 1110 0011 nnn0 ddd0 1111 0000 mmm0", f"vadc.i32 {THREE}", "ADC"),
    Row("1110 1110 0011 nnn0 ddd1 1111 0000 mmm0", f"vadci.i32 {THREE}", "ADC", IMMEDIATE),
    Row("1111 1110 0011 nnn0 ddd0 1111 0000 mmm0", f"vsbc.i32 {THREE}", "ADC", SUBTRACT),
    Row("1111 1110 0011 nnn0 ddd1 1111 0000 mmm0", f"vsbci.i32 {THREE}", "ADC", SUBTRACT | IMMEDIATE),
    Row("1110 1110 00ss nnn0 ddd0 1111 0000 mmm0", f"vhcadd.s{{b}} {THREE}, #90", "HCADD"),
    Row("1110 1110 00ss nnn0 ddd1 1111 0000 mmm0", f"vhcadd.s{{b}} {THREE}, #270", "HCADD", SUBTRACT),
    Row("1111 1110 00ss nnn0 ddd0 1111 0000 mmm0", f"vcadd.i{{b}} {THREE}, #90", "CADD"),
    Row("1111 1110 00ss nnn0 ddd1 1111 0000 mmm0", f"vcadd.i{{b}} {THREE}, #270", "CADD", SUBTRACT),
    # a vector and a core register
    Row("1110 1110 00ss nnn1 ddd0 1111 0100 mmmm", f"vadd.i{{b}} {WITH_CORE}", "ADD", SCALAR),
    Row("1110 1110 00ss nnn1 ddd1 1111 0100 mmmm", f"vsub.i{{b}} {WITH_CORE}", "SUB", SCALAR),
    Row("1110 1110 00ss nnn1 ddd1 1110 0110 mmmm", f"vmul.i{{b}} {WITH_CORE}", "MUL", SCALAR, MULTIPLY),
    Row("111u 1110 00ss nnn0 ddd0 1111 0100 mmmm", f"vhadd.{{t}}{{b}} {WITH_CORE}", "HADD", SCALAR),
    Row("111u 1110 00ss nnn0 ddd1 1111 0100 mmmm", f"vhsub.{{t}}{{b}} {WITH_CORE}", "HSUB", SCALAR),
    Row("111u 1110 00ss nnn0 ddd0 1111 0110 mmmm", f"vqadd.{{t}}{{b}} {WITH_CORE}", "QADD", SCALAR),
    Row("111u 1110 00ss nnn0 ddd1 1111 0110 mmmm", f"vqsub.{{t}}{{b}} {WITH_CORE}", "QSUB", SCALAR),
    Row(
        "111z 1110 0011 nnn0 ddd0 1111 0110 mmmm",
        "vqdmullb.s{z} {=qd}, {qn}, {rm}",
        "QDMULL",
        SCALAR,
        MULTIPLY,
    ),
    Row(
        "111z 1110 0011 nnn0 ddd1 1111 0110 mmmm",
        "vqdmullt.s{z} {=qd}, {qn}, {rm}",
        "QDMULL",
        SCALAR | TOP,
        MULTIPLY,
    ),
    Row("1111 1110 00ss nnn1 ddd1 1110 0110 mmmm", f"vbrsr.{{b}} {WITH_CORE}", "BRSR", SCALAR),
    Row("1110 1110 00ss nnn1 ddd0 1110 0110 mmmm", f"vqdmulh.s{{b}} {WITH_CORE}", "QDMULH", SCALAR, MULTIPLY),
    Row(
        "1111 1110 00ss nnn1 ddd0 1110 0110 mmmm",
        f"vqrdmulh.s{{b}} {WITH_CORE}",
        "QDMULH",
        SCALAR | ROUND,
        MULTIPLY,
    ),
    Row("111u 1110 00ss nnn1 ddd0 1110 0100 mmmm", "vmla.{t}{b} {+qd}, {qn}, {rm}", "MLA", SCALAR, MULTIPLY),
    Row(
        "111u 1110 00ss nnn1 ddd1 1110 0100 mmmm", "vmlas.{t}{b} {+qd}, {qn}, {rm}", "MLAS", SCALAR, MULTIPLY
    ),
    Row(
        "1110 1110 00ss nnn0 ddd0 1110 0110 mmmm",
        "vqdmlah.s{b} {+qd}, {qn}, {rm}",
        "QDMLAH",
        SCALAR,
        MULTIPLY,
    ),
    Row(
        "1110 1110 00ss nnn0 ddd0 1110 0100 mmmm",
        "vqrdmlah.s{b} {+qd}, {qn}, {rm}",
        "QDMLAH",
        SCALAR | ROUND,
        MULTIPLY,
    ),
    Row(
        "1110 1110 00ss nnn0 ddd1 1110 0110 mmmm",
        "vqdmlash.s{b} {+qd}, {qn}, {rm}",
        "QDMLASH",
        SCALAR,
        MULTIPLY,
    ),
    Row(
        "1110 1110 00ss nnn0 ddd1 1110 0100 mmmm",
        "vqrdmlash.s{b} {+qd}, {qn}, {rm}",
        "QDMLASH",
        SCALAR | ROUND,
        MULTIPLY,
    ),
    # one vector
    Row("1111 1111 1011 ss00 ddd0 0100 0100 mmm0", "vcls.s{b} {=qd}, {qm}", "CLS"),
    Row("1111 1111 1011 ss00 ddd0 0100 1100 mmm0", "vclz.i{b} {=qd}, {qm}", "CLZ"),
    Row("1111 1111 1011 ss00 ddd0 0001 0100 mmm0", "vrev16.{b} {=qd}, {qm}", "REV16", sizes=(0,)),
    Row("1111 1111 1011 ss00 ddd0 0000 1100 mmm0", "vrev32.{b} {=qd}, {qm}", "REV32", sizes=(0, 1)),
    Row("1111 1111 1011 ss00 ddd0 0000 0100 mmm0", "vrev64.{b} {=qd}, {qm}", "REV64"),
    Row("1111 1111 1011 0000 ddd0 0101 1100 mmm0", "vmvn {=qd}, {qm}", "MVN"),
    Row("1111 1111 1011 ss01 ddd0 0011 0100 mmm0", "vabs.s{b} {=qd}, {qm}", "ABS"),
    Row("1111 1111 1011 ss01 ddd0 0011 1100 mmm0", "vneg.s{b} {=qd}, {qm}", "NEG"),
    Row("1111 1111 1011 ss00 ddd0 0111 0100 mmm0", "vqabs.s{b} {=qd}, {qm}", "QABS"),
    Row("1111 1111 1011 ss00 ddd0 0111 1100 mmm0", "vqneg.s{b} {=qd}, {qm}", "QNEG"),
    Row("1110 1110 0011 ss11 ddd0 1110 1000 mmm1", "vmaxa.s{b} {+qd}, {qm}", "MAXA"),
    Row("1110 1110 0011 ss11 ddd1 1110 1000 mmm1", "vmina.s{b} {+qd}, {qm}", "MINA"),
    # shifts by a core register, in place
    Row("111u 1110 0011 ss01 ddd1 1110 0110 mmmm", "vshl.{t}{b} {+qd}, {rm}", "SHL", SCALAR),
    Row("111u 1110 0011 ss11 ddd1 1110 0110 mmmm", "vrshl.{t}{b} {+qd}, {rm}", "SHL", SCALAR | ROUND),
    Row("111u 1110 0011 ss01 ddd1 1110 1110 mmmm", "vqshl.{t}{b} {+qd}, {rm}", "QSHL", SCALAR),
    Row("111u 1110 0011 ss11 ddd1 1110 1110 mmmm", "vqrshl.{t}{b} {+qd}, {rm}", "QSHL", SCALAR | ROUND),
    Row("1110 1110 101i iiii ddd0 1111 1100 nnnn", "vshlc {+qd}, {+rn}, #{lengthc}", "SHLC"),
)


def _dual() -> Iterator[Row]:
    """VQDMLADH and its kin: pairs of products."""
    for u, name, subtract in ((0, "vqdmladh", Flag(0)), (1, "vqdmlsdh", SUBTRACT)):
        for x, suffix, exchange in ((0, "", Flag(0)), (1, "x", EXCHANGE)):
            for r, spelled, rounding in ((0, name, Flag(0)), (1, name.replace("vq", "vqr"), ROUND)):
                yield Row(
                    f"111{u} 1110 00ss nnn0 ddd{x} 1110 0000 mmm{r}",
                    f"{spelled}{suffix}.s{{b}} {{+qd}}, {{qn}}, {{qm}}",
                    "QDMLADH",
                    subtract | exchange | rounding,
                    MULTIPLY,
                )


def _halves() -> Iterator[Row]:
    """What reads or writes the bottom or the top halves of elements."""
    for t, half, top in HALVES:
        yield Row(
            f"111z 1110 0011 nnn1 ddd{t} 1110 0000 mmm0",
            f"vmull{half}.p{{p}} {THREE}",
            "MULLP",
            top,
            MULTIPLY,
        )
        yield Row(
            f"111u 1110 00ss nnn1 ddd{t} 1110 0000 mmm0",
            f"vmull{half}.{{t}}{{b}} {THREE}",
            "MULL",
            top,
            MULTIPLY,
        )
        yield Row(
            f"111u 1110 0011 ss01 ddd{t} 1110 0000 mmm1",
            f"vshll{half}.{{t}}{{b}} {{=qd}}, {{qm}}, #{{full}}",
            "SHLL_WHOLE",
            top,
            sizes=(0, 1),
        )
        yield Row(
            f"1111 1110 0011 ss01 ddd{t} 1110 1000 mmm1",
            f"vmovn{half}.i{{w}} {{+qd}}, {{qm}}",
            "MOVN",
            top,
            sizes=(0, 1),
        )
        yield Row(
            f"111u 1110 0011 ss11 ddd{t} 1110 0000 mmm1",
            f"vqmovn{half}.{{t}}{{w}} {{+qd}}, {{qm}}",
            "QMOVN",
            top,
            sizes=(0, 1),
        )
        yield Row(
            f"1110 1110 0011 ss01 ddd{t} 1110 1000 mmm1",
            f"vqmovun{half}.s{{w}} {{+qd}}, {{qm}}",
            "QMOVUN",
            top,
            sizes=(0, 1),
        )


SHIFT_WIDTHS = ((0, "001iii"), (1, "01iiii"), (2, "1iiiii"))
"""Element size, and bits 21:16 of a shift by a number."""
SHIFTS = (
    ("1110", "0101 0101", "vshl.i{b} {=qd}, {qm}, #{left}", "SHL", IMMEDIATE),
    ("111u", "0111 0101", "vqshl.{t}{b} {=qd}, {qm}, #{left}", "QSHL", IMMEDIATE),
    ("1111", "0110 0101", "vqshlu.s{b} {=qd}, {qm}, #{left}", "QSHLU", IMMEDIATE),
    ("1111", "0101 0101", "vsli.{b} {+qd}, {qm}, #{left}", "SLI", IMMEDIATE),
    ("111u", "0000 0101", "vshr.{t}{b} {=qd}, {qm}, #{right}", "SHL", IMMEDIATE),
    ("111u", "0010 0101", "vrshr.{t}{b} {=qd}, {qm}, #{right}", "SHL", IMMEDIATE | ROUND),
    ("1111", "0100 0101", "vsri.{b} {+qd}, {qm}, #{right}", "SRI", IMMEDIATE),
)
NARROWING = (  # first four bits, bits 7:4 and bit 0: what it is called; b and t stand for the half
    ("1110", "1100", "1", "vshrn{h}.i{w}", "SHRN", Flag(0)),
    ("1111", "1100", "1", "vrshrn{h}.i{w}", "SHRN", ROUND),
    ("111u", "0100", "0", "vqshrn{h}.{t}{w}", "QSHRN", Flag(0)),
    ("111u", "0100", "1", "vqrshrn{h}.{t}{w}", "QSHRN", ROUND),
    ("1110", "1100", "0", "vqshrun{h}.s{w}", "QSHRUN", Flag(0)),
    ("1111", "1100", "0", "vqrshrun{h}.s{w}", "QSHRUN", ROUND),
)


def _immediate_shifts() -> Iterator[Row]:
    for size, width in SHIFT_WIDTHS:
        amount = f"{width[:2]} {width[2:]}"
        for first, rest, text, operation, flags in SHIFTS:
            bits = f"{first} 1111 10{amount} ddd0 {rest} mmm0"
            yield Row(bits, text, operation, flags, fixed={"s": size})
        if size == 2:
            continue
        for t, half, top in HALVES:
            widening = f"101{width[1]} {width[2:]}"
            yield Row(
                f"111u 1110 {widening.replace('i', '0')} ddd{t} 1111 0100 mmm0",
                f"vmovl{half}.{{t}}{{b}} {{=qd}}, {{qm}}",
                "SHLL",
                top,
                fixed={"s": size, "i": 0},
            )
            yield Row(
                f"111u 1110 {widening} ddd{t} 1111 0100 mmm0",
                f"vshll{half}.{{t}}{{b}} {{=qd}}, {{qm}}, #{{left}}",
                "SHLL",
                top,
                fixed={"s": size},
            )
            for first, middle, last, text, operation, flags in NARROWING:
                yield Row(
                    f"{first} 1110 10{amount} ddd{t} 1111 {middle} mmm{last}",
                    f"{text.replace('{h}', half)} {{+qd}}, {{qm}}, #{{right}}",
                    operation,
                    flags | top,
                    fixed={"s": size},
                )


def data_rows() -> Iterator[Row]:
    """Every row."""
    yield from ROWS
    yield from _halves()
    yield from _dual()
    yield from _immediate_shifts()
