"""What every executed address belongs to: its function, its line, what was inlined there.

A function is where it is: two static ones of one name are two rows. Without symbols functions
begin where the code itself tells, see :func:`~emulator.profiling.functions.function_starts`.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass

from emulator.image.model import Image, InlinedCall, Routine, Symbol
from emulator.image.views import read_loaded
from emulator.profiling.functions import name_of
from emulator.recording.model import NO_INDEX, Function, InlineFrame

WORD_BYTES = 4
MOST_VECTORS = 16 + 496
"""Arm v8-M's largest number of exceptions (Architecture Reference Manual, B3.9)."""
INLINED_ONLY = -1


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instruction belongs; ``function`` and the frames' are indices of :attr:`Places.functions`."""

    function: int
    file: str
    line: int
    inlined: tuple[InlineFrame, ...] = ()


class Places:
    """The functions of a window and the place of each of its instructions.

    ``addresses``: of everything that ran. ``starts``: where functions begin, for code without symbols.
    """

    def __init__(self, image: Image | None, addresses: Iterable[int], starts: Iterable[int] = ()) -> None:
        self._image = image
        self._debug = image.debug if image is not None else None
        self._starts = sorted({*starts, *_vectors(image)})
        self._rows: list[Function] = []
        self._by_address: dict[int, int] = {}
        self._by_routine: dict[Routine, int] = {}
        ordered = sorted(set(addresses))
        owners = {address: self._owner(address) for address in ordered}
        inlined = {address: self._inlined(address) for address in ordered}
        self._places = {
            address: self._place(address, owners[address], inlined[address]) for address in ordered
        }

    @property
    def functions(self) -> tuple[Function, ...]:
        """Functions by address, then those that exist only inlined."""
        return tuple(self._rows)

    def at(self, address: int) -> Place:
        """The place of an instruction that ran. Raises KeyError for another address."""
        return self._places[address]

    def function_at(self, address: int) -> int:
        """The function of an address that ran, :data:`NO_INDEX` for another."""
        place = self._places.get(address & ~1)
        return NO_INDEX if place is None else place.function

    # -- functions ---------------------------------------------------------------------------
    def _owner(self, address: int) -> int:
        symbol = self._debug.symbol_at(address) if self._debug is not None else None
        start = self._inferred_start(address) if symbol is None else symbol.address & ~1
        index = self._by_address.get(start)
        if index is None:
            index = self._by_address[start] = len(self._rows)
            self._rows.append(self._function(start, symbol))
        return index

    def _inferred_start(self, address: int) -> int:
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return address
        start = self._starts[index]
        owner = self._debug.symbol_at(start) if self._debug is not None else None
        return start if owner is None else owner.address + owner.size_bytes

    def _function(self, start: int, symbol: Symbol | None) -> Function:
        routine = self._debug.routine_at(start) if self._debug is not None else None
        name, linkage, size_bytes = name_of(start, symbol), "", 0
        if symbol is not None:
            linkage, size_bytes = symbol.name, symbol.size_bytes
        if routine is not None:
            self._by_routine.setdefault(routine, len(self._rows))
            return Function(name, linkage, routine.file, routine.line, start, size_bytes)
        line = self._debug.line_at(start) if self._debug is not None else None
        if line is not None:
            return Function(name, linkage, line.file, line.line, start, size_bytes)
        return Function(name, linkage, symbol.file if symbol is not None else "", 0, start, size_bytes)

    # -- inlined functions -------------------------------------------------------------------
    def _inlined(self, address: int) -> tuple[InlinedCall, ...]:
        return self._debug.inlined_at(address) if self._debug is not None else ()

    def _place(self, address: int, function: int, inlined: tuple[InlinedCall, ...]) -> Place:
        line = self._debug.line_at(address) if self._debug is not None else None
        frames = tuple(
            InlineFrame(self._inlined_row(each.routine), each.call.file, each.call.line) for each in inlined
        )
        if line is None:
            return Place(function, "", 0, frames)
        return Place(function, line.file, line.line, frames)

    def _inlined_row(self, routine: Routine) -> int:
        index = self._by_routine.get(routine)
        if index is None:
            index = self._by_routine[routine] = len(self._rows)
            self._rows.append(
                Function(routine.name, routine.linkage, routine.file, routine.line, INLINED_ONLY, 0)
            )
        return index


def _vectors(image: Image | None) -> set[int]:
    """Handlers in the image's vector table; words behind its end may be among them."""
    table = image.vector_table if image is not None else None
    if image is None or table is None:
        return set()
    words = (read_loaded(image, None, table + WORD_BYTES * n, WORD_BYTES) for n in range(1, MOST_VECTORS))
    addresses = (int.from_bytes(word, "little") for word in words if word is not None)
    return {
        address & ~1
        for address in addresses
        if address & 1 and read_loaded(image, None, address & ~1, 2) is not None
    }
