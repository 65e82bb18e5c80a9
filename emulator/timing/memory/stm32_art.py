"""Flash with wait states behind ST's ART accelerator: line caches and a prefetch, or neither.

Twin: stm32_art.h. The kinds ``stm32-art`` and ``none``, and every memory with wait states of its
own. Costs are stall cycles beyond the core's
own price; a store costs nothing.

With a cache, a miss fills a line, ``bus_cycles`` after the memory is free, the read that missed
first; a fetch's miss then has the next line prefetched, which gives way to a demand. Without one,
the last read of fetches and that of data are kept, and the next read is prefetched as soon as the
memory is free. The sources of figures are beside them, in the families' TOML.
"""

from __future__ import annotations

import msgspec

from emulator.timing.memory.cache import Cache
from emulator.timing.memory.port import FETCH, STORE, Port
from emulator.timing.parameters import (
    AcceleratorParameters,
    BusCycles,
    DataCache,
    DataLines,
    DataWays,
    FreeWaitStates,
    InstructionCache,
    InstructionLines,
    InstructionWays,
    LineBytes,
    Prefetch,
    ReadBytes,
    WaitStates,
)


class PlainParameters(AcceleratorParameters, frozen=True):
    """A memory with wait states and a read buffer for each of instructions and data, without caches."""

    wait_states: FreeWaitStates = 0
    read_bytes: ReadBytes = 8
    prefetch: Prefetch = 0


class ArtParameters(AcceleratorParameters, frozen=True):
    """STM32's ART accelerator (F4, L4, G4 ...): caches of instruction and of data lines, a prefetch."""

    wait_states: WaitStates = 0
    bus_cycles: BusCycles = 0
    read_bytes: ReadBytes = 8
    line_bytes: LineBytes | msgspec.UnsetType = msgspec.UNSET
    prefetch: Prefetch = 0
    instruction_lines: InstructionLines = 0
    instruction_ways: InstructionWays | msgspec.UnsetType = msgspec.UNSET
    instruction_cache: InstructionCache = 0
    data_lines: DataLines = 0
    data_ways: DataWays | msgspec.UnsetType = msgspec.UNSET
    data_cache: DataCache = 0


def art_cached(port: Port, cache: Cache, address: int, t: int, *, is_fetch: bool) -> int:
    """Stall cycles of a read through a cache."""
    line = address >> cache.line_shift
    reads = 1 << (cache.line_shift - port.read_shift)
    read = (address >> port.read_shift) & (reads - 1)
    cost = port.wait_states + 1
    slot = cache.find(line)
    if slot is not None:
        cache.use(slot)
        return port.fill_wait(cache, line, reads, read, t)
    cache.install(line, cache.victim(line))
    port.fill_line, port.fill_cache = line, cache.number
    if is_fetch and port.ahead_valid and port.ahead_line == line:
        port.fill_start, port.fill_first = port.ahead_start, 0
    else:
        port.fill_start, port.fill_first = port.available(t, cost) + port.bus_cycles, read
    port.fill_reads = reads
    done = port.fill_start + reads * cost
    port.busy_until = max(port.busy_until, done)
    if is_fetch:
        port.prefetch_line(cache, line + 1, done, reads)
    return max(0, port.fill_ready(reads, read) - t - 1)


def art_uncached(port: Port, address: int, t: int, *, is_fetch: bool) -> int:
    """Stall cycles of a read without a cache."""
    read = (address >> port.read_shift) + 1
    cost = port.wait_states + 1
    if (port.held_instruction if is_fetch else port.held_data) == read:
        return 0
    start = max(t, port.busy_until)
    if is_fetch and port.prefetch and port.ahead_valid and port.ahead_line == read:
        start = port.ahead_start
    if is_fetch:
        port.held_instruction = read
    else:
        port.held_data = read
    ready = start + cost
    port.busy_until = max(port.busy_until, ready)
    if is_fetch and port.prefetch:
        port.ahead_line, port.ahead_start, port.ahead_valid = read + 1, port.busy_until, 1
    return max(0, ready - t - 1)


def art_access(port: Port, cache: Cache | None, address: int, t: int, kind: int) -> int:
    """Stall cycles of one access; ``cache``: None when it is off."""
    if kind == STORE:
        return 0
    if cache is not None:
        return art_cached(port, cache, address, t, is_fetch=kind == FETCH)
    return art_uncached(port, address, t, is_fetch=kind == FETCH) if port.wait_states else 0
