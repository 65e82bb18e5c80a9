"""A board file for a chip that no family describes: quiet devices with the chip's own names.

The board file says where things are, and what nobody knows is marked as a guess; the registers' names,
fields and reset values stand in a register map beside it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from emulator.board.console import NONE
from emulator.board.register_map import (
    FORMAT,
    NO_BITS,
    MapFile,
    MappedPeripheral,
    MappedRegister,
    register_map_text,
)
from emulator.board.schema import CORES
from emulator.chip.facts import CoreFacts
from emulator.chip.known_uarts import KnownUart, KnownUarts
from emulator.chip.memories import Memories
from emulator.chip.model import Chip, Peripheral, Register
from emulator.chip.windows import Window, block_bytes, windows_of
from emulator.errors import UsageError
from emulator.learning.rules import QUIET
from emulator.schema.checks import listed
from emulator.schema.words import suggest

LEAST_INTERRUPTS = 1
GUESS = "# guess: "
LONGEST_DESCRIPTION = 80


@dataclass(slots=True)
class Draft:
    """What came out. ``guesses``: what nobody has said and the board file therefore assumes, a line each."""

    board: str
    register_map: str
    console: str
    console_type: str
    devices: int
    registers: int
    guesses: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """What a board file says beside the chip's peripherals.

    ``map_name``: the register map's file name; ``console``: the device that the user wants for it, "" any;
    ``made_by``: the command, for the file's head.
    """

    core: CoreFacts
    memories: Memories
    reset_hz: int
    reset_is_guess: bool
    map_name: str
    console: str = ""
    made_by: str = "boardless new-board"


def draft(chip: Chip, facts: DraftFacts) -> Draft:
    """Write both files' texts. Raises UsageError for a console that is none of the devices."""
    windows, notes = windows_of(chip.peripherals, facts.memories.ranges, facts.core.core)
    notes = [*chip.notes, *notes]
    known = KnownUarts()
    uarts = {window.name: uart for window in windows if (uart := _uart(known, window)) is not None}
    console = _console(windows, uarts, facts.console)
    lines, guesses = _head(chip, facts, console, has_map=bool(windows), notes=notes)
    lines += _regions(facts.memories)
    lines += [] if windows else ["", "[devices]"]
    for window in windows:
        lines += _device(window, uarts.get(window.name), CORES[facts.core.core].interrupts)
    mapped = _mapped(chip, windows)
    if windows and console not in uarts:
        guesses.append(
            f"console = {console}: no UART of a known kind was found; text by ITM or semihosting is shown"
        )
    return Draft(
        board="\n".join(lines) + "\n",
        register_map=register_map_text(mapped) if windows else "",
        console=console,
        console_type=uarts[console].type if console in uarts else "",
        devices=len(windows),
        registers=sum(len(peripheral.registers) for peripheral in _kept(windows)),
        guesses=guesses,
        notes=notes,
    )


def _uart(known: KnownUarts, window: Window) -> KnownUart | None:
    """The class that models what is in a window, if all that is there is at one address."""
    if any(peripheral.base != window.base for peripheral in window.peripherals):
        return None
    return next((uart for peripheral in window.peripherals if (uart := known.find(peripheral))), None)


def _head(
    chip: Chip, facts: DraftFacts, console: str, *, notes: list[str], has_map: bool
) -> tuple[list[str], list[str]]:
    core, guesses = facts.core, list(facts.core.guesses)
    if facts.reset_is_guess:
        guesses.append(f"reset_hz = {facts.reset_hz:_}: the core's clock after reset")
    guesses += [
        f"{memory.kind} 0x{memory.base:08x}-0x{memory.end - 1:08x}: {memory.source.removeprefix('guess: ')}"
        for memory in facts.memories.ranges
        if memory.is_guess
    ]
    interrupts = _interrupts(chip, facts, notes)
    lines = [
        f"# Written by `{facts.made_by}` from {chip.source}.",
        "# Peripherals keep what is written to them and do nothing else. What is marked as a guess, nobody",
        "# has said: look it up in the chip's manual (docs/new-board.md).",
        "",
        f"title = {json.dumps(f'{chip.name} ({core.title})', ensure_ascii=False)}",
        f'core = "{core.core}"',
        f'fpu = "{core.fpu}"',
        f"reset_hz = {facts.reset_hz:_}" + (f"  {GUESS}no SVD file says it" if facts.reset_is_guess else ""),
        f'console = "{console}"',
        f"vector_table = 0x{facts.memories.vector_table:08X}",
        f"interrupts = {interrupts}",
        f"priority_bits = {core.priority_bits}",
    ]
    if core.parameters:
        inside = ", ".join(f"{key} = {value}" for key, value in core.parameters.items())
        lines.append(f"core_parameters = {{ {inside} }}")
    if has_map:
        lines.append(f"register_map = {json.dumps(facts.map_name, ensure_ascii=False)}")
    lines.append(f"sources = [{json.dumps(chip.source, ensure_ascii=False)}]")
    return lines, guesses


def _interrupts(chip: Chip, facts: DraftFacts, notes: list[str]) -> int:
    highest = max((n for p in chip.peripherals for n in p.interrupts.values()), default=-1)
    told = chip.processor.interrupts if chip.processor is not None else None
    wanted = max(highest + 1, told or 0, LEAST_INTERRUPTS)
    most = CORES[facts.core.core].interrupts
    if wanted > most:
        notes.append(f"{wanted} interrupts: {facts.core.core} has at most {most}; those above are left out")
    return min(wanted, most)


def _regions(memories: Memories) -> list[str]:
    lines: list[str] = []
    counts: dict[str, int] = {}
    for memory in memories.ranges:
        counts[memory.kind] = counts.get(memory.kind, 0) + 1
        number = counts[memory.kind]
        lines += [
            "",
            f"[regions.{memory.kind}{number if number > 1 else ''}]",
            f"base = 0x{memory.base:08X}",
            f"size_bytes = 0x{memory.size_bytes:X}",
            f'kind = "{memory.kind}"',
            f"source = {json.dumps(memory.source, ensure_ascii=False)}",
        ]
    return lines


def _device(window: Window, uart: KnownUart | None, lines_there: int) -> list[str]:
    lines = ["", *(f"# {_words(peripheral)}" for peripheral in window.peripherals)]
    interrupts = {name: n for p in window.peripherals for name, n in p.interrupts.items()}
    size = window.end - window.base
    lines += [f"[devices.{window.name}]", f'type = "{QUIET if uart is None else uart.type}"']
    lines.append(f"base = 0x{window.base:08X}")
    lines.append(f"size_bytes = 0x{max(size, 0 if uart is None else uart.register_bytes):X}")
    given = {"global": next(iter(interrupts.values()))} if interrupts else {}
    given = given if uart is None else dict(uart.interrupts)
    given = {line: number for line, number in given.items() if number < lines_there}
    if given:
        inside = ", ".join(f"{line} = {number}" for line, number in given.items())
        names = ", ".join(f"{name} {number}" for name, number in interrupts.items())
        lines.append(f"interrupts = {{ {inside} }}  # {names}")
    return lines


def _words(peripheral: Peripheral) -> str:
    text = peripheral.description
    short = text if len(text) <= LONGEST_DESCRIPTION else f"{text[:LONGEST_DESCRIPTION]}..."
    return f"{peripheral.name}: {short}" if short else peripheral.name


def _console(windows: Sequence[Window], uarts: dict[str, KnownUart], wanted: str) -> str:
    names = [window.name for window in windows]
    if wanted:
        if wanted.lower() in names:
            return wanted.lower()
        raise UsageError(
            f"no device {wanted!r}{suggest(wanted.lower(), names)}",
            where="--console",
            next_step=f"devices: {listed(wanted, names)}",
        )
    return next(iter(uarts), NONE)


# -- the register map --------------------------------------------------------------------------
def _mapped(chip: Chip, windows: Sequence[Window]) -> MapFile:
    kept = _kept(windows)
    names = {peripheral.name for peripheral in kept}
    peripherals: dict[str, MappedPeripheral] = {}
    for peripheral in kept:
        same_as = peripheral.same_as if peripheral.same_as in names else ""
        peripherals[peripheral.name] = MappedPeripheral(
            base=f"0x{peripheral.base:08X}",
            bytes=f"0x{block_bytes(peripheral):X}",
            same_as=same_as,
            registers=[] if same_as else [_mapped_register(register) for register in peripheral.registers],
        )
    interrupts = {str(n): name for p in chip.peripherals for name, n in p.interrupts.items()}
    return MapFile(
        format=FORMAT,
        chip=chip.name,
        source=chip.source,
        interrupts=dict(sorted(interrupts.items(), key=lambda item: int(item[0]))),
        peripherals=peripherals,
    )


def _kept(windows: Sequence[Window]) -> list[Peripheral]:
    """The peripherals that are in windows, each once."""
    return list({p.name: p for window in windows for p in window.peripherals}.values())


def _mapped_register(register: Register) -> MappedRegister:
    all_bits = (1 << 8 * register.size_bytes) - 1
    return MappedRegister(
        name=register.name,
        at=f"0x{register.offset:X}",
        bytes=register.size_bytes,
        reset=f"0x{register.reset:X}" if register.reset else NO_BITS,
        writable=None if register.writable == all_bits else f"0x{register.writable:X}",
        ones_clear=f"0x{register.ones_clear:X}" if register.ones_clear else NO_BITS,
        access=register.access,
        fields={
            f.name: f"{f.lowest + f.width - 1}:{f.lowest}" if f.width > 1 else str(f.lowest)
            for f in register.fields
        },
        values={
            f.name: {str(number): name for number, name in f.values.items()}
            for f in register.fields
            if f.values
        },
    )
