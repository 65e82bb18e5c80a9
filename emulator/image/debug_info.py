"""Names for addresses: ELF symbols and DWARF lines, read when first asked for."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeVar

from elftools.common.exceptions import DWARFError, ELFError
from elftools.construct import ConstructError
from elftools.elf.elffile import ELFFile

from emulator.image.debug_units import DebugUnit, DebugUnits
from emulator.image.model import InlinedCall, Routine, SourceLine, Symbol
from emulator.image.symbol_table import SymbolTable

Answer = TypeVar("Answer")
SYMBOL_ENTRY = struct.Struct("<IIIBBH")  # st_name, st_value, st_size, st_info, st_other, st_shndx
TYPE_MASK = 0xF
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_FILE = 0, 1, 2, 4
STB_LOCAL = 0
SHN_UNDEF, SHN_ABS = 0, 0xFFF1
SHF_EXECINSTR = 0x4
DAMAGED_DWARF = (
    ELFError,
    DWARFError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
    AssertionError,
    OverflowError,
    RecursionError,
    NotImplementedError,
    struct.error,
    ConstructError,
)
"""What pyelftools raises on a damaged table; a crash report goes on without source lines."""


class ElfDebugInfo:
    """Look-ups by address and by name; implements :class:`emulator.image.model.DebugInfo`."""

    def __init__(self, elf: ELFFile) -> None:
        self._elf = elf
        self._units: DebugUnits | None = None

    # -- symbols -------------------------------------------------------------------------
    @cached_property
    def _table(self) -> SymbolTable:
        """A table that is damaged is none: a firmware runs without names too."""
        try:
            return SymbolTable(self._read_symbols())
        except DAMAGED_DWARF:
            return SymbolTable(())

    def symbols(self) -> list[Symbol]:
        """All functions and objects, by address."""
        return self._table.symbols()

    def symbol(self, name: str) -> Symbol | None:
        """Find the symbol of that name."""
        return self._table.symbol(name)

    def symbol_at(self, address: int) -> Symbol | None:
        """Find the function (or object) that holds ``address``; the Thumb bit is ignored.

        A symbol without a size (a label in assembly) reaches to the next one.
        """
        return self._table.symbol_at(address)

    def _read_symbols(self) -> Iterator[Symbol]:
        sections = list(self._elf.iter_sections())
        code = {index for index, section in enumerate(sections) if section["sh_flags"] & SHF_EXECINSTR}
        for table in sections:
            if table["sh_type"] != "SHT_SYMTAB" or table["sh_link"] >= len(sections):
                continue
            names = sections[table["sh_link"]].data()
            data = table.data()
            whole = len(data) // SYMBOL_ENTRY.size * SYMBOL_ENTRY.size
            file = ""  # of the local symbols that follow
            for name_at, value, size_bytes, info, _other, section in SYMBOL_ENTRY.iter_unpack(data[:whole]):
                kind = info & TYPE_MASK
                if kind == STT_FILE:
                    file = _name(names, name_at)
                if section in (SHN_UNDEF, SHN_ABS) or kind > STT_FUNC:
                    continue
                if kind == STT_NOTYPE and section not in code:
                    continue
                name = _name(names, name_at)
                if not name or name.startswith("$"):
                    continue  # mapping symbols
                is_function = kind != STT_OBJECT
                is_local = info >> 4 == STB_LOCAL
                address = value & ~1 if is_function else value
                yield Symbol(name, address, size_bytes, is_function, file if is_local else "")

    # -- lines and functions of the sources -----------------------------------------------
    def line_at(self, address: int) -> SourceLine | None:
        """File and line of the instruction at ``address``; None without DWARF for it."""
        return self._ask(address, lambda unit, at: unit.lines.at(at), None)

    def folder_at(self, address: int) -> str:
        """The folder that relative paths of the code at ``address`` begin in; "" when not known."""
        return self._ask(address, lambda unit, _at: unit.folder, "")

    def routine_at(self, address: int) -> Routine | None:
        """The function of the sources that holds ``address``; None without DWARF for it."""
        return self._ask(address, _routine_at, None)

    def inlined_at(self, address: int) -> tuple[InlinedCall, ...]:
        """The inlined calls that the instruction at ``address`` belongs to, outermost first."""
        return self._ask(address, _inlined_at, ())

    def _ask(self, address: int, question: Callable[[DebugUnit, int], Answer], unknown: Answer) -> Answer:
        """Ask the unit that holds ``address``; ``unknown`` when there is none, or it is damaged."""
        address &= ~1
        try:
            if self._units is None:
                if not self._elf.has_dwarf_info():
                    return unknown
                self._units = DebugUnits(self._elf.get_dwarf_info(), self._lives)
            unit = self._units.at(address)
            answer = unknown if unit is None else question(unit, address)
        except DAMAGED_DWARF:
            return unknown
        return answer

    def _lives(self, address: int) -> bool:
        """Whether code may begin there: at 0 only what a symbol names, else vectors are there."""
        if address:
            return True
        return any(symbol.is_function for symbol in self.symbols() if symbol.address == 0)


def _routine_at(unit: DebugUnit, address: int) -> Routine | None:
    function = unit.function_at(address)
    return None if function is None else function.routine


def _inlined_at(unit: DebugUnit, address: int) -> tuple[InlinedCall, ...]:
    function = unit.function_at(address)
    return () if function is None else function.inlined_at(address)


def _name(names: bytes, at: int) -> str:
    return names[at : names.find(b"\0", at)].decode("utf-8", errors="replace")
