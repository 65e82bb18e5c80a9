"""ELF firmware: what to load, for which core, and where its vectors are.

Header and program headers are read here, so that a damaged or foreign file gets a
message of ours; sections, symbols and DWARF are pyelftools'. Layout: System V gABI, ELF32.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile

from emulator.errors import ImageError
from emulator.image.attributes import build_facts, core_of
from emulator.image.debug_info import ElfDebugInfo
from emulator.image.model import Image, Reservation, Segment
from emulator.image.views import read_loaded

HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
PROGRAM_HEADER = struct.Struct("<IIIIIIII")
SECTION_HEADER_BYTES = 40
MOST_ATTRIBUTES = 256
"""The build attributes' specification (Arm IHI 0045) knows some fifty tags."""
CLASS_AT, DATA_AT, MACHINE_AT = 4, 5, 18
CLASS_32, DATA_LITTLE = 1, 1
EM_ARM = 40
EM_NAMES = {
    2: "SPARC", 3: "x86", 4: "Motorola 68000", 8: "MIPS", 20: "PowerPC", 21: "PowerPC 64", 22: "IBM S/390",
    62: "x86-64", 83: "Atmel AVR", 94: "Xtensa", 105: "TI MSP430", 183: "AArch64 (64-bit Arm)",
    195: "Synopsys ARC", 243: "RISC-V", 247: "BPF",
}  # fmt: skip
TYPE_NAMES = {1: "an object file that is not linked yet", 3: "a shared library", 4: "a core dump"}
ET_EXEC = 2
PT_LOAD, PT_INTERP = 1, 3
PF_WRITE = 0x2
SHF_ALLOC, SHF_TLS = 0x2, 0x400
VECTOR_SECTIONS = (
    ".isr_vector", ".isr_vectors", ".vectors", ".vector", ".vector_table", ".intvecs", ".interrupts",
)  # fmt: skip
VECTOR_SYMBOLS = (
    "g_pfnVectors", "__isr_vector", "__Vectors", "__vector_table", "_vectors", "__vectors", "vector_table",
)  # fmt: skip
DAMAGED = (ELFError, ConstructError, ValueError, KeyError, IndexError, TypeError, AttributeError,
           OverflowError, AssertionError, struct.error)  # fmt: skip
"""What pyelftools raises on damaged sections; each becomes one ImageError."""
REBUILD = "copy it again from where it was built, or build it again"


@dataclass(frozen=True, slots=True)
class _ProgramHeader:
    type: int
    offset: int
    virtual: int
    physical: int
    file_bytes: int
    memory_bytes: int
    flags: int


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    address: int
    offset: int
    size_bytes: int
    in_file: bool


def load_elf(image: Image, data: bytes) -> Image:
    """Fill ``image`` from an ELF's bytes; raises :class:`ImageError`."""
    entry, headers, has_sections = _read_headers(data, image.path)
    try:
        elf = ELFFile(io.BytesIO(data))
        sections = _allocated_sections(elf)
        tags = _attribute_tags(elf)
    except DAMAGED as error:
        raise ImageError(
            f"damaged ELF file: {str(error) or type(error).__name__}", where=image.path, next_step=REBUILD
        ) from error
    facts = build_facts(tags, image.path)
    if not has_sections:
        sections = [_Section("", h.virtual, h.offset, h.file_bytes, in_file=True) for h in headers]
    segments = _segments(headers, sections, data, image.path)
    debug = ElfDebugInfo(elf)
    loaded = replace(
        image,
        segments=segments,
        entry=entry,
        core=core_of(facts) if facts else None,
        uses_fpu=facts.fpu != "none" if facts else None,
        build=facts,
        reserved=_reservations(headers, sections, has_sections=has_sections),
        writable=tuple(
            Reservation(h.virtual, h.memory_bytes, f"segment {number}")
            for number, h in enumerate(headers, 1)
            if h.type == PT_LOAD and h.memory_bytes and h.flags & PF_WRITE
        ),
        debug=debug,
    )
    return replace(loaded, vector_table=_vector_table(loaded, sections, debug))


# -- headers -----------------------------------------------------------------------------
def _read_headers(data: bytes, where: str) -> tuple[int, list[_ProgramHeader], bool]:
    """Entry, program headers, and whether there is a section table."""
    _check_machine(data, where)
    (_, kind, _, _, entry, phoff, shoff, _, _, phentsize, phnum, _, shnum, _) = HEADER.unpack_from(data)
    if kind != ET_EXEC:
        raise ImageError(
            f"this ELF is {TYPE_NAMES.get(kind, f'of type {kind}')}, not a firmware image",
            where=where,
            next_step="link it with the board's linker script",
        )
    if phnum == 0 or phentsize < PROGRAM_HEADER.size:
        raise ImageError("this ELF has nothing to load", where=where, next_step=REBUILD)
    needed = max(phoff + phnum * phentsize, shoff + shnum * SECTION_HEADER_BYTES)
    headers = []
    if phoff + phnum * phentsize <= len(data):
        for index in range(phnum):
            (type_, offset, virtual, physical, file_bytes, memory_bytes, flags, _) = (
                PROGRAM_HEADER.unpack_from(data, phoff + index * phentsize)
            )
            headers.append(_ProgramHeader(type_, offset, virtual, physical, file_bytes, memory_bytes, flags))
            if file_bytes:  # an empty one may be said to lie behind the end
                needed = max(needed, offset + file_bytes)
    if needed > len(data):
        raise ImageError(
            f"the ELF file is cut off: it has {len(data)} bytes, its headers name {needed}",
            where=where,
            next_step=REBUILD,
        )
    if any(h.type == PT_INTERP for h in headers):
        raise ImageError(
            "this ELF is a program for an operating system, not firmware",
            where=where,
            next_step="build it with a bare-metal compiler such as arm-none-eabi-gcc",
        )
    return entry, headers, shnum > 0


def _check_machine(data: bytes, where: str) -> None:
    if len(data) < MACHINE_AT + 2:
        raise ImageError(f"the ELF file is cut off: it has {len(data)} bytes", where=where, next_step=REBUILD)
    big_endian = data[DATA_AT] != DATA_LITTLE
    machine = int.from_bytes(data[MACHINE_AT : MACHINE_AT + 2], "big" if big_endian else "little")
    build = "build it for the board's core, e.g. arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb"
    if machine != EM_ARM:
        name = EM_NAMES.get(machine, f"machine number {machine}")
        raise ImageError(f"this ELF is for {name}, not for an Arm Cortex-M", where=where, next_step=build)
    if big_endian:
        raise ImageError("this ELF is big endian", where=where, next_step="build it little endian")
    if data[CLASS_AT] != CLASS_32:
        raise ImageError("this ELF is not a 32-bit one", where=where, next_step=build)
    if len(data) < HEADER.size:
        raise ImageError(f"the ELF file is cut off: it has {len(data)} bytes", where=where, next_step=REBUILD)


# -- sections ----------------------------------------------------------------------------
def _allocated_sections(elf: ELFFile) -> list[_Section]:
    found = []
    for section in elf.iter_sections():
        flags, size_bytes = section["sh_flags"], section["sh_size"]
        in_file = section["sh_type"] != "SHT_NOBITS"
        if not flags & SHF_ALLOC or not size_bytes or (flags & SHF_TLS and not in_file):
            continue
        found.append(_Section(section.name, section["sh_addr"], section["sh_offset"], size_bytes, in_file))
    return found


def _attribute_tags(elf: ELFFile) -> dict[str, Any]:
    """File-scope build attributes of the "aeabi" vendor by pyelftools' tag names.

    pyelftools 0.33 goes on behind a damaged length, and round and round at one of zero: what lies beyond
    the section, or is more than :data:`MOST_ATTRIBUTES`, is left out.
    """
    section = elf.get_section_by_name(".ARM.attributes")
    tags: dict[str, Any] = {}
    if section is None or not hasattr(section, "iter_subsections"):
        return tags
    end = section["sh_offset"] + section["sh_size"]
    for vendor in islice(section.iter_subsections(), MOST_ATTRIBUTES):
        if vendor.offset >= end or vendor.header["length"] == 0:
            break
        if vendor.header["vendor_name"] != "aeabi":
            continue
        for scope in islice(vendor.iter_subsubsections(), MOST_ATTRIBUTES):
            if scope.offset >= end or scope.header.value == 0:
                break
            if scope.header.tag == "TAG_FILE":
                tags |= _attributes_of(scope, end)
    return tags


def _attributes_of(scope: Any, end: int) -> dict[str, Any]:
    """The attributes of one scope that end before the section does."""
    tags: dict[str, Any] = {}
    for attribute in islice(scope.iter_attributes(), MOST_ATTRIBUTES):
        if scope.stream.tell() > end:
            break
        tags[str(attribute.tag)] = attribute.value
    return tags


def _segments(
    headers: list[_ProgramHeader], sections: list[_Section], data: bytes, where: str
) -> tuple[Segment, ...]:
    """Bytes to load: of each PT_LOAD the part that sections cover.

    GNU ld puts the file's own headers into the first segment when their page is free;
    nobody programs those into a flash.
    """
    segments: list[Segment] = []
    for header in headers:
        if header.type != PT_LOAD or not header.file_bytes:
            continue
        inside = _inside(header, sections)
        if not inside:
            continue
        start = min(section.offset for section in inside)
        end = max(section.offset + section.size_bytes for section in inside)
        address = header.physical + start - header.offset
        name = " ".join(section.name for section in inside if section.name)
        segments.append(Segment(address, data[start:end], name or f"segment {len(segments) + 1}"))
    if not segments:
        raise ImageError("this ELF has nothing to load", where=where, next_step=REBUILD)
    return tuple(sorted(segments, key=lambda segment: segment.address))


def _inside(header: _ProgramHeader, sections: list[_Section]) -> list[_Section]:
    end = header.offset + header.file_bytes
    return [s for s in sections if s.in_file and header.offset <= s.offset and s.offset + s.size_bytes <= end]


def _reservations(
    headers: list[_ProgramHeader], sections: list[_Section], *, has_sections: bool
) -> tuple[Reservation, ...]:
    if has_sections:
        return tuple(Reservation(s.address, s.size_bytes, s.name) for s in sections)
    return tuple(
        Reservation(h.virtual, h.memory_bytes, f"segment {number}")
        for number, h in enumerate(headers, 1)
        if h.type == PT_LOAD and h.memory_bytes
    )


def _vector_table(image: Image, sections: list[_Section], debug: ElfDebugInfo) -> int | None:
    """Where the image keeps its vectors: a section or symbol of a usual name."""
    candidates = [s.address for s in sections if s.name in VECTOR_SECTIONS and s.in_file]
    if not candidates:
        symbols = (debug.symbol(name) for name in VECTOR_SYMBOLS)
        candidates = [symbol.address for symbol in symbols if symbol is not None]
    for address in candidates:
        vectors = read_loaded(image, None, address, 8)
        if vectors is not None and vectors[4] & 1:
            return address
    return None
