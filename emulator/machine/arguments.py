"""Python values as a call's arguments: scalars, and bytes that the function gets a pointer to.

Whatever has a width of its own is passed in it: ``ctypes.c_int64(5)``, ``numpy.float64(0.5)``.
A plain integer is a word, a plain float a ``float``: what C code for these cores mostly takes.
"""

from __future__ import annotations

import ctypes
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from emulator.errors import UsageError
from emulator.image.model import Symbol
from emulator.machine.aapcs import WORD_BYTES, Scalar

if TYPE_CHECKING:
    from typing_extensions import Buffer

    class Array(Protocol):
        """NumPy's arrays and scalars, whose stubs say nothing of their buffers before Python 3.12."""

        @property
        def __array_interface__(self) -> dict[str, Any]:
            """Shape, type and place of the data."""

    Argument = int | float | bool | Symbol | Buffer | Array | None

INT32_MIN, UINT32_MAX = -(1 << 31), (1 << 32) - 1
SIGNED, UNSIGNED, FLOATING, POINTER = frozenset("bhilqn"), frozenset("cBHILQN"), frozenset("fd"), "P"
BYTE_ORDERS = "@=<>!"
FIELD_NAME = re.compile(":[^:]*:")  # in the format of a structure
HOST_OBJECTS = frozenset("OzP")  # formats of elements that mean something to this process alone
WORDS_64 = "pass 64 bits as ctypes.c_int64(...) or ctypes.c_uint64(...)"
BUFFERS = "bytes, a bytearray, a NumPy array, array.array or a ctypes array"


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """Bytes that are copied in; what the function leaves there goes back if ``source`` is writable."""

    source: Any
    data: bytes
    is_writable: bool

    def take_back(self, data: bytes) -> None:
        """Put ``data``, of the same size, into the object that was passed."""
        if self.is_writable and data != self.data:
            (ctypes.c_char * len(data)).from_buffer(self.source).raw = data


def convert(argument: object, position: int) -> Scalar | Copy:
    """One argument, the ``position``-th from 1. Raises :class:`UsageError`."""
    where = f"argument {position}"
    if argument is None:
        return Scalar(0, WORD_BYTES)
    if isinstance(argument, Symbol):
        return Scalar(argument.address | int(argument.is_function), WORD_BYTES)
    if type(argument) in (bool, int):
        return _word(argument, where)
    if type(argument) is float:
        return _float("f", argument, where)
    try:
        view = memoryview(argument)  # type: ignore[arg-type]
    except TypeError:
        if isinstance(argument, int):  # an enumeration's member
            return _word(int(argument), where)
        raise _not_passable(argument, where) from None
    return _typed_scalar(argument, view, where) if view.ndim == 0 else _copy(argument, view, where)


def _word(value: Any, where: str) -> Scalar:
    if not INT32_MIN <= value <= UINT32_MAX:
        raise UsageError(f"{value} does not fit into 32 bits", where=where, next_step=WORDS_64)
    return Scalar(value & UINT32_MAX, WORD_BYTES)


def _float(code: str, value: Any, where: str) -> Scalar:
    try:
        data = struct.pack(f"<{code}", value)
    except OverflowError:
        raise UsageError(
            f"{value} is too large for a float",
            where=where,
            next_step="pass a double as ctypes.c_double(...)",
        ) from None
    return Scalar(int.from_bytes(data, "little"), len(data), is_float=True)


def _typed_scalar(argument: object, view: memoryview, where: str) -> Scalar:
    """A scalar of ctypes or NumPy, extended to a word if it is shorter."""
    order, code = (view.format[0], view.format[1:]) if view.format[0] in BYTE_ORDERS else ("@", view.format)
    data = view.tobytes()
    if order in ">!" or (code == POINTER and any(data[WORD_BYTES:])):
        raise _not_passable(argument, where)
    if code in FLOATING:
        return Scalar(int.from_bytes(data, "little"), len(data), is_float=True)
    if code == "?":
        return Scalar(int(any(data)), WORD_BYTES)
    if code == POINTER or code in SIGNED or code in UNSIGNED:
        size_bytes = WORD_BYTES if code == POINTER else max(WORD_BYTES, len(data))
        value = int.from_bytes(data, "little", signed=code in SIGNED)
        return Scalar(value & (1 << 8 * size_bytes) - 1, size_bytes)
    raise _not_passable(argument, where)


def _copy(argument: object, view: memoryview, where: str) -> Copy:
    if HOST_OBJECTS & set(FIELD_NAME.sub("", view.format)):
        raise UsageError(
            "its elements are objects or pointers of this Python, not data",
            where=where,
            next_step=f"pass {BUFFERS}",
        )
    if not view.c_contiguous:
        raise UsageError(
            "its elements do not lie in one piece, row by row",
            where=where,
            next_step="pass a copy, numpy.ascontiguousarray(...)",
        )
    return Copy(argument, view.tobytes(), not view.readonly)


def _not_passable(argument: object, where: str) -> UsageError:
    hint = f"pass a number, or {BUFFERS}"
    if isinstance(argument, str):
        hint = 'pass a C string as bytes, b"text\\0", and a variable as machine.symbol("name")'
    elif isinstance(argument, ctypes.Structure):
        hint = "pass a pointer to it as bytearray(...); a structure by value can't be passed"
    return UsageError(
        f"{type(argument).__name__} {argument!r:.60} can't be passed", where=where, next_step=hint
    )
