"""Memories of a chip of which nobody has said them: what an image needs, or what most chips have.

An SVD file describes registers, not memories. An image tells where it is loaded, where it writes and where
its stack begins; sizes are generous, and the board file says that they are a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emulator.board.areas import PERIPHERALS, PRIVATE
from emulator.errors import UsageError
from emulator.image.model import Image

PAGE_BYTES = 0x1000
FLASH_STEP_BYTES, RAM_STEP_BYTES = 0x100000, 0x10000
"""What the base of a flash, and of a RAM, is a multiple of on the chips that there are."""
LEAST_FLASH_BYTES, LEAST_RAM_BYTES = 0x100000, 0x40000
APART_BYTES = 0x100000
"""What lies farther apart is in two memories."""
SRAM_AREA = 0x20000000
"""Where Arm's memory map has RAM (ARMv7-M ARM B3.1); some chips have RAM below it, too."""
STACK_ALIGNMENT = 0x400
"""Linker scripts put the stack at the end of RAM, or anywhere: RAMs are whole kilobytes."""
VECTOR_ALIGNMENT = 0x80
WORD_BYTES = 4


@dataclass(frozen=True, slots=True)
class MemoryRange:
    """A memory. ``kind``: ``"flash"`` or ``"ram"``; ``source``: where it is known from."""

    kind: str
    base: int
    size_bytes: int
    source: str
    is_guess: bool = False

    @property
    def end(self) -> int:
        """Address after its last byte."""
        return self.base + self.size_bytes


@dataclass(frozen=True, slots=True)
class Memories:
    """The memories by address, and where the core reads its vectors at reset."""

    ranges: tuple[MemoryRange, ...]
    vector_table: int


DEFAULTS = (
    MemoryRange("flash", 0x00000000, 0x100000, "guess: 1 MB where most chips have flash", True),
    MemoryRange("ram", 0x20000000, 0x40000, "guess: 256 KB where most chips have RAM", True),
)


def memories_of(image: Image | None, given: Sequence[MemoryRange]) -> Memories:
    """Those that are given, then what the image needs beside them, else :data:`DEFAULTS`.

    Raises UsageError when the image has no vector table.
    """
    ranges = list(given)
    if image is None:
        ranges += [memory for memory in DEFAULTS if all(memory.kind != other.kind for other in given)]
    else:
        ranges += [memory for memory in needed(image) if not _covered(memory, given)]
    ranges = _apart(sorted(ranges, key=lambda memory: memory.base))
    flash = next((memory for memory in ranges if memory.kind == "flash"), ranges[0])
    return Memories(tuple(ranges), flash.base if image is None else vector_table_of(image))


def needed(image: Image) -> list[MemoryRange]:
    """The memories that an image needs."""
    vectors = vector_table_of(image)
    loaded = [(segment.address, segment.end) for segment in image.segments if segment.data]
    written = [(part.address, part.end) for part in image.writable]
    written += [
        (part.address, part.end)
        for part in image.reserved
        if not any(start < part.end and part.address < end for start, end in loaded)  # a stack, a heap
    ]
    if vectors < SRAM_AREA:  # a linker may call the segment with the vectors writable
        home = next((span for span in _joined(loaded) if span[0] <= vectors < span[1]), (0, 0))
        written = [span for span in written if not home[0] <= span[0] < home[1]]
    is_written = [any(start < stop and begin < end for begin, stop in written) for start, end in loaded]
    flash = [span for span, also in zip(loaded, is_written, strict=True) if not also]
    stack = int.from_bytes(_loaded(image, vectors, WORD_BYTES), "little") & ~(WORD_BYTES - 1)
    ram = [*written, (stack - WORD_BYTES, stack)]
    ram += [span for span, also in zip(loaded, is_written, strict=True) if also]
    found = list(_regions("flash", flash, FLASH_STEP_BYTES, LEAST_FLASH_BYTES))
    return found + list(_regions("ram", ram, RAM_STEP_BYTES, LEAST_RAM_BYTES, stack))


def vector_table_of(image: Image) -> int:
    """Where an image's vectors are: as it tells, else where a stack pointer and its entry point stand.

    Raises UsageError.
    """
    if image.vector_table is not None:
        return image.vector_table
    for segment in sorted(image.segments, key=lambda segment: segment.address):
        first = -(-segment.address // VECTOR_ALIGNMENT) * VECTOR_ALIGNMENT
        begins = range(first, segment.end - 2 * WORD_BYTES + 1, VECTOR_ALIGNMENT)
        for address in begins if image.entry is not None else begins[:1]:
            if _is_table(image, address):
                return address
    raise UsageError(
        "has no vector table: nothing in it begins with a stack pointer and a Thumb address",
        where=image.path,
        next_step="give the firmware as its board starts it (an ELF, or a .bin with --base)",
    )


def _is_table(image: Image, address: int) -> bool:
    words = _loaded(image, address, 2 * WORD_BYTES)
    stack, reset = (int.from_bytes(words[at : at + WORD_BYTES], "little") for at in (0, WORD_BYTES))
    is_reset = reset & 1 and any(part.address <= reset < part.end for part in image.segments)
    if image.entry is not None:
        is_reset = is_reset and reset | 1 == image.entry | 1
    return bool(is_reset and stack and stack % WORD_BYTES == 0)


def _loaded(image: Image, address: int, size_bytes: int) -> bytes:
    for segment in image.segments:
        if segment.address <= address and address + size_bytes <= segment.end:
            return segment.data[address - segment.address :][:size_bytes]
    return bytes(size_bytes)


def _regions(
    kind: str, spans: Iterable[tuple[int, int]], step_bytes: int, least_bytes: int, stack: int = 0
) -> Iterable[MemoryRange]:
    """Regions around spans.

    ``stack``: where the stack begins, which is the end of a RAM when nothing lies behind it.
    """
    groups = _joined(span for span in spans if span[0] not in PERIPHERALS and span[0] not in PRIVATE)
    for start, end in groups:
        base = start // step_bytes * step_bytes
        size = max(least_bytes, 1 << (end - base - 1).bit_length())
        if end == stack and stack % STACK_ALIGNMENT == 0:
            size = -(-(end - base) // PAGE_BYTES) * PAGE_BYTES
        yield MemoryRange(kind, base, size, f"guess: the image needs 0x{start:08x}-0x{end - 1:08x}", True)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that lie near each other as one."""
    groups: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if 0 <= span[0] < span[1]):
        if groups and start - groups[-1][1] < APART_BYTES:
            groups[-1] = (groups[-1][0], max(groups[-1][1], end))
        else:
            groups.append((start, end))
    return groups


def _covered(memory: MemoryRange, others: Iterable[MemoryRange]) -> bool:
    """Whether what a guess is about lies in memories that are known."""
    return any(
        other.base <= memory.base < other.end or memory.base <= other.base < memory.end for other in others
    )


def _apart(ranges: list[MemoryRange]) -> list[MemoryRange]:
    """The same without overlaps: a guess ends where the next memory begins."""
    kept: list[MemoryRange] = []
    for memory in ranges:
        if kept and kept[-1].end > memory.base:
            before = kept[-1]
            if not before.is_guess and memory.is_guess:
                continue
            if before.base == memory.base:
                continue
            kept[-1] = MemoryRange(
                before.kind, before.base, memory.base - before.base, before.source, before.is_guess
            )
        kept.append(memory)
    return kept
