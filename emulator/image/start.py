"""Where a program begins that no vector table starts: at its entry point, as a debugger starts it.

An image with a start address is such a program, and an ELF without a vector table that is linked for
semihosting (GCC's ``--specs=rdimon.specs``, at 0x8000 if nothing else is said): that one asks the host
for its heap and stack (SYS_HEAPINFO) and for its command line, prints by SYS_WRITE, and ends itself.
Arm "Semihosting for AArch32 and AArch64" 2.0, SYS_HEAPINFO; which memory is free is found as QEMU 7.2's
system emulation does: the largest gap in the RAM that has the data.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.board.model import Board, Region
from emulator.errors import ImageError
from emulator.image.model import Image
from emulator.image.views import read_loaded

SEMIHOSTING_BREAKPOINT = bytes.fromhex("abbe")  # BKPT 0xAB
STACK_ALIGNMENT_BYTES = 8
"""AAPCS: the stack at a public interface."""


@dataclass(frozen=True, slots=True)
class EntryStart:
    """How a program without a vector table begins.

    ``entry``: its first instruction, without the Thumb bit. ``heap``: SYS_HEAPINFO's four words, heap
    base and limit, stack base and limit. ``memory``: the region that holds its data, its heap and its
    stack. ``enables_fpu``: its build attributes say that it computes with the FPU, and nothing in it
    enables one: who starts it has done so.
    """

    entry: int
    stack_pointer: int
    heap: tuple[int, int, int, int]
    memory: Region
    enables_fpu: bool


def starts_in_rom(board: Board) -> bool:
    """Whether the core finds its vectors in a boot ROM, whose program starts the image."""
    region = board.region_at(board.vector_table)
    return region is not None and region.kind == "rom"


def starts_at_entry(image: Image, board: Board) -> bool:
    """Whether no vector starts ``image``: one is told to start elsewhere, or is a semihosting program."""
    if image.start is not None:
        return True
    if starts_in_rom(board):
        return False
    if image.format != "elf" or image.entry is None or image.vector_table is not None:
        return False
    if not image.entry & 1 or read_loaded(image, board, image.entry & ~1, 2) is None:
        return False
    vectors = read_loaded(image, board, board.vector_table, 8)
    reset = 0 if vectors is None else int.from_bytes(vectors[4:], "little")
    if reset & 1 and read_loaded(image, board, reset & ~1, 2) is not None:
        return False
    return any(_half_words(segment.data, SEMIHOSTING_BREAKPOINT) for segment in image.segments)


def entry_start(image: Image, board: Board) -> EntryStart | None:
    """How ``image`` begins on ``board``; None: as every firmware, by its vectors.

    Raises :class:`ImageError` when its data lie where the board has no RAM.
    """
    if not starts_at_entry(image, board):
        return None
    memory = _memory_of_data(image, board)
    low, high = _largest_gap(image, board, memory)
    told = image.start is not None
    return EntryStart(
        entry=(image.entry or 0) & ~1 if image.start is None else image.start,
        stack_pointer=(_stack_of_vectors(image, board) if told else None) or high,
        heap=(low, high, high, low),
        memory=memory,
        enables_fpu=bool(image.uses_fpu) and board.fpu != "none",
    )


def _stack_of_vectors(image: Image, board: Board) -> int | None:
    """The initial stack pointer of the vectors that an image has, its own or at the board's table."""
    tables = [board.vector_table] if image.vector_table is None else [image.vector_table, board.vector_table]
    for table in tables:
        vectors = read_loaded(image, board, table, 4)
        stack = 0 if vectors is None else int.from_bytes(vectors, "little") & ~3
        if any(region.base < stack <= region.end for region in board.regions if region.kind == "ram"):
            return stack
    return None


def _half_words(data: bytes, wanted: bytes) -> bool:
    at = data.find(wanted)
    while at > 0 and at % 2:
        at = data.find(wanted, at + 1)
    return at >= 0


def _memory_of_data(image: Image, board: Board) -> Region:
    """The region that the program's writable data lie in; the board's first RAM when it has none."""
    for data in image.writable:
        region = board.region_at(data.address)
        if region is None:  # the check of the memory map has told so
            continue
        if region.kind != "ram" and not region.ram_for_programs:
            raise ImageError(
                f"is a program without a vector table, and its data lie in {region.name} of {board.name}"
                f" (0x{data.address:08x}-0x{data.end - 1:08x}), which it can't write",
                where=image.path,
                next_step="run it on a board with RAM there (mps2-an385 and its kin, virtual-*),"
                " or link it for this one",
            )
        return region
    ram = next((region for region in board.regions if region.kind == "ram"), None)
    if ram is None:
        raise ImageError(f"needs RAM, and {board.name} has none", where=image.path)
    return ram


def _largest_gap(image: Image, board: Board, memory: Region) -> tuple[int, int]:
    """Begin and end of the widest stretch of ``memory`` that the program leaves free."""
    taken = [(s.address, s.end) for s in image.segments] + [(r.address, r.end) for r in image.reserved]
    others = [r for r in board.regions if r is not memory and _same_bytes(r, memory)]
    taken += [
        (start - r.base + memory.base, end - r.base + memory.base)
        for r in others
        for start, end in taken
        if r.base <= start < r.end
    ]
    widest, low = (memory.base, memory.base), memory.base
    for start, end in [*sorted(taken), (memory.end, memory.end)]:
        if start >= memory.base and min(start, memory.end) - low > widest[1] - widest[0]:
            widest = (low, min(start, memory.end))
        low = max(low, end)
    mask = STACK_ALIGNMENT_BYTES - 1
    return (widest[0] + mask) & ~mask, widest[1] & ~mask


def _same_bytes(one: Region, other: Region) -> bool:
    return (one.alias_of or one.name) == (other.alias_of or other.name)
