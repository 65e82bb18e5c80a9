"""Line programs of DWARF 2 to 5: which instruction belongs to which line of which file.

Headers are pyelftools'; the programs are run here, since a firmware with C++ has a hundred
thousand rows, of which one object each would take seconds. Source: DWARF 5, section 6.2.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.image.leb128 import signed, unsigned
from emulator.image.model import SourceLine

COPY, ADVANCE_PC, ADVANCE_LINE, SET_FILE = 1, 2, 3, 4
CONST_ADD_PC, FIXED_ADVANCE_PC = 8, 9
END_SEQUENCE, SET_ADDRESS = 1, 2
LAST_SPECIAL = 255
NO_LINE = -1


@dataclass(slots=True)
class LineTable:
    """The rows of a unit, by address; a row holds up to the next one.

    ``lines``: :data:`NO_LINE` after the end of a sequence. ``files``: paths by number, as the
    header spells them: relative ones to the folder that the compiler ran in.
    """

    files: dict[int, str]
    addresses: list[int] = field(default_factory=list)
    rows: list[tuple[int, int]] = field(default_factory=list)

    def at(self, address: int) -> SourceLine | None:
        """The line of the instruction at ``address``."""
        index = bisect.bisect_right(self.addresses, address) - 1
        if index < 0:
            return None
        file, line = self.rows[index]
        return None if line == NO_LINE else SourceLine(self.files.get(file, "?"), line)


def line_table(program: Any, lives: Callable[[int], bool]) -> LineTable:
    """The table of a program of pyelftools'; sequences that begin where nothing ``lives`` are left out."""
    table = LineTable(file_names(program.header))
    program.stream.seek(program.program_start_offset)
    data = program.stream.read(program.program_end_offset - program.program_start_offset)
    found: list[tuple[int, bool, int, int]] = []
    for sequence in _sequences(data, program.header):
        if lives(sequence[0][0]):
            found += sequence
    # at one address the end of a sequence comes before the start of the next
    found.sort(key=lambda row: row[:2])
    table.addresses = [row[0] for row in found]
    table.rows = [(file, line) for _, _, file, line in found]
    return table


def _sequences(  # noqa: PLR0912 -- a branch an opcode
    data: bytes, header: Any
) -> list[list[tuple[int, bool, int, int]]]:
    """Rows (address, is no end, file, line) of each sequence."""
    base, step, width = header["opcode_base"], header["minimum_instruction_length"], header["line_range"]
    first_line = header["line_base"]
    operands = list(header["standard_opcode_lengths"])
    constant = step * ((LAST_SPECIAL - base) // width)
    sequences: list[list[tuple[int, bool, int, int]]] = []
    rows: list[tuple[int, bool, int, int]] = []
    address, file, line, at, end = 0, 1, 1, 0, len(data)
    while at < end:
        opcode = data[at]
        at += 1
        if opcode >= base:
            address += step * ((opcode - base) // width)
            line += first_line + (opcode - base) % width
            rows.append((address, True, file, line))
        elif opcode == COPY:
            rows.append((address, True, file, line))
        elif opcode == ADVANCE_PC:
            value, at = unsigned(data, at)
            address += step * value
        elif opcode == ADVANCE_LINE:
            value, at = signed(data, at)
            line += value
        elif opcode == SET_FILE:
            file, at = unsigned(data, at)
        elif opcode == CONST_ADD_PC:
            address += constant
        elif opcode == FIXED_ADVANCE_PC:
            address += int.from_bytes(data[at : at + 2], "little")
            at += 2
        elif opcode:
            for _ in range(operands[opcode - 1]):
                _, at = unsigned(data, at)
        else:
            length, at = unsigned(data, at)
            if data[at] == SET_ADDRESS:
                address = int.from_bytes(data[at + 1 : at + length], "little")
            elif data[at] == END_SEQUENCE:
                rows.append((address, False, file, NO_LINE))
                sequences.append(rows)
                rows, address, file, line = [], 0, 1, 1
            at += length
    return sequences


def file_names(header: Any) -> dict[int, str]:
    """File numbers of a line program to paths (DWARF 4 section 6.2.4, DWARF 5 too)."""
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
