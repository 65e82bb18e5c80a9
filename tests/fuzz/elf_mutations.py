"""Damage of an ELF where it hurts: headers, tables, symbols, DWARF, attributes, code and vectors."""

from __future__ import annotations

import struct
from random import Random

from .mutations import NUMBERS, mutate_bytes

HEADER_FIELDS = (  # (offset, bytes) of e_ident[4:8], e_type ... e_shstrndx: System V gABI, ELF32
    (4, 1), (5, 1), (6, 1), (16, 2), (18, 2), (20, 4), (24, 4), (28, 4), (32, 4), (36, 4), (40, 2), (42, 2),
    (44, 2), (46, 2), (48, 2), (50, 2),
)  # fmt: skip
PROGRAM_HEADER = struct.Struct("<8I")
SECTION_HEADER = struct.Struct("<10I")
SYMBOL = struct.Struct("<IIIBBH")
NAME, TYPE, FLAGS, ADDRESS, OFFSET, SIZE = range(6)
SHT_SYMTAB = 2
DEBUG_SHARE = 0.35
"""So much of the damage goes to debug information, which has most of an ELF's structure."""


def mutate_elf(data: bytes, random: Random) -> bytes:
    """Damage one to three places; now and then bytes anywhere."""
    out = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 3))):
        choice = random.random()
        if choice < 0.1:
            out = bytearray(mutate_bytes(bytes(out), random))
        elif choice < 0.2:
            _field(out, *random.choice(HEADER_FIELDS), random)
        elif choice < 0.35:
            _table_entry(out, "program", random)
        elif choice < 0.55:
            _table_entry(out, "section", random)
        else:
            _content(out, random)
    return bytes(out)


def _field(out: bytearray, at: int, size: int, random: Random) -> None:
    if at + size > len(out):
        return
    old = int.from_bytes(out[at : at + size], "little")
    new = random.choice((*NUMBERS, old + 1, old - 1, old + size, old * 2, len(out), len(out) - 1))
    out[at : at + size] = (new & (1 << 8 * size) - 1).to_bytes(size, "little")


def _table_entry(out: bytearray, kind: str, random: Random) -> None:
    if len(out) < 52:
        return
    offset_at, count_at, entry = (28, 44, PROGRAM_HEADER) if kind == "program" else (32, 48, SECTION_HEADER)
    (offset,) = struct.unpack_from("<I", out, offset_at)
    (count,) = struct.unpack_from("<H", out, count_at)
    if count:
        at = offset + random.randrange(count) * entry.size + 4 * random.randrange(entry.size // 4)
        _field(out, at, 4, random)


def _sections(out: bytearray) -> list[tuple[int, ...]]:
    if len(out) < 52:
        return []
    (offset,) = struct.unpack_from("<I", out, 32)
    (count,) = struct.unpack_from("<H", out, 48)
    size = SECTION_HEADER.size
    return [
        SECTION_HEADER.unpack_from(out, offset + size * number)
        for number in range(min(count, 100))
        if offset + size * (number + 1) <= len(out)
    ]


def _content(out: bytearray, random: Random) -> None:
    """Damage inside one section: debug information, symbols, or what is loaded."""
    sections = [s for s in _sections(out) if s[SIZE] and s[OFFSET] + s[SIZE] <= len(out)]
    debug = [s for s in sections if not s[ADDRESS]]
    if not sections:
        return
    section = random.choice(debug if debug and random.random() < DEBUG_SHARE * 2 else sections)
    start, size = section[OFFSET], section[SIZE]
    if section[TYPE] == SHT_SYMTAB and size >= SYMBOL.size:
        entry = start + random.randrange(size // SYMBOL.size) * SYMBOL.size
        at, width = random.choice(((0, 4), (4, 4), (8, 4), (12, 1), (13, 1), (14, 2)))
        _field(out, entry + at, width, random)
        return
    width = min(size, random.choice((1, 1, 2, 4)))
    near_begin = random.random() < 0.4  # unit headers, abbreviations, vectors, line programs' headers
    at = start + random.randrange(min(size, 48) if near_begin else size)
    _field(out, min(at, start + size - width), width, random)
