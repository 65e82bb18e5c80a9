"""Snapshots: registers, memory, time, devices, serial lines, and the timing state."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.errors import UsageError

if TYPE_CHECKING:
    from emulator.machine import Machine


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A machine at a moment between two blocks."""

    board: str
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
    """Put a snapshot back. Raises UsageError when it is another board's."""
    if snapshot.board != machine.board.name:
        raise UsageError(
            f"the snapshot is of {snapshot.board}, this machine is {machine.board.name}",
            next_step="restore it into a machine of the same board",
        )
    for memory, data in zip(_owned(machine), snapshot.memory, strict=True):
        if bytes(memory.view) != data:
            memory.view[:] = data
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
    machine.clock.deadlines_changed()
