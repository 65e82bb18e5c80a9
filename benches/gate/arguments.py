"""Arguments of a call, as a specification writes them.

    arguments = [5, 0.5, "text", { zeros = 1000 }, { file = "in.bin" }, { symbol = "table" }, { int64 = 5 }]

A text is a pointer to it with a zero behind, as C has it; ``zeros`` and ``file`` are pointers to so many
bytes, ``symbol`` is the address of a variable or function of the image.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.errors import UsageError
from emulator.files import read_bytes
from emulator.machine.machine import Machine

if TYPE_CHECKING:
    from emulator.machine.arguments import Argument

WIDE: dict[str, Callable[[Any], Argument]] = {
    "int64": ctypes.c_int64,
    "uint64": ctypes.c_uint64,
    "double": ctypes.c_double,
}
KEYS: dict[str, tuple[type, ...]] = {
    "zeros": (int,),
    "file": (str,),
    "symbol": (str,),
    "int64": (int,),
    "uint64": (int,),
    "double": (int, float),
}
FORMS = '5, 0.5, "text", { zeros = 1000 }, { file = "input.bin" }, { symbol = "table" } or { int64 = 5 }'
MOST_BYTES = 1 << 24


def problem_of(item: object) -> str:
    """Why it can't be passed, "" when it can."""
    if type(item) in (int, float, bool, str):
        return ""
    if not isinstance(item, dict) or len(item) != 1:
        return f"{item!r} can't be passed"
    key, value = next(iter(item.items()))
    if key not in KEYS:
        return f"{key!r} is no kind of argument"
    if type(value) not in KEYS[key] or (key == "zeros" and not 0 < value <= MOST_BYTES):
        return f"{value!r} can't be passed as {key}"
    return ""


def value_of(item: Any, folder: Path, machine: Machine) -> Argument:
    """What :class:`FunctionCalls` takes for it; files lie in ``folder``. Raises UsageError."""
    if isinstance(item, str):
        return item.encode() + b"\0"
    if not isinstance(item, dict):
        passed: Argument = item
        return passed
    key, value = next(iter(item.items()))
    if key == "zeros":
        return bytearray(value)
    if key == "file":
        return read_bytes(folder / value, limit_bytes=MOST_BYTES, what="argument")
    if key == "symbol":
        return machine.symbol(value)
    wide = WIDE[key](value)
    if getattr(wide, "value", value) != value:
        raise UsageError(f"{value} does not fit into {key}", where="arguments")
    return wide


def words_of(item: Any) -> str:
    """For the title of a measurement."""
    if isinstance(item, dict):
        key, value = next(iter(item.items()))
        return f"{value} zeros" if key == "zeros" else str(value)
    return repr(item) if isinstance(item, str) else str(item)
