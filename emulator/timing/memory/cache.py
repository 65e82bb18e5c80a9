"""A cache: which lines it holds, and which one gives way. Twin: cache.h.

Whoever asks it decides what a hit or miss costs.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Cache:
    """Set-associative, least recently used goes; tags hold line number + 1, 0 is empty.

    A line's place is a slot: the number of its set times the ways, and its way.
    """

    number: int = 0
    enabled: int = 0
    sets: int = 0
    ways: int = 0
    line_shift: int = 0
    tags: list[int] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    dirty: list[int] = field(default_factory=list)  # written, not yet in the memory behind
    tick: int = 0
    hits: int = 0
    misses: int = 0

    def invalidate(self) -> None:
        """Empty it."""
        self.tags = [0] * (self.sets * self.ways)
        self.used = [0] * (self.sets * self.ways)
        self.dirty = [0] * (self.sets * self.ways)

    def shape(self, enabled: int, sets: int, ways: int, line_shift: int) -> None:
        """Set the geometry; a changed one empties the cache."""
        if (self.sets, self.ways, self.line_shift) != (sets, ways, line_shift) or not self.tags:
            self.sets, self.ways, self.line_shift = sets, ways, line_shift
            self.invalidate()
        self.enabled = enabled

    def find(self, line: int) -> int | None:
        """The slot that holds a line, or None; nothing changes."""
        first = (line & (self.sets - 1)) * self.ways
        for slot in range(first, first + self.ways):
            if self.tags[slot] == line + 1:
                return slot
        return None

    def use(self, slot: int) -> None:
        """Count a hit; its line becomes the most recently used."""
        self.tick += 1
        self.used[slot] = self.tick
        self.hits += 1

    def victim(self, line: int) -> int:
        """The slot that ``line`` would take: an empty or the least recently used one."""
        first = (line & (self.sets - 1)) * self.ways
        victim = first
        for slot in range(first, first + self.ways):
            if self.tags[slot] == 0:
                return slot
            if self.used[slot] < self.used[victim]:
                victim = slot
        return victim

    def install(self, line: int, slot: int) -> None:
        """Count a miss and put the line into a slot."""
        self.misses += 1
        self.tags[slot] = line + 1
        self.tick += 1
        self.used[slot] = self.tick
