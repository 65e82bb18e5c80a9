"""Instructions of Armv8.1-M's tables as C executes them. Twin: operations.h."""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from emulator.thumb.instruction import PC
from emulator.thumb.vector.decode import Found
from emulator.thumb.vector.pattern import Flag
from emulator.thumb.vector.text import (
    behind_point,
    cleared_singles,
    element_bits,
    expanded_constant,
    loop_offset,
    lowest_last,
    size_of,
)

NO_OPERAND, ALWAYS, MASK32 = 255, 14, 0xFFFFFFFF


class Operation(c.Structure):
    """``Operation`` in operations.h."""

    _fields_ = (
        *((name, c.c_uint16) for name in ("operation", "flags")),
        *((name, c.c_uint8) for name in ("size_bytes", "condition", "d", "n", "m", "a", "size", "extra")),
        ("immediate", c.c_uint32),
    )


class Form(NamedTuple):
    """One operation, by its name; the numbers are explained where each is executed."""

    name: str
    flags: int = 0
    d: int = NO_OPERAND
    n: int = NO_OPERAND
    m: int = NO_OPERAND
    a: int = 0
    size: int = 0
    extra: int = 0
    immediate: int = 0
    condition: int = ALWAYS

    def packed(self, number: int, size_bytes: int) -> Operation:
        """As C takes it."""
        registers = (self.d, self.n, self.m, self.a & 0xFF)
        return Operation(
            number, self.flags, size_bytes, self.condition, *registers, self.size, self.extra,
            self.immediate & MASK32,
        )  # fmt: skip


Fields = Mapping[str, int]
LEFT_BY_NUMBER = frozenset({"SQSHL", "UQSHL", "LSLL", "SQSHLL", "UQSHLL"})
ONE_REGISTER_SHIFTS = frozenset({"SQSHL", "UQSHL", "SRSHR", "URSHR", "SQRSHR", "UQRSHL"})
TWO_REGISTER_SHIFTS = (
    "LSLL", "LSRL", "ASRL", "SQSHLL", "UQSHLL", "SRSHRL", "URSHRL", "SQRSHRL", "UQRSHLL",
)  # fmt: skip
ACROSS = frozenset({"MLADAV", "MLALDAV", "RMLALDAVH", "ADDV", "ADDLV"})
NARROWING_SHIFTS = frozenset({"SHRN", "QSHRN", "QSHRUN"})
BY_NUMBER_TO_THE_RIGHT = ("vshr", "vrshr")


def _flags(found: Found) -> int:
    return found.row.flags | (Flag.UNSIGNED if found.fields.get("u") else 0)


def _offset(f: Fields) -> int:
    return (f["i"] << f["memory"]) * (1 if f["a"] else -1)


def _shift(found: Found) -> Form:
    """A shift of one core register or of two."""
    row, f = found
    bits = f.get("i", 0) or 32
    immediate = 0 if "m" in f else bits if row.operation in LEFT_BY_NUMBER else -bits
    one = row.operation in ONE_REGISTER_SHIFTS
    d, a = (f["d"], 0) if one else (2 * f["l"], 2 * f["h"] + 1)
    return Form(
        row.operation,
        row.flags,
        d,
        m=f.get("m", NO_OPERAND),
        a=a,
        extra=f.get("bits", 0),
        immediate=immediate,
    )


def _loop(found: Found, address: int) -> Form:
    row, f = found
    offset = 0 if "i" not in f else loop_offset(f) if row.operation == "LOOP_WHILE" else -loop_offset(f)
    return Form(
        row.operation, row.flags, n=f.get("n", NO_OPERAND), size=f.get("s", 0), immediate=address + 4 + offset
    )


def _constant(found: Found) -> Form:
    f = found.fields
    verb = ("vmov", "vmvn", "vorr", "vbic").index(found.name)
    by_bits = f["c"] == 14 and f["o"]
    whole = f["i"] if by_bits else expanded_constant(f)[2] & MASK32
    return Form("CONSTANT", d=f["d"], extra=8 if by_bits else 1 | verb << 1, immediate=whole)


def _lane(found: Found) -> Form:
    row, f = found
    lane = f["j"] << (3 - f["s"]) | f["i"]
    return Form(row.operation, _flags(found), d=f["n"], n=f["r"], size=f["s"], immediate=lane)


def _across(found: Found) -> Form:
    row, f = found
    a = 2 * f["h"] + 1 if "h" in f else NO_OPERAND
    return Form(row.operation, _flags(found), 2 * f["l"], f.get("n", NO_OPERAND), f["m"], a, size_of(f))


def _memory(found: Found) -> Form:
    row, f = found
    flags = _flags(found)
    d, n = f.get("d", NO_OPERAND), f.get("n", NO_OPERAND)
    if row.operation == "INTERLEAVED":
        return Form(row.operation, flags, d, n, a=f["vectors"], size=f["s"], extra=f["pattern"])
    if row.operation == "SYSTEM_REGISTER":
        return Form(row.operation, flags, n=n, extra=f["register"], immediate=_offset(f))
    immediate = f["i"] if row.operation == "OFFSETS" else _offset(f)
    return Form(
        row.operation,
        flags,
        d,
        n,
        f.get("m", NO_OPERAND),
        size=f["s"],
        extra=f["memory"],
        immediate=immediate,
    )


def _data(found: Found) -> Form:
    """Element by element."""
    row, f = found
    size = 1 + f["z"] if row.operation == "QDMULL" else f["z"] if row.operation == "MULLP" else size_of(f)
    d, n, m = f["d"], f.get("n", NO_OPERAND), f.get("m", NO_OPERAND)
    immediate = 0
    if row.operation in NARROWING_SHIFTS:
        immediate = element_bits(f) - f["i"]
    elif row.operation == "SHLL_WHOLE":
        immediate = element_bits(f)
    elif "i" in f:
        right = element_bits(f) - f["i"]
        to_the_right = row.name in BY_NUMBER_TO_THE_RIGHT
        immediate = right if row.operation == "SRI" else -right if to_the_right else f["i"]
    if row.flags & Flag.IMMEDIATE and row.operation != "ADC":
        n = m  # the value stands where others have their second operand
    elif n == NO_OPERAND:
        n = d  # a shift in place
    return Form(row.operation, _flags(found), d, n, m, size=size, immediate=immediate)


def _float(found: Found) -> Form:
    """Vectors of floating point."""
    row, f = found
    n, m, d = f.get("n", f["d"]), f["m"], f["d"]
    behind = element_bits(f) - f["i"] if "behind" in f else 0
    extra = f.get("mode", f.get("turn", 0))
    return Form(
        row.operation, _flags(found), d, n, m, f.get("raises", 0), size_of(f), extra, immediate=behind
    )


def _half(found: Found) -> Form:
    """Scalar half precision: d and m are drawn with their lowest bit first."""
    row, f = found
    d, m = lowest_last(f["d"]), lowest_last(f["m"]) if "m" in f else NO_OPERAND
    if row.operation in ("HALF_TO_FIXED", "HALF_FROM_FIXED"):
        m = d if "i" in f else m
        return Form(row.operation, row.flags, d, m=m, a=f["bits"], extra=f["mode"], immediate=behind_point(f))
    a = f.get("condition", f.get("raises", 0))
    return Form(row.operation, row.flags, d, f.get("n", NO_OPERAND), m, a, extra=f.get("mode", 0))


def _half_constant(found: Found) -> Form:
    """VFPExpandImm: a sign, an exponent of two bits and one that fills, four bits of fraction."""
    number = found.fields["i"]
    bits = (number & 0x80) << 8 | (0x3000 if number & 0x40 else 0x4000) | (number & 0x3F) << 6
    return Form("HALF_CONSTANT", d=lowest_last(found.fields["d"]), immediate=bits)


def _half_access(found: Found, address: int) -> Form:
    f, flags = found.fields, found.row.flags
    offset = (f["i"] << 1) * (1 if f["a"] else -1)
    n = NO_OPERAND if f["n"] == PC else f["n"]
    at = (address + 4 & ~3) + offset if n == NO_OPERAND else offset
    return Form(found.row.operation, flags, lowest_last(f["d"]), n, immediate=at)


def _cleared_context(found: Found) -> Form:
    first, count = cleared_singles(found.fields)
    return Form("CLEAR_CONTEXT", d=first, immediate=count)


def _moved_system_register(operation: str, number: int, found: Found, _at: int) -> Form:
    return Form(operation, d=found.fields["r"], extra=number)


MOVED_SYSTEM_REGISTERS = {"FLAGS": 2, "VPR": 12, "P0": 13, "FPCXTNS": 14, "FPCXTS": 15}
"""With their numbers."""
FLOATS = (
    *("FADD", "FSUB", "FMUL", "FABD", "FMAX", "FMIN", "FMAXA", "FMINA", "FMA", "FMAS", "FABS", "FNEG"),
    *("FROM_FIXED", "TO_FIXED", "RINT", "FCADD", "FCMUL", "FCMLA", "FMAXV", "FMINV", "FMAXAV", "FMINAV"),
    *("FNARROW", "FWIDEN"),
)
HALVES = (
    *("HALF_ADD", "HALF_SUB", "HALF_MUL", "HALF_NMUL", "HALF_MLA", "HALF_FMA", "HALF_DIV", "HALF_MAX"),
    *("HALF_MIN", "HALF_ABS", "HALF_NEG", "HALF_SQRT", "HALF_RINT", "HALF_TO_FIXED", "HALF_FROM_FIXED"),
    *("HALF_CMP", "HALF_SEL", "HALF_INSERT", "HALF_EXTRACT"),
)


SPECIAL: Mapping[str, Callable[[Found, int], Form]] = {
    **dict.fromkeys(("LOOP_START", "LOOP_WHILE", "LOOP_END", "LOOP_FOREVER"), _loop),
    "CLEAR_PREDICATION": lambda _found, _at: Form("CLEAR_PREDICATION"),
    "CONSTANT": lambda found, _at: _constant(found),
    **dict.fromkeys(("MOV_TO_CORE", "MOV_TO_LANE"), lambda found, _at: _lane(found)),
    **dict.fromkeys(ACROSS, lambda found, _at: _across(found)),
    **dict.fromkeys(
        ("CONTIGUOUS", "OFFSETS", "ADDRESSES", "INTERLEAVED", "SYSTEM_REGISTER"),
        lambda found, _at: _memory(found),
    ),
    **{
        f"{how}_{what}": partial(_moved_system_register, f"{how}_SYSTEM", number)
        for how in ("READ", "WRITE")
        for what, number in MOVED_SYSTEM_REGISTERS.items()
    },
    **dict.fromkeys(
        (*ONE_REGISTER_SHIFTS, *TWO_REGISTER_SHIFTS),
        lambda found, _at: _shift(found),
    ),
    "SELECT": lambda found, _at: Form(
        "SELECT", d=found.fields["d"], n=found.fields["n"], m=found.fields["m"], a=found.fields["c"],
        extra=found.fields["o"],
    ),
    "CLEAR": lambda found, _at: Form(
        "CLEAR", immediate=found.fields["l"] | found.fields["i"] << 14 | found.fields["a"] << 15
    ),
    "PST": lambda found, _at: Form("PST", a=found.fields["k"]),
    "PNOT": lambda _found, _at: Form("PNOT"),
    "CTP": lambda found, _at: Form("CTP", n=found.fields["n"], size=found.fields["s"]),
    **dict.fromkeys(FLOATS, lambda found, _at: _float(found)),
    **dict.fromkeys(HALVES, lambda found, _at: _half(found)),
    "HALF_CONSTANT": lambda found, _at: _half_constant(found),
    **dict.fromkeys(
        ("HALF_TO_CORE", "HALF_FROM_CORE"),
        lambda found, _at: Form(found.row.operation, d=found.fields["n"], n=found.fields["r"]),
    ),
    **dict.fromkeys(("HALF_LOAD", "HALF_STORE"), _half_access),
    "CLEAR_CONTEXT": lambda found, _at: _cleared_context(found),
    **dict.fromkeys(("CMP", "FCMP"), lambda found, _at: Form(
        found.row.operation, _flags(found), n=found.fields["n"],
        m=found.fields["m"], a=found.fields["k"], size=found.fields["s"], extra=found.fields["condition"],
    )),
    "DUP": lambda found, _at: Form("DUP", d=found.fields["d"], n=found.fields["r"], size=found.fields["s"]),
    "IDUP": lambda found, _at: Form(
        "IDUP", found.row.flags, found.fields["d"], 2 * found.fields["n"],
        2 * found.fields["m"] + 1 if "m" in found.fields else 0,
        size=found.fields["s"], immediate=1 << found.fields["i"],
    ),
    "SHLC": lambda found, _at: Form(
        "SHLC", d=found.fields["d"], n=found.fields["n"], size=2, immediate=found.fields["i"] or 32
    ),
    **dict.fromkeys(
        ("MOV_TO_PAIR", "MOV_FROM_PAIR"),
        lambda found, _at: Form(
            found.row.operation, d=found.fields["d"], n=found.fields["r"], m=found.fields["m"],
            immediate=found.fields["i"],
        ),
    ),
    "ADC": lambda found, _at: Form(
        "ADC", found.row.flags, found.fields["d"], found.fields["n"], found.fields["m"], size=2
    ),
    **dict.fromkeys(
        ("AND", "BIC", "ORR", "ORN", "EOR", "PSEL"),
        lambda found, _at: Form(
            found.row.operation, d=found.fields["d"], n=found.fields["n"], m=found.fields["m"]
        ),
    ),
    "MVN": lambda found, _at: Form("MVN", d=found.fields["d"], n=found.fields["d"], m=found.fields["m"]),
    **dict.fromkeys(
        ("ABAV", "MAXV", "MINV", "MAXAV", "MINAV"),
        lambda found, _at: Form(
            found.row.operation, _flags(found), found.fields["d"],
            found.fields.get("n", NO_OPERAND), found.fields["m"], size=found.fields["s"],
        ),
    ),
}  # fmt: skip


def form_of(found: Found, address: int) -> Form:
    """What C is to execute for an instruction of the tables at ``address``."""
    special = SPECIAL.get(found.row.operation)
    return _data(found) if special is None else special(found, address)
