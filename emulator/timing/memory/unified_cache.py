"""Flash behind one cache for fetches and data: ICACHE of STM32U5 and U3, the cache of PSoC 6.

Twin: unified_cache.h. The kind ``icache``; a line is one read of the flash. A miss waits until the
flash is free, then takes ``bus_cycles`` and the read. The flash can't tell data from instructions
there: with its prefetch on, it reads the next line ahead behind each miss. A line that was read
ahead takes the bus alone; a read in progress is never broken off. So one stream of data costs the
bus for each line, and several in turn the whole read, and the rest of what was read ahead in vain.

Sources: RM0456 and RM0487 chapters ICACHE and FLASH (one master port to the flash, PRFTEN);
CY8C6xx8 architecture TRM, chapter "Flash memory"; ``bus_cycles`` is fitted, see the families' TOML.
"""

from __future__ import annotations

import msgspec

from emulator.timing.memory.cache import Cache
from emulator.timing.memory.port import FETCH, STORE, Port
from emulator.timing.memory.stm32_art import art_uncached
from emulator.timing.parameters import (
    AcceleratorParameters,
    BusCycles,
    InstructionCache,
    InstructionLines,
    InstructionWays,
    LineBytes,
    Prefetch,
    ReadBytes,
    WaitStates,
)


class UnifiedCacheParameters(AcceleratorParameters, frozen=True):
    """One cache that serves instructions and data alike: ICACHE of STM32U5, U3, L5 and H5, PSoC 6's.

    Its size and its switch are those of the ``instruction`` cache.
    """

    wait_states: WaitStates = 0
    bus_cycles: BusCycles = 0
    read_bytes: ReadBytes = 8
    line_bytes: LineBytes | msgspec.UnsetType = msgspec.UNSET
    prefetch: Prefetch = 0
    instruction_lines: InstructionLines = 0
    instruction_ways: InstructionWays | msgspec.UnsetType = msgspec.UNSET
    instruction_cache: InstructionCache = 0


def unified_cached(port: Port, cache: Cache, address: int, t: int) -> int:
    """Stall cycles of a read through the cache."""
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
    if port.ahead_valid and port.ahead_line == line:
        crossed = t + port.bus_cycles + 1
        port.fill_start, port.fill_first = max(port.ahead_start, max(crossed, cost) - cost), 0
    else:
        port.fill_start, port.fill_first = port.available(t, cost) + port.bus_cycles, read
    port.fill_reads = reads
    done = port.fill_start + reads * cost
    port.busy_until = max(port.busy_until, done)
    port.prefetch_line(cache, line + 1, done, reads)
    return max(0, port.fill_ready(reads, read) - t - 1)


def unified_access(port: Port, cache: Cache | None, address: int, t: int, kind: int) -> int:
    """Stall cycles of one access; ``cache``: None when it is off."""
    if kind == STORE:
        return 0
    if cache is not None:
        return unified_cached(port, cache, address, t)
    return art_uncached(port, address, t, is_fetch=kind == FETCH) if port.wait_states else 0
