"""Finds the functions of a recording that a user means: by name, pattern, file or address."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from emulator.image.names import FILE_AND_NAME, is_called
from emulator.recording.model import Function


def find_functions(functions: Sequence[Function], text: str) -> list[int]:
    """Indices of the functions that ``text`` names; empty when none is.

    ``text``: an address (of any instruction of it), a name as the linker or the source spells it, with or
    without scope and parameters, ``file.c:name``, or a pattern of these with ``*`` and ``?``.
    """
    address = _address(text)
    if address is not None:
        return _holding(functions, address)
    split = FILE_AND_NAME.fullmatch(text)
    file, name = (split["file"], split["name"]) if split else ("", text)
    return [
        index
        for index, function in enumerate(functions)
        if (not file or _is_in(function.file, file)) and is_called(name, function.linkage, function.name)
    ]


def _address(text: str) -> int | None:
    try:
        return int(text, 0) & ~1
    except ValueError:
        return None


def _holding(functions: Sequence[Function], address: int) -> list[int]:
    """The function with the nearest beginning at or before it, if it reaches so far."""
    before = [(f.address, n) for n, f in enumerate(functions) if 0 <= f.address <= address]
    if not before:
        return []
    start, index = max(before)
    size_bytes = functions[index].size_bytes
    return [index] if not size_bytes or address < start + size_bytes else []


def _is_in(path: str, wanted: str) -> bool:
    parts = PurePosixPath(wanted).parts
    return PurePosixPath(path).parts[-len(parts) :] == parts
