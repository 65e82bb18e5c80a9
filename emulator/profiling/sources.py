"""The text of source files that a window's lines are of, where it is found on this computer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from emulator.errors import UsageError
from emulator.files import read_bytes

LARGEST_SOURCE_BYTES = 4 << 20


def find_sources(
    files: Mapping[str, str], roots: Iterable[Path] = (), image: Path | None = None
) -> dict[str, str]:
    """Text by path, for each of ``files`` that is found.

    ``files``: paths as the debug information has them, with the folder that relative ones begin in.
    Below ``roots`` the longest end of a path that exists is taken: ``src/main.c`` of
    ``/home/somebody/project/src/main.c``. Then come the path itself, and one beside the ``image``.
    """
    found = {}
    for file, folder in files.items():
        text = _first_text(_candidates(file, folder, list(roots), image))
        if text is not None:
            found[file] = text
    return found


def _candidates(file: str, folder: str, roots: list[Path], image: Path | None) -> Iterator[Path]:
    path = _pure(file)
    whole = path if path.is_absolute() else _pure(folder) / path
    parts = [part for part in whole.parts if part not in (whole.anchor, ".", "..")]
    for root in roots:
        yield from (root.joinpath(*parts[start:]) for start in range(len(parts)))
    yield Path(str(whole))
    if image is not None:
        yield image.parent.joinpath(*path.parts)


def _pure(text: str) -> PurePath:
    """A path of the computer that compiled it, which may have been another system's."""
    return PureWindowsPath(text) if text[1:2] == ":" or "\\" in text else PurePosixPath(text)


def _first_text(candidates: Iterator[Path]) -> str | None:
    for candidate in candidates:
        try:
            if candidate.is_file():
                data = read_bytes(candidate, limit_bytes=LARGEST_SOURCE_BYTES, what="source file")
                return data.decode("utf-8", errors="replace")
        except (OSError, UsageError):
            continue  # it can't be read: as good as absent
    return None
