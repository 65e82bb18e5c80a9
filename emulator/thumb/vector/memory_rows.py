"""Encodings of MVE's loads and stores (DDI 0553, C2.4: VLDRB, VLDRH, VLDRW, VLDRD, VLD2, VLD4 and stores).

``L`` 1 loads; ``p`` is before, ``a`` add, ``w`` write back; neither before nor with write-back is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.thumb.instruction import Kind
from emulator.thumb.vector.pattern import Flag, Row

WIDTHS = "bhwd"
DIRECTIONS = (
    (1, Kind.VECTOR_LOAD, "vldr", Flag(0), "="),
    (0, Kind.VECTOR_STORE, "vstr", Flag.STORE, ""),
)
"""``L``, and how the vector's operand is marked."""
INDEXING = (
    (1, 0, Flag.BEFORE),
    (1, 1, Flag.BEFORE | Flag.WRITES_BACK),
    (0, 1, Flag.WRITES_BACK),
)
"""``p`` and ``w``."""


def _contiguous() -> Iterator[Row]:
    for load, kind, verb, flag, how in DIRECTIONS:
        for p, w, indexing in INDEXING:
            for size, letter in enumerate("bhw"):
                yield Row(
                    f"1110 110{p} a0{w}{load} nnnn ddd1 111{size >> 1} {size & 1}iii iiii",
                    f"{verb}{letter}.{{sort}} {{{how}qd}}, {{address}}",
                    "CONTIGUOUS", flag | indexing, kind,
                    fixed={"s": size, "memory": size, "u": 1},
                )  # fmt: skip
            sign = "u" if load else "0"
            for memory, size in ((0, 1), (0, 2), (1, 2)):
                yield Row(
                    f"111{sign} 110{p} a0{w}{load} {memory}nnn ddd0 111{size >> 1} {size & 1}iii iiii",
                    f"{verb}{WIDTHS[memory]}.{{sort}} {{{how}qd}}, {{address}}",
                    "CONTIGUOUS", flag | indexing, kind,
                    fixed={"s": size, "memory": memory},
                )  # fmt: skip


def _scattered() -> Iterator[Row]:
    for load, kind, verb, flag, how in DIRECTIONS:
        for memory, size in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2), (3, 3)):
            sign = "0" if not load else "1" if memory == size else "u"
            fixed = {"s": size, "memory": memory} | ({"u": 1} if sign == "1" else {})
            widths = f"{size & 1}{memory >> 1}0{memory & 1}"
            for scaled in (0, 1) if memory else (0,):
                scale = f", uxtw #{memory}" if scaled else ""
                yield Row(
                    f"111{sign} 1100 100{load} nnnn ddd0 111{size >> 1} {widths} mmm{scaled}",
                    f"{verb}{WIDTHS[memory]}.{{sort}} {{{how}qd}}, [{{rn}}, {{qm}}{scale}]",
                    "OFFSETS", flag, kind,
                    fixed=fixed | {"i": memory if scaled else 0},
                )  # fmt: skip
        for memory in (2, 3):
            for w, back in ((0, ""), (1, "!")):
                yield Row(
                    f"1111 1101 a0{w}{load} mmm0 ddd1 111{memory & 1} 0iii iiii",
                    f"{verb}{WIDTHS[memory]}.{{sort}} {{{how}qd}}, [{{{'+' if w else ''}qm}}{{comma}}]{back}",
                    "ADDRESSES", flag | (Flag.WRITES_BACK if w else Flag(0)), kind,
                    fixed={"s": memory, "memory": memory, "u": 1},
                )  # fmt: skip


def _interleaved() -> Iterator[Row]:
    for load, kind, verb, flag in (
        (1, Kind.VECTOR_LOAD, "vld", Flag(0)),
        (0, Kind.VECTOR_STORE, "vst", Flag.STORE),
    ):
        for four in (0, 1):
            for w, back, base in ((0, "", "{rn}"), (1, "!", "{+rn}")):
                for pattern in range(4 if four else 2):
                    yield Row(
                        f"1111 1100 10{w}{load} nnnn ddd1 111s s{pattern >> 1}{pattern & 1}0 000{four}",
                        f"{verb}{4 if four else 2}{pattern}.{{b}} {{vectors}}, [{base}]{back}", "INTERLEAVED",
                        flag | (Flag.WRITES_BACK if w else Flag(0)), kind,
                        fixed={"pattern": pattern, "vectors": 4 if four else 2},
                    )  # fmt: skip


SYSTEM_REGISTERS = {
    1: "FPSCR", 2: "FPSCR_nzcvqc", 12: "VPR", 13: "P0", 14: "FPCXTNS", 15: "FPCXTS",
}  # fmt: skip
"""By the number that VLDR and VSTR of a system register name; the last two are contexts of Secure state."""


def _system_registers() -> Iterator[Row]:
    for load, kind, verb, flag, _ in DIRECTIONS:
        for p, w, indexing in INDEXING:
            for number, name in SYSTEM_REGISTERS.items():
                yield Row(
                    f"1110 110{p} a{number >> 3}{w}{load} nnnn {number & 7:03b}0 1111 1iii iiii",
                    f"{verb} {name}, {{address}}", "SYSTEM_REGISTER", flag | indexing, kind,
                    fixed={"register": number, "memory": 2},
                )  # fmt: skip


def memory_rows() -> Iterator[Row]:
    """Every row."""
    yield from _contiguous()
    yield from _scattered()
    yield from _interleaved()
    yield from _system_registers()
