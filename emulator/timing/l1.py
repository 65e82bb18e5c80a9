"""The Cortex-M7's way to a memory behind its AXI bus: L1 caches, line fills, write buffer.

The same integer rules as emulator/engine/native_l1.h, statement for statement.

A line fill asks for the word that missed first. Its first read arrives ``bus_cycles`` after a
read of the memory itself would; the memory takes requests in their order, and a request is
under way while an earlier line still comes in. A load or fetch that hits in a line that comes
in waits for its read. A store is done when the bus takes it: it allocates the line, which is
written back when another line needs its place. Sources: Arm DDI 0489 (write-back, read and
write allocate as the default memory map has it for RAM; critical word first, eviction and
store buffers). Ignored: MPU attributes, dynamic read-allocate mode, fetching ahead of a miss.

Without the instruction cache the prefetch unit keeps one line. It asks for the rest of a line,
``bus_cycles`` and one for each 64-bit word if the memory is fast enough, and finds the words of
the line that it keeps without a wait. Its queue holds four words, so it asks for the next line as
soon as the last one is in and the first word of this line has left the queue. A branch that is not
predicted by the branch target cache finds it there: a line that was asked for comes in to its end
before the target's can be asked for; asking in the very cycle of the redirection costs 1.
Source: the twelve placements of a two-instruction loop in dwelch67/stm32_samples
NUCLEO-F767ZI/perf01. Approximated: with the branch target cache on, nothing is asked for behind a
taken branch; a wrong prediction asks for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.timing.memory_system import Cache, Port

FETCH, LOAD, STORE = range(3)
BEAT_SHIFT = 3
"""The AXI bus is 64 bits wide (DDI 0489)."""
LINE_SHIFT = 5
LAST_WORD = (1 << (LINE_SHIFT - BEAT_SHIFT)) - 1
FETCH_TO_ISSUE = 4
"""Cycles from a word's fetch to the issue of what is in it: a turn of a two-instruction loop from
DTCM without branch prediction (dwelch67/stm32_samples NUCLEO-F767ZI/perf01: 4.0)."""
QUEUE_LEAD = 8
"""What a block's account of the prefetch queue is ahead of the cycle it tells of: all are positive."""
BUFFERED_STORES = 4
"""Stores that wait for the bus without stalling the core: a guess."""


def l1_cached(port: Port, cache: Cache, address: int, t: int, kind: int) -> int:
    """Stall cycles of an access through an enabled cache."""
    line = address >> cache.line_shift
    reads = 1 << (cache.line_shift - port.read_shift)
    read = (address >> port.read_shift) & (reads - 1)
    cost = port.wait_states + 1
    if cache.lookup(line):
        if kind != STORE:
            return port.fill_wait(cache, line, reads, read, t)
        cache.mark(line)
        return 0
    evicts = cache.evict(line)
    cache.install(line)
    port.fill_line, port.fill_cache = line, cache.number
    start = max(t + port.bus_cycles, port.busy_until)
    port.fill_start, port.fill_first, port.fill_reads = start, read, reads
    port.busy_until = start + reads * cost
    if evicts:
        port.busy_until += 1 << (cache.line_shift - BEAT_SHIFT)
    if kind == STORE:
        cache.mark(line)
        return start - t - port.bus_cycles
    return max(0, start + cost - t - 1)


def l1_uncached(port: Port, t: int, kind: int) -> int:
    """Stall cycles of a load or store that no cache serves."""
    cost = port.wait_states + 1
    start = max(t + port.bus_cycles, port.busy_until)
    port.busy_until = start + cost
    if kind == STORE:
        return max(0, start - t - port.bus_cycles - BUFFERED_STORES * cost)
    return start + cost - t - 1


def l1_fetch(port: Port, address: int, t: int, *, jumped: bool) -> int:
    """Stall cycles of what issues at ``t`` and is fetched without an instruction cache."""
    line, word = address >> LINE_SHIFT, address >> BEAT_SHIFT & LAST_WORD
    enters = jumped or word <= port.entered_word
    if port.held_instruction != line + 1 or word < port.line_first:
        straight = not jumped and word == 0 and port.held_instruction == line
        _ask_line(port, line, word, port.entered - port.entered_word if straight else t - FETCH_TO_ISSUE)
        enters = True
    issue = max(t, _word_fetched(port, word) + FETCH_TO_ISSUE)
    if enters:
        port.entered, port.entered_word = issue, word
    return issue - t


def l1_run_ahead(port: Port, end: int, left: int, t: int) -> int:
    """Cycles that a taken branch pays for what was fetched behind it.

    ``end``: the address behind the branch, which left the queue in cycle ``left``; ``t``: when the
    target would issue. The next line is asked for when the first word of the branch's own has
    left the queue of four.
    """
    line, word = (end - 1) >> LINE_SHIFT, (end - 1) >> BEAT_SHIFT & LAST_WORD
    if port.held_instruction != line + 1:
        return 0
    decided = t - FETCH_TO_ISSUE - 1
    asked = max(port.busy_until, port.entered - port.entered_word, 0 if word else left)
    if asked < decided:
        _ask_line(port, line + 1, 0, asked)
    return int(asked == decided)


def _ask_line(port: Port, line: int, word: int, asked: int) -> None:
    """Ask for a line from ``word`` to its end, when the memory is free."""
    port.held_instruction, port.line_first = line + 1, word
    port.line_ready = max(asked, port.busy_until) + port.bus_cycles
    port.busy_until = _word_fetched(port, LAST_WORD) + 1


def _word_fetched(port: Port, word: int) -> int:
    """The cycle in which a word of the line that was asked for last comes in, one in each cycle at best."""
    shift = max(port.read_shift, BEAT_SHIFT) - BEAT_SHIFT
    read = word >> shift
    reads = read - (port.line_first >> shift) + 1
    begun = max(port.line_first, read << shift)
    return port.line_ready + reads * (port.wait_states + 1) - 1 + word - begun
