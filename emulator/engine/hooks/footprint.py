"""Which stretches of memory the data accesses go to. Twin: footprint.h.

An access belongs where its first byte lies.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from emulator.engine.events import EVENT_STORE, HOOK_ADDRESS, MASK32, Event
from emulator.engine.footprint import StretchCount
from emulator.engine.hooks.addresses import Addresses
from emulator.engine.hooks.block import Block


class PythonFootprint:
    """See :class:`emulator.engine.footprint.Footprint` for what it is asked."""

    def __init__(self) -> None:
        self.is_on = False  # whether somebody asks
        self._starts: Sequence[int] = ()
        self._stretches: list[list[int]] = []  # loads, stores, stall cycles, misses

    def find(self, address: int) -> int:
        """The number of the stretch that holds ``address``."""
        return bisect.bisect_right(self._starts, address) - 1

    def charge(self, address: int, cycles: int) -> None:
        """An access there stalls."""
        if self.is_on:
            self._stretches[self.find(address)][2] += cycles

    def miss(self, address: int, times: int) -> None:
        """Caches had not what was wanted from there."""
        self._stretches[self.find(address)][3] += times

    def add(self, event: Event, address: int) -> None:
        """An access goes there."""
        self._stretches[self.find(address)][event.kind == EVENT_STORE] += event.count

    def count(self, block: Block, addresses: Addresses) -> None:
        """The data of a block that has ended."""
        if not self.is_on:
            return
        plan = block.plan
        bases = addresses.bases if plan.groups else []  # they are of the last block that had any
        for group, base in zip(plan.groups, bases, strict=True):
            if base is None:
                continue
            for number in group.events:
                self.add(plan.events[number], (base + plan.events[number].address) & MASK32)
        for hooked in plan.hooked:
            if hooked.kind == HOOK_ADDRESS and hooked.event in addresses.of_event:
                self.add(plan.events[hooked.event], addresses.of_event[hooked.event])

    def start(self, starts: Sequence[int]) -> None:
        """Count from 0."""
        self.is_on = bool(starts)
        self._starts = tuple(starts)
        self._stretches = [[0, 0, 0, 0] for _ in starts]

    def stop(self) -> None:
        """Count no more."""
        self.is_on, self._starts, self._stretches = False, (), []

    def rows(self) -> list[StretchCount]:
        """The counts of each stretch."""
        return [StretchCount(*counts) for counts in self._stretches]
