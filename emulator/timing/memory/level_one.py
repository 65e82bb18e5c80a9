"""The Cortex-M7's way to a memory behind its AXI bus: L1 caches, line fills, write buffer.

Twin: level_one.h. The kind ``l1``; a fetch without the instruction cache is
:mod:`emulator.timing.memory.prefetch_unit`'s.

A line fill asks for the word that missed first. Its first read arrives ``bus_cycles`` after a
read of the memory itself would; the memory takes requests in their order, and a request is
under way while an earlier line still comes in. A load or fetch that hits in a line that comes
in waits for its read. A store is done when the bus takes it: it allocates the line, which is
written back when another line needs its place. Sources: Arm DDI 0489 (write-back, read and
write allocate as the default memory map has it for RAM; critical word first, eviction and
store buffers). A region's stores may do otherwise by the MPU's attributes: write-through ones go out
each, and allocate nothing. Ignored: dynamic read-allocate mode, fetching ahead of a miss.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Literal

import msgspec

from emulator.schema.table import about
from emulator.timing.memory.cache import Cache
from emulator.timing.memory.port import STORE, Port
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
    ReadBytes,
)

BEAT_SHIFT = 3
"""The AXI bus is 64 bits wide (DDI 0489)."""
BUFFERED_STORES = 4
"""Stores that wait for the bus without stalling the core: a guess."""


class LevelOneParameters(AcceleratorParameters, frozen=True):
    """A memory behind the level-1 caches of a Cortex-M7 and its AXI bus.

    Several memories may stand behind the same caches: one of them gives the caches' size.
    """

    wait_states: FreeWaitStates = 0
    bus_cycles: BusCycles = 0
    bus_divider: Annotated[
        int,
        about(
            "Core cycles in one cycle of the memory's bus, in which wait_states and bus_cycles count. A "
            "clock controller that divides the bus's clock changes it.",
            unit="cycles",
            at_least=1,
            at_most=512,
            example=2,
        ),
    ] = 1
    read_bytes: ReadBytes = 8
    line_bytes: Annotated[
        Literal[32], about("Length of a cache's line: a Cortex-M7's are 32 bytes long.", unit="bytes")
    ] = 32
    instruction_lines: InstructionLines = 0
    instruction_ways: InstructionWays | msgspec.UnsetType = msgspec.UNSET
    instruction_cache: InstructionCache = 0
    data_lines: DataLines = 0
    data_ways: DataWays | msgspec.UnsetType = msgspec.UNSET
    data_cache: DataCache = 0


class Stores(IntEnum):
    """What becomes of a region's stores, by its memory attributes; the cache's own way first.

    UNBUFFERED: each waits until it is done (Strongly-ordered, Device-nGnRnE).
    """

    WRITE_BACK = 0
    NO_WRITE_ALLOCATE = 1
    WRITE_THROUGH = 2
    UNBUFFERED = 3


def l1_uncached(port: Port, t: int, kind: int, stores: int = Stores.WRITE_BACK) -> int:
    """Stall cycles of a load or store that no cache serves."""
    cost = port.wait_states + 1
    start = max(t + port.bus_cycles, port.busy_until)
    port.busy_until = start + cost
    if kind == STORE and stores != Stores.UNBUFFERED:
        return max(0, start - t - port.bus_cycles - BUFFERED_STORES * cost)
    return start + cost - t - 1


def l1_cached(
    port: Port, cache: Cache, address: int, t: int, kind: int, stores: int = Stores.WRITE_BACK
) -> int:
    """Stall cycles of an access through an enabled cache."""
    line = address >> cache.line_shift
    reads = 1 << (cache.line_shift - port.read_shift)
    read = (address >> port.read_shift) & (reads - 1)
    cost = port.wait_states + 1
    slot = cache.find(line)
    if slot is not None:
        cache.use(slot)
        if kind != STORE:
            return port.fill_wait(cache, line, reads, read, t)
        if stores == Stores.WRITE_THROUGH:
            return l1_uncached(port, t, kind, stores)
        cache.dirty[slot] = 1
        return 0
    if kind == STORE and stores != Stores.WRITE_BACK:
        return l1_uncached(port, t, kind, stores)
    slot = cache.victim(line)
    evicts = cache.dirty[slot]
    cache.dirty[slot] = int(kind == STORE)
    cache.install(line, slot)
    port.fill_line, port.fill_cache = line, cache.number
    start = max(t + port.bus_cycles, port.busy_until)
    port.fill_start, port.fill_first, port.fill_reads = start, read, reads
    port.busy_until = start + reads * cost
    if evicts:
        port.busy_until += 1 << (cache.line_shift - BEAT_SHIFT)
    if kind == STORE:
        return start - t - port.bus_cycles
    return max(0, start + cost - t - 1)


def l1_access(
    port: Port, cache: Cache | None, address: int, t: int, kind: int, stores: int = Stores.WRITE_BACK
) -> int:
    """Stall cycles of one access but an uncached fetch; ``cache``: None when it is off."""
    if cache is not None:
        return l1_cached(port, cache, address, t, kind, stores)
    return l1_uncached(port, t, kind, stores)
