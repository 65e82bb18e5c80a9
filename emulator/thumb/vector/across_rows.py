"""Encodings of what goes across vectors, to core registers and back, and of predicates (DDI 0553, C2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.thumb.instruction import Kind
from emulator.thumb.vector.pattern import Flag, Row

ACROSS, MOVE, PREDICATE = Kind.VECTOR_ACROSS, Kind.VECTOR_MOVE, Kind.VECTOR_PREDICATE
U, EXCHANGE, SUBTRACT, ACCUMULATE, SCALAR = (
    Flag.UNSIGNED,
    Flag.EXCHANGE,
    Flag.SUBTRACT,
    Flag.ACCUMULATE,
    Flag.SCALAR,
)
NONE = Flag(0)
CONDITIONS = ("eq", "ne", "cs", "hi", "ge", "lt", "gt", "le")
"""In the order of a comparison's three bits fc."""


def _products() -> Iterator[Row]:
    """VMLADAV, VMLSDAV (sums of 32 bits), VMLALDAV, VMLSLDAV (64), VRMLALDAVH, VRMLSLDAVH (72, rounded)."""
    for a, accumulates, write, flag in ((0, "", "=", NONE), (1, "a", "+", ACCUMULATE)):
        for x, exchanged, exchange in ((0, "", NONE), (1, "x", EXCHANGE)):
            for sign, u, unsigned in (("s", 0, NONE), ("u", 1, U)):
                if u and x:
                    continue
                flags = flag | exchange | unsigned
                av = "v" if not x else "dav"  # without an exchange it has a shorter name
                sums = f"{accumulates}{exchanged}.{sign}{{b}} {{{write}el}}, {{qn}}, {{qm}}"
                long = f"{accumulates}{exchanged}.{sign}{{b}} {{{write}el}}, {{{write}oh}}, {{qn}}, {{qm}}"
                yield Row(
                    f"111{u} 1110 1111 nnns lll{x} 1110 00{a}0 mmm0",
                    f"vmla{av}" + sums,
                    "MLADAV",
                    flags,
                    ACROSS,
                    fixed={"+s": 1},
                )
                yield Row(
                    f"111{u} 1110 1111 nnn0 lll{x} 1111 00{a}0 mmm0",
                    f"vmla{av}" + sums,
                    "MLADAV",
                    flags,
                    ACROSS,
                    fixed={"s": 0},
                )
                yield Row(
                    f"111{u} 1110 1hhh nnns lll{x} 1110 00{a}0 mmm0",
                    f"vmlal{av}" + long,
                    "MLALDAV",
                    flags,
                    ACROSS,
                    fixed={"+s": 1},
                )
                yield Row(
                    f"111{u} 1110 1hhh nnn0 lll{x} 1111 00{a}0 mmm0",
                    f"vrmlal{av}h" + long,
                    "RMLALDAVH",
                    flags,
                    ACROSS,
                    fixed={"s": 2},
                )
            flags = flag | exchange | SUBTRACT
            sums = f"{accumulates}{exchanged}.s{{b}} {{{write}el}}, {{qn}}, {{qm}}"
            long = f"{accumulates}{exchanged}.s{{b}} {{{write}el}}, {{{write}oh}}, {{qn}}, {{qm}}"
            yield Row(
                f"1110 1110 1111 nnns lll{x} 1110 00{a}0 mmm1",
                "vmlsdav" + sums,
                "MLADAV",
                flags,
                ACROSS,
                fixed={"+s": 1},
            )
            yield Row(
                f"1111 1110 1111 nnn0 lll{x} 1110 00{a}0 mmm1",
                "vmlsdav" + sums,
                "MLADAV",
                flags,
                ACROSS,
                fixed={"s": 0},
            )
            yield Row(
                f"1110 1110 1hhh nnns lll{x} 1110 00{a}0 mmm1",
                "vmlsldav" + long,
                "MLALDAV",
                flags,
                ACROSS,
                fixed={"+s": 1},
            )
            yield Row(
                f"1111 1110 1hhh nnn0 lll{x} 1110 00{a}0 mmm1",
                "vrmlsldavh" + long,
                "RMLALDAVH",
                flags,
                ACROSS,
                fixed={"s": 2},
            )


def _sums() -> Iterator[Row]:
    for a, accumulates, write, flag in ((0, "", "=", NONE), (1, "a", "+", ACCUMULATE)):
        yield Row(
            f"111u 1110 1111 ss01 lll0 1111 00{a}0 mmm0",
            f"vaddv{accumulates}.{{t}}{{b}} {{{write}el}}, {{qm}}",
            "ADDV",
            flag,
            ACROSS,
        )
        yield Row(
            f"111u 1110 1hhh 1001 lll0 1111 00{a}0 mmm0",
            f"vaddlv{accumulates}.{{t}}32 {{{write}el}}, {{{write}oh}}, {{qm}}",
            "ADDLV",
            flag,
            ACROSS,
            fixed={"s": 2},
        )
    yield Row(
        "111u 1110 10ss nnn0 dddd 1111 0000 mmm1", "vabav.{t}{b} {+rd}, {qn}, {qm}", "ABAV", kind=ACROSS
    )
    for low, name in ((0, "max"), (1, "min")):
        yield Row(
            f"111u 1110 1110 ss10 dddd 1111 {low}000 mmm0",
            f"v{name}v.{{t}}{{b}} {{+rd}}, {{qm}}",
            f"{name.upper()}V",
            kind=ACROSS,
        )
        yield Row(
            f"1110 1110 1110 ss00 dddd 1111 {low}000 mmm0",
            f"v{name}av.s{{b}} {{+rd}}, {{qm}}",
            f"{name.upper()}AV",
            kind=ACROSS,
        )


MOVES = (
    Row("1110 1110 1110 ddd0 rrrr 1011 0001 0000", "vdup.8 {=qd}, {rr}", "DUP", kind=MOVE, fixed={"s": 0}),
    Row("1110 1110 1010 ddd0 rrrr 1011 0011 0000", "vdup.16 {=qd}, {rr}", "DUP", kind=MOVE, fixed={"s": 1}),
    Row("1110 1110 1010 ddd0 rrrr 1011 0001 0000", "vdup.32 {=qd}, {rr}", "DUP", kind=MOVE, fixed={"s": 2}),
    Row("1110 1110 00ss nnn1 ddd0 1111 i110 111i", "vidup.u{b} {=qd}, {+en}, #{step}", "IDUP", kind=MOVE),
    Row(
        "1110 1110 00ss nnn1 ddd1 1111 i110 111i", "vddup.u{b} {=qd}, {+en}, #{step}", "IDUP", SUBTRACT, MOVE
    ),
    Row(
        "1110 1110 00ss nnn1 ddd0 1111 i110 mmmi",
        "viwdup.u{b} {=qd}, {+en}, {om}, #{step}",
        "IDUP",
        Flag.WRAPS,
        MOVE,
    ),
    Row(
        "1110 1110 00ss nnn1 ddd1 1111 i110 mmmi",
        "vdwdup.u{b} {=qd}, {+en}, {om}, #{step}",
        "IDUP",
        Flag.WRAPS | SUBTRACT,
        MOVE,
    ),
    Row(
        "1110 1100 0000 mmmm ddd0 1111 000i rrrr",
        "vmov {=rr}, {=rm}, {qd}[{upper}], {qd}[{lower}]",
        "MOV_TO_PAIR",
        kind=MOVE,
    ),
    Row(
        "1110 1100 0001 mmmm ddd0 1111 000i rrrr",
        "vmov {+qd}[{upper}], {qd}[{lower}], {rr}, {rm}",
        "MOV_FROM_PAIR",
        kind=MOVE,
    ),
    Row(
        "1110 1110 u1i1 nnnj rrrr 1011 0ii1 0000",
        "vmov.{t}8 {=rr}, {lane8}",
        "MOV_TO_CORE",
        kind=MOVE,
        fixed={"s": 0},
    ),
    Row(
        "1110 1110 u0i1 nnnj rrrr 1011 0i11 0000",
        "vmov.{t}16 {=rr}, {lane16}",
        "MOV_TO_CORE",
        kind=MOVE,
        fixed={"s": 1},
    ),
    Row(
        "1110 1110 01i0 nnnj rrrr 1011 0ii1 0000",
        "vmov.8 {lane8}, {rr}",
        "MOV_TO_LANE",
        kind=MOVE,
        fixed={"s": 0},
    ),
    Row(
        "1110 1110 00i0 nnnj rrrr 1011 0i11 0000",
        "vmov.16 {lane16}, {rr}",
        "MOV_TO_LANE",
        kind=MOVE,
        fixed={"s": 1},
    ),
    Row("111i 1111 1000 0iii ddd0 cccc 01o1 iiii", "{constant}", "CONSTANT", kind=MOVE),
    Row("1110 1110 1111 0010 rrrr 1010 0001 0000", "vmrs {=rr}, fpscr_nzcvqc", "READ_FLAGS", kind=MOVE),
    Row("1110 1110 1110 0010 rrrr 1010 0001 0000", "vmsr fpscr_nzcvqc, {rr}", "WRITE_FLAGS", kind=MOVE),
    Row("1110 1110 1111 1100 rrrr 1010 0001 0000", "vmrs {=rr}, vpr", "READ_VPR", kind=MOVE),
    Row("1110 1110 1110 1100 rrrr 1010 0001 0000", "vmsr vpr, {rr}", "WRITE_VPR", kind=MOVE),
    *(
        Row(f"1110 1110 111{to} 111{s} rrrr 1010 0001 0000", text, operation, kind=MOVE)
        for s, of in ((0, "ns"), (1, "s"))
        for to, text, operation in (
            (1, f"vmrs {{=rr}}, fpcxt_{of}", f"READ_FPCXT{of.upper()}"),
            (0, f"vmsr fpcxt_{of}, {{rr}}", f"WRITE_FPCXT{of.upper()}"),
        )
    ),
    Row("1110 1110 1111 1101 rrrr 1010 0001 0000", "vmrs {=rr}, p0", "READ_P0", kind=MOVE),
    Row("1110 1110 1110 1101 rrrr 1010 0001 0000", "vmsr p0, {rr}", "WRITE_P0", kind=MOVE),
)

PREDICATES = (
    Row("1111 1110 0011 0001 0000 1111 0100 1101", "vpnot", "PNOT", kind=PREDICATE),
    Row("1111 1110 0k11 0001 kkk0 1111 0100 1101", "vpst{then}", "PST", kind=PREDICATE),
    Row(
        "1111 0000 00ss nnnn 1110 1000 0000 0001", "vctp.{b} {rn}", "CTP", kind=PREDICATE, sizes=(0, 1, 2, 3)
    ),
)


def _comparisons() -> Iterator[Row]:
    """VCMP, and VPT, which opens a block."""
    for number, condition in enumerate(CONDITIONS):
        high, low, middle = number >> 2 & 1, number & 1, number >> 1 & 1
        sort = "i" if number < 2 else "u" if number < 4 else "s"
        fixed = {"condition": number, "u": int(sort == "u")}
        text = f"{{compare}}.{sort}{{b}} {condition}, {{qn}}, "
        yield Row(
            f"1111 1110 0kss nnn1 kkk{high} 1111 {low}000 mmm{middle}",
            text + "{qm}",
            "CMP",
            kind=PREDICATE,
            fixed=fixed,
        )
        yield Row(
            f"1111 1110 0kss nnn1 kkk{high} 1111 {low}1{middle}0 mmmm",
            text + "{zm}",
            "CMP",
            SCALAR,
            PREDICATE,
            fixed=fixed,
        )


def across_rows() -> Iterator[Row]:
    """Every row, those first that another one's bits would cover."""
    yield from PREDICATES
    yield from _sums()
    yield from _products()
    yield from _comparisons()
    yield from MOVES
