"""An address in words."""

from __future__ import annotations

from emulator.image.demangle import demangle
from emulator.image.model import Image


def place_of(image: Image | None, address: int) -> str:
    """``0x08000412 main+0x12 (main.c:34)``, as far as the image tells."""
    address &= ~1
    text = f"0x{address:08x}"
    if image is None or image.debug is None:
        return text
    symbol = image.debug.symbol_at(address)
    if symbol is not None:
        text += f" {demangle(symbol.name)}+0x{address - symbol.address:x}"
    line = image.debug.line_at(address)
    if line is not None:
        text += f" ({line.file}:{line.line})"
    return text
