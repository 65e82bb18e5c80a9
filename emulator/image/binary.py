"""Raw binaries: bytes without an address, so the address comes from elsewhere."""

from __future__ import annotations

from dataclasses import replace

from emulator.board.model import Board
from emulator.errors import ImageError
from emulator.image.checks import VECTOR_BYTES, vector_problem
from emulator.image.model import Image, Segment

ADDRESS_SPACE_BYTES = 1 << 32


def load_binary(image: Image, data: bytes, base: int | None, board: Board | None) -> Image:
    """Give ``image`` one segment with ``data`` at ``base`` or where the board expects it.

    Raises :class:`ImageError` without any base, and when the first two words are no stack
    pointer and reset vector there.
    """
    candidates = (base,) if base is not None else (board.image_bases if board else ())
    if not candidates:
        raise ImageError(
            "a raw binary does not say where it belongs",
            where=image.path,
            next_step="give its load address with --base, e.g. --base 0x08000000, or name a --board",
        )
    if len(data) < VECTOR_BYTES:
        raise ImageError(
            f"{len(data)} bytes are too few for a vector table", where=image.path, next_step="build it again"
        )
    problems = []
    for candidate in candidates:
        if candidate < 0 or candidate % 4 or candidate + len(data) > ADDRESS_SPACE_BYTES:
            problems.append(f"0x{candidate:x} is no load address for {len(data)} bytes")
            continue
        placed = replace(
            image, segments=(Segment(candidate, data, name="the binary"),), vector_table=candidate
        )
        problem = vector_problem(data[:VECTOR_BYTES], placed, board)
        if not problem:
            return placed
        problems.append(f"at 0x{candidate:08x} {problem}")
    raise ImageError(
        f"does not look like firmware: {'; '.join(problems)}",
        where=image.path,
        next_step="check --base (the address of its vector table) and --board; is it a raw binary at all?",
    )
