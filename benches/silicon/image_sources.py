"""Where published images are found: checkouts, and bare git directories without a checkout.

A folder is searched as ``DIR/path`` and ``DIR/VERSION/path``; then, when it is a git
directory, as ``path`` in its HEAD. A folder whose name tells another round's version
("tiny_results_v1.1" for a row of v1.2) is not searched: paths repeat between rounds.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from emulator.errors import UsageError
from emulator.files import read_bytes

LFS_POINTER = b"version https://git-lfs"
GIT_TIMEOUT_S = 120
_ROUND = re.compile(r"results[_-](v\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class FoundImage:
    """The bytes of a row's image and where they are from."""

    data: bytes
    origin: str
    sha256: str


class PublishedRow(Protocol):
    """The part of a catalogue's row that says which image it is of."""

    @property
    def version(self) -> str:
        """The round: "v1.3"."""

    @property
    def path(self) -> str:
        """In the round's results repository."""

    @property
    def sha256(self) -> str:
        """Of the image; empty when it is not known."""


def find_image(row: PublishedRow, folders: Sequence[Path]) -> FoundImage | None:
    """The row's image: the candidate with the catalogue's SHA-256 if it names one, else the first.

    None when no folder holds it. Large-file pointers count as absent.
    """
    first: FoundImage | None = None
    for origin, data in _candidates(row, folders):
        if not data or data.startswith(LFS_POINTER):
            continue
        found = FoundImage(data, origin, hashlib.sha256(data).hexdigest())
        if not row.sha256 or found.sha256 == row.sha256:
            return found
        first = first or found
    return first


def check_folders(folders: Sequence[Path]) -> None:
    """Raise :class:`UsageError` for one that is not a folder."""
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(
                "no such folder",
                where=str(folder),
                next_step="Give a checkout or a bare git directory of a results repository.",
            )


def _candidates(row: PublishedRow, folders: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    for folder in folders:
        if _is_another_round(folder, row.version):
            continue
        for path in (folder / row.path, folder / row.version / row.path):
            if path.is_file():
                yield str(path), read_bytes(path)
        data = _from_git(folder, row.path)
        if data is not None:
            yield f"{folder} HEAD:{row.path}", data


def _is_another_round(folder: Path, version: str) -> bool:
    """Whether the folder is called as a results repository of another round than the row's."""
    rounds = _ROUND.findall(str(folder.resolve()))
    return bool(rounds) and rounds[-1] != version


def _from_git(folder: Path, path: str) -> bytes | None:
    """``path`` in the HEAD of a git directory or work tree at ``folder``; None when it has none."""
    if not ((folder / "HEAD").is_file() or (folder / ".git").exists()):
        return None
    command = ["git", "-c", f"safe.directory={folder.resolve()}", "-C", str(folder), "show", f"HEAD:{path}"]
    try:
        shown = subprocess.run(command, capture_output=True, timeout=GIT_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return shown.stdout if shown.returncode == 0 else None
