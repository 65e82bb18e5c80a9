"""What happens at the entry of a block and at a watched instruction. Twin: block_hook.h.

The hook in Python: slow, always there, and equal to the native one to the cycle.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

from unicorn import Uc
from unicorn import unicorn_const as ucc

from emulator.engine.core import REGISTER_IDS, Core
from emulator.engine.events import EVENT_BRANCH, HOOK_OBSERVED, BlockPlan, LoadPair
from emulator.engine.hook import NO_ADDRESS, Counters, KnownLoad, PathCount, Stop, Taken
from emulator.engine.hooks.addresses import Addresses
from emulator.engine.hooks.block import Block
from emulator.engine.hooks.contexts import Contexts
from emulator.engine.hooks.footprint import PythonFootprint
from emulator.engine.hooks.pricing import EVERYTHING, Pricing
from emulator.engine.hooks.tables import Tables
from emulator.engine.lent_input import LentInput
from emulator.engine.lent_output import KnownTurn, LentOutput
from emulator.engine.lent_tick import LentTick
from emulator.engine.remembered_reads import RememberedReads
from emulator.system.exception_state import ExceptionState
from emulator.timing.memory.memory_system import MemorySystem, TimedRegion
from emulator.timing.model import DivideTiming, UnalignedTiming

TRACE_LENGTH = 1024


class PythonHook:
    """See :class:`emulator.engine.hook.BlockHook` for what each attribute and method is."""

    kind = "python"
    takes_input = False

    def __init__(self) -> None:
        self.cycles = 0
        self.instructions = 0
        self.deadline = NO_ADDRESS
        self.break_address = NO_ADDRESS
        self.turn_address = NO_ADDRESS
        self.stop_request = 0
        self.stop_code = 0
        self.state = self.initial_state = 0
        self.interrupt = self.returns_from = self.serves_exceptions = 0
        self.current = -1
        self.executed = 0
        self.block_serial = 0
        self.protection = 0
        self.need_address = 0
        self.need_size = 0
        self.need_skipped = 0
        self.need_edge = 0
        self.need_block = 0
        self.mask_watch = 0
        self.mask_priority = 0
        self.trace_enabled = 0
        self.trace_length = 0
        self._next_hooked = 0
        self._trace: list[int] = []
        self._tables = Tables()
        self._memory = MemorySystem()
        self._addresses = Addresses(self._memory)
        self.footprint = PythonFootprint()
        self._pricing = Pricing(self._memory, self._addresses, self.footprint)
        self.contexts = Contexts(self)

    def attach(self, core: Core) -> None:
        """See :class:`BlockHook`."""
        self._uc = core.uc
        self._addresses.attach(core)
        self._uc.hook_add(ucc.UC_HOOK_BLOCK, self._on_block)
        self._uc.hook_add(ucc.UC_HOOK_INTR, self._on_interrupt)

    def share_exceptions(self, state: ExceptionState) -> None:
        """See :class:`BlockHook`; it does not."""

    def share_reads(self, reads: RememberedReads) -> None:
        """See :class:`BlockHook`; Python answers all."""

    def share_input(self, lent: LentInput) -> None:
        """See :class:`BlockHook`; nothing is lent to it."""

    def share_output(self, lent: LentOutput) -> None:
        """See :class:`BlockHook`; nothing is lent to it."""

    def share_tick(self, lent: LentTick) -> None:
        """See :class:`BlockHook`; nothing is lent to it."""

    def know_turn(self, turn: KnownTurn) -> None:
        """See :class:`BlockHook`; it skips none itself."""

    def know_loads(self, block: int, state: int, loads: Sequence[KnownLoad], issue: Sequence[int]) -> None:
        """See :class:`BlockHook`; nobody asks."""

    def memories_changed(self) -> None:
        """See :class:`BlockHook`; nothing follows."""

    def take_exception(self) -> int:
        """See :class:`BlockHook`."""
        return Taken.LEFT

    def _on_interrupt(self, uc: Uc, number: int, _data: object) -> None:
        self.interrupt = number
        uc.emu_stop()

    def watch_code(self, first: int, last: int) -> None:
        """See :class:`BlockHook`."""
        self._uc.hook_add(ucc.UC_HOOK_CODE, self._on_code, None, first, last)

    # -- the hooks -----------------------------------------------------------------------
    def _masks_open(self) -> bool:
        read = self._uc.reg_read
        if read(REGISTER_IDS["primask"]) & 1 or read(REGISTER_IDS["faultmask"]) & 1:
            return False
        basepri = read(REGISTER_IDS["basepri"]) & 0xFF
        return bool(basepri == 0 or self.mask_priority < basepri)

    def _limit(self, address: int) -> int:
        """Why the block at ``address`` is not to be entered now, or 0."""
        if self.stop_request:
            return Stop.REQUEST
        if self.cycles >= self.deadline:
            return Stop.DEADLINE
        if address in (self.break_address, self.turn_address):
            return Stop.BREAK
        if self.mask_watch and self._masks_open():
            return Stop.MASKS
        return Stop.NONE

    def finish(self, edge: int, target: int | None = None) -> int:
        """See :class:`BlockHook`; ``target``: the block that is being entered, None when none is."""
        if self.current < 0:
            return Stop.NONE
        block = self._tables.blocks[self.current]
        skipped = ((1 << len(block.plan.observed)) - 1) & ~self.executed
        number = self._tables.find_path(self.state, block.index, skipped)
        path = None if number < 0 else self._tables.paths[number]
        taken = None if path is None else path.edges[edge]
        if path is None or taken is None or not taken.valid:
            self.need_block, self.need_skipped, self.need_edge = block.index, skipped, edge
            return Stop.NEED_PATH if path is None else Stop.NEED_EDGE
        self.advance(path.issue, EVERYTHING)
        self._pricing.meet_banks(block, path.pairs)
        if block.plan.events and block.plan.events[-1].kind == EVENT_BRANCH:
            self._pricing.predict(block, edge != 0, path.issue[-1], target)
        self.footprint.count(block, self._addresses)
        stall = self._pricing.stall
        self.cycles += taken.cycles + stall
        self.instructions += len(block.plan.block.instructions)
        self.state = taken.next_state
        taken.count += 1
        taken.stall += stall
        self.current = -1
        return Stop.NONE

    def _enter(self, address: int, size_bytes: int) -> int:
        block = self._tables.find_block(address, size_bytes)
        if block is None or _is_overwritten(block):
            self.need_address, self.need_size = address, size_bytes
            return Stop.NEED_BLOCK
        if self.current >= 0:
            fell_through = address == self._tables.blocks[self.current].end
            previous = self._tables.blocks[self.current]
            code = self.finish(0 if fell_through else 1 + block.plan.entry_class, address)
            if code:
                return code
            if previous.leaves and self.contexts.enabled:
                self.contexts.leave(previous, address, self._uc.reg_read(REGISTER_IDS["sp"]))
        code = self._limit(address)
        if code:
            return code
        if self.protection & ~block.permitted:
            self.need_block = block.index
            return Stop.PROTECTED
        self.current = block.index
        self.executed = self._next_hooked = 0
        self.block_serial += 1
        self._pricing.begin()
        self._addresses.of_event.clear()
        if block.plan.groups:
            self._addresses.capture(block)
            misaligned = self._addresses.misaligned and not block.watches_alignment
            if misaligned or self._addresses.meets_guard(block):
                self.current, self.need_block = -1, block.index
                self.block_serial -= 1
                return Stop.MISALIGNED if misaligned else Stop.GUARDED
        if self.trace_enabled:
            self._trace.append(block.index)
            self.trace_length += 1
        return Stop.NONE

    def _on_block(self, uc: Uc, address: int, size: int, _data: object) -> None:
        code = self.stop_code or self._enter(address, size)
        if code == Stop.RESUMED:  # the rest of a block that was let in
            self.stop_code = Stop.NONE
        elif code:
            self.stop_code = code
            uc.emu_stop()

    def _on_code(self, _uc: Uc, address: int, _size: int, _data: object) -> None:
        if self.current < 0:
            return
        block = self._tables.blocks[self.current]
        watched = block.plan.hooked
        for i in range(self._next_hooked, len(watched)):
            hooked = watched[i]
            if hooked.address > address:
                return
            self._next_hooked = i + 1
            if hooked.address != address:
                continue
            if hooked.kind == HOOK_OBSERVED:
                self.executed |= 1 << hooked.event
            else:
                self._addresses.read_operands(block, hooked)

    def abandon(self, instructions: int, cycles: int) -> None:
        """See :class:`BlockHook`."""
        if self.current < 0:
            return
        self.cycles += cycles + self._pricing.stall
        self.instructions += instructions
        self.current = -1

    def skip(self, cycles: int, instructions: int) -> None:
        """See :class:`BlockHook`."""
        self.cycles += cycles
        self.instructions += instructions
        self._memory.skip(cycles)

    def advance(self, issue: Sequence[int], upto: int) -> int:
        """See :class:`BlockHook`."""
        if self.current >= 0:
            self._pricing.run_events(self._tables.blocks[self.current], self.cycles, issue, upto)
        return self._pricing.stall

    # -- the automaton ---------------------------------------------------------------------
    def add_block(self, plan: BlockPlan, host_pointer: int, code: bytes) -> int:
        """See :class:`BlockHook`."""
        number = self._tables.add_block(plan, host_pointer, code)
        self.contexts.add_block(self._tables.blocks[number])
        return number

    def watch_traps(self, suspect: Callable[[int], None]) -> None:
        """See :class:`BlockHook`."""
        self._addresses.suspect = suspect

    def watches_alignment(self, block: int) -> None:
        """See :class:`BlockHook`."""
        self._tables.blocks[block].watches_alignment = True

    def permit(self, block: int, protection: int) -> None:
        """See :class:`BlockHook`."""
        self._tables.blocks[block].permitted |= protection

    def forget_permits(self) -> None:
        """See :class:`BlockHook`."""
        for block in self._tables.blocks:
            block.permitted = 0

    def set_guards(self, guards: Sequence[tuple[int, int]]) -> None:
        """See :class:`BlockHook`."""
        self._addresses.guards = tuple(guards)

    def drop_block(self, block: int) -> None:
        """See :class:`BlockHook`."""
        self._tables.drop_block(block)

    def add_path(
        self, state: int, block: int, skipped: int, issue: Sequence[int], pairs: Sequence[LoadPair] = ()
    ) -> int:
        """See :class:`BlockHook`."""
        return self._tables.add_path(state, block, skipped, issue, pairs)

    def find_path(self, state: int, block: int, skipped: int) -> int:
        """See :class:`BlockHook`."""
        return self._tables.find_path(state, block, skipped)

    def set_edge(self, path: int, edge: int, cycles: int, next_state: int) -> None:
        """See :class:`BlockHook`."""
        self._tables.set_edge(path, edge, cycles, next_state)

    def trace(self) -> list[int]:
        """See :class:`BlockHook`."""
        if not self.trace_length:
            self._trace.clear()
        return self._trace[-min(TRACE_LENGTH, self.trace_length) :]

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
        first_load: int = 0,
        stores: int = 0,
    ) -> None:
        """See :class:`BlockHook`."""
        region = TimedRegion(base, end, port, instruction_cache, data_cache, free, first_load, stores)
        self._memory.set_region(number, region)

    def set_port(self, number: int, wait_states: int, read_shift: int, prefetch: int) -> None:
        """See :class:`BlockHook`."""
        self._memory.ports[number].configure(wait_states, read_shift, prefetch)

    def set_bus(self, number: int, bus_cycles: int, rules: int) -> None:
        """See :class:`BlockHook`."""
        self._memory.ports[number].bus_cycles, self._memory.ports[number].rules = bus_cycles, rules

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
        self._memory.set_timing(unaligned)
        self._addresses.divide = divide

    # -- results -----------------------------------------------------------------------------
    def path_counts(self) -> list[PathCount]:
        """See :class:`BlockHook`."""
        return self._tables.path_counts()

    def event_stalls(self, block: int) -> tuple[int, ...]:
        """See :class:`BlockHook`."""
        return tuple(self._tables.blocks[block].event_stall)

    def event_unaligned(self, block: int) -> tuple[int, ...]:
        """See :class:`BlockHook`."""
        return tuple(self._tables.blocks[block].event_unaligned)

    def event_bus(self, block: int) -> tuple[int, ...]:
        """See :class:`BlockHook`."""
        return tuple(self._tables.blocks[block].event_bus)

    def counters(self) -> Counters:
        """See :class:`BlockHook`."""
        return self._tables.counters()

    def mark(self) -> None:
        """See :class:`BlockHook`."""
        self._tables.mark()

    def since_mark(self) -> Counters:
        """See :class:`BlockHook`."""
        return self._tables.since_mark()

    def path_key(self, path: int) -> tuple[int, int, int]:
        """See :class:`BlockHook`."""
        return self._tables.paths[path].key

    def save(self) -> Any:
        """See :class:`BlockHook`."""
        pricing = self._pricing
        return (
            (self.cycles, self.instructions, self.state, self.executed, self._next_hooked, self.block_serial),
            (pricing.stall, pricing.events_done, dict(self._addresses.of_event)),
            self._memory.save(),
            pricing.predictor.save(),
            self.contexts.save(),
        )

    def load(self, saved: Any) -> None:
        """See :class:`BlockHook`."""
        counters, (stall, events_done, addresses), memory, predictor, contexts = saved
        self.cycles, self.instructions, self.state, self.executed, self._next_hooked, self.block_serial = (
            counters
        )
        self._pricing.stall, self._pricing.events_done = stall, events_done
        self._addresses.of_event = dict(addresses)
        self._memory.load(memory)
        self._pricing.predictor.load(predictor)
        self.contexts.load(contexts)


def _is_overwritten(block: Block) -> bool:
    """Whether its memory holds other bytes than when it was planned."""
    if not block.host_pointer:
        return False
    return ctypes.string_at(block.host_pointer, len(block.code)) != block.code
