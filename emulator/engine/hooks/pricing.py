"""The current block's events against the memory system, in program order. Twin: pricing.h."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from emulator.engine.events import (
    BRANCH_DIRECT,
    EVENT_EXTRA,
    EVENT_FETCH,
    EVENT_QUEUE,
    MASK32,
    LoadPair,
)
from emulator.engine.hooks.addresses import Addresses
from emulator.engine.hooks.block import Block
from emulator.engine.hooks.footprint import PythonFootprint
from emulator.timing.branch_predictor import BranchPredictor
from emulator.timing.memory.memory_system import NO_INSTRUCTION, MemorySystem
from emulator.timing.memory.port import FETCH

EVERYTHING = 1 << 32
"""An instruction behind any of a block's."""


def bank_known(base: int | None) -> TypeGuard[int]:
    """When the group's base is, and is a word's."""
    return base is not None and not base & 3


class Pricing:
    """``stall``: cycles that memories, operands and predictions have added to the current block so far."""

    def __init__(self, memory: MemorySystem, addresses: Addresses, footprint: PythonFootprint) -> None:
        self._memory = memory
        self._addresses = addresses
        self._footprint = footprint
        self.predictor = BranchPredictor()
        self.stall = 0
        self.events_done = 0

    def begin(self) -> None:
        """A block is entered."""
        self.stall = self.events_done = 0
        self._memory.loaded = NO_INSTRUCTION

    def run_events(self, block: Block, cycles: int, issue: Sequence[int], upto: int) -> None:
        """Price the events up to and with instruction ``upto``; ``cycles``: at the block's start."""
        memory, addresses = self._memory, self._addresses.of_event
        events = block.plan.events
        while self.events_done < len(events) and events[self.events_done].instruction <= upto:
            i = self.events_done
            event = events[i]
            t = cycles + issue[i] + self.stall
            cost, misses = 0, memory.misses if self._footprint.is_on else 0
            if event.kind == EVENT_FETCH:
                cost = memory.access(event.address, t, FETCH)
            elif event.kind == EVENT_QUEUE:
                memory.leave_queue(event.address, t)
            elif i in addresses:
                at = addresses[i]
                if event.kind == EVENT_EXTRA:
                    cost = at
                else:
                    cost = memory.data(at, event.size_bytes, event.count, t, event.kind, event.instruction)
                    block.event_unaligned[i] += memory.alignment.paid
                    block.event_bus[i] += memory.changed
                    if cost:
                        self._footprint.charge(at, cost)
            if self._footprint.is_on and memory.misses != misses:
                self._footprint.miss(addresses.get(i, event.address), memory.misses - misses)
            block.event_stall[i] += cost
            self.stall += cost
            self.events_done = i + 1

    def meet_banks(self, block: Block, pairs: Sequence[LoadPair]) -> None:
        """Two loads of one cycle wait when bit 2 of their addresses, the bank of a word, is equal."""
        for pair in pairs:
            older, younger = self._addresses.bases[pair.older], self._addresses.bases[pair.younger]
            if not bank_known(older) or not bank_known(younger):
                continue
            if (older ^ younger) >> 2 & 1 == int(pair.offsets_differ):
                block.event_stall[pair.event] += 1
                block.event_bus[pair.event] += 1
                self.stall += 1
                base = younger if pair.event in block.plan.groups[pair.younger].events else older
                self._footprint.charge((base + block.plan.events[pair.event].address) & MASK32, 1)

    def predict(self, block: Block, taken: bool, penalty: int, target: int | None) -> None:
        """The branch at the block's end; ``target``: the block that is being entered, None when none is."""
        event = block.plan.events[-1]
        if event.count == BRANCH_DIRECT:
            wrong = self.predictor.direct(event.address, backward=bool(event.shift), taken=taken)
        elif target is None:
            return
        else:
            wrong = self.predictor.indirect(event.address, target)
        if wrong:
            block.event_stall[-1] += penalty
            self.stall += penalty
