"""A unit of ``.debug_info``, walked past what nobody asks for.

A firmware in C++ has half a million entries, nearly all of them types. pyelftools makes an object of
each, so they are stepped over here, by their abbreviations alone; an entry that matters is read by
pyelftools. Source: DWARF 5, sections 2.3 (siblings), 7.5.3 (abbreviations) and 7.5.6 (forms).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from elftools.dwarf.die import DIE

from emulator.image.leb128 import unsigned

FIXED_BYTES = {
    "DW_FORM_data1": 1, "DW_FORM_data2": 2, "DW_FORM_data4": 4, "DW_FORM_data8": 8, "DW_FORM_data16": 16,
    "DW_FORM_ref1": 1, "DW_FORM_ref2": 2, "DW_FORM_ref4": 4, "DW_FORM_ref8": 8, "DW_FORM_ref_sig8": 8,
    "DW_FORM_flag": 1, "DW_FORM_flag_present": 0, "DW_FORM_implicit_const": 0,
    "DW_FORM_strx1": 1, "DW_FORM_strx2": 2, "DW_FORM_strx3": 3, "DW_FORM_strx4": 4,
    "DW_FORM_addrx1": 1, "DW_FORM_addrx2": 2, "DW_FORM_addrx3": 3, "DW_FORM_addrx4": 4,
}  # fmt: skip
OFFSET_FORMS = {
    "DW_FORM_strp", "DW_FORM_line_strp", "DW_FORM_sec_offset", "DW_FORM_GNU_ref_alt", "DW_FORM_GNU_strp_alt",
    "DW_FORM_strp_sup",
}  # fmt: skip
LEB_FORMS = {
    "DW_FORM_sdata", "DW_FORM_udata", "DW_FORM_ref_udata", "DW_FORM_strx", "DW_FORM_addrx",
    "DW_FORM_rnglistx", "DW_FORM_loclistx",
}  # fmt: skip
BLOCK_PREFIX_BYTES = {"DW_FORM_block1": 1, "DW_FORM_block2": 2, "DW_FORM_block4": 4}
SIBLING_BYTES = {"DW_FORM_ref1": 1, "DW_FORM_ref2": 2, "DW_FORM_ref4": 4, "DW_FORM_ref8": 8}

Step = Callable[[bytes, int], int]


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """What the entries of a code look like.

    ``before``: bytes and steps up to the sibling's reference, which is ``sibling_bytes`` wide (0:
    there is none); ``after``: what comes behind it. ``has_code``: its function has instructions.
    """

    tag: str
    has_children: bool
    has_code: bool
    before: tuple[int | Step, ...]
    sibling_bytes: int
    after: tuple[int | Step, ...]


class Entries:
    """The entries of one unit; ``data`` are the bytes of ``.debug_info``."""

    def __init__(self, unit: Any, data: bytes) -> None:
        self.unit = unit
        self._data = data
        self._stream = unit.dwarfinfo.debug_info_sec.stream
        self._start: int = unit.cu_offset
        self.end: int = unit.cu_offset + unit.size
        self._table = unit.get_abbrev_table()
        self._abbreviations: dict[int, Abbreviation] = {}

    def read(self, at: int) -> Any:
        """The entry at ``at``, as pyelftools has it."""
        return DIE(self.unit, self._stream, at)

    def children(self, at: int) -> Iterator[tuple[Abbreviation, int]]:
        """Abbreviation and place of each child of the entry at ``at``."""
        code, body = unsigned(self._data, at)
        parent = self._abbreviation(code)
        if not parent.has_children:
            return
        position = self._pass(parent, body)
        while position < self.end:
            code, body = unsigned(self._data, position)
            if code == 0:
                return
            abbreviation = self._abbreviation(code)
            yield abbreviation, position
            position = self._pass_with_children(abbreviation, body)

    def _pass(self, abbreviation: Abbreviation, at: int) -> int:
        """Where the attributes that begin at ``at`` end."""
        data = self._data
        for step in abbreviation.before:
            at = at + step if isinstance(step, int) else step(data, at)
        at += abbreviation.sibling_bytes
        for step in abbreviation.after:
            at = at + step if isinstance(step, int) else step(data, at)
        return at

    def _pass_with_children(self, abbreviation: Abbreviation, at: int) -> int:
        """Where the entry that comes next on this level begins."""
        data = self._data
        if abbreviation.sibling_bytes and abbreviation.has_children:
            for step in abbreviation.before:
                at = at + step if isinstance(step, int) else step(data, at)
            sibling = self._start + int.from_bytes(data[at : at + abbreviation.sibling_bytes], "little")
            if sibling <= at:
                raise ValueError(f"the sibling of an entry before 0x{at:x} lies before it, at 0x{sibling:x}")
            return sibling
        at = self._pass(abbreviation, at)
        if not abbreviation.has_children:
            return at
        depth = 1
        while depth and at < self.end:
            code, at = unsigned(data, at)
            if code == 0:
                depth -= 1
                continue
            child = self._abbreviation(code)
            at = self._pass(child, at)
            depth += child.has_children
        return at

    def _abbreviation(self, code: int) -> Abbreviation:
        found = self._abbreviations.get(code)
        if found is None:
            found = self._abbreviations[code] = self._describe(self._table.get_abbrev(code))
        return found

    def _describe(self, declaration: Any) -> Abbreviation:
        attributes = list(declaration.iter_attr_specs())
        names = [name for name, _ in attributes]
        cut = names.index("DW_AT_sibling") if "DW_AT_sibling" in names else len(names)
        sibling = attributes[cut][1] if cut < len(names) else ""
        if sibling and sibling not in SIBLING_BYTES:
            cut, sibling = len(names), ""
        return Abbreviation(
            tag=declaration["tag"],
            has_children=declaration.has_children(),
            has_code="DW_AT_low_pc" in names or "DW_AT_ranges" in names,
            before=self._steps([form for _, form in attributes[:cut]]),
            sibling_bytes=SIBLING_BYTES.get(sibling, 0),
            after=self._steps([form for _, form in attributes[cut + 1 :]]),
        )

    def _steps(self, forms: list[str]) -> tuple[int | Step, ...]:
        steps: list[int | Step] = []
        for form in forms:
            step = self._step(form)
            if isinstance(step, int) and steps and isinstance(steps[-1], int):
                steps[-1] += step
            else:
                steps.append(step)
        return tuple(steps)

    def _step(self, form: str) -> int | Step:
        """How many bytes an attribute of a form takes, or a function from its place to its end."""
        offset_bytes = self.unit.dwarf_format() // 8
        fixed = {
            **FIXED_BYTES,
            "DW_FORM_addr": self.unit["address_size"],
            "DW_FORM_ref_addr": offset_bytes if self.unit["version"] > 2 else self.unit["address_size"],
            **dict.fromkeys(OFFSET_FORMS, offset_bytes),
        }
        if form in fixed:
            return int(fixed[form])
        if form in LEB_FORMS:
            return lambda data, at: unsigned(data, at)[1]
        if form == "DW_FORM_string":
            return lambda data, at: data.index(0, at) + 1
        if form in ("DW_FORM_exprloc", "DW_FORM_block"):
            return _pass_block
        prefix = BLOCK_PREFIX_BYTES[form]  # KeyError for a form that DWARF 5 does not know: damaged
        return lambda data, at: at + prefix + int.from_bytes(data[at : at + prefix], "little")


def _pass_block(data: bytes, at: int) -> int:
    length, start = unsigned(data, at)
    return start + length
