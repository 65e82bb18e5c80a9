"""The few parts of FlatBuffers that a ``.tflite`` file needs: tables, vectors, scalars, text.

Layout: https://flatbuffers.dev/internals. Every read is bounds checked; a file that
points outside itself raises :class:`ImageError`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.errors import ImageError

SCALARS = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "f": 4, "q": 8, "d": 8}


def unpack(data: bytes, kind: str, position: int) -> int | float:
    """Read one little-endian scalar of :mod:`struct` kind ``kind``."""
    if position < 0 or position + SCALARS[kind] > len(data):
        raise ImageError(f"damaged or truncated: offset {position} lies outside its {len(data)} bytes")
    value: int | float = struct.unpack_from("<" + kind, data, position)[0]
    return value


def offset_at(data: bytes, position: int) -> int:
    """Follow the relative offset stored at ``position``."""
    return position + int(unpack(data, "I", position))


@dataclass(frozen=True, slots=True)
class Table:
    """One table; fields are numbered in the order of the schema."""

    data: bytes
    position: int

    @classmethod
    def root(cls, data: bytes) -> Table:
        """Open the table that the file's first word points to."""
        return cls(data, offset_at(data, 0))

    def _field(self, number: int) -> int:
        vtable = self.position - int(unpack(self.data, "i", self.position))
        entry = 4 + 2 * number
        if entry >= int(unpack(self.data, "H", vtable)):
            return 0
        offset = int(unpack(self.data, "H", vtable + entry))
        return self.position + offset if offset else 0

    def integer(self, number: int, kind: str = "i", default: int = 0) -> int:
        """Read the scalar field ``number``, or its default."""
        position = self._field(number)
        return int(unpack(self.data, kind, position)) if position else default

    def real(self, number: int, default: float = 0.0) -> float:
        """Read the float field ``number``, or its default."""
        position = self._field(number)
        return float(unpack(self.data, "f", position)) if position else default

    def table(self, number: int) -> Table | None:
        """Open the table that field ``number`` points to."""
        position = self._field(number)
        return Table(self.data, offset_at(self.data, position)) if position else None

    def _vector(self, number: int) -> tuple[int, int]:
        """Find field ``number``'s vector: position of element 0, count."""
        position = self._field(number)
        if not position:
            return 0, 0
        start = offset_at(self.data, position)
        return start + 4, int(unpack(self.data, "I", start))

    def tables(self, number: int) -> list[Table]:
        """Open every table of a vector of tables."""
        start, count = self._vector(number)
        self._check(start, 4 * count)
        return [Table(self.data, offset_at(self.data, start + 4 * i)) for i in range(count)]

    def numbers(self, number: int, dtype: str) -> NDArray[np.generic]:
        """Copy a vector of scalars of the numpy type ``dtype``; empty when absent."""
        start, count = self._vector(number)
        size_bytes = count * np.dtype(dtype).itemsize
        self._check(start, size_bytes)
        return np.frombuffer(self.data[start : start + size_bytes], dtype=np.dtype(dtype).newbyteorder("<"))

    def text(self, number: int) -> str:
        """Read a string field; empty when absent."""
        start, count = self._vector(number)
        self._check(start, count)
        return self.data[start : start + count].decode("utf-8", "replace")

    def _check(self, start: int, size_bytes: int) -> None:
        if start + size_bytes > len(self.data):
            raise ImageError(f"damaged or truncated: a vector ends beyond its {len(self.data)} bytes")
