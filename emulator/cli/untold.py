"""What a run touched that no model covers, and what an idle firmware waits for, in words."""

from __future__ import annotations

from typing import Any

from emulator.bus.bus import Unmodelled
from emulator.image.place import place_of
from emulator.machine.awaited import MODELLED
from emulator.machine.machine import Machine

REGISTERS_SHOWN = 20
LEARN_HINT = "  `boardless run --learn-board` proposes TOML lines that let it go on"


def unmodelled_lines(machine: Machine) -> list[str]:
    """One line a register, by device: how it was accessed, how often, where first."""
    entries = machine.unmodelled
    registers: dict[tuple[str, str], list[Unmodelled]] = {}
    devices = dict.fromkeys(entry.device for entry in entries)
    for entry in sorted(entries, key=lambda e: list(devices).index(e.device)):
        registers.setdefault((entry.device, entry.register), []).append(entry)
    if not registers:
        return []
    number = f"{len(registers)} register{'s' if len(registers) > 1 else ''}"
    lines = [f"not modelled: {number}; the results may depend on them"]
    lines += [f"  {_register_words(machine, group)}" for group in list(registers.values())[:REGISTERS_SHOWN]]
    if len(registers) > REGISTERS_SHOWN:
        lines.append(f"  and {len(registers) - REGISTERS_SHOWN} more; --json lists them all")
    return lines


def _register_words(machine: Machine, group: list[Unmodelled]) -> str:
    first = group[0]
    accesses = ", ".join(
        f"{entry.access} x{entry.count}" + (f" ({entry.what})" if entry.what else "") for entry in group
    )
    name = f"{first.device} {first.register}"
    if first.register != f"0x{first.address:08x}":
        name += f" (0x{first.address:08x})"
    return f"{name}: {accesses}; first at {place_of(machine.image, first.first_pc)}"


def waiting_lines(machine: Machine) -> list[str]:
    """Say which registers the firmware's waiting loop reads."""
    awaited = machine.awaited_registers()
    lines = [f"waits:        {register.words(machine.image)}" for register in awaited]
    if any(register.model != MODELLED for register in awaited):
        lines.append(LEARN_HINT)
    return lines


def waiting_json(machine: Machine) -> list[dict[str, Any]]:
    """The same for ``--json``."""
    return [
        {
            "device": register.device,
            "register": register.register,
            "address": register.address,
            "model": register.model,
            "at": place_of(machine.image, register.pc),
        }
        for register in machine.awaited_registers()
    ]
