"""Snapshots: registers, memory, and the state of every part that keeps one."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.engine.core import Core, HostMemory
from emulator.engine.engine import Engine
from emulator.errors import UsageError
from emulator.image.model import Image


class Saves(Protocol):
    """A part with a state of its own."""

    def save(self) -> Any:
        """State for a snapshot (plain data)."""

    def load(self, saved: Any, /) -> None:
        """Put a saved state back."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A machine at a moment between two blocks. ``parts``: what each part saved, by name."""

    board: str
    core: weakref.ref[Core]
    image: Image | None
    context: Any
    pc: int
    memory: tuple[bytes, ...]
    parts: dict[str, Any]


def _owned(core: Core) -> list[HostMemory]:
    return [m for m in core.memories if not m.region.alias_of]


def take_snapshot(engine: Engine, image: Image | None, parts: Mapping[str, Saves]) -> Snapshot:
    """Save an engine that is not running, and ``parts`` by name."""
    core = engine.core
    return Snapshot(
        engine.board.name,
        weakref.ref(core),
        image,
        core.uc.context_save(),
        core.get("pc"),
        tuple(bytes(m.view) for m in _owned(core)),
        {name: copy.deepcopy(part.save()) for name, part in parts.items()},
    )


def put_back(snapshot: Snapshot, engine: Engine, parts: Mapping[str, Saves]) -> None:
    """Bring the engine and ``parts``, in their order, back to a snapshot.

    Raises UsageError when it is another machine's. A machine numbers its timing states as it
    meets them, and a saved context of Unicorn 2.1.4 holds pointers that its own core frees:
    neither means anything elsewhere.
    """
    core = engine.core
    if snapshot.core() is not core:
        raise UsageError(
            f"the snapshot is of another machine ({snapshot.board}; this one is {engine.board.name})",
            next_step="restore it into the machine that it was taken from",
        )
    for memory, data in zip(_owned(core), snapshot.memory, strict=True):
        if bytes(memory.view) != data:
            memory.view[:] = data
            if memory.region.kind != "ram":  # the hook itself looks whether code in RAM has changed
                engine.automaton.forget_code(memory.region.base, len(data))
    core.forget_all_code()
    core.uc.context_restore(snapshot.context)
    core.set("pc", snapshot.pc | 1)
    for name, part in parts.items():
        part.load(copy.deepcopy(snapshot.parts[name]))
    engine.hook.current = -1
