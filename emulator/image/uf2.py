"""UF2 files: blocks of 512 bytes, each with its own address (github.com/microsoft/uf2, README).

A block is taken or left by itself: those that are not for the main flash, those of files, and those of
another family of chips are left; the order in which they stand does not matter. What a bootloader would
find out too late is told here: a damaged block, one that is missing, two that want the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from emulator.errors import ImageError
from emulator.image.model import Segment

UF2_MAGIC = b"UF2\n"
BLOCK_BYTES = 512
HEADER = struct.Struct("<8I")
SECOND_MAGIC, LAST_MAGIC = 0x9E5D5157, 0x0AB16F30
LAST_MAGIC_OFFSET = 508
LARGEST_PAYLOAD_BYTES = LAST_MAGIC_OFFSET - HEADER.size
ADDRESS_SPACE_BYTES = 1 << 32

NOT_MAIN_FLASH, FILE_CONTAINER, HAS_FAMILY, HAS_MD5, HAS_TAGS = 0x1, 0x1000, 0x2000, 0x4000, 0x8000
MD5_BYTES = 24
TAG_HEADER_BYTES = 4
LAST_TAGS = (0, 0xFFFFFFFF)
IGNORED_BLOCK_TAG = 0x9957E304
"""A block that only a loader with RP2350's erratum E10 needs (pico-sdk, boot/uf2.h)."""

FAMILIES: Mapping[int, str] = {
    0x00FF6919: "STM32L4", 0x04240BDF: "STM32L5", 0x1851780A: "SAML21", 0x1B57745F: "NRF52",
    0x1E1F432D: "STM32L1", 0x202E3A91: "STM32L0", 0x21460FF0: "STM32WL", 0x2ABC77EC: "LPC55",
    0x300F5633: "STM32G0", 0x31D228C6: "GD32F350", 0x4C71240A: "STM32G4", 0x4FB2D5BD: "MIMXRT10XX",
    0x53B80F00: "STM32F7", 0x55114460: "SAMD51", 0x57755A57: "STM32F4", 0x5D1A0A2E: "STM32F2",
    0x5EE21072: "STM32F1", 0x621E937A: "NRF52833", 0x647824B6: "STM32F0", 0x68ED2B88: "SAMD21",
    0x6B846188: "STM32F3", 0x6D0922FA: "STM32F407", 0x6DB66082: "STM32H7", 0x70D16653: "STM32WB",
    0x7F83E793: "KL32L2", 0x8FB060FE: "STM32F407VG", 0xADA52840: "NRF52840",
    0xE48BFF56: "RP2040", 0xE48BFF57: "RP2XXX_ABSOLUTE", 0xE48BFF58: "RP2XXX_DATA",
    0xE48BFF59: "RP2350_ARM_S", 0xE48BFF5A: "RP2350_RISCV", 0xE48BFF5B: "RP2350_ARM_NS",
}  # fmt: skip
"""Chips with a Cortex-M (github.com/microsoft/uf2, utils/uf2families.json; last five: pico-sdk, uf2.h)."""

COPY_AGAIN = "copy it again from where it was built"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a file. ``offset``: where in the file it begins; ``family``: None when it says none."""

    offset: int
    address: int
    data: bytes
    number: int
    total: int
    flags: int
    family: int | None
    ignored: bool

    @property
    def end(self) -> int:
        """Address after the last byte."""
        return self.address + len(self.data)

    @property
    def is_for_flash(self) -> bool:
        """Whether its bytes are what the chip's memory holds."""
        return not self.flags & (NOT_MAIN_FLASH | FILE_CONTAINER) and bool(self.data)

    def __str__(self) -> str:
        return f"block {self.number} of {self.total} (at offset 0x{self.offset:x})"


def load_uf2(data: bytes, where: str, families: Iterable[int] = ()) -> tuple[Segment, ...]:
    """The memory's contents. ``families``: those whose blocks the board takes; all when it names none.

    Raises :class:`ImageError` for a damaged or missing block, a file of other families alone, one of
    several when the board names none, and blocks that overlap.
    """
    blocks = [block for block in _blocks(data, where) if not block.ignored]
    taken = [block for block in _of_families(blocks, where, tuple(families)) if block.is_for_flash]
    if not taken:
        raise ImageError(
            "the UF2 file holds nothing for the chip's memory", where=where, next_step="build it again"
        )
    return tuple(_segments(sorted(taken, key=lambda block: block.address), where))


def family_words(family: int | None) -> str:
    """A family by name and number."""
    return "none" if family is None else f"{FAMILIES.get(family, 'unknown')} (0x{family:08x})"


def _blocks(data: bytes, where: str) -> Iterator[Block]:
    for offset in range(0, len(data), BLOCK_BYTES):
        piece = data[offset : offset + BLOCK_BYTES]
        if len(piece) < BLOCK_BYTES:
            raise ImageError(
                f"the UF2 file is cut off: its last block, at offset 0x{offset:x}, has {len(piece)} bytes"
                f" and not {BLOCK_BYTES}",
                where=where,
                next_step=COPY_AGAIN,
            )
        yield _block(piece, offset, where)


def _block(piece: bytes, offset: int, where: str) -> Block:
    fields = HEADER.unpack_from(piece)
    _first, second, flags, address, size, number, total, family = fields
    (last,) = struct.unpack_from("<I", piece, LAST_MAGIC_OFFSET)
    room = LARGEST_PAYLOAD_BYTES - (MD5_BYTES if flags & HAS_MD5 else 0)
    problem = ""
    if not piece.startswith(UF2_MAGIC) or second != SECOND_MAGIC or last != LAST_MAGIC:
        problem = f"is none: it begins with {piece[:8].hex(' ')} and ends with {piece[-4:].hex(' ')}"
    elif size > room:
        problem = f"has a payload of {size} bytes, and room for {room}"
    elif number >= total:
        problem = f"has number {number}, of {total}"
    elif not flags & FILE_CONTAINER and address + size > ADDRESS_SPACE_BYTES:
        problem = f"goes beyond 4 GiB, from 0x{address:08x} on"
    if problem:
        raise ImageError(
            f"damaged UF2 file: block {offset // BLOCK_BYTES}, at offset 0x{offset:x}, {problem}",
            where=where,
            next_step=COPY_AGAIN,
        )
    payload = piece[HEADER.size : HEADER.size + size]
    ignored = bool(flags & HAS_TAGS) and IGNORED_BLOCK_TAG in _tags(
        piece[HEADER.size + size : LAST_MAGIC_OFFSET]
    )
    known = family if flags & HAS_FAMILY else None
    return Block(offset, address, payload, number, total, flags, known, ignored)


def _tags(rest: bytes) -> Iterator[int]:
    """Yield the tags behind a payload: size and type in a word each. What is no tag ends them."""
    at = 0
    while at + TAG_HEADER_BYTES <= len(rest):
        word = int.from_bytes(rest[at : at + TAG_HEADER_BYTES], "little")
        size = word & 0xFF
        if word in LAST_TAGS or size < TAG_HEADER_BYTES:
            return
        yield word
        at += (size + 3) & ~3


def _of_families(blocks: list[Block], where: str, families: tuple[int, ...]) -> list[Block]:
    """The blocks that a board of these families takes; all of them are there."""
    held = list(dict.fromkeys(block.family for block in blocks if block.is_for_flash))
    named = [family for family in held if family is not None]
    wanted = [family for family in held if family in families or family is None] if families else held
    words = ", ".join(family_words(family) for family in held)
    if named and families and not set(named) & set(families):
        raise ImageError(
            f"the UF2 file is for the family {words}, and the board takes"
            f" {', '.join(family_words(family) for family in families)}",
            where=where,
            next_step="choose the board that it was built for with --board (uf2_families in a board's file)",
        )
    if len(wanted) > 1 and not families:
        raise ImageError(
            f"the UF2 file holds several families: {words}",
            where=where,
            next_step=f"say which one the board takes in its file, such as uf2_families = [0x{named[0]:08X}]",
        )
    taken = [block for block in blocks if block.family in wanted]
    _check_complete(taken, where)
    return taken


def _check_complete(blocks: list[Block], where: str) -> None:
    """All numbers of every file that was put into this one must be there, each with one content."""
    parts: dict[tuple[int | None, int], dict[int, Block]] = {}
    for block in blocks:
        numbers = parts.setdefault((block.family, block.total), {})
        other = numbers.setdefault(block.number, block)
        if (other.address, other.data) != (block.address, block.data):
            raise ImageError(
                f"damaged UF2 file: {block} has the number of that at offset 0x{other.offset:x},"
                " and is another",
                where=where,
                next_step=COPY_AGAIN,
            )
    for (family, total), numbers in parts.items():
        if len(numbers) < total:
            missing = next(number for number in range(total) if number not in numbers)
            of = "" if family is None else f" of family {family_words(family)}"
            raise ImageError(
                f"the UF2 file is cut off: {total - len(numbers)} of {total} blocks{of} are missing,"
                f" first block {missing}",
                where=where,
                next_step=COPY_AGAIN,
            )


def _segments(blocks: list[Block], where: str) -> Iterator[Segment]:
    """Neighbouring blocks in one piece; ``blocks``: by address."""
    start, pieces, before = blocks[0].address, bytearray(), blocks[0]
    first = blocks[0]
    for block in blocks:
        if pieces and block.address < before.end:
            if (block.address, block.data) == (before.address, before.data):
                continue  # written twice
            raise ImageError(
                f"two blocks want the bytes at 0x{block.address:08x}: {before} and {block}",
                where=where,
                next_step=COPY_AGAIN,
            )
        if pieces and block.address > before.end:
            yield Segment(start, bytes(pieces), name=_name(first, before))
            start, first = block.address, block
            pieces.clear()
        pieces += block.data
        before = block
    yield Segment(start, bytes(pieces), name=_name(first, before))


def _name(first: Block, last: Block) -> str:
    return f"block {first.number}" if first is last else f"blocks {first.number} to {last.number}"
