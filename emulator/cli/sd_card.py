"""A folder in the place of the interface board's SD card."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from emulator.errors import UsageError
from emulator.files import read_bytes


class SdCard:
    """Its files by their names, in which capitals don't matter, as in those of a card's file system.

    Nothing outside the folder can be named; links are followed. Hidden files are not listed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """The files at the top of the folder."""
        entries = _entries(self._folder)
        return tuple(path.name for path in entries if path.is_file() and not path.name.startswith("."))

    def read(self, name: str) -> bytes:
        """A file's content. Raises UsageError for what is not there, or no file."""
        path = self._folder
        for part in PurePosixPath(name.replace("\\", "/")).parts:
            path = next((entry for entry in _entries(path) if _same(entry.name, part)), path / "..")
            if path.name == "..":
                raise UsageError(
                    f"there is no {name!r} on the SD card",
                    where=str(self._folder),
                    next_step=f"it has {', '.join(self.names()) or 'no files'}",
                )
        return read_bytes(path, what="sound")


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # it is a file, or may not be listed
        return []
