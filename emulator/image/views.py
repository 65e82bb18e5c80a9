"""The bytes of an image as a board's core sees them, through the aliases of its memories."""

from __future__ import annotations

from emulator.board.model import Board
from emulator.image.model import Image


def read_loaded(image: Image, board: Board | None, address: int, size_bytes: int) -> bytes | None:
    """Bytes of the image as seen at ``address`` (through aliases), None where it has none."""
    for candidate in _views(board, address):
        for segment in image.segments:
            if segment.address <= candidate and candidate + size_bytes <= segment.end:
                start = candidate - segment.address
                return segment.data[start : start + size_bytes]
    return None


def _views(board: Board | None, address: int) -> list[int]:
    """All addresses that name the same byte as ``address``."""
    if board is None:
        return [address]
    here = board.region_at(address)
    if here is None:
        return [address]
    regions = {region.name: region for region in board.regions}
    original = regions[here.alias_of] if here.alias_of else here
    offset = address - here.base
    twins = [r for r in board.regions if r is original or r.alias_of == original.name]
    return [r.base + offset for r in twins if offset < r.size_bytes]
