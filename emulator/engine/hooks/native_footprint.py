"""The native hook's footprint seen from Python; what each method does: :class:`Footprint`."""

from __future__ import annotations

import ctypes as c
from collections.abc import Sequence

from emulator.engine.footprint import StretchCount

COUNTS = 4


def prototype_footprint(library: c.CDLL) -> None:
    """Tell ctypes of the doors."""
    pointer = c.c_void_p
    library.bl_footprint_start.restype = None
    library.bl_footprint_start.argtypes = [pointer, pointer, c.c_uint32]
    library.bl_footprint_rows.restype = c.POINTER(c.c_uint64)
    library.bl_footprint_rows.argtypes = [pointer]


class NativeFootprint:
    """See :class:`emulator.engine.footprint.Footprint`."""

    def __init__(self, library: c.CDLL, engine: int) -> None:
        self._library = library
        self._engine = engine
        self._n = 0

    def start(self, starts: Sequence[int]) -> None:
        """See :class:`Footprint`."""
        self._n = len(starts)
        self._library.bl_footprint_start(self._engine, (c.c_uint32 * self._n)(*starts), self._n)

    def stop(self) -> None:
        """See :class:`Footprint`."""
        self._n = 0
        self._library.bl_footprint_start(self._engine, None, 0)

    def rows(self) -> list[StretchCount]:
        """See :class:`Footprint`."""
        if not self._n:
            return []
        counts = self._library.bl_footprint_rows(self._engine)[: COUNTS * self._n]
        return [StretchCount(*counts[n : n + COUNTS]) for n in range(0, len(counts), COUNTS)]
