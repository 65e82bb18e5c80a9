"""Boards for the tests of `boardless calibrate`: virtual ones with each kind of memory system before them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benches.calibration.parameters import parameters_of, with_caches
from emulator.board.model import Board
from emulator.board.reader import load_board

BOARDS = {
    "m4": """
title = "Cortex-M4F behind an ART accelerator, two RAMs"
family = "virtual"
core = "cortex-m4"
core_parameters = { bit_band = 1, other_memory = 1 }
fpu = "single"
reset_hz = 100_000_000
priority_bits = 3
[regions.flash]
accelerator = "flash"
[regions.sram2]
base = 0x20100000
size_bytes = 0x10000
kind = "ram"
bus = "system"
[accelerators.flash]
kind = "stm32-art"
[accelerators.flash.parameters]
wait_states = 3
bus_cycles = 1
read_bytes = 8
line_bytes = 32
prefetch = 0
instruction_lines = 32
instruction_cache = 1
data_lines = 8
data_cache = 1
""",
    "m7": """
title = "Cortex-M7 with caches before flash and RAM"
family = "virtual"
core = "cortex-m7"
core_parameters = { instruction_cache_bytes = 16384, data_cache_bytes = 16384 }
fpu = "double"
reset_hz = 100_000_000
priority_bits = 3
[regions.flash]
accelerator = "flash"
[regions.sram]
accelerator = "axi_sram"
[accelerators.flash]
kind = "l1"
[accelerators.flash.parameters]
wait_states = 3
bus_cycles = 5
read_bytes = 16
instruction_lines = 512
instruction_ways = 2
data_lines = 512
data_ways = 4
[accelerators.axi_sram]
kind = "l1"
[accelerators.axi_sram.parameters]
bus_cycles = 4
read_bytes = 8
""",
    "m33": """
title = "Cortex-M33 with an ICACHE before its flash"
family = "iotkit"
reset_hz = 100_000_000
[regions.flash]
base = 0x10000000
size_bytes = 0x200000
kind = "flash"
bus = "code"
accelerator = "icache"
[regions.sram]
base = 0x38000000
size_bytes = 0x80000
kind = "ram"
bus = "system"
[accelerators.icache]
kind = "icache"
[accelerators.icache.parameters]
wait_states = 2
bus_cycles = 1
read_bytes = 16
line_bytes = 16
prefetch = 1
instruction_lines = 512
instruction_ways = 2
instruction_cache = 1
""",
    "m0plus": """
title = "Cortex-M0+ behind line buffers"
family = "virtual"
core = "cortex-m0plus"
fpu = "none"
reset_hz = 64_000_000
priority_bits = 2
[regions.flash]
accelerator = "flash"
[accelerators.flash]
kind = "stm32-line-buffers"
[accelerators.flash.parameters]
wait_states = 1
read_bytes = 8
prefetch = 0
instruction_lines = 2
instruction_cache = 1
""",
}


def board(folder: Path, name: str) -> Board:
    """One of them, from a file."""
    path = folder / f"{name}.toml"
    path.write_text(BOARDS[name])
    return load_board(str(path))


def with_values(start: Board, values: Mapping[str, int]) -> Board:
    """The board with other parameters, by their keys' ends, such as ``flash.parameters.wait_states``."""
    changed = with_caches(start)
    for end, value in values.items():
        (parameter,) = (p for p in parameters_of(changed) if p.key.endswith(end))
        moved = parameter.on(changed, value)
        assert moved is not None, end
        changed = moved
    return changed
