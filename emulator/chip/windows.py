"""Which stretch of addresses each peripheral answers: a board's devices do not overlap, peripherals may.

Makers put several modes of one block at one address, give blocks that reach into the next one, and
describe the core's own registers. Peripherals whose registers lie among each other's are one device.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from emulator.board.areas import PRIVATE, areas_of
from emulator.board.schema import DEFAULT_DEVICE_BYTES, LARGEST_DEVICE_BYTES
from emulator.chip.memories import MemoryRange
from emulator.chip.model import Peripheral
from emulator.schema.table import ADDRESS_SPACE_BYTES

CORE_REGISTERS = range(0xE0000000, 0xE0040000)
"""ITM to SCS and what lies between: the core's own (ARMv7-M ARM B3.1)."""
ALIGNMENT = 4
LEAST_BYTES = 4
FAR_BYTES = 0x10000


@dataclass(slots=True)
class Window:
    """A device to be: its name in the board file, its addresses, the peripherals that are in it."""

    name: str
    base: int
    end: int
    peripherals: list[Peripheral] = field(default_factory=list)

    @property
    def first(self) -> Peripheral:
        """The peripheral that it is called after."""
        return self.peripherals[0]


def windows_of(
    peripherals: Iterable[Peripheral], memories: Sequence[MemoryRange], core: str
) -> tuple[list[Window], list[str]]:
    """(the windows by address, what was left out and why)."""
    notes: list[str] = []
    groups: list[Window] = []
    pieces = [(start, end, p) for p in peripherals for start, end in stretches(p)]
    for start, end, peripheral in sorted(pieces, key=lambda piece: piece[0]):
        problem = _misplaced(start, end, memories, core)
        if problem:
            if start not in CORE_REGISTERS:
                notes.append(f"{peripheral.name} at 0x{start:08x} {problem}; it is left out")
        elif groups and start < groups[-1].end:
            groups[-1].peripherals.append(peripheral)
            groups[-1].end = max(groups[-1].end, end)
        else:
            groups.append(Window("", start // ALIGNMENT * ALIGNMENT, end, [peripheral]))
    limits = [*(group.base for group in groups[1:]), ADDRESS_SPACE_BYTES][: len(groups)]
    edges = [edge for area in areas_of(core).values() for edge in (area.start, area.stop)]
    edges += [memory.base for memory in memories]
    taken: set[str] = set()
    for group, limit in zip(groups, limits, strict=True):
        inside = [p for p in group.peripherals if p.base >= group.base]  # not the far end of another one
        blocks = [group.end, *(p.base + block_bytes(p) for p in inside)]
        nearest = min([edge for edge in edges if edge >= group.end], default=limit)
        wanted = min(max(blocks), limit, nearest, group.base + LARGEST_DEVICE_BYTES)
        group.end = max(min(group.end, group.base + LARGEST_DEVICE_BYTES), wanted)
        group.name = _name(group.first.name, taken)
    return groups, notes


def stretches(peripheral: Peripheral) -> list[tuple[int, int]]:
    """(first address, address behind) of a peripheral's registers, the first from its base on.

    A register far behind the others makes a stretch of its own, whatever the peripheral's block reaches to.
    """
    base, found = peripheral.base, [[0, LEAST_BYTES]]
    for register in peripheral.registers:  # by offset
        if base + register.offset + register.size_bytes > ADDRESS_SPACE_BYTES:
            break
        end = max(
            register.offset + register.size_bytes, register.offset // ALIGNMENT * ALIGNMENT + LEAST_BYTES
        )
        if register.offset >= found[-1][1] + FAR_BYTES:
            found.append([register.offset, end])
        found[-1][1] = max(found[-1][1], end)
    return [(base + start, min(base + end, ADDRESS_SPACE_BYTES)) for start, end in found]


def block_bytes(peripheral: Peripheral) -> int:
    """How far a peripheral reaches: its block, unless that goes far beyond its registers."""
    start, end = stretches(peripheral)[0]
    block = peripheral.size_bytes or DEFAULT_DEVICE_BYTES
    return max(end - start, block if block < end - start + FAR_BYTES else 0)


def _misplaced(start: int, end: int, memories: Sequence[MemoryRange], core: str) -> str:
    if start < CORE_REGISTERS.stop and CORE_REGISTERS.start < end:
        return "is the core's own"
    for memory in memories:
        if start < memory.end and memory.base < end:
            return f"lies in a memory, 0x{memory.base:08x}-0x{memory.end - 1:08x}"
    for what, area in areas_of(core).items():
        inside = start in area and end - 1 in area
        if (
            start < area.stop
            and area.start < end
            and not (inside and ("peripherals" in what or area == PRIVATE))
        ):
            return f"lies {'in' if inside else 'half in'} {what}"
    return ""


def _name(name: str, taken: set[str]) -> str:
    """A name for the board file: lower case, letters, digits and _, each once."""
    bare = re.sub(r"\W+", "_", name).strip("_").lower() or "device"
    bare = bare if bare[0].isalpha() else f"p{bare}"
    number, own = 2, bare
    while own in taken:
        own, number = f"{bare}_{number}", number + 1
    taken.add(own)
    return own
