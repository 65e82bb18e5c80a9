"""Finds an instruction of Armv8.1-M in the tables, and says what timing and profiling ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from emulator.thumb.fields import Place, build, single, transfer
from emulator.thumb.instruction import (
    FLAGS,
    FP_FLAGS,
    LR,
    PC,
    S_BASE,
    SP,
    VECTOR_PREDICATION,
    Instruction,
    Kind,
    MemoryAccess,
)
from emulator.thumb.vector.across_rows import across_rows
from emulator.thumb.vector.core_rows import core_rows
from emulator.thumb.vector.data_rows import data_rows
from emulator.thumb.vector.float_rows import float_rows
from emulator.thumb.vector.half_rows import half_rows
from emulator.thumb.vector.memory_rows import memory_rows
from emulator.thumb.vector.pattern import Flag, Row
from emulator.thumb.vector.text import (
    SELECTS,
    behind_point,
    cleared_singles,
    element_bits,
    expanded_constant,
    loop_offset,
    number_of,
    text_of,
)

VECTOR_BYTES, VECTORS = 16, 8
SINGLES = 32
COMPARISONS = ("CMP", "FCMP")
ONE_HALF = frozenset({"HALF_LOAD", "HALF_STORE"})
READS_PREDICATION = frozenset({"PSEL", "PNOT", "READ_VPR", "READ_P0", "WRITE_P0", "CTP", *COMPARISONS})
WRITES_PREDICATION = frozenset({"PNOT", "PST", "CTP", *COMPARISONS, "WRITE_VPR", "WRITE_P0"})
FP_STATUS_READERS = frozenset({"ADC", "READ_FLAGS"})
FP_STATUS_WRITERS = frozenset({"ADC", "WRITE_FLAGS", "HALF_CMP"})
BRANCHES = frozenset({"LOOP_WHILE", "LOOP_END", "LOOP_FOREVER"})


class Found(NamedTuple):
    """An instruction of the tables: its row, and the fields of its encoding."""

    row: Row
    fields: Mapping[str, int]

    @property
    def name(self) -> str:
        """The mnemonic."""
        row, f = self
        if row.operation in COMPARISONS:
            return "vpt" if f["k"] else "vcmp"
        if row.operation == "SELECT":
            return SELECTS[f["o"]]
        return expanded_constant(f)[0].split(".")[0] if row.operation == "CONSTANT" else row.name


def _vectors(first: int, count: int = 1) -> int:
    return ((1 << 4 * count) - 1) << (S_BASE + 4 * first)


@cache
def rows() -> tuple[Row, ...]:
    """All tables."""
    return (*core_rows(), *across_rows(), *data_rows(), *memory_rows(), *float_rows(), *half_rows())


@cache
def rows_at(top: int) -> tuple[Row, ...]:
    """The rows that an instruction with these bits 28:20 can be of."""
    return tuple(r for r in rows() if not (top ^ r.value >> 20) & (r.mask >> 20) & 0x1FF)


def find(opcode: int) -> Found | None:
    """The row of a 32-bit instruction, None when it is of no table."""
    for row in rows_at(opcode >> 20 & 0x1FF):
        if row.matches(opcode) and _is_defined(row, fields := row.fields(opcode)):
            return Found(row, fields)
    return None


def _is_defined(row: Row, f: Mapping[str, int]) -> bool:
    """Whether the manual gives these fields a meaning: else they are another encoding's, or nobody's."""
    operation = row.operation
    defined = True
    if operation in ("LOOP_START", "CTP"):
        defined = f["n"] not in (SP, PC)
    elif operation == "SELECT":
        defined = f["c"] < 14 and f["d"] not in (SP, PC) and SP not in (f["n"], f["m"])
    elif row.kind is Kind.LONG_SHIFT:
        pair = f.get("h") not in (SP >> 1, PC >> 1)
        defined = pair and f.get("m") not in (SP, PC) and f.get("d") not in (SP, PC)
    elif operation in ("MLALDAV", "RMLALDAVH", "ADDLV"):
        defined = f["h"] != SP >> 1
    elif operation == "CONSTANT":
        defined = not (f["o"] and f["c"] == 15)
    elif operation == "INTERLEAVED":
        defined = f["d"] + f["vectors"] <= VECTORS
    elif operation in ("CONTIGUOUS", "OFFSETS", "SYSTEM_REGISTER", "HALF_STORE"):
        defined = f["n"] != PC
    elif operation in ("HALF_TO_FIXED", "HALF_FROM_FIXED"):
        defined = behind_point(f) >= 0
    elif operation == "CLEAR_CONTEXT":
        defined = sum(cleared_singles(f)) <= SINGLES
    return defined


def _mask_of(kind: str, number: int) -> int:
    if kind == "q":
        return _vectors(number)
    if kind in "sf":
        return single(number_of(kind, number))
    if kind in "iz" and number == PC:
        return 0
    return 1 << number_of(kind, number)


def _registers(found: Found) -> tuple[int, int]:
    """Masks of what is read and written, predicates and flags included."""
    row, f = found
    reads = writes = 0
    for how, kind, letter in row.operands:
        mask = _mask_of(kind, f[letter])
        reads |= mask if how != "=" else 0
        writes |= mask if how else 0
    operation = row.operation
    if operation == "CONSTANT":
        writes |= _vectors(f["d"])
        reads |= writes if found.name in ("vorr", "vbic") else 0
    elif operation == "MOV_TO_CORE":
        reads |= _vectors(f["n"])
    elif operation == "MOV_TO_LANE":
        reads, writes = reads | _vectors(f["n"]), _vectors(f["n"])
    elif operation == "SELECT":
        reads = FLAGS | sum({1 << r for r in (f["n"], f["m"]) if r != PC})
        writes = 1 << f["d"]
    elif operation == "CLEAR":
        writes = f["l"] | f["i"] << LR | (FLAGS if f["a"] else 0)
    elif operation == "CLEAR_CONTEXT":
        first, count = cleared_singles(f)
        writes = ((1 << count) - 1) << (S_BASE + first) | VECTOR_PREDICATION
    elif operation == "HALF_SEL":
        reads |= FLAGS
    elif operation.startswith("LOOP") and operation != "LOOP_FOREVER":
        reads |= 1 << LR if operation == "LOOP_END" else 0
        writes |= 1 << LR
    reads |= (VECTOR_PREDICATION if operation in READS_PREDICATION else 0) | (
        FP_FLAGS if operation in FP_STATUS_READERS else 0
    )
    writes |= (VECTOR_PREDICATION if operation in WRITES_PREDICATION else 0) | (
        FP_FLAGS if operation in FP_STATUS_WRITERS else 0
    )
    return reads, writes


def access_of(found: Found) -> MemoryAccess | None:
    """Where a load or store of consecutive elements goes; None for others, gathers and scatters too."""
    row, f = found
    if row.operation not in ("CONTIGUOUS", "SYSTEM_REGISTER", *ONE_HALF):
        return None
    size_bytes = 1 << f["memory"]
    distance = (f["i"] << f["memory"]) * (1 if f["a"] else -1)
    count = VECTOR_BYTES >> f["s"] if row.operation == "CONTIGUOUS" else 1
    return MemoryAccess(
        f["n"],
        distance if row.flags & Flag.BEFORE else 0,
        size_bytes,
        count,
        bool(row.flags & Flag.STORE),
        writeback=distance if row.flags & Flag.WRITES_BACK else None,
    )


def instruction_of(found: Found, opcode: int, place: Place) -> Instruction:
    """The instruction in the form that the timing models read."""
    row, f = found
    access = access_of(found)
    bits = element_bits(f) if "s" in f or "z" in f else 0
    if access is not None:
        data = _vectors(f["d"]) if row.operation == "CONTIGUOUS" else 0
        if row.operation in ONE_HALF:
            data = _mask_of("s", f["d"])
        return transfer(place, opcode, row.kind, found.name, data, access, element_bits=bits)
    reads, writes = _registers(found)
    if row.kind in (Kind.VECTOR_LOAD, Kind.VECTOR_STORE):
        return _scattered(found, opcode, place, reads, writes, bits)
    more: dict[str, int | bool] = {}
    if row.operation in BRANCHES:
        offset = loop_offset(f) if row.operation == "LOOP_WHILE" else -loop_offset(f)
        more = {"target": place.address + 4 + offset & 0xFFFFFFFF}
        writes |= 1 << PC
    if row.operation == "CLEAR" and f["a"]:
        more["sets_flags"] = True
    accumulators = sum({_mask_of(kind, f[letter]) for how, kind, letter in row.operands if how == "+"})
    return build(
        place,
        opcode,
        row.kind,
        found.name,
        reads,
        writes,
        accumulator_reads=accumulators,
        element_bits=bits,
        **more,
    )


def _scattered(found: Found, opcode: int, place: Place, reads: int, writes: int, bits: int) -> Instruction:
    """Make a load or store whose addresses are not one after another."""
    row, f = found
    data = _vectors(f["d"], f.get("vectors", 1))
    addresses = reads & ~data if row.operation == "INTERLEAVED" else _vectors(f["m"]) | reads & 0xFFFF
    stores = bool(row.flags & Flag.STORE)
    return build(
        place, opcode, row.kind, found.name,
        reads | (data if stores else 0), writes | (0 if stores else data),
        address_reads=addresses, store_reads=data if stores else 0, load_writes=0 if stores else data,
        element_bits=bits,
    )  # fmt: skip


def disassembled(opcode: int, address: int) -> str | None:
    """The instruction in words; None when it is of no table."""
    found = find(opcode)
    return None if found is None else text_of(found.row, found.fields, address)
