"""An instruction of the tables as assemblers write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from emulator.thumb.vector.pattern import OPERAND, Flag, Row

REGISTER_NAMES = (*(f"r{n}" for n in range(10)), "sl", "fp", "ip", "sp", "lr", "pc")
CONDITIONS = ("eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le")
SELECTS = ("csel", "csinc", "csinv", "csneg")
PLACE = re.compile(r"\{(\w+)\}")
Fields = Mapping[str, int]


def register_name(kind: str, number: int) -> str:
    """An operand by its class: see :mod:`emulator.thumb.vector.pattern`."""
    if kind == "q":
        return f"q{number}"
    if kind in "sf":
        return f"s{number_of(kind, number)}"
    if kind == "z":
        return "zr" if number == 15 else REGISTER_NAMES[number]
    return REGISTER_NAMES[number_of(kind, number)]


def number_of(kind: str, number: int) -> int:
    """The register that a field names."""
    return {"e": 2 * number, "o": 2 * number + 1, "s": lowest_last(number)}.get(kind, number)


def lowest_last(number: int) -> int:
    """Five bits whose lowest one was drawn first."""
    return (number & 15) << 1 | number >> 4


def behind_point(f: Fields) -> int:
    """How many bits of a scalar integer stand behind its point; none when no field says."""
    return f["bits"] - lowest_last(f["i"]) if "i" in f else 0


def cleared_singles(f: Fields) -> tuple[int, int]:
    """The first S register that VSCCLRM clears, and how many."""
    return (2 * f["d"], 2 * f["i"]) if f["double"] else (lowest_last(f["d"]), f["i"])


def element_bits(f: Fields) -> int:
    """Width of an element."""
    if "z" in f and "s" not in f:
        return 16 << f["z"]
    return 8 << size_of(f)


def size_of(f: Fields) -> int:
    """log2 of an element's bytes."""
    if "+s" in f:
        return f["s"] + f["+s"]
    return f["s"] if "s" in f else f.get("z", 0)


def then(mask: int) -> str:
    """The letters of a VPT block behind its first instruction."""
    letters, inverted = "", False
    while mask & 7:
        inverted ^= bool(mask & 8)
        letters += "e" if inverted else "t"
        mask = mask << 1 & 15
    return letters


def loop_offset(f: Fields) -> int:
    """Bytes from an instruction's address + 4 to where a loop's branch goes."""
    return (f["i"] << 1 | f["j"]) << 1


def _address(row: Row, f: Fields) -> str:
    offset = f["i"] << f["memory"]
    base, number = REGISTER_NAMES[f["n"]], f"#{'' if f['a'] else '-'}{offset}"
    if not row.flags & Flag.BEFORE:
        return f"[{base}], {number}"
    inside = f"[{base}, {number}]" if offset or not f["a"] else f"[{base}]"
    return inside + ("!" if row.flags & Flag.WRITES_BACK else "")


def _sort(row: Row, f: Fields) -> str:
    bits = 8 << f["s"]
    if row.flags & Flag.STORE:
        return f"{bits}"
    return f"{'u' if f.get('u') else 's'}{bits}"


def _vectors(_row: Row, f: Fields) -> str:
    return "{" + ", ".join(f"q{f['d'] + n}" for n in range(f["vectors"])) + "}"


def _comma(_row: Row, f: Fields) -> str:
    offset = f["i"] << f["memory"]
    return f", #{'' if f['a'] else '-'}{offset}" if offset or not f["a"] else ""


def _cleared(_row: Row, f: Fields) -> str:
    names = [REGISTER_NAMES[n] for n in range(13) if f["l"] >> n & 1]
    return "{" + ", ".join(names + ["lr"] * f["i"] + ["APSR"] * f["a"]) + "}"


def _cleared_singles(_row: Row, f: Fields) -> str:
    first, count = cleared_singles(f)
    if not count:
        return "{VPR}"
    letter, of = ("d", 2) if f["double"] else ("s", 1)
    first, last = first // of, (first + count) // of - 1
    names = f"{letter}{first}" + (f"-{letter}{last}" if last > first else "")
    return "{" + names + ", VPR}"


def _select(_row: Row, f: Fields) -> str:
    d, n, m = REGISTER_NAMES[f["d"]], f["n"], f["m"]
    condition, opposite = CONDITIONS[f["c"]], CONDITIONS[f["c"] ^ 1]
    if n == m and f["o"] == 3:
        return f"cneg {d}, {REGISTER_NAMES[n]}, {opposite}"
    if n == m and f["o"] in (1, 2):
        name = ("cset", "csetm", "cinc", "cinv")[f["o"] - 1 + 2 * (n != 15)]
        return f"{name} {d}, {REGISTER_NAMES[n] + ', ' if n != 15 else ''}{opposite}"
    first, second = ("zr" if r == 15 else REGISTER_NAMES[r] for r in (n, m))
    return f"{SELECTS[f['o']]} {d}, {first}, {second}, {condition}"


def expanded_constant(f: Fields) -> tuple[str, int, int]:
    """Name with type, the number written, and the 64 bits of a modified constant (AdvSIMDExpandImm)."""
    number, mode, inverted = f["i"], f["c"], f["o"]
    if mode == 15:
        word = (number >> 7) << 31 | (0x1F << 25 if number >> 6 & 1 else 1 << 30) | (number & 63) << 19
        return "vmov.f32", word, word << 32 | word
    if mode == 14:
        if not inverted:
            return "vmov.i8", number, number * 0x0101010101010101
        whole = sum(0xFF << 8 * n for n in range(8) if number >> n & 1)
        return "vmov.i64", whole, whole
    if mode >= 12:
        value = number << 8 | 0xFF if mode == 12 else number << 16 | 0xFFFF
        return ("vmvn.i32" if inverted else "vmov.i32"), value, value << 32 | value
    bits = 16 if mode & 8 else 32
    value = number << 8 * (mode >> 1 & (1 if bits == 16 else 3))
    verb = ("vbic" if inverted else "vorr") if mode & 1 else ("vmvn" if inverted else "vmov")
    whole = value * (0x0001000100010001 if bits == 16 else 0x0000000100000001)
    return f"{verb}.i{bits}", value, whole


def _constant(_row: Row, f: Fields) -> str:
    name, value, _ = expanded_constant(f)
    number = f"0x{value:016x}" if name.endswith("64") else f"{value}"
    return f"{name} q{f['d']}, #{number}"


WORDS: Mapping[str, Callable[[Row, Fields], str]] = {
    "b": lambda _row, f: f"{element_bits(f)}",
    "w": lambda _row, f: f"{2 * element_bits(f)}",
    "z": lambda _row, f: f"{16 << f['z']}",
    "p": lambda _row, f: f"{8 << f['z']}",
    "t": lambda _row, f: "u" if f.get("u") else "s",
    "left": lambda _row, f: f"{f['i']}",
    "point": lambda _row, f: f"{element_bits(f) - f['i']}",
    "behind": lambda _row, f: f"{behind_point(f)}",
    "number": lambda _row, f: f"{f['i']}",
    "cleared_singles": _cleared_singles,
    "right": lambda _row, f: f"{element_bits(f) - f['i']}",
    "full": lambda _row, f: f"{element_bits(f)}",
    "length": lambda _row, f: f"{f['i'] or 32}",
    "lengthc": lambda _row, f: f"{f['i'] or 32}",
    "step": lambda _row, f: f"{1 << f['i']}",
    "upper": lambda _row, f: f"{f['i'] + 2}",
    "lower": lambda _row, f: f"{f['i']}",
    "lane8": lambda _row, f: f"q{f['n']}[{f['j'] << 3 | f['i']}]",
    "lane16": lambda _row, f: f"q{f['n']}[{f['j'] << 2 | f['i']}]",
    "address": _address,
    "sort": _sort,
    "vectors": _vectors,
    "comma": _comma,
    "cleared": _cleared,
    "select": _select,
    "constant": _constant,
    "then": lambda _row, f: then(f["k"]),
    "compare": lambda _row, f: "vpt" + then(f["k"]) if f["k"] else "vcmp",
}


def text_of(row: Row, f: Fields, address: int) -> str:
    """The instruction at ``address`` in words; what executes under VPT has no suffix here."""
    if row.operation == "ORR" and f["n"] == f["m"]:
        return f"vmov q{f['d']}, q{f['m']}"
    words = OPERAND.sub(lambda found: register_name(found[2], f[found[3]]), row.text)

    def place(found: re.Match[str]) -> str:
        if found[1] == "ahead":
            return f"0x{address + 4 + loop_offset(f):x}"
        if found[1] == "back":
            return f"0x{address + 4 - loop_offset(f) & 0xFFFFFFFF:x}"
        return WORDS[found[1]](row, f)

    return PLACE.sub(place, words)
