"""What a run touched that no model covers, and what an idle firmware waits for, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from emulator.bus.bus import Unmodelled
from emulator.cli.status import StatusLine
from emulator.image.place import place_of
from emulator.machine.awaited import MODELLED, field_words
from emulator.machine.machine import Machine
from emulator.system.exception_table import FIRST_EXTERNAL, exception_name

IPSR_BITS = 0x1FF
REGISTERS_SHOWN = 20
LEARN_HINT = "  `boardless run --learn-board` proposes TOML lines that let it go on"


def tell_notes(machine: Machine) -> None:
    """Say what is known of a firmware before it runs: it was built for another core, for one."""
    for words in machine.notes:
        click.echo(f"note: {words}", err=True)


def tell_modes(machine: Machine) -> None:
    """Say what a firmware has turned on that is not modelled, after a run that nobody watched."""
    for entry in machine.unmodelled:
        if entry.is_mode:
            click.echo(f"not modelled: {_register_words(machine, [entry], counted=False)}", err=True)


class Untold:
    """Tells, once and as it comes up, what a firmware turns on that is not modelled, and the machine's notes.

    On standard error, a line each. ``told``: what need not be said again.
    """

    def __init__(self, machine: Machine, status: StatusLine, *, shares_terminal: bool) -> None:
        self._machine = machine
        self._status = status
        self._shares_terminal = shares_terminal
        self.told: list[Unmodelled] = []
        self._notes = 0

    def tell(self) -> None:
        """Say what is new."""
        new = [entry for entry in self._machine.unmodelled if entry.is_mode and entry not in self.told]
        lines = [f"not modelled: {_register_words(self._machine, [entry], counted=False)}" for entry in new]
        self.told += new
        lines += [f"note: {words}" for words in self._machine.notes[self._notes :]]
        self._notes = len(self._machine.notes)
        if lines:
            self._status.close(shares_terminal=self._shares_terminal)
            click.echo("\n".join(lines), err=True)


def unmodelled_lines(machine: Machine, told: Sequence[Unmodelled] = ()) -> list[str]:
    """One line a register, by device: how it was accessed, how often, where first; not what was ``told``."""
    entries = [entry for entry in machine.unmodelled if entry not in told]
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


def unmodelled_json(machine: Machine) -> list[dict[str, Any]]:
    """All of it for ``--json``."""
    return [
        {
            "device": entry.device,
            "register": entry.register,
            "fields": list(machine.fields_of(entry)),
            "address": entry.address,
            "access": entry.access,
            "what": entry.what,
            "count": entry.count,
            "first_at": place_of(machine.image, entry.first_pc),
        }
        for entry in machine.unmodelled
    ]


def _register_words(machine: Machine, group: list[Unmodelled], *, counted: bool = True) -> str:
    first = group[0]
    accesses = ", ".join(_access_words(machine, entry, counted=counted) for entry in group)
    name = f"{first.device} {first.register}"
    if first.register != f"0x{first.address:08x}":
        name += f" (0x{first.address:08x})"
    return f"{name}: {accesses}; first at {place_of(machine.image, first.first_pc)}"


def _access_words(machine: Machine, entry: Unmodelled, *, counted: bool) -> str:
    fields = machine.fields_of(entry)
    more = "; ".join(text for text in (entry.what, field_words(fields) if fields else "") if text)
    return entry.access + (f" x{entry.count}" if counted else "") + (f" ({more})" if more else "")


def waiting_lines(machine: Machine) -> list[str]:
    """Say which registers the firmware's waiting loop reads."""
    awaited = machine.awaited_registers()
    lines = [f"waits:        {register.words(machine.image)}" for register in awaited]
    number = machine.core.get("ipsr") & IPSR_BITS
    if number >= FIRST_EXTERNAL:
        name = machine.bus.register_map.interrupt(number - FIRST_EXTERNAL)
        called = f" ({name})" if name else ""
        lines.append(
            f"waits:        in the handler of {exception_name(number)}{called}, at {machine.where()}"
        )
    if any(register.model != MODELLED for register in awaited):
        lines.append(LEARN_HINT)
    return lines


def waiting_json(machine: Machine) -> list[dict[str, Any]]:
    """The same for ``--json``."""
    return [
        {
            "device": register.device,
            "register": register.register,
            "fields": list(register.fields),
            "address": register.address,
            "model": register.model,
            "at": place_of(machine.image, register.pc),
        }
        for register in machine.awaited_registers()
    ]
