"""Build the calibration firmware: micro-kernels that measure a board's memories, and print what they took.

One ELF for a board: its memories come from the board's file, their parameters do not, so that the same
ELF runs on the board and on every model of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benches.build.firmware import (
    BuildOptions,
    compile_and_link,
    compiler_flags,
    memory_script,
    sizes,
)
from benches.build.support import BoardSupport, fitted, support_for
from benches.build.toolchain import find_toolchain
from emulator.board.model import Board, Region
from emulator.files import OutputFile, make_folder

SOURCES = (
    "calibration/kernels.S", "calibration/main.c", "calibration/modes.c",
    "protocol/print.c", "runtime/memory.c", "startup/startup.c",
)  # fmt: skip
LANDING_BYTES = 32768
"""Code that is called all over: twice the largest instruction cache whose size is to be seen."""
FEW_LANDING_BYTES = 4096
"""The same for a core without a cache, before line buffers: Armv6-M."""
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
    """The package that boots a board and drives its console. Raises UsageError when there is none."""
    return fitted(support_for(board), board)


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
        flags = compiler_flags(support, options, folder, LANDING_BYTES=landing_bytes)
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
        if region not in used and large and not region.alias_of and region.kind in ("flash", "ram"):
            yield region
