"""Build the calibration firmware: micro-kernels that measure a board's memories, and print what they took.

One ELF for a board: its memories come from the board's file, their parameters do not, so that the same
ELF runs on the board and on every model of it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benches.build.firmware import (
    BuildOptions,
    compile_and_link,
    compiler_flags,
    memory_script,
    sizes,
)
from benches.build.support import (
    BoardSupport,
    ConsoleClock,
    Memory,
    devices_of,
    firmware_folder,
    fitted,
    linker_memories,
    support_for,
)
from benches.build.toolchain import find_toolchain
from emulator.board.model import Board, Region
from emulator.board.reader import list_boards, load_board
from emulator.errors import BoardError
from emulator.files import OutputFile, make_folder, read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCES = (
    "calibration/kernels.S", "calibration/main.c", "calibration/modes.c",
    "protocol/print.c", "runtime/memory.c", "startup/startup.c",
)  # fmt: skip
LANDING_BYTES = 32768
"""Code that is called all over: twice the largest instruction cache whose size is to be seen."""
FEW_LANDING_BYTES = 4096
"""The same for a core without a cache, before line buffers: Armv6-M."""
MOST_ROWS, ROW_BYTES, ROWS_SHARE = 1500, 40, 3
"""Counts that the firmware keeps, their size, and which part of RAM they may take: a third."""
STACK_BYTES, BAUD = 0x1000, 115200
"""Of boards that are brought up by the files of ``firmware/bringup``."""
LEAST_MEMORY_BYTES = 8192
"""A smaller memory has no room for the patterns."""


@dataclass(frozen=True, slots=True)
class BuiltCalibration:
    """A finished build: the file and what it takes."""

    path: Path
    support: str
    core: str
    flash_bytes: int
    ram_bytes: int  # without the stack


def calibration_support(board: Board) -> BoardSupport:
    """What boots a board and drives its console. Raises UsageError when there is nothing."""
    table = tomllib.loads(read_text(firmware_folder() / "bringup" / "boards.toml", error=BoardError))
    name = board.name if board.name in table else _alike(board, table)
    return _brought_up(board, table[name]) if name else fitted(support_for(board), board)


def _alike(board: Board, names: Iterable[str]) -> str:
    """The board that is brought up whose devices and console a board of one's own has; "" without one."""
    for name in names:
        known = load_board(name)
        same = (known.core, known.console) == (board.core, board.console)
        if same and devices_of(known) <= devices_of(board) and board.name not in list_boards():
            return name
    return ""


def _brought_up(board: Board, entry: Mapping[str, Any]) -> BoardSupport:
    """A board that a file of ``firmware/bringup`` starts, its console at the one pace that it has."""
    flash, ram = linker_memories(board)
    begin = entry.get("ram", ram.origin)
    region = board.region_at(begin)
    end = region.end if region is not None else begin
    defines = dict.fromkeys(entry.get("defines", ()), 1)
    if "prefetch_register" in entry:
        defines["PREFETCH_REGISTER"] = entry["prefetch_register"]
    return BoardSupport(
        name=board.name,
        title=board.title,
        boards=(board.name,),
        core=board.core.removeprefix("cortex-"),
        sources=("bringup/bsp.c", *(f"bringup/{entry[key]}" for key in ("source", "stage2") if key in entry)),
        flash=flash,
        ram=Memory(begin, end - begin),
        stack_bytes=STACK_BYTES,
        console=ConsoleClock(BAUD, 1, 1, 1, 1),
        defines=defines,
        unmeasured=tuple(entry.get("without", ())),
    )


def build_calibration(
    board: Board, support: BoardSupport, out: Path, options: BuildOptions | None = None
) -> BuiltCalibration:
    """Build the calibration firmware of a board.

    Raises :class:`UsageError` for bad options or an absent compiler, :class:`ImageError` for a
    compiler's complaint.
    """
    options = options or BuildOptions()
    options.check()
    support.check_baud(options.console_baud)
    core = options.core or support.core
    toolchain = find_toolchain(options.toolchain, core)
    with tempfile.TemporaryDirectory(prefix="boardless-build-") as name:
        folder = Path(name).resolve()
        (folder / "memory.ld").write_text(memory_script(support), encoding="utf-8")
        landing_bytes = FEW_LANDING_BYTES if core.startswith("m0") else LANDING_BYTES
        most_rows = min(MOST_ROWS, support.ram.size_bytes // ROW_BYTES // ROWS_SHARE)
        flags = compiler_flags(support, options, folder, LANDING_BYTES=landing_bytes, MOST_ROWS=most_rows)
        flags += [f'-DCALIBRATED_CORE="{board.core}"', f"-DCALIBRATED_CORE_{core.upper()}=1"]
        elf = compile_and_link(
            sorted({*SOURCES, *support.sources, *support.calibration_sources}),
            _memories(board, support),
            toolchain,
            flags,
            folder,
        ).read_bytes()
    make_folder(out.parent)
    OutputFile(out, "the firmware").write_bytes(elf)
    flash_bytes, ram_bytes = sizes(elf)
    return BuiltCalibration(out, support.name, core, flash_bytes, ram_bytes)


def _memories(board: Board, support: BoardSupport) -> str:
    """The C file that names the memories: the linker's two first, then the board's others."""
    rows = [
        (_name_at(board, memory.origin), memory.origin, memory.size_bytes, writable)
        for memory, writable in ((support.flash, 0), (support.ram, 1))
    ]
    rows += [(r.name, r.base, r.size_bytes, int(r.kind == "ram")) for r in _others(board, support)]
    lines = [f'    {{"{name}", {base:#x}u, {size:#x}u, {writable}u}},' for name, base, size, writable in rows]
    return "\n".join(
        (
            '#include "calibration/calibration.h"',
            "const struct memory memories[] = {",
            *lines,
            "};",
            f"const uint32_t memory_count = {len(rows)}u;",
            "",
        )
    )


def _name_at(board: Board, address: int) -> str:
    region = board.region_at(address)
    return region.name if region is not None else "memory"


def _others(board: Board, support: BoardSupport) -> Iterator[Region]:
    used = {board.region_at(memory.origin) for memory in (support.flash, support.ram)}
    for region in board.regions:
        large = region.size_bytes >= LEAST_MEMORY_BYTES
        fits = large and not region.alias_of and region.kind in ("flash", "ram")
        if fits and region not in used and region.name not in support.unmeasured:
            yield region
