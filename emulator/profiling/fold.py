"""Folds a window's counts into cycles per block, instruction and cause.

The sum over all blocks, exceptions, waiting and interrupted blocks is the window's cycles
to the last one: ``Profile.interrupted_cycles`` is what the other three leave, which is the
executed part of blocks that a fault or a stop left in the middle, and 0 without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from emulator.board.model import Accelerator
from emulator.engine.automaton import Automaton
from emulator.engine.engine import Engine
from emulator.engine.events import EVENT_BRANCH, EVENT_EXTRA, EVENT_FETCH, EVENT_QUEUE, NO_REGISTER, Event
from emulator.profiling.counting import CountDifference, PathKey, Totals
from emulator.profiling.stack import CostKey, CycleStack, merged
from emulator.thumb.instruction import Block, Instruction
from emulator.timing.model import Cause

ISSUE = CostKey(Cause.ISSUE)
UNALIGNED, BUS = CostKey(Cause.UNALIGNED), CostKey(Cause.BUS, "data")
CACHED_KINDS = ("l1", "icache")
"""Accelerators whose stalls are cache misses; all others' are the flash's wait states."""


@dataclass(slots=True)
class InstructionProfile:
    """One instruction of one block: its cycles by cause over all passes of the block."""

    instruction: Instruction
    stack: CycleStack = field(default_factory=CycleStack)


@dataclass(slots=True)
class BlockProfile:
    """One block: how often it was passed, and its instructions."""

    number: int
    block: Block
    instructions: list[InstructionProfile]
    count: int = 0

    @property
    def stack(self) -> CycleStack:
        """Cycles of the whole block by cause."""
        return merged(item.stack for item in self.instructions)

    @property
    def executed(self) -> int:
        """Instructions executed, those that an IT condition skipped among them."""
        return self.count * len(self.block.instructions)


@dataclass(frozen=True, slots=True)
class Profile:
    """A window's cycles, all of them."""

    totals: Totals
    blocks: tuple[BlockProfile, ...]

    @property
    def stack(self) -> CycleStack:
        """Cycles of all blocks by cause, exceptions included."""
        stack = merged(block.stack for block in self.blocks)
        stack.add(CostKey(Cause.EXCEPTION), self.totals.exception_cycles)
        return stack

    @property
    def waiting_cycles(self) -> int:
        """Cycles asleep, and of turns of waiting loops that were not run one by one."""
        return self.totals.skipped_cycles + self.totals.sleep_cycles

    @property
    def interrupted_cycles(self) -> int:
        """Cycles of blocks that a fault or a stop left in the middle."""
        return self.totals.cycles - self.stack.total - self.waiting_cycles


def fold(engine: Engine, passed: CountDifference) -> Profile:
    """Fold the counts of a window of what ``engine`` executed."""
    plans = engine.automaton.plans
    blocks: dict[int, BlockProfile] = {}
    for key, counts in passed.paths.items():
        number = key[1]
        if number not in blocks:
            block = plans[number].block
            blocks[number] = BlockProfile(number, block, [InstructionProfile(i) for i in block.instructions])
        _add_path(engine.automaton, blocks[number], key, counts)
    memories = TimedMemories(engine)
    for number, stalls in passed.stalls.items():
        if number in blocks:
            none = (0,) * len(stalls)
            parts = tuple(zip(passed.unaligned.get(number, none), passed.bus.get(number, none), strict=True))
            _add_stalls(memories, blocks[number], plans[number].events, stalls, parts)
    return Profile(passed.totals, tuple(sorted(blocks.values(), key=lambda b: (b.block.address, b.number))))


def _add_path(automaton: Automaton, profile: BlockProfile, key: PathKey, counts: tuple[int, ...]) -> None:
    for edge, count in enumerate(counts):
        if not count:
            continue
        step = automaton.step(*key, edge)
        for item, costs in zip(profile.instructions, step.costs_of(len(profile.instructions)), strict=True):
            for cause, cycles in costs:
                item.stack.add(CostKey(cause), cycles * count)
        profile.count += count


def _add_stalls(
    memories: TimedMemories,
    profile: BlockProfile,
    events: tuple[Event, ...],
    stalls: tuple[int, ...],
    parts: tuple[tuple[int, int], ...],
) -> None:
    for event, stall, (unaligned, bus) in zip(events, stalls, parts, strict=True):
        key = stall_key(memories, event) if stall else None
        if key is not None:
            stack = profile.instructions[event.instruction].stack
            stack.add(UNALIGNED, unaligned)
            stack.add(BUS, bus)
            stack.add(key, stall - unaligned - bus)


def stall_key(memories: TimedMemories, event: Event) -> CostKey | None:
    """What an event's stalls are, those from unaligned data and the bus apart; None: it has none."""
    if event.kind == EVENT_EXTRA:
        return CostKey(Cause.DIVIDE)
    if event.kind == EVENT_BRANCH:
        return CostKey(Cause.MISPREDICT)
    if event.kind == EVENT_QUEUE:
        return None
    is_fetch = event.kind == EVENT_FETCH
    known = is_fetch or (event.base == NO_REGISTER and event.index == NO_REGISTER)
    cause = memories.cause(event.address if known else None, is_fetch=is_fetch)
    return CostKey(cause, "fetch" if is_fetch else "data")


class TimedMemories:
    """Names the stalls of an engine's memories, as they are set up now."""

    def __init__(self, engine: Engine) -> None:
        self._board = engine.board
        self._values = engine.memory_map.values()

    def cause(self, address: int | None, *, is_fetch: bool) -> Cause:
        """What a stall is: a cache miss, flash wait states, or another memory's or bus's wait states.

        ``address`` None: a datum anywhere on the board.
        """
        accelerators = list(self._accelerators(address))
        if any(self._is_cached(a, is_fetch=is_fetch) for a in accelerators):
            return Cause.CACHE
        return Cause.FLASH if accelerators else Cause.BUS

    def _is_cached(self, accelerator: Accelerator, *, is_fetch: bool) -> bool:
        values = self._values.get(accelerator.name, {})
        return accelerator.kind in CACHED_KINDS and bool(
            values.get("instruction_cache" if is_fetch else "data_cache")
        )

    def _accelerators(self, address: int | None) -> Iterator[Accelerator]:
        """The accelerators that an access may go through."""
        board = self._board
        if address is None:
            yield from board.accelerators
            return
        region = board.region_at(address)
        if region is not None:
            yield from (a for a in board.accelerators if a.name == board.accelerator_of(region))
