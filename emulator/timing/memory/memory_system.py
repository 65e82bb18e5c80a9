"""Leads each access to the rules of the memory behind its region: the dispatcher of this folder.

Twin: memory_system.h; the native hook is this, faster. Costs are stall cycles beyond the core's
own price.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from emulator.timing.memory.alignment import Alignment
from emulator.timing.memory.cache import Cache
from emulator.timing.memory.level_one import LevelOneParameters, Stores, l1_access
from emulator.timing.memory.port import FETCH, LOAD, Port
from emulator.timing.memory.prefetch_unit import QUEUE_LEAD, fetch_word, run_ahead
from emulator.timing.memory.stm32_art import ArtParameters, PlainParameters, art_access
from emulator.timing.memory.stm32_line_buffers import LineBufferParameters, buffers_access
from emulator.timing.memory.unified_cache import UnifiedCacheParameters, unified_access
from emulator.timing.model import UnalignedTiming
from emulator.timing.parameters import AcceleratorParameters

MASK32 = 0xFFFFFFFF
MAX_REGIONS, MAX_PORTS, MAX_CACHES = 32, 8, 8
FIRST_PORT, OUTSIDE, NO_INSTRUCTION = 64, 255, -2
"""Numbers of memories: a region's, or FIRST_PORT + its port's; OUTSIDE is no region at all. No
instruction comes behind NO_INSTRUCTION."""
PRIVATE_BUS_PAGE, PAGE_BITS = 0xE00, 20
"""0xE0000000 to 0xE00FFFFF: the core's own registers, on none of the three buses that end at the vendor's
bus matrix (DDI 0439 2.3; RM0090 2.1: its masters are the I-bus, the D-bus and the S-bus)."""
Access = Callable[[Port, Cache | None, int, int, int], int]
"""What a rule set offers: stall cycles by port, cache (None when it is off), address, cycle, kind."""


class Rules(IntEnum):
    """Rule sets: what a port's ``rules`` says."""

    STM32_ART = 0
    STM32_LINE_BUFFERS = 1
    LEVEL_ONE = 2
    UNIFIED_CACHE = 3


@dataclass(frozen=True, slots=True)
class AcceleratorKind:
    """A ``kind`` of accelerator in a board file: its rules, and what a board may say of it."""

    rules: Rules
    parameters: type[AcceleratorParameters]


KINDS: Mapping[str, AcceleratorKind] = {
    "none": AcceleratorKind(Rules.STM32_ART, PlainParameters),
    "stm32-art": AcceleratorKind(Rules.STM32_ART, ArtParameters),
    "stm32-line-buffers": AcceleratorKind(Rules.STM32_LINE_BUFFERS, LineBufferParameters),
    "icache": AcceleratorKind(Rules.UNIFIED_CACHE, UnifiedCacheParameters),
    "l1": AcceleratorKind(Rules.LEVEL_ONE, LevelOneParameters),
}
ACCESS: dict[int, Access] = {
    Rules.STM32_ART: art_access,
    Rules.STM32_LINE_BUFFERS: buffers_access,
    Rules.LEVEL_ONE: l1_access,
    Rules.UNIFIED_CACHE: unified_access,
}


@dataclass(frozen=True, slots=True)
class TimedRegion:
    """A region as the memory system sees it; -1: no port, no cache. ``free``: no cost when aligned."""

    base: int
    end: int
    port: int
    instruction_cache: int
    data_cache: int
    free: bool
    first_load: int = 0  # what a load waits that follows no load of the same memory
    stores: int = Stores.WRITE_BACK  # what becomes of stores behind a Cortex-M7's caches


class MemorySystem:
    """Regions, ports and caches; prices one access after another."""

    def __init__(self) -> None:
        self.regions: list[TimedRegion] = []
        self.ports = [Port() for _ in range(MAX_PORTS)]
        self.caches = [Cache(number) for number in range(MAX_CACHES)]
        self.alignment = Alignment()
        self.other_memory = 0  # cost of going to another memory than the datum before ...
        self.leave_flash = 0  # ... or back from one behind a port ...
        self.last_memory = OUTSIDE  # ... which went here
        self.loaded = NO_INSTRUCTION  # the last instruction of the current block that loaded
        self.changed = 0  # what the last datum paid for that
        self.left_at = 0  # the address behind a branch that was fetched without a cache, 0: none ...
        self.left_time = 0  # ... and the cycle in which the branch left the prefetch queue

    @property
    def misses(self) -> int:
        """Of all caches."""
        return sum(cache.misses for cache in self.caches)

    def region_at(self, address: int) -> TimedRegion | None:
        """The region that holds ``address``."""
        return next((r for r in self.regions if r.base <= address < r.end), None)

    def memory_number(self, address: int) -> int:
        """What a data access is routed to: regions behind one port are one memory."""
        for number, region in enumerate(self.regions):
            if region.base <= address < region.end:
                return FIRST_PORT + region.port if region.port >= 0 else number
        return OUTSIDE

    def change_memory(self, address: int, kind: int, instruction: int) -> int:
        """Stall cycles of going to another memory than the data access before, or of a first load.

        The matrix does not see an access to the private peripheral bus.
        """
        self.changed = 0
        if not self.other_memory or address >> PAGE_BITS == PRIVATE_BUS_PAGE:
            return 0
        number, last = self.memory_number(address), self.last_memory
        self.last_memory = number
        if number != last:
            leaves_flash = FIRST_PORT <= last < OUTSIDE and number < FIRST_PORT
            self.changed = self.leave_flash if leaves_flash else self.other_memory
        if kind == LOAD:
            region = self.region_at(address)
            alone = number != last or self.loaded + 1 != instruction
            if alone and region is not None:
                self.changed = max(self.changed, region.first_load)
            self.loaded = instruction
        return self.changed

    def cache_of(self, region: TimedRegion, kind: int) -> Cache | None:
        """The cache that serves an access, None when there is none or it is off."""
        number = region.instruction_cache if kind == FETCH else region.data_cache
        return self.caches[number] if number >= 0 and self.caches[number].enabled else None

    def fetch_uncached(self, port: Port, address: int, t: int) -> int:
        """Stall cycles of a Cortex-M7's fetch without a cache: what it left behind comes in first."""
        left_at, self.left_at = self.left_at, 0
        jumped, waits = left_at not in (0, address), 0
        if jumped:
            region = self.region_at(left_at - 1)
            if region is not None:
                waits = run_ahead(self.ports[region.port], left_at, self.left_time, t)
        return waits + fetch_word(port, address, t + waits, jumped=jumped)

    def leave_queue(self, end: int, t: int) -> None:
        """Note that the branch that ends at ``end`` leaves the prefetch queue, QUEUE_LEAD before ``t``."""
        region = self.region_at(end - 1)
        if region is None or region.port < 0 or self.ports[region.port].rules != Rules.LEVEL_ONE:
            return
        if self.cache_of(region, FETCH) is not None:
            return
        self.left_at = end
        self.left_time = max(t - QUEUE_LEAD, self.alignment.second_access)

    def access(self, address: int, t: int, kind: int) -> int:
        """Stall cycles of one access at cycle ``t``."""
        region = self.region_at(address)
        if region is None or region.port < 0:
            return 0
        port = self.ports[region.port]
        cache = self.cache_of(region, kind)
        if kind == FETCH and port.rules == Rules.LEVEL_ONE:
            if cache is None:
                return self.fetch_uncached(port, address, t)
            self.left_at = 0
        if port.rules == Rules.LEVEL_ONE:
            return l1_access(port, cache, address, t, kind, region.stores)
        return ACCESS[port.rules](port, cache, address, t, kind)

    def words(self, address: int, size_bytes: int, count: int, t: int, kind: int) -> int:
        """Stall cycles of ``count`` transfers' accesses: consecutive bytes of a word are one."""
        stall = last = 0
        for i in range(count):
            at = (address + i * size_bytes) & MASK32
            unit = (at >> 2) + 1
            if unit == last:
                continue
            last = unit
            stall += self.access(at, t + stall + i, kind)
        return stall

    def data(self, address: int, size_bytes: int, count: int, t: int, kind: int, instruction: int = 0) -> int:
        """Stall cycles of ``count`` transfers from ``address`` upwards by an ``instruction`` of a block."""
        stall = self.alignment.stall(address, size_bytes, t, kind)
        stall += self.change_memory(address, kind, instruction)
        return stall + self.words(address, size_bytes, count, t + stall, kind)

    def skip(self, cycles: int) -> None:
        """Let time pass in which turns of a loop were not run: what is under way stays as far ahead."""
        for port in self.ports:
            port.skip(cycles)
        self.alignment.skip(cycles)
        self.left_time += cycles

    def set_region(self, number: int, region: TimedRegion) -> None:
        """Describe a region; an access belongs to the first that holds it."""
        while len(self.regions) <= number:
            self.regions.append(TimedRegion(0, 0, -1, -1, -1, free=True))
        self.regions[number] = region

    def set_timing(self, timing: UnalignedTiming) -> None:
        """Set what a datum pays by its address."""
        self.alignment.timing = timing
        self.other_memory, self.leave_flash = timing.other_memory, timing.leave_flash

    def save(self) -> Any:
        """State for a snapshot."""
        more = (self.last_memory, self.left_at, self.left_time)
        return copy.deepcopy((self.ports, self.caches, self.alignment, more))

    def load(self, saved: Any) -> None:
        """Put a saved state back."""
        self.ports, self.caches, self.alignment, more = copy.deepcopy(saved)
        self.last_memory, self.left_at, self.left_time = more
