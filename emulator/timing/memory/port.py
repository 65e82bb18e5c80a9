"""A memory behind a bus: one read after another, a line being filled, one being prefetched.

Twin: port.h. What an access does with a port is a rule set's business.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.timing.memory.cache import Cache

FETCH, LOAD, STORE = range(3)
"""Kinds of accesses."""


@dataclass(slots=True)
class Port:
    """Wait states, the width of one read, and what is under way; cycles are absolute."""

    wait_states: int = 0
    read_shift: int = 2
    prefetch: int = 0
    bus_cycles: int = 0  # of a cache's miss, beside the memory's own
    rules: int = 0  # a number of emulator.timing.memory.memory_system.Rules
    busy_until: int = 0
    fill_start: int = 0  # the line being filled, critical read first
    fill_line: int = 0
    fill_first: int = 0
    fill_reads: int = 0
    fill_cache: int = 0
    ahead_line: int = 0  # the line being prefetched
    ahead_valid: int = 0
    ahead_start: int = 0
    held_instruction: int = 0  # read buffers without a cache: read number + 1
    held_data: int = 0
    line_ready: int = 0  # the cycle in which the line in the instruction buffer arrives
    line_first: int = 0  # emulator.timing.memory.prefetch_unit: the word that a line was asked from
    entered_word: int = 0  # where execution came into that line ...
    entered: int = 0  # ... and in which cycle

    def configure(self, wait_states: int, read_shift: int, prefetch: int) -> None:
        """Set what firmware or the board decides."""
        self.wait_states, self.read_shift, self.prefetch = wait_states, read_shift, prefetch
        if not prefetch:
            self.ahead_valid = 0

    def fill_ready(self, reads: int, read: int) -> int:
        """When the read of the fill arrives: reads come critical first, wrapping."""
        order = (read - self.fill_first) & (reads - 1)
        return self.fill_start + (order + 1) * (self.wait_states + 1)

    def fills(self, cache: Cache, line: int, t: int) -> bool:
        """Whether the line is being filled: a hit in it waits."""
        return t < self.busy_until and self.fill_cache == cache.number and self.fill_line == line

    def fill_wait(self, cache: Cache, line: int, reads: int, read: int, t: int) -> int:
        """Stall cycles of a hit: the read of a line that is still being filled."""
        if not self.fills(cache, line, t):
            return 0
        return max(0, self.fill_ready(reads, read) - t - 1)

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

    def prefetch_line(self, cache: Cache, line: int, since: int, reads: int) -> None:
        """Start to prefetch a line that the cache does not hold."""
        self.ahead_valid = 0
        if not self.prefetch or cache.find(line) is not None:
            return
        self.ahead_line = line
        self.ahead_start = max(since, self.busy_until)
        self.ahead_valid = 1
        self.fill_reads = reads

    def skip(self, cycles: int) -> None:
        """Let time pass in which nothing is run: what is under way stays as far ahead."""
        self.busy_until += cycles
        self.fill_start += cycles
        self.ahead_start += cycles
        self.line_ready += cycles
        self.entered += cycles
