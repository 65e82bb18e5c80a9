"""A device's memory by address, by slice, and by the names of the firmware's variables."""

from __future__ import annotations

import struct
from typing import overload

from emulator.errors import UsageError
from emulator.image.model import Symbol
from emulator.machine.machine import Machine

Place = str | int | Symbol


class MemoryView:
    """``memory[0x2000_0000]`` is a byte, ``memory[a:b]`` bytes, ``memory["buffer"]`` a variable's.

    ``memory.uint32["ticks"]`` is a number; so ``int8`` to ``int64``, ``uint8`` to ``uint64``, ``float`` and
    ``double``. ``memory.int16["samples", 3]``: the fourth of an array. All can be assigned.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        for name, code in NUMBERS.items():
            setattr(self, name, Numbers(machine, code))

    int8: Numbers
    uint8: Numbers
    int16: Numbers
    uint16: Numbers
    int32: Numbers
    uint32: Numbers
    int64: Numbers
    uint64: Numbers
    float: Numbers
    double: Numbers

    @overload
    def __getitem__(self, key: int) -> int: ...
    @overload
    def __getitem__(self, key: slice | str | Symbol) -> bytes: ...

    def __getitem__(self, key: int | slice | str | Symbol) -> int | bytes:
        address, size_bytes = self._span(key)
        data = self._machine.read_memory(address, size_bytes)
        return data[0] if isinstance(key, int) else data

    def __setitem__(self, key: int | slice | str | Symbol, value: int | bytes) -> None:
        address, size_bytes = self._span(key)
        data = bytes((value,)) if isinstance(value, int) else bytes(value)
        if len(data) != size_bytes:
            raise UsageError(
                f"{size_bytes} bytes of memory and {len(data)} to write",
                next_step="write as many as there are",
            )
        self._machine.write_memory(address, data)

    def address_of(self, place: Place) -> int:
        """Of a variable or function; a number is one already. Raises UsageError."""
        return _address(self._machine, place)

    def _span(self, key: int | slice | str | Symbol) -> tuple[int, int]:
        if isinstance(key, slice):
            if key.start is None or key.stop is None or key.step is not None or key.stop < key.start:
                raise UsageError(
                    "a slice of memory has both its ends", next_step="memory[first:behind_the_last]"
                )
            return key.start, key.stop - key.start
        if isinstance(key, int):
            return key, 1
        symbol = self._machine.symbol(key) if isinstance(key, str) else key
        if not symbol.size_bytes:
            raise UsageError(
                f"the image does not say how large {symbol.name} is",
                next_step="memory[address:end], or .uint32",
            )
        return symbol.address, symbol.size_bytes


class Numbers:
    """Numbers of one C type, little endian."""

    def __init__(self, machine: Machine, code: str) -> None:
        self._machine = machine
        self._format = struct.Struct(f"<{code}")

    def __getitem__(self, key: Place | tuple[Place, int]) -> int | float:
        address = self._address(key)
        value: int | float = self._format.unpack(self._machine.read_memory(address, self._format.size))[0]
        return value

    def __setitem__(self, key: Place | tuple[Place, int], value: float) -> None:
        try:
            data = self._format.pack(value)
        except (struct.error, OverflowError) as error:
            raise UsageError(f"{value!r} does not fit: {error}") from error
        self._machine.write_memory(self._address(key), data)

    def _address(self, key: Place | tuple[Place, int]) -> int:
        place, index = key if isinstance(key, tuple) else (key, 0)
        return _address(self._machine, place) + index * self._format.size


NUMBERS = {
    **{"int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I"},
    **{"int64": "q", "uint64": "Q", "float": "f", "double": "d"},
}


def _address(machine: Machine, place: Place) -> int:
    if isinstance(place, int):
        return place
    return (machine.symbol(place) if isinstance(place, str) else place).address
