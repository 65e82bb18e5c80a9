"""What GDB is told of a board in XML: its registers, its memories, its threads.

Formats: GDB manual, appendices G "Target Descriptions", E.14 "Memory Map Format", E.15 "Thread List Format".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from emulator.board.model import Region
from emulator.debugger.registers import Register

FLASH_BLOCK_BYTES = 0x400
"""What a ``load`` erases at once: a board file does not say how large its sectors are."""
HEAD = '<?xml version="1.0"?>\n'


def target_description(registers: Sequence[Register]) -> str:
    """The registers, grouped by feature."""
    lines = [f'{HEAD}<!DOCTYPE target SYSTEM "gdb-target.dtd">', '<target version="1.0">']
    lines.append("  <architecture>arm</architecture>")
    for feature, members in groupby(registers, key=lambda register: register.feature):
        lines.append(f"  <feature name={quoteattr(feature)}>")
        lines += [
            f'    <reg name="{r.name}" bitsize="{8 * r.size_bytes}" regnum="{r.number}" type="{r.type}"/>'
            for r in members
        ]
        lines.append("  </feature>")
    lines.append("</target>\n")
    return "\n".join(lines)


def memory_map(regions: Iterable[Region], devices: Iterable[tuple[int, int]]) -> str:
    """Memories and stretches of device registers, (base, size) each, by address."""
    rows = []
    for region in regions:
        if region.kind == "flash":
            block = f'<property name="blocksize">0x{FLASH_BLOCK_BYTES:x}</property>'
            rows.append((region.base, region.size_bytes, "flash", block))
        else:
            rows.append((region.base, region.size_bytes, "ram" if region.kind == "ram" else "rom", ""))
    rows += [(base, size, "ram", "") for base, size in devices]
    lines = [
        f'{HEAD}<!DOCTYPE memory-map PUBLIC "+//IDN gnu.org//DTD GDB Memory Map V1.0//EN"',
        '  "http://sourceware.org/gdb/gdb-memory-map.dtd">',
        "<memory-map>",
    ]
    end = 0
    for base, size, kind, inside in sorted(rows):
        start = max(base, end)  # what overlaps is told once
        if start < base + size:
            end = base + size
            attributes = f'type="{kind}" start="0x{start:x}" length="0x{end - start:x}"'
            lines.append(f"  <memory {attributes}>{inside}</memory>")
    lines.append("</memory-map>\n")
    return "\n".join(lines)


def thread_list(threads: Iterable[tuple[int, str, str]]) -> str:
    """Threads by number, name and state."""
    rows = [
        f'  <thread id="{number:x}" name={quoteattr(name)}>{escape(state)}</thread>'
        for number, name, state in threads
    ]
    return "\n".join([f"{HEAD}<threads>", *rows, "</threads>\n"])
