"""Names for an image from a second file: the ELF that it was made from, or the linker's map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from emulator.errors import ImageError
from emulator.files import read_bytes
from emulator.image.checks import VECTOR_BYTES, vector_problem
from emulator.image.loader import ELF_MAGIC, load_image
from emulator.image.map_file import read_map
from emulator.image.model import Image, Symbol
from emulator.image.symbol_table import SymbolTable
from emulator.image.views import read_loaded

WORD_BYTES = 4
CORE_VECTORS = 16
ANOTHER_BUILD = "give the file that came from the same link as the image"


def add_symbols(image: Image, path: Path) -> Image:
    """``image`` with the names (and lines, and sections) of the file at ``path``, in place of its own.

    An ELF must hold the same code: every function of it is compared. A linker map holds none, so
    it must have a function where each of the image's vectors points. Raises :class:`ImageError`.
    """
    data = read_bytes(path, error=ImageError, what="file of symbols")
    if data.startswith(ELF_MAGIC):
        other = load_image(path)
        _check_same_code(image, other)
        table = other.vector_table if image.vector_table is None else image.vector_table
        reserved = image.reserved or other.reserved  # a HEX or BIN says nothing of .bss and the stack
        return replace(image, debug=other.debug, vector_table=table, reserved=reserved)
    symbols = read_map(data.decode("utf-8", errors="replace"))
    if not any(symbol.is_function for symbol in symbols):
        raise ImageError(
            "holds no symbols: it is neither an ELF nor a linker map with functions",
            where=str(path),
            next_step="give the linker's ELF, or what GNU ld writes with -Map (armlink: --map --symbols)",
        )
    _check_vectors(image, symbols, path)
    return replace(image, debug=SymbolTable(symbols))


def _check_same_code(image: Image, other: Image) -> None:
    symbols = other.debug.symbols() if other.debug is not None else ()
    functions = [s for s in symbols if s.is_function and s.size_bytes]
    compared = [(s, code) for s in functions if (code := read_loaded(other, None, s.address, s.size_bytes))]
    if not compared:
        raise ImageError(
            "has no functions with names", where=other.path, next_step="give the ELF that was not stripped"
        )
    different = [s for s, code in compared if read_loaded(image, None, s.address, s.size_bytes) != code]
    if different:
        first = different[0]
        raise ImageError(
            f"does not belong to {image.path}: {len(different)} of its {len(compared)} functions are others"
            f" there, first {first.name} at 0x{first.address:08x}",
            where=other.path,
            next_step=ANOTHER_BUILD,
        )


def _check_vectors(image: Image, symbols: list[Symbol], path: Path) -> None:
    starts = {symbol.address for symbol in symbols if symbol.is_function}
    handlers = list(_handlers(image))
    strange = [address for address in handlers if address not in starts]
    if not handlers or strange:
        what = (
            f"no function of it begins at 0x{strange[0]:08x}, where a vector points"
            if strange
            else "the image's vectors, which would tell, were not found"
        )
        raise ImageError(f"does not belong to {image.path}: {what}", where=str(path), next_step=ANOTHER_BUILD)


def _handlers(image: Image) -> Iterator[int]:
    """Where the core's own vectors point, as far as that is in the image."""
    for table in (image.vector_table, *(segment.address for segment in image.segments)):
        vectors = read_loaded(image, None, table, VECTOR_BYTES) if table is not None else None
        if table is not None and vectors is not None and not vector_problem(vectors, image, None):
            words = (
                read_loaded(image, None, table + WORD_BYTES * n, WORD_BYTES) for n in range(1, CORE_VECTORS)
            )
            addresses = [int.from_bytes(word, "little") for word in words if word is not None]
            yield from (
                a & ~1 for a in addresses if a & 1 and read_loaded(image, None, a & ~1, 2) is not None
            )
            return
