"""A file that keeps what follows from sources alone, for the next run: right or as good as none.

A file's name says what its content depends on: the core with its parameters, the depth of timing, and a
digest of all source that plans and prices, and of the interpreter. A file that is damaged, of another
version or of somebody else is written anew. Files are replaced whole: of several processes the last one's
stays.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from emulator.errors import BoardlessError
from emulator.files import OutputFile, make_folder, read_bytes

ROOMS = ("engine", "thumb", "timing")
SOURCES = (".py", ".h", ".c")
DIGEST_BYTES = 16
MOST_BYTES = 64 << 20
MOST_FILES = 200
"""The oldest of more are taken away."""


class KeptFile:
    """One file. ``magic``: what it begins with, its kind."""

    def __init__(self, path: Path, magic: bytes) -> None:
        self._path, self._magic = path, magic
        self._process = os.getpid()

    def read(self) -> bytes | None:
        """What it holds; None: nothing that can be used."""
        with contextlib.suppress(BoardlessError):
            content = read_bytes(self._path, limit_bytes=MOST_BYTES)
            start = len(self._magic) + DIGEST_BYTES
            body = content[start:]
            if content[:start] == self._magic + _digest(body):
                return body
        return None

    @property
    def is_ours(self) -> bool:
        """Whether this process writes it, and not one that it is a copy of."""
        return os.getpid() == self._process

    def write(self, body: bytes) -> None:
        """Hold this from now on; where that can't be done it is as it was."""
        if len(body) > MOST_BYTES // 2:
            return
        with contextlib.suppress(BoardlessError, OSError):
            make_folder(self._path.parent)
            _make_room(self._path)
            OutputFile(self._path).write_bytes(self._magic + _digest(body) + body)


def name_of(configuration: Iterable[object]) -> str:
    """A name that says what a file's content depends on."""
    told = repr((*configuration, sys.version, sys.byteorder, sys.platform, sources_digest()))
    return _digest(told.encode()).hex()[:DIGEST_BYTES]


@cache
def sources_digest() -> str:
    """Of all source that plans and prices blocks."""
    digest = hashlib.blake2b()
    root = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 -- a hundred files: paths as objects cost more
    for room in ROOMS:
        for folder, folders, files in os.walk(os.path.join(root, room)):  # noqa: PTH118
            folders.sort()
            for name in sorted(files):
                if name.endswith(SOURCES):
                    digest.update(name.encode())
                    digest.update(read_bytes(os.path.join(folder, name)))  # noqa: PTH118
    return digest.hexdigest()


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


def _make_room(path: Path) -> None:
    files = sorted(path.parent.glob(f"*{path.suffix}"), key=lambda each: each.stat().st_mtime)
    for each in files[: max(0, len(files) - MOST_FILES + 1)]:
        each.unlink(missing_ok=True)
