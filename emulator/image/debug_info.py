"""Names for addresses: ELF symbols and DWARF lines, read when first asked for."""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.elf.elffile import ELFFile

from emulator.image.model import SourceLine, Symbol

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
)
"""What pyelftools raises on a damaged table; a crash report goes on without source lines."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line-table row; ``line`` is None after the end of a sequence."""

    address: int
    file: str
    line: int | None


class ElfDebugInfo:
    """Look-ups by address and by name; implements :class:`emulator.image.model.DebugInfo`."""

    def __init__(self, elf: ELFFile) -> None:
        self._elf = elf
        self._symbols: list[Symbol] | None = None
        self._addresses: list[int] = []
        self._by_name: dict[str, Symbol] = {}
        self._tables: dict[int, list[_Row]] = {}
        self._dwarf: Any = None

    # -- symbols -------------------------------------------------------------------------
    def symbols(self) -> list[Symbol]:
        """All functions and objects, by address."""
        if self._symbols is None:
            found = sorted(
                self._read_symbols(), key=lambda s: (s.address, s.is_function, s.size_bytes, s.name)
            )
            self._symbols = found
            self._addresses = [symbol.address for symbol in found]
            self._by_name = {symbol.name: symbol for symbol in found}
        return self._symbols

    def symbol(self, name: str) -> Symbol | None:
        """Find the symbol of that name."""
        self.symbols()
        return self._by_name.get(name)

    def symbol_at(self, address: int) -> Symbol | None:
        """Find the function (or object) that holds ``address``; the Thumb bit is ignored.

        A symbol without a size (a label in assembly) reaches to the next one.
        """
        address &= ~1
        symbols = self.symbols()
        index = bisect.bisect_right(self._addresses, address) - 1
        while index >= 0:
            symbol = symbols[index]
            if symbol.size_bytes == 0 or address < symbol.address + symbol.size_bytes:
                return symbol
            if symbol.size_bytes and symbol.is_function:
                return None
            index -= 1
        return None

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

    # -- lines ---------------------------------------------------------------------------
    def line_at(self, address: int) -> SourceLine | None:
        """File and line of the instruction at ``address``; None without DWARF for it."""
        address &= ~1
        try:
            rows = self._rows_for(address)
        except DAMAGED_DWARF:
            return None
        index = bisect.bisect_right(rows, address, key=lambda row: row.address) - 1
        if index < 0:
            return None
        row = rows[index]
        return None if row.line is None else SourceLine(row.file, row.line)

    def _rows_for(self, address: int) -> list[_Row]:
        if self._dwarf is None:
            if not self._elf.has_dwarf_info():
                return []
            self._dwarf = self._elf.get_dwarf_info()
        ranges = self._dwarf.get_aranges()
        if ranges is not None:
            offset = ranges.cu_offset_at_addr(address)
            if offset is not None:
                return self._table(self._dwarf.get_CU_at(offset))
        for unit in self._dwarf.iter_CUs():
            table = self._table(unit)
            if table and table[0].address <= address < table[-1].address:
                return table
        return []

    def _table(self, unit: Any) -> list[_Row]:
        if unit.cu_offset not in self._tables:
            self._tables[unit.cu_offset] = sorted(
                _line_rows(self._dwarf.line_program_for_CU(unit)),
                # at one address the end of a sequence comes before the start of the next
                key=lambda row: (row.address, row.line is not None),
            )
        return self._tables[unit.cu_offset]


def _name(names: bytes, at: int) -> str:
    return names[at : names.find(b"\0", at)].decode("utf-8", errors="replace")


def _line_rows(program: Any) -> Iterator[_Row]:
    if program is None:
        return
    files = _file_names(program)
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        name = files.get(state.file, "?")
        yield _Row(state.address, name, None if state.end_sequence else state.line)


def _file_names(program: Any) -> dict[int, str]:
    """File numbers of a line program to paths (DWARF 4 section 6.2.4, DWARF 5 too)."""
    header = program.header
    version5 = header["version"] >= 5
    folders = [_text(folder) for folder in header["include_directory"]]
    if not version5:
        folders.insert(0, "")  # folder 0 is the compilation folder
    names = {}
    for number, entry in enumerate(header["file_entry"], 0 if version5 else 1):
        folder = folders[entry.dir_index] if entry.dir_index < len(folders) else ""
        name = _text(entry.name)
        inside = folder and not name.startswith("/") and not (version5 and entry.dir_index == 0)
        names[number] = f"{folder}/{name}" if inside else name
    return names


def _text(name: Any) -> str:
    return name.decode("utf-8", errors="replace") if isinstance(name, bytes) else str(name)
