"""STM32G0's flash behind a Cortex-M0+'s one bus: line buffers, a prefetch, a cache of misses.

Twin: stm32_line_buffers.h. The kind ``stm32-line-buffers``; a cycle here is the one in which an
access's data phase begins.

A read of the array brings a line. The next line is read ahead into a buffer as soon as a line is
asked for, in the address phase of that fetch, unless it is held already. Lines that were executed
stay, whether they were read ahead or not, until four others were: a line that was read ahead and
not executed pushes nothing out. Data have no buffer: each datum is a read. All reads share the
array: one in progress is never broken off, so that a datum waits for a prefetch in progress, and
a prefetch that has not begun waits for it.

Sources: RM0490 (STM32C0) section 4.3.3, whose text RM0444 (STM32G0) shares and which is about
the same core: lines of 64 bits, LRU, no data cache; the next line is read while the current one
is being asked for. It has two lines in the cache, one in execution and one read ahead, and keeps
those that missed; that four executed ones stay is fitted: NUCLEO-G0B1RE ad of v1.2, whose loops of
three and four lines cost nothing but their data (three lines: 10 % high; five: kws 0.9 % low).
Approximated: a line arrives whole; with a read in progress nothing is begun earlier.
"""

from __future__ import annotations

from emulator.timing.memory.cache import Cache
from emulator.timing.memory.port import FETCH, STORE, Port
from emulator.timing.parameters import (
    AcceleratorParameters,
    InstructionCache,
    InstructionLines,
    Prefetch,
    ReadBytes,
    WaitStates,
)

FETCH_LAG = 1
"""A line's fetch has its data phase while the instruction before it executes: Cortex-M0+ has two
stages, so that what executes in one cycle arrived in the one before (DDI 0484C; a taken branch
takes 2). A block's first line is fetched one cycle earlier: lag 0 stands for that."""
ADDRESS_PHASE = 1
"""Cycles by which a line is asked for before its data phase (AHB-Lite)."""
DATA_LAG = 2
"""A datum's address phase is its instruction's first cycle, its data phase the second (2 cycles)."""


class LineBufferParameters(AcceleratorParameters, frozen=True):
    """STM32G0's flash (also STM32C0): line buffers, a prefetch, a cache of misses; data are not cached.

    A line is what one read brings, so ``read_bytes`` is the line's length too.
    """

    wait_states: WaitStates = 0
    read_bytes: ReadBytes = 8
    prefetch: Prefetch = 0
    instruction_lines: InstructionLines = 0
    instruction_cache: InstructionCache = 0


def buffers_read(port: Port, t: int, cost: int) -> int:
    """The last cycle of a read that could begin at ``t``."""
    start = max(t, port.busy_until)
    if port.ahead_valid:
        if port.ahead_start < start:
            start = max(start, port.ahead_start + cost)
        else:
            port.ahead_start = start + cost
    port.busy_until = start + cost
    return start + cost - 1


def buffers_read_ahead(port: Port, cache: Cache | None, line: int, since: int, cost: int) -> None:
    """Read a line ahead, from ``since`` on, unless the cache holds it."""
    start = max(since, port.busy_until)
    if port.ahead_valid and port.ahead_start < start:
        start = max(start, port.ahead_start + cost)
    port.ahead_line, port.ahead_start = line, start
    port.ahead_valid = int(bool(port.prefetch) and (cache is None or cache.find(line) is None))


def buffers_fetch(port: Port, cache: Cache | None, address: int, t: int) -> int:
    """Stall cycles of fetching from the line of ``address``; ``cache``: None when it is off."""
    line = address >> port.read_shift
    cost = port.wait_states + 1
    if port.held_instruction == line + 1:
        return max(0, port.line_ready - t)
    port.held_instruction = line + 1
    if port.ahead_valid and port.ahead_line == line:
        port.line_ready = port.ahead_start + cost - 1
        port.busy_until = max(port.busy_until, port.line_ready + 1)
        port.ahead_valid = 0
        if cache is not None:
            cache.install(line, cache.victim(line))
    elif cache is not None and (slot := cache.find(line)) is not None:
        cache.use(slot)
        port.line_ready = t
    else:
        port.line_ready = buffers_read(port, t, cost)
        if cache is not None:
            cache.install(line, cache.victim(line))
        port.busy_until = port.line_ready + 1
        port.ahead_valid = 0
    ready = max(t, port.line_ready)
    buffers_read_ahead(port, cache, line + 1, max(ready, ADDRESS_PHASE) - ADDRESS_PHASE, cost)
    return ready - t


def buffers_data(port: Port, t: int) -> int:
    """Stall cycles of reading a datum."""
    return buffers_read(port, t, port.wait_states + 1) - t


def buffers_access(port: Port, cache: Cache | None, address: int, t: int, kind: int) -> int:
    """Stall cycles of one access; ``cache``: None when it is off."""
    if kind == STORE or not port.wait_states:
        return 0
    return buffers_fetch(port, cache, address, t) if kind == FETCH else buffers_data(port, t)
