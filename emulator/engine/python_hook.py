"""The block hook in Python: slow, always there, and equal to the native one to the cycle."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from unicorn import Uc
from unicorn import unicorn_const as ucc

from emulator.engine.core import GENERAL, REGISTER_IDS, Core
from emulator.engine.events import (
    BRANCH_DIRECT,
    EVENT_BRANCH,
    EVENT_EXTRA,
    EVENT_FETCH,
    EVENT_QUEUE,
    FIRST_SLOT,
    HOOK_ADDRESS,
    HOOK_DIVIDE_SIGNED,
    HOOK_OBSERVED,
    MASK32,
    NO_REGISTER,
    BlockPlan,
    Group,
    LoadPair,
)
from emulator.engine.hook import EDGES, NO_ADDRESS, PathCount, Stop
from emulator.engine.program import run_program
from emulator.timing.branch_predictor import BranchPredictor
from emulator.timing.memory_system import FETCH, MemorySystem, TimedRegion
from emulator.timing.model import DivideTiming, UnalignedTiming

GENERAL_IDS = tuple(REGISTER_IDS[name] for name in GENERAL)
EVERYTHING = 1 << 32


@dataclass(slots=True)
class _Edge:
    cycles: int = 0
    next_state: int = 0
    valid: bool = False
    count: int = 0
    stall: int = 0


@dataclass(slots=True)
class _Path:
    key: tuple[int, int, int]
    issue: tuple[int, ...]
    pairs: tuple[LoadPair, ...]
    edges: list[_Edge] = field(default_factory=lambda: [_Edge() for _ in range(EDGES)])


@dataclass(slots=True)
class _Block:
    index: int
    plan: BlockPlan
    host_pointer: int
    code: bytes
    event_stall: list[int]
    event_unaligned: list[int]
    event_bus: list[int]

    @property
    def end(self) -> int:
        return self.plan.block.end


class PythonHook:
    """See :class:`emulator.engine.hook.BlockHook` for what each attribute and method is."""

    kind = "python"

    def __init__(self) -> None:
        self.cycles = 0
        self.instructions = 0
        self.deadline = NO_ADDRESS
        self.break_address = NO_ADDRESS
        self.turn_address = NO_ADDRESS
        self.stop_request = 0
        self.stop_code = 0
        self.state = 0
        self.current = -1
        self.executed = 0
        self.block_serial = 0
        self.need_address = 0
        self.need_size = 0
        self.need_skipped = 0
        self.need_edge = 0
        self.need_block = 0
        self.mask_watch = 0
        self.mask_priority = 0
        self.trace_enabled = 0
        self.trace_length = 0
        self._stall = 0
        self._events_done = 0
        self._next_hooked = 0
        self._trace: list[int] = []
        self._memory = MemorySystem()
        self._predictor = BranchPredictor()
        self._banks: list[int | None] = []  # of words, by the bases of the current block's groups
        self._next_address: int | None = None  # of the block that is being entered
        self._blocks: list[_Block] = []
        self._by_place: dict[tuple[int, int], _Block] = {}
        self._paths: list[_Path] = []
        self._by_key: dict[tuple[int, int, int], int] = {}
        self._addresses: dict[int, int] = {}

    def attach(self, core: Core) -> None:
        """See :class:`BlockHook`."""
        self._core = core
        self._uc = core.uc
        self._uc.hook_add(ucc.UC_HOOK_BLOCK, self._on_block)

    def watch_code(self, address: int) -> None:
        """See :class:`BlockHook`."""
        self._uc.hook_add(ucc.UC_HOOK_CODE, self._on_code, None, address, address)

    # -- the hooks -----------------------------------------------------------------------
    def _on_block(self, uc: Uc, address: int, size: int, _data: object) -> None:
        code = self._enter(address, size) if not self.stop_code else self.stop_code
        if code:
            self.stop_code = code
            uc.emu_stop()

    def _enter(self, address: int, size: int) -> int:
        block = self._by_place.get((address, size))
        if block is None or (block.host_pointer and ctypes.string_at(block.host_pointer, size) != block.code):
            self.need_address, self.need_size = address, size
            return Stop.NEED_BLOCK
        if self.current >= 0:
            fell_through = address == self._blocks[self.current].end
            self._next_address = address
            code = self.finish(0 if fell_through else 1 + block.plan.entry_class)
            self._next_address = None
            if code:
                return code
        code = self._limit(address)
        if code:
            return code
        self.current = block.index
        self.executed = self._stall = self._events_done = self._next_hooked = 0
        self.block_serial += 1
        self._addresses.clear()
        if block.plan.groups:
            self._capture(block.plan)
        if self.trace_enabled:
            self._trace.append(block.index)
            self.trace_length += 1
        return Stop.NONE

    def _limit(self, address: int) -> int:
        if self.stop_request:
            return Stop.REQUEST
        if self.cycles >= self.deadline:
            return Stop.DEADLINE
        if address in (self.break_address, self.turn_address):
            return Stop.BREAK
        if self.mask_watch and self._masks_open():
            return Stop.MASKS
        return Stop.NONE

    def _masks_open(self) -> bool:
        read = self._uc.reg_read
        if read(REGISTER_IDS["primask"]) & 1 or read(REGISTER_IDS["faultmask"]) & 1:
            return False
        basepri = read(REGISTER_IDS["basepri"]) & 0xFF
        return bool(basepri == 0 or self.mask_priority < basepri)

    def _register(self, n: int) -> int:
        return int(self._uc.reg_read(GENERAL_IDS[n]))

    def _base(self, base: int, index: int, shift: int) -> int:
        value = 0 if base == NO_REGISTER else self._register(base)
        if index != NO_REGISTER:
            value += self._register(index) << shift
        return value & MASK32

    def _load_host(self, address: int, size_bytes: int) -> bytes | None:
        memory = self._core.memory_at(address)
        if memory is None or memory.region.end - address < size_bytes:
            return None
        return self._core.read_memory(address, size_bytes)

    def _capture(self, plan: BlockPlan) -> None:
        slots = run_program(plan.program, self._register, self._load_host) if plan.program else []
        bases = [self._group_base(group, slots) for group in plan.groups]
        self._banks = [None if base is None or base & 3 else base >> 2 & 1 for base in bases]
        in_order = bool(self._memory.unaligned.other_memory) and not self._stays(plan, bases)
        for group, base in zip(plan.groups, bases, strict=True):
            if base is None:
                continue
            if not in_order and group.aligned and not base & group.align_mask:
                region = self._memory.region_at((base + group.min_offset) & MASK32)
                if region is None or (region.free and (base + group.max_offset) & MASK32 < region.end):
                    continue
            for number in group.events:
                self._addresses[number] = (base + plan.events[number].address) & MASK32

    def _group_base(self, group: Group, slots: Sequence[int | None]) -> int | None:
        if FIRST_SLOT <= group.base < NO_REGISTER:
            value = slots[group.base - FIRST_SLOT]
            if value is None or group.index == NO_REGISTER:
                return value
            return (value + (self._register(group.index) << group.shift)) & MASK32
        return self._base(group.base, group.index, group.shift)

    def _stays(self, plan: BlockPlan, bases: Sequence[int | None]) -> bool:
        """Whether every access of the block goes to the memory that was accessed last."""
        if any(h.kind == HOOK_ADDRESS for h in plan.hooked):
            return False
        for group, base in zip(plan.groups, bases, strict=True):
            if base is None:
                continue
            first = (base + group.min_offset) & MASK32
            region = self._memory.region_at(first)
            if region is None or self._memory.memory_number(first) != self._memory.last_memory:
                return False
            if (base + group.max_offset) & MASK32 >= region.end:
                return False
        return True

    def _on_code(self, _uc: Uc, address: int, _size: int, _data: object) -> None:
        if self.current < 0:
            return
        hooked = self._blocks[self.current].plan.hooked
        for i in range(self._next_hooked, len(hooked)):
            h = hooked[i]
            if h.address > address:
                return
            self._next_hooked = i + 1
            if h.address != address:
                continue
            if h.kind == HOOK_OBSERVED:
                self.executed |= 1 << h.event
            elif h.kind == HOOK_ADDRESS:
                self._addresses[h.event] = (self._base(h.base, h.index, h.shift) + h.offset) & MASK32
            else:
                self._addresses[h.event] = self._memory.divide_extra(
                    self._register(h.dividend), self._register(h.divisor), signed=h.kind == HOOK_DIVIDE_SIGNED
                )

    # -- the automaton ---------------------------------------------------------------------
    def finish(self, edge: int) -> int:
        """See :class:`BlockHook`."""
        if self.current < 0:
            return Stop.NONE
        block = self._blocks[self.current]
        skipped = ((1 << len(block.plan.observed)) - 1) & ~self.executed
        number = self._by_key.get((self.state, block.index, skipped))
        taken = None if number is None else self._paths[number].edges[edge]
        if number is None or taken is None or not taken.valid:
            self.need_block, self.need_skipped, self.need_edge = block.index, skipped, edge
            return Stop.NEED_PATH if number is None else Stop.NEED_EDGE
        issue = self._paths[number].issue
        self.advance(issue, EVERYTHING)
        self._meet_banks(block, self._paths[number].pairs)
        if block.plan.events and block.plan.events[-1].kind == EVENT_BRANCH:
            self._predict(block, edge != 0, issue[-1])
        self.cycles += taken.cycles + self._stall
        self.instructions += len(block.plan.block.instructions)
        self.state = taken.next_state
        taken.count += 1
        taken.stall += self._stall
        self.current = -1
        return Stop.NONE

    def _meet_banks(self, block: _Block, pairs: Sequence[LoadPair]) -> None:
        for pair in pairs:
            older, younger = self._banks[pair.older], self._banks[pair.younger]
            if older is not None and younger is not None and older ^ younger == int(pair.offsets_differ):
                block.event_stall[pair.event] += 1
                block.event_bus[pair.event] += 1
                self._stall += 1

    def _predict(self, block: _Block, taken: bool, penalty: int) -> None:
        event = block.plan.events[-1]
        if event.count == BRANCH_DIRECT:
            wrong = self._predictor.direct(event.address, backward=bool(event.shift), taken=taken)
        elif self._next_address is None:
            return
        else:
            wrong = self._predictor.indirect(event.address, self._next_address)
        if wrong:
            block.event_stall[-1] += penalty
            self._stall += penalty

    def abandon(self, instructions: int, cycles: int) -> None:
        """See :class:`BlockHook`."""
        if self.current < 0:
            return
        self.cycles += cycles + self._stall
        self.instructions += instructions
        self.current = -1

    def skip(self, cycles: int, instructions: int) -> None:
        """See :class:`BlockHook`."""
        self.cycles += cycles
        self.instructions += instructions
        self._memory.skip(cycles)

    def advance(self, issue: Sequence[int], upto: int) -> int:
        """See :class:`BlockHook`."""
        if self.current < 0:
            return self._stall
        block = self._blocks[self.current]
        events = block.plan.events
        while self._events_done < len(events) and events[self._events_done].instruction <= upto:
            i = self._events_done
            event = events[i]
            t = self.cycles + issue[i] + self._stall
            cost = 0
            if event.kind == EVENT_FETCH:
                cost = self._memory.access(event.address, t, FETCH)
            elif event.kind == EVENT_QUEUE:
                self._memory.leave_queue(event.address, t)
            elif i in self._addresses:
                at = self._addresses[i]
                if event.kind == EVENT_EXTRA:
                    cost = at
                else:
                    cost = self._memory.data(at, event.size_bytes, event.count, t, event.kind)
                    block.event_unaligned[i] += self._memory.misaligned
                    block.event_bus[i] += self._memory.changed
            block.event_stall[i] += cost
            self._stall += cost
            self._events_done = i + 1
        return self._stall

    # -- tables ------------------------------------------------------------------------------
    def add_block(self, plan: BlockPlan, host_pointer: int, code: bytes) -> int:
        """See :class:`BlockHook`."""
        none = [0] * len(plan.events)
        block = _Block(len(self._blocks), plan, host_pointer, code, none[:], none[:], none[:])
        self._blocks.append(block)
        self._by_place[plan.block.address, plan.block.size_bytes] = block
        return block.index

    def drop_block(self, block: int) -> None:
        """See :class:`BlockHook`."""
        dropped = self._blocks[block]
        place = dropped.plan.block.address, dropped.plan.block.size_bytes
        if self._by_place.get(place) is dropped:
            del self._by_place[place]

    def add_path(
        self, state: int, block: int, skipped: int, issue: Sequence[int], pairs: Sequence[LoadPair] = ()
    ) -> int:
        """See :class:`BlockHook`."""
        key = (state, block, skipped)
        self._by_key[key] = len(self._paths)
        self._paths.append(_Path(key, tuple(issue), tuple(pairs)))
        return len(self._paths) - 1

    def find_path(self, state: int, block: int, skipped: int) -> int:
        """See :class:`BlockHook`."""
        return self._by_key.get((state, block, skipped), -1)

    def set_edge(self, path: int, edge: int, cycles: int, next_state: int) -> None:
        """See :class:`BlockHook`."""
        chosen = self._paths[path].edges[edge]
        chosen.cycles, chosen.next_state, chosen.valid = cycles, next_state, True

    def trace(self) -> list[int]:
        """See :class:`BlockHook`."""
        if not self.trace_length:
            self._trace.clear()
        return self._trace[-min(1024, self.trace_length) :]

    # -- the memory system -----------------------------------------------------------------
    def set_region(
        self,
        number: int,
        base: int,
        end: int,
        port: int,
        instruction_cache: int,
        data_cache: int,
        *,
        free: bool,
    ) -> None:
        """See :class:`BlockHook`."""
        regions = self._memory.regions
        while len(regions) <= number:
            regions.append(TimedRegion(0, 0, -1, -1, -1, free=True))
        regions[number] = TimedRegion(base, end, port, instruction_cache, data_cache, free)

    def set_port(self, number: int, wait_states: int, read_shift: int, prefetch: int) -> None:
        """See :class:`BlockHook`."""
        self._memory.ports[number].configure(wait_states, read_shift, prefetch)

    def set_bus(self, number: int, bus_cycles: int, *, is_l1: bool, has_buffers: bool) -> None:
        """See :class:`BlockHook`."""
        port = self._memory.ports[number]
        port.is_l1, port.has_buffers, port.bus_cycles = int(is_l1), int(has_buffers), bus_cycles

    def set_cache(self, number: int, enabled: int, sets: int, ways: int, line_shift: int) -> None:
        """See :class:`BlockHook`."""
        self._memory.caches[number].shape(enabled, sets, ways, line_shift)

    def invalidate(self, number: int) -> None:
        """See :class:`BlockHook`."""
        self._memory.caches[number].invalidate()

    def cache_counts(self, number: int) -> tuple[int, int]:
        """See :class:`BlockHook`."""
        return self._memory.caches[number].hits, self._memory.caches[number].misses

    def set_data_timing(self, unaligned: UnalignedTiming, divide: DivideTiming) -> None:
        """See :class:`BlockHook`."""
        self._memory.unaligned, self._memory.divide = unaligned, divide

    # -- results -----------------------------------------------------------------------------
    def path_counts(self) -> list[PathCount]:
        """See :class:`BlockHook`."""
        return [
            PathCount(*p.key, tuple(e.count for e in p.edges), tuple(e.stall for e in p.edges))
            for p in self._paths
        ]

    def event_stalls(self, block: int) -> tuple[int, ...]:
        """See :class:`BlockHook`."""
        return tuple(self._blocks[block].event_stall)

    def event_unaligned(self, block: int) -> tuple[int, ...]:
        """See :class:`BlockHook`."""
        return tuple(self._blocks[block].event_unaligned)

    def event_bus(self, block: int) -> tuple[int, ...]:
        """See :class:`BlockHook`."""
        return tuple(self._blocks[block].event_bus)

    def save(self) -> Any:
        """See :class:`BlockHook`."""
        return (
            (self.cycles, self.instructions, self._stall, self.state, self.executed, self._events_done),
            (self._next_hooked, self.block_serial, dict(self._addresses)),
            self._memory.save(),
            self._predictor.save(),
        )

    def load(self, saved: Any) -> None:
        """See :class:`BlockHook`."""
        first, second, memory, predictor = saved
        self._predictor.load(predictor)
        self.cycles, self.instructions, self._stall, self.state, self.executed, self._events_done = first
        self._next_hooked, self.block_serial, addresses = second
        self._addresses = dict(addresses)
        self._memory.load(memory)
