"""Plans and prices of blocks, kept on disk from one run of an image to the next.

Planning a block and pricing a path through it are pure functions of what stands in their keys: the code
with its address and how it is planned, the state, the instructions that are skipped, the way out. What a
file's name says is the rest (:mod:`emulator.engine.kept_file`), so a kept price is the one that would be
computed. This is for the cores that the native pricer does not know.
"""

from __future__ import annotations

import contextlib
import marshal
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from emulator.engine.hooks.native_hook import PackedPath
from emulator.engine.hooks.native_plan import PackedPlan
from emulator.engine.kept_file import DIGEST_BYTES, KeptFile, name_of

MAGIC = b"boardless prices 1\n"
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

    def __init__(self, file: KeptFile) -> None:
        self._file = file
        self._numbers: dict[BlockKey, int] = {}
        self._blocks: list[tuple[Any, ...]] = []
        self._paths: dict[PathKey, tuple[PackedPath, dict[int, tuple[int, int]]]] = {}
        self._states: dict[str, int] = {}
        self._has_more = False
        body = file.read()
        if body is not None:
            with contextlib.suppress(ValueError, TypeError, EOFError):
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
        if self._has_more and self._file.is_ours:
            self._has_more = False
            self._file.write(marshal.dumps((self._numbers, self._blocks, self._paths, self._states)))


def kept_prices(folder: Path, image_sha256: str, configuration: Iterable[object]) -> KeptPrices:
    """What is kept in a folder of an image, on a core of such a configuration."""
    path = folder / f"{image_sha256[:DIGEST_BYTES]}-{name_of(configuration)}.prices"
    return KeptPrices(KeptFile(path, MAGIC))
