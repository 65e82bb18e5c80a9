"""Checks of a whole board: its declared tables, then what no single table shows.

All problems are found at once, as :class:`emulator.schema.table.Problem`: what a name refers to is
looked up even when another key is wrong; the memory map is looked at when every table is right.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from emulator.board import console as consoles
from emulator.board.areas import PERIPHERALS, PRIVATE, areas_of
from emulator.board.device_types import device_class, device_problems
from emulator.board.model import Accelerator
from emulator.board.parameter_checks import accelerator_problems, core_parameter_problems
from emulator.board.schema import ACCELERATOR_KIND, CONSOLE, CORE, CORES, BoardTable, RegionTable
from emulator.device import Device
from emulator.errors import BoardError
from emulator.schema.checks import Reference, listed, problems_of, references
from emulator.schema.table import Problem
from emulator.schema.words import suggest
from emulator.timing.cores.registry import MODELS
from emulator.timing.memory.memory_system import KINDS, MAX_CACHES, MAX_PORTS, MAX_REGIONS

SYSTEM_AREAS = (
    ("the core's ITM, DWT and FPB", 0xE0000000, 0xE0003000),
    ("the core's NVIC", 0xE000E000, 0xE000F000),
)
ALWAYS_A_CLOCK = "core"
IMPORTABLE = "write it as package.module:Class, importable from here"


def board_problems(table: Mapping[str, Any]) -> list[Problem]:
    """All problems of a board's table, its family's laid below it, by dotted keys."""
    found = problems_of(BoardTable, table)
    kinds: dict[str, type[Device]] = {}
    found += _parameter_problems(table, kinds)
    found += _reference_problems(table, kinds)
    if not found:
        board = msgspec.convert(table, BoardTable)
        found += [*_core_problems(board), *_memory_problems(board), *_overlaps(board), *_misplaced(board)]
    return found


# -- parameters ----------------------------------------------------------------------------------
def _parameter_problems(table: Mapping[str, Any], kinds: dict[str, type[Device]]) -> Iterator[Problem]:
    """Yield what core, accelerators and devices can't have; collects the classes of the devices."""
    core = table.get("core")
    if isinstance(core, str) and core in MODELS and isinstance(table.get("core_parameters"), dict):
        yield from core_parameter_problems(core, table["core_parameters"])
    for name, entry in _entries(table, "accelerators"):
        parameters, sources = entry.get("parameters", {}), entry.get("sources", {})
        kind = entry.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            continue
        if isinstance(parameters, dict) and isinstance(sources, dict):
            yield from accelerator_problems(Accelerator(name, kind, parameters, sources))
    for name, entry in _entries(table, "devices"):
        if isinstance(entry.get("type"), str) and ":" in entry["type"]:
            try:
                kinds[name] = device_class(entry["type"])
            except BoardError as cause:
                yield Problem(f"devices.{name}.type", cause.what, IMPORTABLE)
                continue
            yield from device_problems(kinds[name], name, entry)


def _entries(table: Mapping[str, Any], of: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The entries of a table of tables that are tables indeed."""
    entries = table.get(of)
    return [(n, e) for n, e in entries.items() if isinstance(e, dict)] if isinstance(entries, dict) else []


# -- names ---------------------------------------------------------------------------------------
def _reference_problems(table: Mapping[str, Any], kinds: Mapping[str, type[Device]]) -> Iterator[Problem]:
    """Yield names of what the board does not have."""
    known = _known_names(table, kinds)
    found = list(references(BoardTable, table))
    for name, entry in _entries(table, "devices"):
        if name in kinds:
            parameters = references(kinds[name].PARAMETERS, entry.get("parameters", {}), defaults=True)
            found += [replace(r, key=f"devices.{name}.parameters.{r.key}") for r in parameters]
    pins = table.get("signals")
    found += [Reference(f"signals.{pin}", "pin", pin) for pin in (pins if isinstance(pins, dict) else ())]
    for reference in found:
        names = known[reference.what]
        if reference.what == CONSOLE and consoles.console_choice(reference.name) is not None:
            continue
        if reference.name not in names:
            default = ", which it is when nothing is written" if reference.by_default else ""
            yield Problem(
                reference.key,
                f"no {reference.what} {reference.name!r}{suggest(reference.name, names)}{default}",
                f"known here: {listed(reference.name, names)}{_or_none(reference)}",
            )


def _or_none(reference: Reference) -> str:
    """How a parameter is written of a device that tunes nothing."""
    if not reference.by_default:
        return ""
    name, _, number = reference.key.rpartition(".parameters.")[2].partition(".")
    return f"; for none write {name} = []" if number else f'; for none write {name} = ""'


def _known_names(table: Mapping[str, Any], kinds: Mapping[str, type[Device]]) -> dict[str, list[str]]:
    devices = dict(_entries(table, "devices"))
    clocks = [clock for kind in kinds.values() for clock in kind.clocks()]
    pins = [
        pin
        for name, kind in kinds.items()
        if not problems_of(kind.PARAMETERS, devices[name].get("parameters", {}))
        for pin in kind.pins(name, devices[name].get("parameters", {}))
    ]
    return {
        CORE: list(CORES),
        ACCELERATOR_KIND: list(KINDS),
        "region": [name for name, entry in _entries(table, "regions") if not entry.get("alias_of")],
        "accelerator": [name for name, _entry in _entries(table, "accelerators")],
        "device": list(devices),
        CONSOLE: [*consoles.KINDS, *devices],
        "clock": list(dict.fromkeys((ALWAYS_A_CLOCK, *clocks))),
        "pin": list(dict.fromkeys(pins)),
    }


# -- the whole -------------------------------------------------------------------------------------
def _core_problems(board: BoardTable) -> Iterator[Problem]:
    for name, device in board.devices.items():
        for line, number in device.interrupts.items():
            if number >= board.interrupts:
                yield Problem(
                    f"devices.{name}.interrupts.{line}",
                    f"{number}, but the board has lines 0 to {board.interrupts - 1}",
                    "give the chip's position, or raise interrupts",
                )
    if not any(r.base <= board.vector_table < r.base + r.size_bytes for r in board.regions.values()):
        yield Problem(
            "vector_table",
            f"0x{board.vector_table:08x} lies in no region",
            "the core reads SP and PC from there at reset: give the flash's address",
        )


def _memory_problems(board: BoardTable) -> Iterator[Problem]:
    for name, region in board.regions.items():
        original = board.regions.get(region.alias_of)
        if original is not None and region.size_bytes > original.size_bytes:
            yield Problem(
                f"regions.{name}.size_bytes",
                f"the alias is larger than {region.alias_of!r}",
                f"at most 0x{original.size_bytes:X}",
            )
        if region.first_load_cycles and not board.core_parameters.get("other_memory"):
            yield Problem(
                f"regions.{name}.first_load_cycles",
                "it counts only where core_parameters.other_memory is above 0",
                "add core_parameters = { other_memory = 1 }, on a Cortex-M3 or M4",
                ("core_parameters.other_memory",),
            )
    fronted = {region.accelerator for region in board.regions.values()}
    for name in board.accelerators:
        if name not in fronted:
            yield Problem(
                f"accelerators.{name}",
                "no region is behind it",
                f'write accelerator = "{name}" in the region that it serves, or take it away',
            )
    charged = () if board.energy is msgspec.UNSET else board.energy.line_fill_picocoulombs
    for name in charged:
        if name not in board.accelerators:
            yield Problem(
                f"energy.line_fill_picocoulombs.{name}",
                f"the board has no accelerator {name!r}",
                f"known: {', '.join(sorted(board.accelerators)) or 'none'}",
            )
    yield from _shared_cache_problems(board)
    yield from _too_many(board)


def _shared_cache_problems(board: BoardTable) -> Iterator[Problem]:
    """Memories behind a core's own caches share them: their size is said once, or the same."""
    first: dict[str, tuple[str, int]] = {}
    for name, accelerator in board.accelerators.items():
        if accelerator.kind != "l1":
            continue
        for key in ("instruction_lines", "instruction_ways", "data_lines", "data_ways"):
            value = accelerator.parameters.get(key)
            if not value:
                continue
            other, said = first.setdefault(key, (name, value))
            if value != said:
                yield Problem(
                    f"accelerators.{name}.parameters.{key}",
                    f"{value}, but the same cache has {said} in accelerators.{other}",
                    "give the size of the core's caches in one of them",
                )


def _has_own_port(board: BoardTable, region: RegionTable) -> bool:
    original = board.regions.get(region.alias_of, region)
    waits = original.wait_states if region.wait_states is msgspec.UNSET else region.wait_states
    return bool(waits) and not (region.accelerator or original.accelerator)


def _too_many(board: BoardTable) -> Iterator[Problem]:
    """Yield more memories, ports or caches than the memory system has room for."""
    own_ports = [r for r in board.regions.values() if _has_own_port(board, r)]
    kinds = [accelerator.kind for accelerator in board.accelerators.values()]
    caches = sum(1 if kind == "icache" else 2 for kind in kinds if kind != "l1") + 2 * ("l1" in kinds)
    for key, count, most, what in (
        ("regions", len(board.regions), MAX_REGIONS, "regions"),
        (
            "accelerators",
            len(board.accelerators) + len(own_ports),
            MAX_PORTS,
            "accelerators and slow regions",
        ),
        ("accelerators", caches, MAX_CACHES, "caches"),
    ):
        if count > most:
            yield Problem(key, f"{count} {what}: the memory model has room for {most}", "leave some away")


def _overlaps(board: BoardTable) -> Iterator[Problem]:
    spans = [(r.base, r.base + r.size_bytes, f"regions.{name}") for name, r in board.regions.items()]
    spans += [(d.base, d.base + d.size_bytes, f"devices.{name}") for name, d in board.devices.items()]
    spans += [(start, end, name) for name, start, end in SYSTEM_AREAS]
    spans.sort()
    for (start, end, name), (next_start, next_end, next_name) in itertools.pairwise(spans):
        if next_start < end:
            key = next_name if "." in next_name else name
            yield Problem(
                f"{key}.base",
                f"{next_name} (0x{next_start:08x}-0x{next_end - 1:08x}) overlaps"
                f" {name} (0x{start:08x}-0x{end - 1:08x})",
                "move one of them, or take the inherited one away with remove = [...]",
            )


def _misplaced(board: BoardTable) -> Iterator[Problem]:
    """Yield memories in Arm's areas for something else, and devices that are half in one."""
    for what, area in areas_of(board.core).items():
        words = f"{what} (0x{area.start:08x}-0x{area.stop - 1:08x})"
        for name, region in board.regions.items():
            if region.base < area.stop and area.start < region.base + region.size_bytes:
                yield Problem(
                    f"regions.{name}.base",
                    f"0x{region.base:08x}-0x{region.base + region.size_bytes - 1:08x} lies in {words}",
                    "move it, or make it smaller",
                )
        for name, device in board.devices.items():
            first, last = device.base in area, device.base + device.size_bytes - 1 in area
            outside = device.base >= area.stop or device.base + device.size_bytes <= area.start
            if outside or (first and last and area in (PERIPHERALS, PRIVATE)):
                continue
            yield Problem(
                f"devices.{name}.base",
                f"the device lies {'in' if first and last else 'half in'} {words}",
                "move it",
            )
