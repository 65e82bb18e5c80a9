"""Encodings of scalar half precision, and VSCCLRM (Armv8.1-M, DDI 0553, C2.4).

They lie beside those of single and double precision, with 01 in bits 9:8, and are of their kinds.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.thumb.instruction import Kind
from emulator.thumb.vector.float_rows import BY_LETTER, TO_NEAREST, TO_ZERO
from emulator.thumb.vector.pattern import Flag, Row

SUBTRACT, EXCHANGE, UNSIGNED, NONE = Flag.SUBTRACT, Flag.EXCHANGE, Flag.UNSIGNED, Flag(0)
BY_FPSCR = 8
"""A rounding mode; as in halves.h."""
THREE, ACCUMULATED, ONE = "{=sd}, {fn}, {sm}", "{+sd}, {fn}, {sm}", "{=sd}, {sm}"
ARITHMETIC = (  # bits 23, 21:20 and 6: name, what executes it, kind
    (0, 0, "vmla", "HALF_MLA", NONE, Kind.FP_MAC),
    (0, 1, "vmls", "HALF_MLA", SUBTRACT, Kind.FP_MAC),
    (1, 0, "vnmls", "HALF_MLA", EXCHANGE, Kind.FP_MAC),
    (1, 1, "vnmla", "HALF_MLA", EXCHANGE | SUBTRACT, Kind.FP_MAC),
    (2, 0, "vmul", "HALF_MUL", NONE, Kind.FP_MULTIPLY),
    (2, 1, "vnmul", "HALF_NMUL", NONE, Kind.FP_MULTIPLY),
    (3, 0, "vadd", "HALF_ADD", NONE, Kind.FP_ALU),
    (3, 1, "vsub", "HALF_SUB", NONE, Kind.FP_ALU),
    (4, 0, "vdiv", "HALF_DIV", NONE, Kind.FP_DIVIDE),
    (5, 0, "vfnms", "HALF_FMA", EXCHANGE, Kind.FP_MAC),
    (5, 1, "vfnma", "HALF_FMA", EXCHANGE | SUBTRACT, Kind.FP_MAC),
    (6, 0, "vfma", "HALF_FMA", NONE, Kind.FP_MAC),
    (6, 1, "vfms", "HALF_FMA", SUBTRACT, Kind.FP_MAC),
)
UNARY = (  # bits 19:16 and 7
    (0, 1, "vabs", "HALF_ABS", BY_FPSCR, Kind.FP_ALU),
    (1, 0, "vneg", "HALF_NEG", BY_FPSCR, Kind.FP_ALU),
    (1, 1, "vsqrt", "HALF_SQRT", BY_FPSCR, Kind.FP_DIVIDE),
    (6, 0, "vrintr", "HALF_RINT", BY_FPSCR, Kind.FP_ALU),
    (6, 1, "vrintz", "HALF_RINT", TO_ZERO, Kind.FP_ALU),
    (7, 0, "vrintx", "HALF_RINT", BY_FPSCR, Kind.FP_ALU),
)
HALF = {"s": 1}


def _arithmetic() -> Iterator[Row]:
    computed = HALF | {"mode": BY_FPSCR}
    for operation, bit, name, does, flags, kind in ARITHMETIC:
        operands = ACCUMULATED if kind is Kind.FP_MAC else THREE
        bits = f"1110 1110 {operation >> 2}d{operation & 3:02b} nnnn dddd 1001 n{bit}m0 mmmm"
        yield Row(bits, f"{name}.f16 {operands}", does, flags, kind, fixed=computed)
    for group, bit, name, does, mode, kind in UNARY:
        bits = f"1110 1110 1d11 {group:04b} dddd 1001 {bit}1m0 mmmm"
        fixed = HALF | {"mode": mode, "raises": int(name == "vrintx")}
        yield Row(bits, f"{name}.f16 {ONE}", does, kind=kind, fixed=fixed)
    for bit, name, does in ((0, "vmaxnm", "HALF_MAX"), (1, "vminnm", "HALF_MIN")):
        bits = f"1111 1110 1d00 nnnn dddd 1001 n{bit}m0 mmmm"
        yield Row(bits, f"{name}.f16 {THREE}", does, kind=Kind.FP_ALU, fixed=computed)


def _comparisons() -> Iterator[Row]:
    for bit, name, flags in ((0, "vcmp", NONE), (1, "vcmpe", Flag.SETS_FLAGS)):
        bits = f"1110 1110 1d11 0100 dddd 1001 {bit}1m0 mmmm"
        yield Row(bits, f"{name}.f16 {{sd}}, {{sm}}", "HALF_CMP", flags, Kind.FP_ALU, fixed=HALF)
        bits = f"1110 1110 1d11 0101 dddd 1001 {bit}100 0000"
        yield Row(bits, f"{name}.f16 {{sd}}, #0.0", "HALF_CMP", flags, Kind.FP_ALU, fixed=HALF)
    for number, name, condition in ((0, "eq", 0), (1, "vs", 6), (2, "ge", 10), (3, "gt", 12)):
        bits = f"1111 1110 0d{number:02b} nnnn dddd 1001 n0m0 mmmm"
        fixed = HALF | {"condition": condition}
        yield Row(bits, f"vsel{name}.f16 {THREE}", "HALF_SEL", kind=Kind.FP_ALU, fixed=fixed)


def _conversions() -> Iterator[Row]:
    """Between halves and integers of 32 bits, or with a number of bits behind the point of 16 or 32."""
    one = Kind.FP_ALU
    for sign, flags, bit in (("s", NONE, 1), ("u", UNSIGNED, 0)):
        fixed = HALF | {"bits": 32}
        bits = f"1110 1110 1d11 1000 dddd 1001 {bit}1m0 mmmm"
        yield Row(
            bits, f"vcvt.f16.{sign}32 {ONE}", "HALF_FROM_FIXED", flags, one, fixed=fixed | {"mode": BY_FPSCR}
        )
        for up, name, mode in ((0, "vcvtr", BY_FPSCR), (1, "vcvt", TO_ZERO)):
            bits = f"1110 1110 1d11 110{bit} dddd 1001 {up}1m0 mmmm"
            yield Row(
                bits, f"{name}.{sign}32.f16 {ONE}", "HALF_TO_FIXED", flags, one, fixed=fixed | {"mode": mode}
            )
        for number, (letter, mode) in enumerate(BY_LETTER):
            bits = f"1111 1110 1d11 11{number:02b} dddd 1001 {bit}1m0 mmmm"
            yield Row(
                bits,
                f"vcvt{letter}.{sign}32.f16 {ONE}",
                "HALF_TO_FIXED",
                flags,
                one,
                fixed=fixed | {"mode": mode},
            )
        for wide, width in ((0, 16), (1, 32)):
            rest = f"{1 - bit} dddd 1001 {wide}1i0 iiii"
            point = HALF | {"bits": width}
            yield Row(
                f"1110 1110 1d11 101{rest}", f"vcvt.f16.{sign}{width} {{=sd}}, {{sd}}, #{{behind}}",
                "HALF_FROM_FIXED", flags, one, fixed=point | {"mode": TO_NEAREST},
            )  # fmt: skip
            yield Row(
                f"1110 1110 1d11 111{rest}", f"vcvt.{sign}{width}.f16 {{=sd}}, {{sd}}, #{{behind}}",
                "HALF_TO_FIXED", flags, one, fixed=point | {"mode": TO_ZERO},
            )  # fmt: skip
    for number, (letter, mode) in enumerate(BY_LETTER):
        bits = f"1111 1110 1d11 10{number:02b} dddd 1001 01m0 mmmm"
        fixed = HALF | {"mode": mode, "raises": 0}
        yield Row(bits, f"vrint{letter}.f16 {ONE}", "HALF_RINT", kind=one, fixed=fixed)


MOVES = (
    Row(
        "1110 1110 1d11 iiii dddd 1001 0000 iiii",
        "vmov.f16 {=sd}, #{number}",
        "HALF_CONSTANT",
        kind=Kind.FP_ALU,
        fixed=HALF,
    ),
    Row(
        "1110 1110 0000 nnnn rrrr 1001 n001 0000",
        "vmov.f16 {=fn}, {rr}",
        "HALF_FROM_CORE",
        kind=Kind.FP_MOVE,
        fixed=HALF,
    ),
    Row(
        "1110 1110 0001 nnnn rrrr 1001 n001 0000",
        "vmov.f16 {=rr}, {fn}",
        "HALF_TO_CORE",
        kind=Kind.FP_MOVE,
        fixed=HALF,
    ),
    Row(
        "1111 1110 1d11 0000 dddd 1010 11m0 mmmm",
        "vins.f16 {+sd}, {sm}",
        "HALF_INSERT",
        kind=Kind.FP_ALU,
        fixed=HALF,
    ),
    Row(
        "1111 1110 1d11 0000 dddd 1010 01m0 mmmm",
        "vmovx.f16 {=sd}, {sm}",
        "HALF_EXTRACT",
        kind=Kind.FP_ALU,
        fixed=HALF,
    ),
    Row(
        "1110 1101 ad01 nnnn dddd 1001 iiii iiii",
        "vldr.16 {=sd}, {address}",
        "HALF_LOAD",
        Flag.BEFORE,
        Kind.FP_LOAD,
        fixed={"memory": 1},
    ),
    Row(
        "1110 1101 ad00 nnnn dddd 1001 iiii iiii",
        "vstr.16 {sd}, {address}",
        "HALF_STORE",
        Flag.BEFORE | Flag.STORE,
        Kind.FP_STORE,
        fixed={"memory": 1},
    ),
    Row(
        "1110 1100 1d01 1111 dddd 1010 iiii iiii",
        "vscclrm {cleared_singles}",
        "CLEAR_CONTEXT",
        kind=Kind.FP_MOVE,
        fixed={"double": 0},
    ),
    Row(
        "1110 1100 1d01 1111 dddd 1011 iiii iii0",
        "vscclrm {cleared_singles}",
        "CLEAR_CONTEXT",
        kind=Kind.FP_MOVE,
        fixed={"double": 1},
    ),
)


def half_rows() -> Iterator[Row]:
    """Every row."""
    yield from _arithmetic()
    yield from _comparisons()
    yield from _conversions()
    yield from MOVES
