"""What lies where in a board's memories: sections, symbols, stacks, heaps, arenas, weights.

Every address belongs to one object: the smallest that holds it. An alias of a memory is that memory.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from emulator.board.model import Board, Region
from emulator.image.demangle import demangle
from emulator.image.model import Image, Symbol
from emulator.image.views import read_loaded

SECTION, SYMBOL, STACK, HEAP, ARENA, WEIGHTS, REST = (
    "section", "symbol", "stack", "heap", "arena", "weights", "rest",
)  # fmt: skip
ALWAYS_TOLD = frozenset({SECTION, STACK, HEAP, ARENA, WEIGHTS})
"""Kinds of objects that have a row even when nothing was done with them: where they lie is a fact."""
WORDS_OF_KINDS = ((ARENA, "arena"), (STACK, "stack"), (HEAP, "heap"), (WEIGHTS, "weight"))
LEAST_BYTES = 32
"""A symbol called something with "stack" or "weights" that is smaller is a pointer or a count."""
MODEL_MARK, MODEL_MARK_AT = b"TFL3", 4
"""A TensorFlow Lite model in the image is its weights (schema.fbs, file_identifier)."""
HEAP_STARTS = ("end", "_end", "__end__", "__HeapBase", "__heap_start")
"""Linker symbols where newlib's heap begins."""
OUTSIDE = -1
Object = tuple[str, str, int, int]
"""Kind, name, address, size in bytes."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object, or the part of one that lies in one memory."""

    region: str
    kind: str
    name: str
    address: int
    size_bytes: int


class MemoryLayout:
    """The address space in stretches, each of one object or of none.

    ``heap_end``: how far the heap has grown, 0: not known.
    """

    def __init__(self, board: Board, image: Image | None, heap_end: int = 0) -> None:
        self.places: list[Place] = []
        owners: dict[int, int] = {0: OUTSIDE}
        objects = list(_objects(image, heap_end)) if image is not None else []
        for memory in (region for region in board.regions if not region.alias_of):
            views = [r for r in board.regions if r is memory or r.alias_of == memory.name]
            stretches = list(self._paint(memory, views, objects))
            for view in views:
                owners |= {
                    view.base + offset: owner for offset, owner in stretches if offset < view.size_bytes
                }
                owners.setdefault(view.end, OUTSIDE)
        ordered = sorted((start, owner) for start, owner in owners.items() if start < 1 << 32)
        self.starts = [start for start, _ in ordered]
        self.owners = [owner for _, owner in ordered]

    def owner_of(self, address: int) -> int:
        """Index of the place that holds ``address``, :data:`OUTSIDE` for none."""
        return self.owners[bisect.bisect_right(self.starts, address) - 1]

    def place_at(self, address: int) -> Place | None:
        """The object that holds ``address``."""
        owner = self.owner_of(address)
        return None if owner == OUTSIDE else self.places[owner]

    def _paint(self, memory: Region, views: list[Region], objects: list[Object]) -> Iterator[tuple[int, int]]:
        """Stretches (offset, place) of a memory; smaller objects lie on top of larger ones."""
        whole = Place(memory.name, REST, f"rest of {memory.name}", memory.base, memory.size_bytes)
        laid = [(0, memory.size_bytes, whole)]
        for view in views:
            for kind, name, address, size_bytes in objects:
                low, high = max(address, view.base), min(address + size_bytes, view.end)
                if low < high:
                    place = Place(memory.name, _kind_in(memory, kind), name, low, high - low)
                    laid.append((low - view.base, high - view.base, place))
        first = len(self.places)
        self.places += [place for _, _, place in laid]
        edges = sorted({edge for low, high, _ in laid for edge in (low, high)})
        owners = [first] * len(edges)
        for number in sorted(range(len(laid)), key=lambda n: laid[n][0] - laid[n][1]):
            low, high, _ = laid[number]
            for index in range(bisect.bisect_left(edges, low), bisect.bisect_left(edges, high)):
                owners[index] = first + number
        yield from zip(edges[:-1], owners[:-1], strict=True)


def _objects(image: Image, heap_end: int) -> Iterator[Object]:
    yield from _sections(image)
    yield from _stack_and_heap(image, heap_end)
    yield from _symbols(image)


def _kind_in(memory: Region, kind: str) -> str:
    """Stacks, heaps and arenas are written to."""
    return SYMBOL if kind in (STACK, HEAP, ARENA) and memory.kind != "ram" else kind


def _sections(image: Image) -> Iterator[Object]:
    for reserved in image.reserved:
        yield _kind(reserved.name, SECTION), reserved.name, reserved.address, reserved.size_bytes


def _symbols(image: Image) -> Iterator[Object]:
    symbols = image.debug.symbols() if image.debug is not None else ()
    for symbol in symbols:
        if symbol.size_bytes:
            kind = SYMBOL if symbol.is_function else _kind_of_data(image, symbol)
            yield kind, demangle(symbol.name), symbol.address, symbol.size_bytes


def _kind_of_data(image: Image, symbol: Symbol) -> str:
    mark = read_loaded(image, None, symbol.address + MODEL_MARK_AT, len(MODEL_MARK))
    if mark == MODEL_MARK:
        return WEIGHTS
    return _kind(symbol.name, SYMBOL) if symbol.size_bytes >= LEAST_BYTES else SYMBOL


def _kind(name: str, otherwise: str) -> str:
    return next((kind for kind, word in WORDS_OF_KINDS if word in name.lower()), otherwise)


def _stack_and_heap(image: Image, heap_end: int) -> Iterator[Object]:
    """The stack below the initial stack pointer, where no section holds it, and newlib's heap."""
    top = initial_stack_pointer(image)
    used = [r for r in image.reserved if r.address < top]
    holder = next((r for r in used if top <= r.end), None)
    if top and holder is None and used:
        low = max(r.end for r in used)
        yield STACK, "stack", low, top - low
    heap_start = _heap_start(image)
    if heap_start and heap_end > heap_start:
        yield HEAP, "heap", heap_start, heap_end - heap_start


def initial_stack_pointer(image: Image | None) -> int:
    """What the vector table says; 0 without one."""
    table = image.vector_table if image is not None else None
    word = read_loaded(image, None, table, 4) if image is not None and table is not None else None
    return int.from_bytes(word, "little") & ~3 if word is not None else 0


def _heap_start(image: Image) -> int:
    symbols: Iterable[Symbol] = image.debug.symbols() if image.debug is not None else ()
    return next((s.address for s in symbols if s.name in HEAP_STARTS), 0)
