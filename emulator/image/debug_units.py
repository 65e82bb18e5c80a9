"""Which unit of the debug information holds an address; only units that are asked for are read."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from emulator.image.debug_entries import Entries
from emulator.image.debug_functions import DebugFunction, UnitFunctions, ranges_of
from emulator.image.debug_lines import LineTable, line_table


class DebugUnit:
    """A unit's lines and functions."""

    def __init__(self, units: DebugUnits, unit: Any) -> None:
        self._units = units
        self._unit = unit

    @cached_property
    def lines(self) -> LineTable:
        """Its line table; empty when it has none."""
        program = self._units.dwarf.line_program_for_CU(self._unit)
        return LineTable({}) if program is None else line_table(program, self._units.lives)

    @cached_property
    def folder(self) -> str:
        """Where the compiler ran: the folder of its relative paths."""
        found = self._unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
        return found.value.decode("utf-8", errors="replace") if found is not None else ""

    @cached_property
    def names(self) -> UnitFunctions:
        """Its functions' entries."""
        entries = Entries(self._unit, self._units.entry_bytes)
        return UnitFunctions(entries, self.lines.files, self._units.lives, self._units.names_at)

    @cached_property
    def _functions(self) -> list[tuple[int, int, DebugFunction]]:
        found = [(low, high, f) for f in self.names.functions() for low, high in f.ranges]
        return sorted(found, key=lambda item: item[:2])

    def function_at(self, address: int) -> DebugFunction | None:
        """The function whose instructions hold ``address``."""
        index = bisect.bisect_right(self._functions, address, key=lambda item: item[0]) - 1
        if index < 0:
            return None
        low, high, function = self._functions[index]
        return function if low <= address < high else None


class DebugUnits:
    """The units of an image. ``lives(address)``: whether code can be there.

    What the linker leaves out keeps its debug information, as if it were at address 0.
    """

    def __init__(self, dwarf: Any, lives: Callable[[int], bool]) -> None:
        self.dwarf = dwarf
        self.lives = lives
        self._units: dict[int, DebugUnit] = {}

    @cached_property
    def entry_bytes(self) -> bytes:
        """``.debug_info``."""
        section = self.dwarf.debug_info_sec
        section.stream.seek(0)
        return bytes(section.stream.read(section.size))

    def at(self, address: int) -> DebugUnit | None:
        """The unit with an instruction at ``address``."""
        offset = _find(self._listed, address)
        if offset is None:
            offset = _find(self._unlisted, address)
        return None if offset is None else self._unit(self.dwarf.get_CU_at(offset))

    def names_at(self, entry: int) -> UnitFunctions:
        """The functions of the unit that holds the entry at a place of ``.debug_info``."""
        return self._unit(self.dwarf.get_CU_containing(entry)).names

    def _unit(self, unit: Any) -> DebugUnit:
        if unit.cu_offset not in self._units:
            self._units[unit.cu_offset] = DebugUnit(self, unit)
        return self._units[unit.cu_offset]

    @cached_property
    def _listed(self) -> list[tuple[int, int, int]]:
        """[low, high) and unit, as ``.debug_aranges`` tells; clang leaves it out."""
        table = self.dwarf.get_aranges()
        entries = table.entries if table is not None else ()
        return sorted(
            (e.begin_addr, e.begin_addr + e.length, e.info_offset)
            for e in entries
            if e.length and self.lives(e.begin_addr)
        )

    @cached_property
    def _unlisted(self) -> list[tuple[int, int, int]]:
        """The same of the units that are not in it, by their own ranges, else by their lines."""
        table = self.dwarf.get_aranges()
        known = {e.info_offset for e in table.entries} if table is not None else set()
        return sorted(
            (low, high, unit.cu_offset)
            for unit in self.dwarf.iter_CUs()
            if unit.cu_offset not in known
            for low, high in self._ranges(unit)
            if self.lives(low)
        )

    def _ranges(self, unit: Any) -> Iterator[tuple[int, int]]:
        found = list(ranges_of(unit.get_top_DIE(), self.dwarf.range_lists(), base=None))
        if found:
            yield from found
            return
        lines = self._unit(unit).lines
        for (low, row), high in zip(
            zip(lines.addresses, lines.rows, strict=True), lines.addresses[1:], strict=False
        ):
            if row[1] >= 0:
                yield low, high


def _find(ranges: list[tuple[int, int, int]], address: int) -> int | None:
    index = bisect.bisect_right(ranges, address, key=lambda item: item[0]) - 1
    if index >= 0 and ranges[index][0] <= address < ranges[index][1]:
        return ranges[index][2]
    return None
