"""What lies in a chip beside an image, and where its core begins: what a user says of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emulator.board.model import Board
from emulator.board.reader import load_board, load_changed_board
from emulator.errors import ImageError
from emulator.image.checks import describe_segments
from emulator.image.model import Image
from emulator.image.together import AddedFile, add_files
from emulator.image.views import read_loaded

Loaded = str | Path | AddedFile | tuple[str | Path, int]
"""A further file: its path, or with it the address that raw bytes belong at."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What was said. ``files`` lie in the chip too. ``vectors``: another vector table than the board's.

    ``start``: the first instruction, in place of a vector table's. ``console``: another than the board's.
    """

    files: tuple[AddedFile, ...] = ()
    vectors: int | None = None
    start: int | None = None
    console: str | None = None

    def words(self) -> list[str]:
        """The options that were given, by their names."""
        given = {
            "--load": self.files or None,
            "--vectors": self.vectors,
            "--start": self.start,
            "--console": self.console,
        }
        return [option for option, value in given.items() if value is not None]

    def board(self, name: str) -> Board:
        """The board of that name or file with ``console`` and ``vectors`` over its own. Raises BoardError."""
        given = {"--console": ("console", self.console), "--vectors": ("vector_table", self.vectors)}
        names = [option for option, (_key, value) in given.items() if value is not None]
        if not names:
            return load_board(name)
        return load_changed_board(name, dict(given[option] for option in names), ", ".join(names))

    def image(self, image: Image, board: Board) -> Image:
        """``image`` with ``files`` beside it, beginning at ``start``.

        Raises :class:`ImageError` for files that don't fit, and for a start where nothing is loaded.
        """
        image = add_files(image, self.files, board)
        if self.start is None:
            return image
        if read_loaded(image, board, self.start & ~1, 2) is None:
            raise ImageError(
                f"holds no instruction at 0x{self.start:08x}, where it is to start",
                where=image.path,
                next_step=f"it holds {describe_segments(image)}; --start takes a function's address",
            )
        return replace(image, start=self.start & ~1)


def added_files(files: Sequence[Loaded]) -> tuple[AddedFile, ...]:
    """What a program gives as further files."""
    return tuple(_added(file) for file in files)


def _added(file: Loaded) -> AddedFile:
    if isinstance(file, AddedFile):
        return file
    path, address = file if isinstance(file, tuple) else (file, None)
    return AddedFile(Path(path), address)
