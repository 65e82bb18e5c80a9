"""Small hand-made files for the image tests: ELF, build attributes, HEX, vectors."""

from __future__ import annotations

import struct

from emulator.board.model import Board, Region

VECTORS = struct.pack("<II", 0x2000_1000, 0x0800_0009) + b"\x00\xbf\xfe\xe7"  # sp, reset; nop; b .
EM_ARM = 40


def make_board(**changes: object) -> Board:
    facts: dict[str, object] = {
        "name": "test-board",
        "title": "a board for tests",
        "core": "cortex-m4",
        "fpu": "single",
        "reset_hz": 4_000_000,
        "regions": (
            Region("flash", 0x0800_0000, 0x10000, "flash"),
            Region("flash_low", 0x0000_0000, 0x10000, "flash", alias_of="flash"),
            Region("sram1", 0x2000_0000, 0x4000, "ram"),
            Region("sram2", 0x2000_4000, 0x1000, "ram"),
        ),
        "devices": (),
        "console": "uart",
        "vector_table": 0,
        "interrupts": 32,
        "priority_bits": 4,
        "image_bases": (0x0800_0000,),
    }
    return Board(**(facts | changes))  # type: ignore[arg-type]


def attributes(**tags: int) -> bytes:
    """A .ARM.attributes section; ``tags`` are written as t6=13 (number, value)."""
    body = b"".join(bytes([int(name[1:]), value]) for name, value in tags.items())
    scope = b"\x01" + struct.pack("<I", len(body) + 5) + body
    vendor = b"aeabi\0" + scope
    return b"A" + struct.pack("<I", len(vendor) + 4) + vendor


def make_elf(
    data: bytes = VECTORS,
    *,
    address: int = 0x0800_0000,
    machine: int = EM_ARM,
    kind: int = 2,
    attribute_bytes: bytes = b"",
    bss: tuple[int, int] | None = None,
    bits: int = 32,
    big_endian: bool = False,
    headers_in_segment: bool = False,
) -> bytes:
    """An ELF with one loaded section .text, perhaps a .bss and build attributes."""
    if bits == 64 or big_endian or machine != EM_ARM:
        order = ">" if big_endian else "<"
        ident = b"\x7fELF" + bytes([2 if bits == 64 else 1, 2 if big_endian else 1, 1]) + bytes(9)
        return ident + struct.pack(order + "HHI", kind, machine, 1) + bytes(100)
    names = b"\0.text\0.ARM.attributes\0.shstrtab\0.bss\0"
    at_data = 52 + 32
    at_attributes = at_data + len(data)
    at_names = at_attributes + len(attribute_bytes)
    at_sections = at_names + len(names)
    sections = [
        (0,) * 10,
        (1, 1, 6, address, at_data, len(data), 0, 0, 4, 0),
        (7, 0x70000003, 0, 0, at_attributes, len(attribute_bytes), 0, 0, 1, 0),
        (23, 3, 0, 0, at_names, len(names), 0, 0, 1, 0),
    ]
    if bss is not None:
        sections.append((33, 8, 3, bss[0], at_names, bss[1], 0, 0, 4, 0))
    if not attribute_bytes:
        sections[2] = (0,) * 10
    ident = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    header = ident + struct.pack(
        "<HHIIIIIHHHHHH", kind, machine, 1, address | 1, 52, at_sections, 0x05000000, 52, 32, 1, 40,
        len(sections), 3,
    )  # fmt: skip
    if headers_in_segment:
        program = struct.pack(
            "<8I", 1, 0, address - at_data, address - at_data, at_data + len(data), at_data + len(data), 5, 4
        )
    else:
        program = struct.pack("<8I", 1, at_data, address, address, len(data), len(data), 5, 4)
    table = b"".join(struct.pack("<10I", *section) for section in sections)
    return header + program + data + attribute_bytes + names + table


def make_hex(data: bytes = VECTORS, address: int = 0x0800_0000, *, end: bool = True) -> str:
    """Intel HEX text with CR CR LF line ends, as some vendors' tools write."""

    def record(kind: int, at: int, payload: bytes) -> str:
        body = bytes([len(payload)]) + at.to_bytes(2, "big") + bytes([kind]) + payload
        return ":" + (body + bytes([-sum(body) & 0xFF])).hex().upper()

    lines = [record(4, 0, (address >> 16).to_bytes(2, "big"))]
    lines += [record(0, (address + i) & 0xFFFF, data[i : i + 16]) for i in range(0, len(data), 16)]
    if end:
        lines.append(record(1, 0, b""))
    return "\r\r\n".join(lines) + "\r\r\n"


def uf2_block(
    data: bytes,
    address: int,
    number: int = 0,
    total: int = 1,
    *,
    family: int | None = 0x57755A57,
    flags: int = 0,
    tags: bytes = b"",
) -> bytes:
    """One block of a UF2 file (github.com/microsoft/uf2): header, payload, tags, last magic number."""
    if family is not None:
        flags |= 0x2000
    header = struct.pack("<8I", 0x0A324655, 0x9E5D5157, flags, address, len(data), number, total, family or 0)
    return (header + data + tags).ljust(508, b"\0") + struct.pack("<I", 0x0AB16F30)


def make_uf2(
    data: bytes = VECTORS, address: int = 0x0800_0000, *, family: int | None = 0x57755A57, payload: int = 256
) -> bytes:
    """A UF2 file of so many bytes a block."""
    pieces = [data[at : at + payload] for at in range(0, len(data), payload)]
    return b"".join(
        uf2_block(piece, address + number * payload, number, len(pieces), family=family)
        for number, piece in enumerate(pieces)
    )
