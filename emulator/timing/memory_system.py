"""The memory system's timing in Python: caches, flash ports, and what an access costs.

The same integer rules as emulator/engine/native_memory.h, statement for statement; the native
hook is this, faster. Costs are stall cycles beyond the core's own price.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from emulator.timing.l1 import QUEUE_LEAD, l1_cached, l1_fetch, l1_run_ahead, l1_uncached
from emulator.timing.line_buffers import buffers_data, buffers_fetch
from emulator.timing.model import DivideTiming, UnalignedTiming

FETCH, LOAD, STORE = range(3)
MASK32 = 0xFFFFFFFF
MAX_REGIONS, MAX_PORTS, MAX_CACHES = 32, 8, 8
FIRST_PORT, OUTSIDE = 64, 255
"""Numbers of memories: a region's, or FIRST_PORT + its port's; OUTSIDE is no region at all."""


@dataclass(slots=True)
class Cache:
    """Set-associative, least recently used; tags hold line number + 1, 0 is empty."""

    number: int = 0
    enabled: int = 0
    sets: int = 0
    ways: int = 0
    line_shift: int = 0
    tags: list[int] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    dirty: list[int] = field(default_factory=list)
    tick: int = 0
    hits: int = 0
    misses: int = 0

    def shape(self, enabled: int, sets: int, ways: int, line_shift: int) -> None:
        """Set the geometry; a changed one empties the cache."""
        if (self.sets, self.ways, self.line_shift) != (sets, ways, line_shift) or not self.tags:
            self.sets, self.ways, self.line_shift = sets, ways, line_shift
            self.invalidate()
        self.enabled = enabled

    def invalidate(self) -> None:
        """Empty it."""
        self.tags = [0] * (self.sets * self.ways)
        self.used = [0] * (self.sets * self.ways)
        self.dirty = [0] * (self.sets * self.ways)

    def lookup(self, line: int) -> bool:
        """True on a hit, which becomes the most recently used."""
        first = (line & (self.sets - 1)) * self.ways
        for way in range(first, first + self.ways):
            if self.tags[way] == line + 1:
                self.tick += 1
                self.used[way] = self.tick
                self.hits += 1
                return True
        self.misses += 1
        return False

    def holds(self, line: int) -> bool:
        """True when the line is there; nothing changes."""
        first = (line & (self.sets - 1)) * self.ways
        return line + 1 in self.tags[first : first + self.ways]

    def victim(self, line: int) -> int:
        """The way that ``line`` would take: an empty or the least recently used one."""
        first = (line & (self.sets - 1)) * self.ways
        victim = first
        for way in range(first, first + self.ways):
            if self.tags[way] == 0:
                return way
            if self.used[way] < self.used[victim]:
                victim = way
        return victim

    def evict(self, line: int) -> bool:
        """Clean the way that ``line`` would take; True when it has to be written back."""
        victim = self.victim(line)
        dirty, self.dirty[victim] = self.dirty[victim], 0
        return bool(dirty)

    def mark(self, line: int) -> None:
        """Note that a line that is there was written."""
        first = (line & (self.sets - 1)) * self.ways
        self.dirty[self.tags.index(line + 1, first, first + self.ways)] = 1

    def install(self, line: int) -> None:
        """Put a line in place of an empty or the least recently used way."""
        victim = self.victim(line)
        self.tags[victim] = line + 1
        self.tick += 1
        self.used[victim] = self.tick


@dataclass(slots=True)
class Port:
    """A memory behind a bus: wait states, width of one read, a prefetcher."""

    wait_states: int = 0
    read_shift: int = 2
    prefetch: int = 0
    busy_until: int = 0
    fill_start: int = 0
    fill_line: int = 0
    fill_first: int = 0
    fill_reads: int = 0
    fill_cache: int = 0
    ahead_line: int = 0
    ahead_valid: int = 0
    ahead_start: int = 0
    held_instruction: int = 0
    held_data: int = 0
    is_l1: int = 0  # behind a Cortex-M7's caches and AXI bus: rules of emulator.timing.l1
    has_buffers: int = 0  # rules of emulator.timing.line_buffers
    line_ready: int = 0  # the cycle in which the line in the instruction buffer arrives
    bus_cycles: int = 0  # of a cache's miss, beside the memory's own
    line_first: int = 0  # without an instruction cache: the 64-bit word that a line was asked from
    entered_word: int = 0  # where execution came into that line ...
    entered: int = 0  # ... and in which cycle

    def configure(self, wait_states: int, read_shift: int, prefetch: int) -> None:
        """Set what firmware or the board decides."""
        self.wait_states, self.read_shift, self.prefetch = wait_states, read_shift, prefetch
        if not prefetch:
            self.ahead_valid = 0

    def available(self, t: int, cost: int) -> int:
        """When a demand may start: a prefetch ends its read in progress and is dropped."""
        start = max(t, self.busy_until)
        if self.ahead_valid:
            end = self.ahead_start + self.fill_reads * cost
            if self.ahead_start < start < end:
                into = (start - self.ahead_start) % cost
                if into:
                    start += cost - into
            if start < end:
                self.ahead_valid = 0
        return start

    def fill_ready(self, reads: int, read: int) -> int:
        """When the read of the fill arrives: reads come critical first, wrapping."""
        return self.fill_start + (((read - self.fill_first) & (reads - 1)) + 1) * (self.wait_states + 1)

    def fill_wait(self, cache: Cache, line: int, reads: int, read: int, t: int) -> int:
        """Stall cycles of a hit: the read of a line that is still being filled."""
        if t >= self.busy_until or self.fill_line != line or self.fill_cache != cache.number:
            return 0
        return max(0, self.fill_ready(reads, read) - t - 1)

    def prefetch_line(self, cache: Cache, line: int, since: int, reads: int) -> None:
        """Start to prefetch a line that the cache does not hold."""
        self.ahead_valid = 0
        if not self.prefetch or cache.holds(line):
            return
        self.ahead_line = line
        self.ahead_start = max(since, self.busy_until)
        self.ahead_valid = 1
        self.fill_reads = reads


@dataclass(frozen=True, slots=True)
class TimedRegion:
    """A region as the memory system sees it; -1: no port, no cache."""

    base: int
    end: int
    port: int
    instruction_cache: int
    data_cache: int
    free: bool


class MemorySystem:
    """Regions, ports and caches; prices one access after another."""

    def __init__(self) -> None:
        self.regions: list[TimedRegion] = []
        self.ports = [Port() for _ in range(MAX_PORTS)]
        self.caches = [Cache(number) for number in range(MAX_CACHES)]
        self.unaligned = UnalignedTiming()
        self.divide = DivideTiming()
        self.last_memory = OUTSIDE
        self.stores_drained = 0  # the cycle at which the buffer of unaligned stores is empty
        self.unaligned_next = 0  # the cycle in which an unaligned load goes along with the last
        self.unaligned_done = 0  # the cycle of an unaligned load's second access
        self.left_at = 0  # the address behind a branch that was fetched without a cache, 0: none ...
        self.left_time = 0  # ... and the cycle in which the branch left the prefetch queue
        self.misaligned = 0  # what the last datum paid for its alignment
        self.changed = 0  # what the last datum paid for going to another memory

    def region_at(self, address: int) -> TimedRegion | None:
        """The region that holds ``address``."""
        return next((r for r in self.regions if r.base <= address < r.end), None)

    def memory_number(self, address: int) -> int:
        """What a data access is routed to: regions behind one port are one memory."""
        for number, region in enumerate(self.regions):
            if region.base <= address < region.end:
                return FIRST_PORT + region.port if region.port >= 0 else number
        return OUTSIDE

    def change_memory(self, address: int) -> int:
        """Stall cycles of going to another memory than the data access before."""
        self.changed = 0
        if not self.unaligned.other_memory:
            return 0
        number = self.memory_number(address)
        if number == self.last_memory:
            return 0
        self.last_memory = number
        self.changed = self.unaligned.other_memory
        return self.changed

    def access(self, address: int, t: int, kind: int) -> int:
        """Stall cycles of one access at cycle ``t``."""
        region = self.region_at(address)
        if region is None or region.port < 0:
            return 0
        port = self.ports[region.port]
        number = region.instruction_cache if kind == FETCH else region.data_cache
        if port.is_l1:
            if kind == FETCH and not self._is_cached(region):
                return self._fetch(port, address, t)
            if number >= 0 and self.caches[number].enabled:
                if kind == FETCH:
                    self.left_at = 0
                return l1_cached(port, self.caches[number], address, t, kind)
            return l1_uncached(port, t, kind)
        if kind == STORE:
            return 0
        cache = self.caches[number] if number >= 0 and self.caches[number].enabled else None
        return self._read(port, cache, address, t, is_fetch=kind == FETCH)

    def _is_cached(self, region: TimedRegion) -> bool:
        """Whether its instructions come through a cache."""
        return region.instruction_cache >= 0 and bool(self.caches[region.instruction_cache].enabled)

    def _fetch(self, port: Port, address: int, t: int) -> int:
        left_at, self.left_at = self.left_at, 0
        jumped, waits = left_at not in (0, address), 0
        if jumped:
            region = self.region_at(left_at - 1)
            if region is not None:
                waits = l1_run_ahead(self.ports[region.port], left_at, self.left_time, t)
        return waits + l1_fetch(port, address, t + waits, jumped=jumped)

    def leave_queue(self, end: int, t: int) -> None:
        """Note that the branch that ends at ``end`` leaves the prefetch queue, QUEUE_LEAD before ``t``."""
        region = self.region_at(end - 1)
        if region is None or region.port < 0 or not self.ports[region.port].is_l1 or self._is_cached(region):
            return
        self.left_at = end
        self.left_time = max(t - QUEUE_LEAD, self.unaligned_done)

    def _read(self, port: Port, cache: Cache | None, address: int, t: int, *, is_fetch: bool) -> int:
        if port.has_buffers and port.wait_states:
            return buffers_fetch(port, cache, address, t) if is_fetch else buffers_data(port, t)
        if cache is not None and not port.has_buffers:
            return self._cached(port, cache, address, t, is_fetch=is_fetch)
        return self._uncached(port, address, t, is_fetch=is_fetch) if port.wait_states else 0

    def _cached(self, port: Port, cache: Cache, address: int, t: int, *, is_fetch: bool) -> int:
        line = address >> cache.line_shift
        reads = 1 << (cache.line_shift - port.read_shift)
        read = (address >> port.read_shift) & (reads - 1)
        cost = port.wait_states + 1
        if cache.lookup(line):
            return port.fill_wait(cache, line, reads, read, t)
        cache.install(line)
        port.fill_line, port.fill_cache = line, cache.number
        if is_fetch and port.ahead_valid and port.ahead_line == line:
            port.fill_start, port.fill_first = port.ahead_start, 0
        else:
            port.fill_start, port.fill_first = port.available(t + port.bus_cycles, cost), read
        port.fill_reads = reads
        done = port.fill_start + reads * cost
        port.busy_until = max(port.busy_until, done)
        if is_fetch:
            port.prefetch_line(cache, line + 1, done, reads)
        return max(0, port.fill_ready(reads, read) - t - 1)

    def _uncached(self, port: Port, address: int, t: int, *, is_fetch: bool) -> int:
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

    def unaligned_extra(self, address: int, size_bytes: int) -> int:
        """Extra cycles of an unaligned datum."""
        if size_bytes == 4:
            if address & 1:
                return self.unaligned.word_odd
            return self.unaligned.word_half if address & 2 else 0
        return self.unaligned.halfword_odd if size_bytes == 2 and address & 1 else 0

    def unaligned_stall(self, address: int, size_bytes: int, t: int, kind: int) -> int:
        """What the alignment of a load or store costs at cycle ``t``."""
        extra, drain = self.unaligned_extra(address, size_bytes), self.unaligned.store_drain
        if extra and drain:
            if kind == STORE:
                patience = t + self.unaligned.store_entries * drain
                self.stores_drained = max(t, self.stores_drained) + drain
                extra = max(0, self.stores_drained - patience)
            elif t <= self.unaligned_next <= t + 1:
                self.unaligned_next = 0
                self.unaligned_done = t
                extra = 0
            else:
                self.unaligned_next = t + extra + 1
                self.unaligned_done = t + extra
        self.misaligned = extra
        return extra

    def data(self, address: int, size_bytes: int, count: int, t: int, kind: int) -> int:
        """Stall cycles of ``count`` transfers from ``address`` upwards."""
        stall = self.unaligned_stall(address, size_bytes, t, kind) + self.change_memory(address)
        last = 0
        for i in range(count):
            at = (address + i * size_bytes) & MASK32
            unit = (at >> 2) + 1
            if unit == last:
                continue
            last = unit
            stall += self.access(at, t + stall + i, kind)
        return stall

    def divide_extra(self, n: int, m: int, *, signed: bool) -> int:
        """Extra cycles of a division with these operands."""
        if signed:
            n = -n & MASK32 if n & 0x80000000 else n
            m = -m & MASK32 if m & 0x80000000 else m
        if not n or not m:
            return self.divide.zero
        width = n.bit_length() - m.bit_length()
        return self.divide.smaller if width < 0 else self.divide.by_width[width]

    def skip(self, cycles: int) -> None:
        """Let time pass in which turns of a loop were not run: what is under way stays as far ahead."""
        for port in self.ports:
            port.busy_until += cycles
            port.fill_start += cycles
            port.ahead_start += cycles
            port.line_ready += cycles
            port.entered += cycles
        self.stores_drained += cycles
        self.unaligned_done += cycles
        self.left_time += cycles
        if self.unaligned_next:
            self.unaligned_next += cycles

    def save(self) -> Any:
        """State for a snapshot."""
        more = (self.last_memory, self.stores_drained, self.unaligned_next, self.unaligned_done)
        return copy.deepcopy((self.ports, self.caches, more, (self.left_at, self.left_time)))

    def load(self, saved: Any) -> None:
        """Put a saved state back."""
        self.ports, self.caches, more, left = copy.deepcopy(saved)
        self.last_memory, self.stores_drained, self.unaligned_next, self.unaligned_done = more
        self.left_at, self.left_time = left
