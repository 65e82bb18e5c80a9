"""Answers the hook's questions: what is this block, what does this path cost.

The core model is a pure function; this module interns its states as integers, keeps what
it said, and hands the hook the numbers, so that each (state, block, edge) is asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from emulator.engine.absent import AbsentInstructions, uses_fpu
from emulator.engine.alignment import required_alignment
from emulator.engine.core import Core
from emulator.engine.corrections import Corrections
from emulator.engine.events import EVENT_BRANCH, EVENT_QUEUE, NO_REGISTER, BlockPlan, Event, LoadPair
from emulator.engine.expressions import MASK32
from emulator.engine.hook import MOST_LOADS, BlockHook, KnownLoad, Stop
from emulator.engine.lazily import MetBlock, Origin, Plans, States, WaysToPlan
from emulator.engine.memory_map import MemoryMap
from emulator.engine.planner import load_pairs, plan_block
from emulator.thumb.decode import ItState, decode_block
from emulator.thumb.instruction import PC, Block, Instruction
from emulator.timing.memory.prefetch_unit import QUEUE_LEAD
from emulator.timing.model import FALL_THROUGH, CoreModel, Step

if TYPE_CHECKING:
    from emulator.engine.vector.programs import Programs

PAGE = 0x1000
NEIGHBOUR_BYTES = 8  # from one instruction to another that the same code hook looks at
NEAR_BYTES = 64  # from one to another whose translations are dropped at once


class Quick(Protocol):
    """Answers before the planner and the model are asked."""

    def define_block(self, met: MetBlock) -> bool:
        """Tell the hook of a block; False: it is not known, or not as it would be now."""

    def define_edge(self, path: int, step: Origin) -> bool:
        """Tell the hook of an edge; ``path``: the hook's, -1: not there yet. False: it is not known."""


class Native(Quick, Protocol):
    """Answers in C, and most of it before the hook stops to ask: :mod:`emulator.engine.native_automaton`."""

    def forget_ways(self) -> None:
        """Blocks may have to be planned in other ways from now on."""

    def close_fpu(self, *, closed: bool) -> None:
        """See :meth:`Automaton.close_fpu`."""

    def may_price(self, block: int, it: int) -> None:
        """The hook was told of a block by Python; paths through it may be priced in C."""

    def branch_slot(self, address: int) -> int:
        """The place of a branch in the predictor's table."""


class Kept(Quick, Protocol):
    """What earlier runs have said: :mod:`emulator.engine.kept_automaton`."""

    def keep_block(self, number: int, met: MetBlock, plan: BlockPlan) -> None:
        """Keep the block that has just been defined, if it may be."""

    def keep_edge(
        self, step: Origin, issue: Sequence[int], pairs: Sequence[LoadPair], cycles: int, next_state: int
    ) -> None:
        """Keep the edge that has just been defined, if its path may be."""

    def state_number(self, state: Hashable) -> int:
        """The number of a state, a new one when it was not met yet."""

    def save(self) -> None:
        """Write what is new now."""


def watches_itself(block: Block, absent: AbsentInstructions) -> bool:
    """Whether an instruction of it is looked at by itself: for events, corrected, or not of the core."""
    return Corrections.concern(block) or any(
        i.name == "sev" or absent.fault_of(i) is not None for i in block.instructions
    )


class Automaton:
    """The memoized core model in front of one hook."""

    def __init__(
        self,
        core: Core,
        hook: BlockHook,
        model: CoreModel,
        memory_map: MemoryMap,
        *,
        watch: bool,
        absent: AbsentInstructions,
    ) -> None:
        self._core = core
        self.absent = absent
        self._hook = hook
        self.model = model
        self._memory_map = memory_map
        self._watch = watch
        self.states = States(lambda origin: self.step(*origin).next_state)
        self.plans = Plans()
        self.kept: Kept | None = None
        self.native: Native | None = None
        self.programs: Programs | None = None  # of a core with MVE
        self._watched: set[int] = set()
        self._event_senders: set[int] = set()
        self.on_send_event: Callable[[], None] = lambda: None  # the core executes SEV
        self.on_suspect: Callable[[int], None] = lambda _address: None  # see BlockHook.watch_traps
        self.on_watched: Callable[[int], None] = lambda _address: None  # behind it: see :meth:`watch_data`
        self._guards: Sequence[tuple[int, int]] = ()
        self._watched_data: Sequence[tuple[int, int]] = ()
        self._traps_unaligned = False
        self._suspects: set[int] = set()
        self._guarded = False
        self._each_access: set[tuple[int, int]] = set()  # blocks that may meet a guard: address, size
        hook.watch_traps(self.suspect)
        self.corrections = Corrections(core, hook, self.instruction_at)
        self._branch_slots: dict[int, int] = {}
        self._begun: dict[tuple[int, int, int], Step] = {}
        self.initial = self.states.number_of(model.initial_state)
        hook.set_data_timing(model.unaligned, model.divide)
        memory_map.on_change = self._forget_ways
        hook.state = hook.initial_state = self.initial

    def state_of(self, number: int) -> Hashable:
        """The model's state behind an interned number."""
        return self.states[number]

    # -- the hook's questions -----------------------------------------------------------------
    def answer(self, code: int) -> bool:
        """Answer a ``NEED_`` code; False when it is not one."""
        if code == Stop.NEED_BLOCK:
            self._define_block(self._hook.need_address, self._hook.need_size)
        elif code == Stop.NEED_PROGRAM and self.programs is not None:
            line = self.programs.define(self._hook.need_address, self._it_state())
            if line.forms:
                self._define_block(line.address, line.size_bytes)
        elif code == Stop.SPLIT:
            self.abandon_at(self._core.get("pc"))
        elif code in (Stop.NEED_PATH, Stop.NEED_EDGE):
            self._define_edge(
                self._hook.state, self._hook.need_block, self._hook.need_skipped, self._hook.need_edge
            )
        elif code == Stop.GUARDED:
            block = self.plans[self._hook.need_block].block
            self._each_access.add((block.address, block.size_bytes))
            self._hook.drop_block(self._hook.need_block)
        elif code == Stop.MISALIGNED:
            self._watch_alignment(self._hook.need_block)
        else:
            return False
        return True

    def trap_unaligned(self, everywhere: bool) -> None:
        """CCR.UNALIGN_TRP is so now: where it has changed, plan every block anew."""
        if everywhere != self._traps_unaligned:
            self._traps_unaligned = everywhere
            self._forget_ways()
            for number in range(len(self.plans)):
                self._hook.drop_block(number)

    def _forget_ways(self) -> None:
        if self.native is not None:
            self.native.forget_ways()

    def close_fpu(self, closed: bool) -> None:
        """CPACR keeps some code at least from using the FPU, or no longer.

        A block with such an instruction is met anew then, and watched, if it runs at all before the
        FPU is opened again: after a reset it does not.
        """
        if closed == self.absent.fpu_closed:
            return
        self.absent.fpu_closed = closed
        if self.native is not None:
            self.native.close_fpu(closed=closed)
        for number, plan in enumerate(self.plans if closed else ()):
            if any(map(uses_fpu, plan.block.instructions)):
                self._hook.drop_block(number)

    def _watch_absent(self, block: Block) -> bool:
        """Look before an instruction that the core may lack; False: the block has none."""
        found = {i.address for i in block.instructions if self.absent.may_fault(i)}
        for address in found - self._suspects:
            self._core.watch_code(address, self.suspect)
        self._suspects |= found
        return bool(found)

    def guard(self, guards: Sequence[tuple[int, int]]) -> None:
        """Look at each access that may meet one of these (first, last) bytes: :attr:`on_suspect`."""
        self._guards = guards
        self._look_at_accesses()

    def watch_data(self, stretches: Sequence[tuple[int, int]]) -> None:
        """The same for a debugger: :attr:`on_watched` is told of each access that may meet one of these."""
        self._watched_data = stretches
        self._look_at_accesses()

    def _look_at_accesses(self) -> None:
        guards = (*self._guards, *self._watched_data)
        if guards and not self._guarded:
            self._guarded = True
            self._forget_ways()
            for number in range(len(self.plans)):
                self._hook.drop_block(number)
        self._hook.set_guards(guards)

    def _watch_alignment(self, number: int) -> None:
        block = self.plans[number].block
        for instruction in block.instructions:
            strict = required_alignment(instruction, everywhere=self._traps_unaligned)
            if strict and instruction.address not in self._suspects:
                self._suspects.add(instruction.address)
                self._core.watch_code(instruction.address, self.suspect)
        self._core.forget_code(block.address, block.size_bytes)
        self._hook.watches_alignment(number)

    def suspect(self, address: int) -> None:
        """The instruction at ``address`` is about to execute, and may trap by its operands."""
        self.on_suspect(address)
        self.on_watched(address)

    def _define_block(self, address: int, size_bytes: int) -> None:
        code = self._core.read_memory(address, size_bytes)
        it = self._it_state()
        memory = self._core.memory_at(address)
        pointer = 0 if memory is None else memory.changing(address)
        met = MetBlock(address, code, it.value, pointer, self.ways_to_plan(address, size_bytes))
        if not any(quick is not None and quick.define_block(met) for quick in (self.kept, self.native)):
            self._plan_block(met)
        if self.programs is not None:
            self._share_with_interpreter(address, size_bytes, it)

    def _it_state(self) -> ItState:
        """Of the block that is about to begin: it may be inside an IT block, at a page's start."""
        return ItState.of(self._core.get("xpsr"))

    def _share_with_interpreter(self, address: int, size_bytes: int, it: ItState) -> None:
        """A block that begins with the interpreter's code is never entered by Unicorn."""
        assert self.programs is not None
        number = len(self.plans) - 1
        if self.programs.runs(address, it):
            self.programs.redirect(number)
        elif self.programs.watch(self.plans[number].block):
            self._core.forget_code(address, size_bytes)

    def is_interpreted(self, block: Block) -> bool:
        """Whether it is the interpreter's: it ends without a stop also where it branches."""
        return self.programs is not None and self.programs.is_known(block.address)

    def splits_at(self, address: int) -> bool:
        """Whether Unicorn's block ends before the instruction there, for the interpreter."""
        return self.programs is not None and self.programs.is_watched(address)

    def split(self, address: int) -> None:
        """The instruction at ``address``, about to execute, is the interpreter's, in a block of Unicorn's."""
        if self.instruction_at(address) is not None:
            self._hook.stop_code = Stop.SPLIT
            self._core.uc.emu_stop()

    def _plan_block(self, met: MetBlock) -> None:
        address, code = met.address, met.code
        plan = self.plan_met(met)
        if self._guarded and not plan.is_whole:
            self._each_access.add((address, len(code)))
            met = met._replace(ways=self.ways_to_plan(address, len(code)))
            plan = self.plan_met(met)
        block = plan.block
        number = self._hook.add_block(plan, met.pointer, code)
        self.plans.put(number, met, plan)
        if self.native is not None and not met.ways.fetches_ahead:  # else its events lag behind
            self.native.may_price(number, met.it)
        if self.kept is not None:
            self.kept.keep_block(number, met, plan)
        self._watch_operands(plan.hook_addresses)
        sends_event, corrected = self._watch_events(block), self.corrections.watch(block)
        if self._watch_absent(block) or plan.hook_addresses or sends_event or corrected:
            self._core.forget_code(address, len(code))

    def note_planned(self, number: int, met: MetBlock, hook_addresses: Sequence[int]) -> None:
        """The hook was told of a block that was planned elsewhere: whoever asks has its plan made."""
        self.plans.put(number, met, partial(self.plan_met, met))
        self._watch_operands(hook_addresses)
        if hook_addresses:
            self._core.forget_code(met.address, len(met.code))

    def _watch_operands(self, addresses: Iterable[int]) -> list[int]:
        """Have instructions looked at whose operands the hook needs; those that were not yet.

        Each time Unicorn goes through all hooks that there are, one by one: neighbours share one, and the
        hook passes over what it does not ask for.
        """
        fresh = sorted(set(addresses) - self._watched)
        for first, last in _stretches(fresh, NEIGHBOUR_BYTES):
            self._hook.watch_code(first, last)
        self._watched.update(fresh)
        return fresh

    def watch_ahead(self, addresses: Iterable[int]) -> list[int]:
        """Have instructions looked at that may never execute; those that were not watched yet.

        Whatever was translated with one of those in it is dropped.
        """
        fresh = self._watch_operands(addresses)
        for first, last in _stretches(fresh, NEAR_BYTES):
            self._core.forget_code(first, last + 2 - first)
        return fresh

    def stretch_at(self, address: int) -> tuple[int, int] | None:
        """First and last address of those around one where code is read in the same way."""
        return self._memory_map.stretch_at(address)

    def ways_to_plan(self, address: int, size_bytes: int) -> WaysToPlan:
        """How a block there is to be planned now."""
        fetches = self._memory_map.fetches_at(address)
        return WaysToPlan(
            fetch_shift=fetches.shift,
            fetches_ahead=fetches.ahead,
            watch_data=self._watch or self._guarded,
            watch_divides=self._watch,
            runs_ahead=fetches.runs_ahead,
            traps_unaligned=self._traps_unaligned,
            anchors=not self._guarded,
            each_access=(address, size_bytes) in self._each_access,
        )

    def plan_met(self, met: MetBlock) -> BlockPlan:
        """Plan a block as it was met."""
        return self.plan(decode_block(met.code, met.address, ItState(met.it)), met.ways)

    def plan(self, block: Block, ways: WaysToPlan) -> BlockPlan:
        """Plan a block in these ways."""
        return plan_block(
            block,
            entry_class=self.model.entry_class(block),
            observed=self.model.observed(block),
            branch_slot=self.branch_slot if self.model.predicts_branches else None,
            **ways._asdict(),
        )

    def _watch_events(self, block: Block) -> bool:
        """SEV is a NOP to Unicorn: a code hook on each tells of it. False: the block has none."""
        senders = {i.address for i in block.instructions if i.name == "sev"}
        for address in senders - self._event_senders:
            self._core.watch_code(address, self._reached_event)
        self._event_senders |= senders
        return bool(senders)

    def _reached_event(self, address: int) -> None:
        instruction = self.instruction_at(address)
        if instruction is not None and instruction.name == "sev":  # other code may be there by now
            self.on_send_event()

    def forget_code(self, address: int, size_bytes: int) -> None:
        """The host wrote memory there: read its blocks anew, and translate it anew."""
        self._core.forget_code(address, size_bytes)
        end = address + size_bytes
        for number in range(len(self.plans)):
            met = self.plans.met(number)
            if met.address < end and address < met.address + len(met.code):
                self._hook.drop_block(number)

    def branch_slot(self, address: int) -> int:
        """The place of a branch in the predictor's table."""
        if self.native is not None:
            return self.native.branch_slot(address)
        return self._branch_slots.setdefault(address, len(self._branch_slots))

    def step(self, state: int, block: int, skipped: int, edge: int) -> Step:
        """Ask the model; ``skipped`` is the hook's mask over the block's observed instructions."""
        plan = self.plans[block]
        mask = 0
        for bit, position in enumerate(plan.observed):
            mask |= (skipped >> bit & 1) << position
        return self.model.step(self.states[state], plan.block, mask, edge)

    def _define_edge(self, state: int, block: int, skipped: int, edge: int) -> None:
        path = self._hook.find_path(state, block, skipped)
        origin = Origin(state, block, skipped, edge)
        if any(quick is not None and quick.define_edge(path, origin) for quick in (self.kept, self.native)):
            return
        step = self.step(state, block, skipped, edge)
        issue: Sequence[int] = ()
        pairs: Sequence[LoadPair] = ()
        if path < 0 or self.kept is not None:
            issue, pairs = self.event_issue(block, step), load_pairs(self.plans[block], step.load_pairs)
        if path < 0:
            path = self._hook.add_path(state, block, skipped, issue, pairs)
        number_of = self.states.number_of if self.kept is None else self.kept.state_number
        next_state = number_of(step.next_state)
        self._hook.set_edge(path, edge, step.cycles, next_state)
        if self.kept is not None:
            self.kept.keep_edge(origin, issue, pairs, step.cycles, next_state)

    def event_issue(self, block: int, step: Step) -> list[int]:
        """For a branch what a wrong prediction costs: it comes after all issue cycles."""
        return [
            step.mispredict if e.kind == EVENT_BRANCH else _event_cycle(e, step)
            for e in self.plans[block].events
        ]

    # -- the machine's questions ------------------------------------------------------------
    def finish(self, edge: int = FALL_THROUGH) -> None:
        """Close the hook's current block towards ``edge``, whatever needs defining."""
        while code := self._hook.finish(edge):
            self.answer(code)

    def current_step(self) -> Step:
        """The current block's price, entered as it was; its way out is not known yet."""
        block = self._hook.current
        skipped = 0  # what is still to come is taken as executed
        key = (self._hook.state, block, skipped)
        if key not in self._begun:
            self._begun[key] = self.step(*key, FALL_THROUGH)
        assert len(self._begun[key].issue_cycles) == len(self.plans[block].block.instructions)
        return self._begun[key]

    def issue_cycles(self) -> tuple[int, ...]:
        """Issue cycle of each instruction of the current block, entered as it was."""
        return self.current_step().issue_cycles

    def now_at(self, position: int) -> int:
        """The cycle at which instruction ``position`` of the current block issues."""
        issue, step = self.issue_cycles(), self.current_step()
        events = [_event_cycle(e, step) for e in self.plans[self._hook.current].events]
        stall = self._hook.advance(events, position)
        return self._hook.cycles + issue[position] + stall

    def tell_loads(self) -> None:
        """Let the hook know when the current block's loads issue, if they are few and of one datum each."""
        plan, step = self.plans[self._hook.current], self.current_step()
        loads: list[KnownLoad] = []
        for position, instruction in enumerate(plan.block.instructions):
            access = instruction.memory
            if access is None or access.is_store:
                continue
            if access.count != 1 or len(loads) == MOST_LOADS:
                return
            loads.append(
                KnownLoad(
                    *(position, access.size_bytes, step.issue_cycles[position]),
                    *(access.base, NO_REGISTER if access.index is None else access.index, access.shift),
                    (literal_base(instruction) if access.base == PC else 0) + access.offset & MASK32,
                )
            )
        events = [_event_cycle(e, step) for e in plan.events]
        self._hook.know_loads(self._hook.current, self._hook.state, loads, events)

    def abandon_at(self, address: int) -> None:
        """The instruction at ``address`` did not complete; count what came before it."""
        if self._hook.current < 0:
            return
        position = self.position_of(address)
        issue = self.issue_cycles()
        self.now_at(position)
        self._hook.abandon(position, issue[position])
        self._hook.state = self.initial

    def position_of(self, address: int) -> int:
        """Position in the current block of the instruction at ``address``, 0 when it is not there."""
        instructions = self.plans[self._hook.current].block.instructions
        return next((i for i, x in enumerate(instructions) if x.address == address), 0)

    def current_block(self) -> Block | None:
        """The block that is executing, or None between blocks."""
        return self.plans[self._hook.current].block if self._hook.current >= 0 else None

    def instruction_at(self, address: int) -> Instruction | None:
        """The instruction of the current block at ``address``."""
        block = self.current_block()
        if block is None:
            return None
        return next((i for i in block.instructions if i.address == address), None)


def _stretches(addresses: Sequence[int], near_bytes: int) -> Iterator[tuple[int, int]]:
    """First and last ones of sorted addresses that lie so close together."""
    begins = [n for n, (a, b) in enumerate(pairwise(addresses), 1) if b - a > near_bytes]
    for begin, end in pairwise([0, *begins, len(addresses)] if addresses else ()):
        yield addresses[begin], addresses[end - 1]


def literal_base(instruction: Instruction) -> int:
    """What PC is for a load relative to it."""
    return instruction.address + 4 & ~3


def _event_cycle(event: Event, step: Step) -> int:
    """When an event comes, from the block's start."""
    if event.kind == EVENT_QUEUE:
        return max(0, step.decoded + QUEUE_LEAD)
    return step.issue_cycles[event.instruction] + event.lag
