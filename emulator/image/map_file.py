"""Linker maps: the functions and objects that GNU ld (``-Map``) and armlink (``--map --symbols``) list.

A map tells where things are, not what they hold. GNU ld's has no static functions, but their
sections' names when the compiler put each function into one of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from emulator.image.model import Symbol

GNU_BEGINS = "Linker script and memory map"
ARMLINK_BEGINS = "Image Symbol Table"
HEX = r"0x(?P<address>[0-9a-fA-F]+)"
GNU_SECTION = re.compile(rf"^ (?P<name>[.\w]\S*)\s+{HEX}\s+0x(?P<size>[0-9a-fA-F]+)\s+(?P<file>\S.*)$")
GNU_LONG_NAME = re.compile(r"^ (?P<name>[.\w]\S*)$")
GNU_SYMBOL = re.compile(rf"^ {{10,}}{HEX}\s+(?P<name>[A-Za-z_.$][^\s=]*)$")
ARMLINK_SYMBOL = re.compile(
    rf"^ {{4}}(?P<name>\S.*?)\s+{HEX}\s+(?P<kind>Thumb Code|Data)\s+(?P<size>\d+)\s+(?P<file>\S+)"
)
CODE_SECTION = re.compile(r"\.(text|init|fini|plt|glue_7t?|ramfunc|itcm|fast)", re.IGNORECASE)
FUNCTION_SECTION = re.compile(r"\.text\.(?:(?:unlikely|startup|exit|hot|split|sorted\.\d+)\.)?(?P<name>.+)")
UNLOADED = (".debug", ".comment", ".ARM.attributes", ".stab", ".note", ".gnu.", ".iplt", ".rel")


@dataclass(slots=True)
class _Section:
    """An input section of GNU ld's map, with the symbols that follow it."""

    name: str
    address: int
    size_bytes: int
    file: str
    symbols: list[tuple[int, str]]


def read_map(text: str) -> list[Symbol]:
    """Functions and objects of a linker map; none for a text that is no map."""
    if GNU_BEGINS in text:
        body = text[text.index(GNU_BEGINS) :]
        return [symbol for section in _gnu_sections(body) for symbol in _gnu_symbols(section)]
    if ARMLINK_BEGINS in text:
        return list(_armlink_symbols(text[text.index(ARMLINK_BEGINS) :]))
    return []


# -- GNU ld ----------------------------------------------------------------------------------
def _gnu_sections(text: str) -> Iterator[_Section]:
    section: _Section | None = None
    name = ""  # one that fills a line of its own
    for line in text.splitlines():
        found = GNU_SECTION.match(f" {name}{line}" if name else line)
        long_name = GNU_LONG_NAME.match(line)
        name = long_name["name"] if long_name is not None else ""
        if found is not None:
            if section is not None:
                yield section
            size_bytes = int(found["size"], 16)
            section = _Section(found["name"], int(found["address"], 16), size_bytes, found["file"], [])
            continue
        symbol = GNU_SYMBOL.match(line)
        if symbol is not None and section is not None:
            section.symbols.append((int(symbol["address"], 16), symbol["name"]))
        elif line and not line.startswith(" ") and section is not None:
            yield section  # an output section begins
            section = None
    if section is not None:
        yield section


def _gnu_symbols(section: _Section) -> Iterator[Symbol]:
    """The symbols of a section, each up to the next one."""
    end = section.address + section.size_bytes
    if not section.size_bytes or section.name.startswith(UNLOADED):
        return
    is_function = CODE_SECTION.match(section.name) is not None
    found = [(a, n) for a, n in section.symbols if section.address <= a < end]
    own = FUNCTION_SECTION.fullmatch(section.name)
    if own is not None and all(address != section.address for address, _ in found):
        yield Symbol(own["name"], section.address & ~1, section.size_bytes, is_function=True,
                     file=_object_name(section.file))  # fmt: skip
        return
    addresses = sorted({address for address, _ in found} | {end})
    for address, name in found:
        following = next(a for a in addresses if a > address)
        yield Symbol(name, address & ~1 if is_function else address, following - address, is_function)


def _object_name(file: str) -> str:
    """``conv.o`` of ``lib/libtflm.a(conv.o)``."""
    member = re.search(r"\(([^()]+)\)$", file)
    return member[1] if member is not None else PurePosixPath(file).name


# -- armlink ---------------------------------------------------------------------------------
def _armlink_symbols(text: str) -> Iterator[Symbol]:
    is_local = False
    for line in text.splitlines():
        if line.strip() in ("Local Symbols", "Global Symbols"):
            is_local = line.strip() == "Local Symbols"
        found = ARMLINK_SYMBOL.match(line)
        if found is None or found["name"].startswith("$"):
            continue
        is_function = found["kind"] == "Thumb Code"
        address = int(found["address"], 16)
        symbol = Symbol(found["name"], address, int(found["size"]), is_function)
        if is_local:
            symbol = replace(symbol, file=found["file"].partition("(")[0])
        yield replace(symbol, address=address & ~1) if is_function else symbol
