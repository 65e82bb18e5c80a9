"""Does an image fit a board? Its memory map, its vectors; its core is warned of, in :func:`core_warning`."""

from __future__ import annotations

from emulator.board.model import Board, Region
from emulator.errors import ImageError
from emulator.image.attributes import core_problem
from emulator.image.model import Image
from emulator.image.start import entry_start, starts_in_rom
from emulator.image.views import read_loaded

WORD_BYTES = 4
VECTOR_BYTES = 2 * WORD_BYTES


def check_image(image: Image, board: Board) -> None:
    """Raise :class:`ImageError` unless the board's memories can hold ``image``."""
    for segment in image.segments:
        _check_fits(image, board, segment.address, len(segment.data), segment.name)
    for reserved in image.reserved:
        if any(d.base <= reserved.address and reserved.end <= d.base + d.size_bytes for d in board.devices):
            continue  # such as a backup SRAM
        _check_fits(image, board, reserved.address, reserved.size_bytes, reserved.name)


def core_warning(image: Image, board: Board) -> str:
    """Say which core or FPU ``image`` was built for that the board lacks; empty: none.

    Build attributes speak of what its sources asked for, not of what runs: one assembly file of a library
    with a ``.cpu`` or ``.fpu`` of its own is enough. The core faults where such an instruction is reached.
    """
    problem = "" if image.build is None else core_problem(image.build, board)
    if not problem:
        return ""
    return f"{image.path} is {problem}: it faults where it comes to an instruction that this core lacks"


def check_vectors(image: Image, board: Board) -> None:
    """Raise :class:`ImageError` unless the core would find a stack and a program at reset.

    The initial stack pointer must point into RAM (or just past its end), the reset vector
    must be odd (Thumb) and lie inside the image. The core drops the stack pointer's two low bits
    (ARMv7-M Architecture Reference Manual B1.5.5, TakeReset). A semihosting program without vectors
    starts at its entry point: :mod:`emulator.image.start`. Where the board's vectors lie in a ROM, the
    program there finds the image, or says itself what it misses.
    """
    if entry_start(image, board) is not None or starts_in_rom(board):
        return
    address = board.vector_table if image.vector_table is None else image.vector_table
    vectors = read_loaded(image, board, address, VECTOR_BYTES)
    _check_where_the_core_looks(image, board, address)
    if vectors is None:
        raise ImageError(
            f"holds nothing at 0x{address:08x}, where {board.name} reads its stack pointer and reset vector",
            where=image.path,
            next_step=f"it holds {describe_segments(image)}; link it for this board, or choose another board",
        )
    problem = vector_problem(vectors, image, board)
    if problem:
        raise ImageError(
            f"is no firmware for {board.name} at 0x{address:08x}: {problem}",
            where=image.path,
            next_step="choose the board that it was built for with --board; a raw binary also needs"
            " the right --base",
        )


def _check_where_the_core_looks(image: Image, board: Board, own: int) -> None:
    """Raise :class:`ImageError` for an application whose bootloader is missing: the core begins elsewhere.

    Such an ELF's own vectors are sound, and at the board's vector table are none.
    """
    if own == board.vector_table:
        return
    found = read_loaded(image, board, board.vector_table, VECTOR_BYTES)
    own_vectors = read_loaded(image, board, own, VECTOR_BYTES)
    if own_vectors is None or vector_problem(own_vectors, image, board):
        return
    problem = "it holds nothing" if found is None else vector_problem(found, image, board)
    if problem:
        raise ImageError(
            f"has its vectors at 0x{own:08x}; {board.name} begins at 0x{board.vector_table:08x}: {problem}",
            where=image.path,
            next_step=f"add its bootloader with --load, or begin by its own: --vectors 0x{own:08x}",
        )


def vector_problem(vectors: bytes, image: Image, board: Board | None) -> str:
    """Say what is wrong with the first two words of a vector table; empty: plausible."""
    stack_pointer = int.from_bytes(vectors[:WORD_BYTES], "little") & ~(WORD_BYTES - 1)
    reset = int.from_bytes(vectors[WORD_BYTES:VECTOR_BYTES], "little")
    if board is not None and not any(
        r.base < stack_pointer <= r.end for r in board.regions if r.kind == "ram"
    ):
        return f"the initial stack pointer 0x{stack_pointer:08x} does not point into RAM ({_ram_of(board)})"
    if not reset & 1:
        return f"the reset vector 0x{reset:08x} is even, so it is no Thumb address"
    if read_loaded(image, board, reset & ~1, 2) is None:
        return f"the reset vector 0x{reset:08x} points outside the image ({describe_segments(image)})"
    return ""


def describe_segments(image: Image) -> str:
    """Give the image's extent in words, shortened when there are many pieces."""
    spans = [f"0x{s.address:08x}-0x{s.end - 1:08x}" for s in image.segments]
    return ", ".join(spans[:4]) + (f" and {len(spans) - 4} more" if len(spans) > 4 else "")


def _check_fits(image: Image, board: Board, address: int, size_bytes: int, name: str) -> None:
    """Walk the regions from ``address``; neighbouring regions together may hold a segment."""
    position, end = address, address + size_bytes
    region: Region | None = None
    while position < end:
        region_here = board.region_at(position)
        if region_here is None:
            break
        region = region_here
        position = region.end
    else:
        return
    what = f"{name or 'a segment'} (0x{address:08x}-0x{end - 1:08x}, {size_bytes} bytes)"
    if region is None:
        problem = f"{what} lies in no memory of {board.name}"
    else:
        problem = f"{what} does not fit {region.name} of {board.name}: {end - region.end} bytes too long"
    raise ImageError(
        problem,
        where=image.path,
        next_step=f"{board.name} has {memory_map(board)}; choose the image's own board,"
        " or link it for this one",
    )


def memory_map(board: Board) -> str:
    """List the board's memories in one line: name, range, size."""
    return ", ".join(
        f"{r.name} 0x{r.base:08x}-0x{r.end - 1:08x} ({r.size_bytes // 1024} KB)"
        for r in board.regions
        if not r.alias_of
    )


def _ram_of(board: Board) -> str:
    return ", ".join(f"0x{r.base:08x}-0x{r.end - 1:08x}" for r in board.regions if r.kind == "ram")
