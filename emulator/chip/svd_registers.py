"""The registers of a peripheral in an SVD file: clusters opened, arrays spread out, defaults inherited."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from emulator.chip.model import Field, Register
from emulator.chip.svd_derive import Derivation
from emulator.chip.svd_words import Notes
from emulator.chip.xml_tree import Element
from emulator.schema.table import ADDRESS_SPACE_BYTES

ACCESS = {
    "read-only": "r",
    "read": "r",
    "write-only": "w",
    "write": "w",
    "writeonce": "w",
    "read-write": "rw",
    "read-writeonce": "rw",
}
PROPERTIES = ("size", "access", "resetValue", "resetMask")
SIZES_BYTES = (1, 2, 4, 8)
WORD_BITS = 32
ALL_OF_A_WORD = 0xFFFFFFFF
"""The mask that devices give for all their registers, those of 64 bits too."""
BIT_RANGE = re.compile(r"\[?\s*(\d+)\s*:\s*(\d+)\s*\]?")
ONES_CLEAR = "oneToClear"
MOST_VALUE_NAMES = 16
RESERVED = re.compile(r"(?i)_?reserved_?\d*")
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Defaults:
    """What registers inherit: texts of the properties group, by tag, with the element that has each."""

    texts: Mapping[str, Element]

    def below(self, element: Element) -> Defaults:
        """What holds inside an element."""
        own = {tag: element for tag in PROPERTIES if element.word(tag)}
        return Defaults({**self.texts, **own}) if own else self


class RegisterReader:
    """Reads the registers of one file's peripherals."""

    def __init__(self, derivation: Derivation, notes: Notes) -> None:
        self._derivation = derivation
        self._notes = notes

    def registers(self, peripheral: Element, defaults: Defaults) -> tuple[Register, ...]:
        """All of them, by offset; two of one name at one offset are one."""
        before, behind = peripheral.word("prependToName"), peripheral.word("appendToName")
        found: dict[tuple[int, str], Register] = {}
        for container in peripheral.all("registers"):
            for register in self._inside(container, defaults.below(peripheral), 0, before, behind, 0):
                found.setdefault((register.offset, register.name), register)
        return tuple(sorted(found.values(), key=lambda register: register.offset))

    def _inside(
        self, container: Element, defaults: Defaults, base: int, before: str, behind: str, depth: int
    ) -> Iterator[Register]:
        for child in container.children:
            if child.tag not in ("register", "cluster"):
                continue
            whole = self._derivation.whole(child, container)
            offset = self._notes.number(whole, "addressOffset")
            if offset is None or not whole.word("name"):
                self._notes.add(
                    whole, f"no {'name' if offset is not None else 'addressOffset'}; it is left out"
                )
                continue
            if child.tag == "cluster" and depth >= DEEPEST:
                self._notes.add(whole, "clusters lie too deep in each other; it is left out")
                continue
            for name, more in self._notes.repeats(whole):
                if base + offset + more >= ADDRESS_SPACE_BYTES:
                    self._notes.add(whole, f"0x{offset + more:X} is no offset of 32 bits; it is left out")
                    break
                if child.tag == "cluster":
                    inner = defaults.below(whole)
                    yield from self._inside(
                        whole, inner, base + offset + more, f"{before}{name}.", behind, depth + 1
                    )
                else:
                    yield self._register(whole, defaults, f"{before}{name}{behind}", base + offset + more)

    def _register(self, element: Element, defaults: Defaults, name: str, offset: int) -> Register:
        inherited = defaults.below(element)
        size_bytes = self._size_bytes(element, inherited)
        all_bits = (1 << 8 * size_bytes) - 1
        access = self._inherited_access(inherited)
        fields, fixed, clears = self._fields(element, 8 * size_bytes, access)
        if element.word("modifiedWriteValues") == ONES_CLEAR:
            clears = all_bits
        mask = self._inherited_number(inherited, "resetMask")
        if mask in (None, 0, ALL_OF_A_WORD):  # 0 says nothing of any bit
            mask = all_bits
        reset = (self._inherited_number(inherited, "resetValue") or 0) & mask & all_bits
        return Register(name, offset, size_bytes, reset, access, all_bits & ~fixed, clears & all_bits, fields)

    def _inherited_number(self, defaults: Defaults, tag: str) -> int | None:
        holder = defaults.texts.get(tag)
        return None if holder is None else self._notes.number(holder, tag)

    def _size_bytes(self, element: Element, defaults: Defaults) -> int:
        bits = self._inherited_number(defaults, "size") or WORD_BITS
        size_bytes = next((size for size in SIZES_BYTES if 8 * size >= bits), SIZES_BYTES[-1])
        if 8 * size_bytes < bits:
            self._notes.add(element, f"size is {bits} bits; the first {8 * size_bytes} are taken")
        return size_bytes

    def _inherited_access(self, defaults: Defaults) -> str:
        holder = defaults.texts.get("access")
        return "rw" if holder is None else self._access_of(holder, "rw")

    def _access_of(self, element: Element, default: str) -> str:
        text = element.word("access")
        if text and text.lower() not in ACCESS:
            self._notes.add(element, f"access {text!r} is none that there is; {default!r} is taken")
        return ACCESS.get(text.lower(), default)

    def _fields(self, register: Element, bits: int, access: str) -> tuple[tuple[Field, ...], int, int]:
        """(fields, bits that writes don't change, bits that writing 1 clears)."""
        found: dict[str, Field] = {}
        fixed = clears = 0
        for container in register.all("fields"):
            for child in container.all("field"):
                whole = self._derivation.whole(child, container)
                values = self._value_names(whole, register)
                for field in self._spread(whole, bits, values):
                    own_access = self._access_of(whole, access)
                    fixed |= field.mask if own_access == "r" else 0
                    clears |= field.mask if whole.word("modifiedWriteValues") == ONES_CLEAR else 0
                    if not RESERVED.fullmatch(field.name):
                        found.setdefault(field.name, field)
        return tuple(sorted(found.values(), key=lambda field: field.lowest)), fixed, clears

    def _spread(self, element: Element, bits: int, values: Mapping[int, str]) -> Iterator[Field]:
        place = self._bits(element)
        if place is None or not element.word("name"):
            self._notes.add(
                element, "no name or no place (bitOffset, lsb and msb, or bitRange); it is left out"
            )
            return
        lowest, width = place
        for name, more in self._notes.repeats(element):
            if width < 1 or lowest + more + width > bits:
                what = (
                    f"bits {lowest + more + width - 1}:{lowest + more} are not in its register of {bits} bits"
                )
                self._notes.add(element, f"{what}; it is left out")
                return
            yield Field(name, lowest + more, width, values)

    def _bits(self, element: Element) -> tuple[int, int] | None:
        """(lowest bit, width)."""
        text = element.word("bitRange")
        match = BIT_RANGE.fullmatch(text)
        if match:
            return int(match[2]), int(match[1]) - int(match[2]) + 1
        low, high = self._notes.number(element, "lsb"), self._notes.number(element, "msb")
        if low is not None and high is not None:
            return low, high - low + 1
        offset = self._notes.number(element, "bitOffset")
        if offset is None:
            return None
        return offset, self._notes.number(element, "bitWidth", 1) or 1

    def _value_names(self, field: Element, register: Element) -> dict[int, str]:
        """What the values that are read are called."""
        named: dict[int, str] = {}
        for values in field.all("enumeratedValues"):
            if values.word("usage") == "write" and len(list(field.all("enumeratedValues"))) > 1:
                continue
            for value in self._derivation.enumerated(values, register).all("enumeratedValue"):
                number = self._notes.number(value, "value") if value.word("value") else None
                if number is not None and value.word("name"):
                    named.setdefault(number, value.word("name"))
        return named if len(named) <= MOST_VALUE_NAMES else {}
