"""Functions of DWARF and what the compiler inlined into them (DWARF 5, section 3.3)."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from emulator.image.debug_entries import Entries
from emulator.image.demangle import demangle
from emulator.image.model import InlinedCall, Routine, SourceLine

SUBPROGRAM, INLINED = "DW_TAG_subprogram", "DW_TAG_inlined_subroutine"
SCOPES = ("DW_TAG_lexical_block", "DW_TAG_try_block", "DW_TAG_catch_block")
NAMESPACE = "DW_TAG_namespace"
LINKAGE_NAMES = ("DW_AT_linkage_name", "DW_AT_MIPS_linkage_name")
MOST_ORIGINS = 8
"""An instance, its abstract function, its declaration in a class: three are usual."""
Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class InlinedRange:
    """An inlined call's instructions, and the calls inlined into it."""

    ranges: Ranges
    call: InlinedCall
    inner: tuple[InlinedRange, ...]


@dataclass(slots=True)
class DebugFunction:
    """A function with instructions. ``entry``: its place in ``.debug_info``."""

    ranges: Ranges
    entry: int
    unit: UnitFunctions
    _routine: Routine | None = None
    _inlined: tuple[list[int], list[tuple[InlinedCall, ...]]] | None = None

    @property
    def routine(self) -> Routine:
        """What the sources call it."""
        if self._routine is None:
            self._routine = self.unit.routine(self.unit.entries.read(self.entry))
        return self._routine

    def inlined_at(self, address: int) -> tuple[InlinedCall, ...]:
        """The inlined calls that the instruction belongs to, outermost first."""
        if self._inlined is None:
            self._inlined = _stretches(self.unit.inlined_in(self.entry))
        starts, calls = self._inlined
        return calls[bisect.bisect_right(starts, address)]


def _stretches(inlined: Iterable[InlinedRange]) -> tuple[list[int], list[tuple[InlinedCall, ...]]]:
    """Addresses where what is inlined changes, and the calls before the first, between, after the last."""
    layers: list[tuple[int, int, tuple[InlinedCall, ...]]] = []  # outer ones before those inside of them
    left: list[tuple[tuple[InlinedCall, ...], InlinedRange]] = [((), item) for item in inlined]
    while left:
        outer, item = left.pop()
        calls = (*outer, item.call)
        layers += [(low, high, calls) for low, high in item.ranges]
        left += [(calls, inner) for inner in item.inner]
    starts = sorted({edge for low, high, _ in layers for edge in (low, high)})
    found: list[tuple[InlinedCall, ...]] = [()] * (len(starts) + 1)
    for low, high, calls in sorted(layers, key=lambda layer: len(layer[2])):
        for index in range(bisect.bisect_right(starts, low), bisect.bisect_right(starts, high)):
            found[index] = calls
    return starts, found


class UnitFunctions:
    """The functions of one unit, and their names.

    ``files``: paths by number of its line program. ``lives(address)``: whether anything can be
    there; a function that the linker has left out keeps its entry, at address 0.
    """

    def __init__(
        self,
        entries: Entries,
        files: dict[int, str],
        lives: Callable[[int], bool],
        unit_of: Callable[[int], UnitFunctions],
    ) -> None:
        self.entries = entries
        self._files = files
        self._lives = lives
        self._unit_of = unit_of
        self._range_lists = entries.unit.dwarfinfo.range_lists()
        self._routines: dict[int, Routine] = {}
        top = entries.unit.get_top_DIE()
        low = top.attributes.get("DW_AT_low_pc")
        self._base = low.value if low is not None else 0

    def functions(self) -> Iterator[DebugFunction]:
        """Every function that has instructions."""
        yield from self._functions_below(self.entries.unit.cu_die_offset)

    def _functions_below(self, entry: int) -> Iterator[DebugFunction]:
        for abbreviation, at in self.entries.children(entry):
            if abbreviation.tag == NAMESPACE:
                yield from self._functions_below(at)
            elif abbreviation.tag == SUBPROGRAM and abbreviation.has_code:
                ranges = self._ranges(self.entries.read(at))
                if ranges:
                    yield DebugFunction(ranges, at, self)

    def inlined_in(self, entry: int) -> Iterator[InlinedRange]:
        """The calls inlined right into the function, scope or inlined call at ``entry``."""
        for abbreviation, at in self.entries.children(entry):
            if abbreviation.tag in SCOPES:
                yield from self.inlined_in(at)
            elif abbreviation.tag == INLINED and abbreviation.has_code:
                found = self.entries.read(at)
                inner = tuple(self.inlined_in(at))
                file = self._files.get(_value(found, "DW_AT_call_file"), "")
                call = SourceLine(file, _value(found, "DW_AT_call_line"))
                yield InlinedRange(self._ranges(found), InlinedCall(self.routine(found), call), inner)

    def routine(self, entry: Any) -> Routine:
        """The name of an entry, and where it is declared, which may stand with what it refers to."""
        unit: UnitFunctions = self
        name = linkage = file = ""
        line = 0
        for _ in range(MOST_ORIGINS):
            attributes = entry.attributes
            name = name or _text(attributes.get("DW_AT_name"))
            for each in LINKAGE_NAMES:
                linkage = linkage or _text(attributes.get(each))
            if not file and "DW_AT_decl_file" in attributes:
                file = unit._files.get(_value(entry, "DW_AT_decl_file"), "")
                line = _value(entry, "DW_AT_decl_line")
            origin = attributes.get("DW_AT_abstract_origin") or attributes.get("DW_AT_specification")
            if origin is None:
                break
            unit, entry = unit._referred(origin)
        return Routine(demangle(linkage) if linkage else name, linkage or name, file, line)

    def _referred(self, reference: Any) -> tuple[UnitFunctions, Any]:
        if reference.form == "DW_FORM_ref_addr":
            unit = self._unit_of(reference.value)
            return unit, unit.entries.read(reference.value)
        return self, self.entries.read(reference.value + self.entries.unit.cu_offset)

    def _ranges(self, entry: Any) -> Ranges:
        """Addresses [low, high) of an entry, without those that the linker has left out."""
        found = ranges_of(entry, self._range_lists, self._base)
        return tuple((low, high) for low, high in found if low < high and self._lives(low))


def ranges_of(entry: Any, range_lists: Any, base: int | None) -> Iterator[tuple[int, int]]:
    """Addresses [low, high) of an entry (DWARF 5, section 2.17).

    ``base``: what its list counts from, None for the entry's own first address.
    """
    attributes = entry.attributes
    low, high = attributes.get("DW_AT_low_pc"), attributes.get("DW_AT_high_pc")
    if "DW_AT_ranges" in attributes and range_lists is not None:
        if base is None:
            base = low.value if low is not None else 0
        for item in range_lists.get_range_list_at_offset(attributes["DW_AT_ranges"].value, cu=entry.cu):
            if hasattr(item, "base_address"):
                base = item.base_address
                continue
            shift = 0 if item.is_absolute else base
            yield shift + item.begin_offset, shift + item.end_offset
    elif low is not None and high is not None:
        yield low.value, high.value if high.form.startswith("DW_FORM_addr") else low.value + high.value


def _value(entry: Any, attribute: str) -> int:
    found = entry.attributes.get(attribute)
    return int(found.value) if found is not None else 0


def _text(attribute: Any) -> str:
    value = attribute.value if attribute is not None else b""
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
