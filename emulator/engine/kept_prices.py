"""Plans and prices of blocks, kept on disk from one run of an image to the next.

Planning a block and pricing a path through it are pure functions of what stands in their keys: the code
with its address and how it is planned, the state, the instructions that are skipped, the way out. What a
file's name says is the rest: the core with its parameters, the depth of timing, and a digest of all source
that plans and prices, and of the interpreter. So a kept price is the one that would be computed; a file
that is damaged, of another version or of somebody else is as good as none, and written anew.

Files are replaced whole: of several processes the last one's stays.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from emulator.engine.hooks.native_hook import PackedPath
from emulator.engine.hooks.native_plan import PackedPlan
from emulator.errors import BoardlessError
from emulator.files import OutputFile, make_folder, read_bytes

MAGIC = b"boardless prices 1\n"
ROOMS = ("engine", "thumb", "timing")
SOURCES = (".py", ".h", ".c")
DIGEST_BYTES = 16
MOST_BYTES = 64 << 20
MOST_FILES = 200
"""The oldest of more are taken away."""
NO_BRANCH = -1

BlockKey = tuple[int, bytes, int, tuple[Any, ...]]
"""Address, code, IT state, how it is planned."""
PathKey = tuple[int, int, int]
"""State, block, skipped instructions, by the file's numbers."""


class KeptBlock(NamedTuple):
    """A block. ``branch``: the event of a predicted branch at ``site``.

    Its place in the predictor's table is the machine's own.
    """

    plan: PackedPlan
    hook_addresses: tuple[int, ...]
    branch: int
    site: int
    uses_fpu: bool
    is_whole: bool


class KeptPath(NamedTuple):
    """``edges``: by edge, cycles and the file's number of the next state."""

    packed: PackedPath
    edges: dict[int, tuple[int, int]]


class KeptPrices:
    """What is kept of one image under one configuration."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process = os.getpid()
        self._numbers: dict[BlockKey, int] = {}
        self._blocks: list[tuple[Any, ...]] = []
        self._paths: dict[PathKey, tuple[PackedPath, dict[int, tuple[int, int]]]] = {}
        self._states: dict[str, int] = {}
        self._has_more = False
        with contextlib.suppress(BoardlessError, ValueError, TypeError, EOFError):
            self._take(read_bytes(path, limit_bytes=MOST_BYTES))

    def _take(self, content: bytes) -> None:
        head, digest, body = (
            content[: len(MAGIC)],
            content[len(MAGIC) :][:DIGEST_BYTES],
            content[len(MAGIC) + DIGEST_BYTES :],
        )
        if head != MAGIC or digest != _digest(body):
            return
        self._numbers, self._blocks, self._paths, self._states = marshal.loads(body)

    # -- blocks ------------------------------------------------------------------------------
    def block(self, key: BlockKey) -> tuple[int, KeptBlock] | None:
        """The file's number of a block, and what is kept of it."""
        number = self._numbers.get(key)
        if number is None:
            return None
        plan, *others = self._blocks[number]
        return number, KeptBlock(PackedPlan(*plan), *others)

    def keep_block(self, key: BlockKey, block: KeptBlock) -> int:
        """Keep one more; its number."""
        number = self._numbers[key] = len(self._blocks)
        self._blocks.append((tuple(block.plan), *block[1:]))
        self._has_more = True
        return number

    # -- paths ---------------------------------------------------------------------------------
    def path(self, key: PathKey) -> KeptPath | None:
        """What is kept of a path."""
        found = self._paths.get(key)
        return None if found is None else KeptPath(*found)

    def keep_path(self, key: PathKey, packed: PackedPath, edge: int, cycles: int, next_state: int) -> None:
        """Keep an edge of a path."""
        _, edges = self._paths.setdefault(key, (packed, {}))
        edges[edge] = cycles, next_state
        self._has_more = True

    def state(self, words: str) -> int:
        """The file's number of a state, by what it is in words."""
        return self._states.setdefault(words, len(self._states))

    # -- the file --------------------------------------------------------------------------------
    def save(self) -> None:
        """Write the file when there is more to keep than it holds; where that can't be done it is not."""
        if not self._has_more or os.getpid() != self._process:  # a copy of the process that looks after it
            return
        self._has_more = False
        body = marshal.dumps((self._numbers, self._blocks, self._paths, self._states))
        if len(body) > MOST_BYTES // 2:
            return
        with contextlib.suppress(BoardlessError, OSError):
            make_folder(self._path.parent)
            _make_room(self._path.parent)
            OutputFile(self._path).write_bytes(MAGIC + _digest(body) + body)


def kept_prices(folder: Path, image_sha256: str, configuration: Iterable[object]) -> KeptPrices:
    """What is kept in a folder of an image, on a core of such a configuration."""
    told = repr((*configuration, sys.version, sys.byteorder, sys.platform, sources_digest()))
    return KeptPrices(
        folder / f"{image_sha256[:DIGEST_BYTES]}-{_digest(told.encode()).hex()[:DIGEST_BYTES]}.prices"
    )


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


def _make_room(folder: Path) -> None:
    files = sorted(folder.glob("*.prices"), key=lambda path: path.stat().st_mtime)
    for path in files[: max(0, len(files) - MOST_FILES + 1)]:
        path.unlink(missing_ok=True)
