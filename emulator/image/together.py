"""Several firmware files in one chip: a bootloader and an application, each where it belongs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emulator.board.model import Board
from emulator.errors import ImageError
from emulator.files import read_bytes
from emulator.image.checks import check_image
from emulator.image.loader import LARGEST_FILE_BYTES, image_of, recognise
from emulator.image.model import DebugInfo, Image, InlinedCall, Routine, Segment, SourceLine, Symbol


@dataclass(frozen=True, slots=True)
class AddedFile:
    """A file to be loaded too. ``address``: where a raw binary goes, or bytes that are no firmware."""

    path: Path
    address: int | None = None


class JoinedNames:
    """Names of several images: the first that knows answers (:class:`emulator.image.model.DebugInfo`)."""

    def __init__(self, parts: Sequence[DebugInfo]) -> None:
        self._parts = tuple(parts)

    def symbols(self) -> Sequence[Symbol]:
        """All of them, by address."""
        found = (symbol for part in self._parts for symbol in part.symbols())
        return sorted(found, key=lambda symbol: symbol.address)

    def symbol_at(self, address: int) -> Symbol | None:
        """The symbol that holds ``address``."""
        return next((s for part in self._parts if (s := part.symbol_at(address)) is not None), None)

    def symbol(self, name: str) -> Symbol | None:
        """The first image's symbol of that name, or another's."""
        return next((s for part in self._parts if (s := part.symbol(name)) is not None), None)

    def line_at(self, address: int) -> SourceLine | None:
        """File and line of an instruction."""
        return next((line for part in self._parts if (line := part.line_at(address)) is not None), None)

    def folder_at(self, address: int) -> str:
        """Where its relative paths begin."""
        return next((folder for part in self._parts if (folder := part.folder_at(address))), "")

    def routine_at(self, address: int) -> Routine | None:
        """The function of the sources."""
        return next((r for part in self._parts if (r := part.routine_at(address)) is not None), None)

    def inlined_at(self, address: int) -> tuple[InlinedCall, ...]:
        """The inlined calls."""
        return next((calls for part in self._parts if (calls := part.inlined_at(address))), ())


def add_files(image: Image, files: Sequence[AddedFile], board: Board) -> Image:
    """``image`` with further files beside it. Raises :class:`ImageError`, and when two want the same bytes.

    Their RAM is each one's own while it runs, so only contents are compared.
    """
    for file in files:
        image = _together(image, _load(file, board))
    return image


def _load(file: AddedFile, board: Board) -> Image:
    where = str(file.path)
    data = read_bytes(
        file.path, limit_bytes=LARGEST_FILE_BYTES, error=ImageError, next_step="give the path of a file"
    )
    kind = recognise(data, where)
    if kind != "bin":
        return image_of(data, where, base=file.address, board=board)
    if file.address is None:
        raise ImageError(
            "a raw binary does not say where it belongs", where=where, next_step=f"--load {where}@ADDRESS"
        )
    digest = hashlib.sha256(data).hexdigest()
    placed = Image(where, digest, kind, (Segment(file.address, data, "the binary"),))
    check_image(placed, board)
    return placed


def _together(image: Image, other: Image) -> Image:
    for one in image.segments:
        for two in other.segments:
            if one.address < two.end and two.address < one.end:
                start, end = max(one.address, two.address), min(one.end, two.end)
                raise ImageError(
                    f"{two.name or 'a segment'} and {one.name or 'a segment'} of {image.path} both want"
                    f" 0x{start:08x}-0x{end - 1:08x}",
                    where=other.path,
                    next_step="link one of them elsewhere, or give a raw binary another address",
                )
    names = [part.debug for part in (image, other) if part.debug is not None]
    return replace(
        image,
        sha256=hashlib.sha256(
            f"{image.sha256} {other.sha256} {other.segments[0].address}".encode()
        ).hexdigest(),
        segments=(*image.segments, *other.segments),
        debug=JoinedNames(names) if len(names) > 1 else next(iter(names), None),
    )
