"""Snapshots: registers, memory, time, devices, serial lines, and the timing state."""

from __future__ import annotations

import copy
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.errors import UsageError

if TYPE_CHECKING:
    from emulator.engine.core import Core
    from emulator.image.model import Image
    from emulator.machine.machine import Machine


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A machine at a moment between two blocks."""

    board: str
    core: weakref.ref[Core]
    image: Image | None
    context: Any
    memory: tuple[bytes, ...]
    parts: dict[str, Any]
    accelerators: dict[str, dict[str, int]]
    execution: dict[str, Any]
    exit_code: int | None


def _owned(machine: Machine) -> list[Any]:
    return [m for m in machine.core.memories if not m.region.alias_of]


def save_machine(machine: Machine) -> Snapshot:
    """Take a snapshot; the machine must not be running."""
    execution = machine.execution
    return Snapshot(
        machine.board.name,
        weakref.ref(machine.core),
        machine.image,
        machine.core.uc.context_save(),
        tuple(bytes(m.view) for m in _owned(machine)),
        {name: copy.deepcopy(part.save()) for name, part in machine.state_parts().items()},
        machine.memory_map.values(),
        {
            "asleep": execution.asleep,
            "sleep_cycles": execution.sleep_cycles,
            "waited_picoseconds": execution.waited_picoseconds,
            "check_at": execution.waits.check_at,
            "pc": machine.core.get("pc"),
        },
        machine.exit_code,
    )


def restore_machine(machine: Machine, snapshot: Snapshot) -> None:
    """Put a snapshot back. Raises UsageError when it is another machine's.

    A machine numbers its timing states as it meets them, and a saved context of Unicorn 2.1.4
    holds pointers that its own core frees: neither means anything elsewhere.
    """
    if snapshot.core() is not machine.core:
        raise UsageError(
            f"the snapshot is of another machine ({snapshot.board}; this one is {machine.board.name})",
            next_step="restore it into the machine that it was taken from",
        )
    for memory, data in zip(_owned(machine), snapshot.memory, strict=True):
        if bytes(memory.view) != data:
            memory.view[:] = data
            if memory.region.kind != "ram":  # the hook itself looks whether code in RAM has changed
                machine.automaton.forget_code(memory.region.base, len(data))
    machine.image = snapshot.image
    machine.core.forget_all_code()
    machine.core.uc.context_restore(snapshot.context)
    machine.core.set("pc", snapshot.execution["pc"] | 1)
    machine.memory_map.load(snapshot.accelerators)
    for name, part in machine.state_parts().items():
        part.load(copy.deepcopy(snapshot.parts[name]))
    execution = machine.execution
    execution.asleep = snapshot.execution["asleep"]
    execution.sleep_cycles = snapshot.execution["sleep_cycles"]
    execution.waited_picoseconds = snapshot.execution["waited_picoseconds"]
    execution.waits.check_at = snapshot.execution["check_at"]
    machine.exit_code = snapshot.exit_code
    machine.failure = None
    machine.hook.current = -1
    machine.accesses.forget()
    machine.clock.deadlines_changed()
