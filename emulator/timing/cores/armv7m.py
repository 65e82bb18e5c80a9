"""What Cortex-M3 and Cortex-M4 share: a three-stage pipeline that issues one at a time.

Modelled: loads that hide behind the next access, the one-entry store buffer, addresses
that come from the instruction before, IT folding, branch refills by the target's
alignment, the fetch queue (:mod:`.fetch_queue`), and on the M4 the floating-point unit that
runs beside integer code. Accesses that change the memory are priced by the memory system.
Approximated: every store reaches memory before the second instruction after it; stalls of
the memory system do not let the fetch queue catch up.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from emulator.thumb.instruction import Block, Instruction, Kind
from emulator.timing.cores.classes import (
    FLOATING_POINT,
    is_conditional,
    is_multiple,
    may_be_skipped,
    moves_two_registers,
    transfers,
)
from emulator.timing.cores.fetch_queue import REFILLED, FetchQueue, Queue
from emulator.timing.cores.ledger import Ledger
from emulator.timing.cores.table import Row, Rule, Table, check_rules
from emulator.timing.model import (
    FALL_THROUGH,
    Cause,
    DivideTiming,
    ExceptionTiming,
    Step,
    UnalignedTiming,
)

CORE_REGISTERS = 0xFFFF
LOAD_KINDS = frozenset(
    {
        Kind.LOAD,
        Kind.LOAD_DOUBLE,
        Kind.LOAD_MULTIPLE,
        Kind.FP_LOAD,
        Kind.FP_LOAD_MULTIPLE,
        Kind.TABLE_BRANCH,
    }
)
DATA_PROCESSING = frozenset(
    {
        Kind.ALU,
        Kind.ALU_SHIFT,
        Kind.MULTIPLY,
        Kind.MULTIPLY_ACCUMULATE,
        Kind.MULTIPLY_LONG,
        Kind.MULTIPLY_ACCUMULATE_LONG,
        Kind.DSP_MULTIPLY,
        Kind.DSP,
        Kind.DIVIDE,
    }
)


class Tail(Enum):
    """What the last instruction left in the memory pipeline."""

    NONE = 0
    LOAD = 1  # a single load's data phase
    STORE = 2  # a store's data phase: it overlaps with whatever follows
    STORE_REGISTER = 3  # that of a store at [Rn, Rm]: only a NOP overlaps


class State(NamedTuple):
    """What one block leaves for the next. The ``fp_`` fields count from the block's start."""

    tail: Tail = Tail.NONE
    loaded: int = 0  # registers that the load in the tail writes
    written_back: int = 0  # base that the access in the tail writes back
    computed: int = 0  # registers that the last data-processing instruction wrote
    narrow: bool = False  # the last instruction was 16 bits wide
    fp_busy: int = 0  # cycles until the floating-point unit takes an instruction
    fp_result: int = 0  # registers of its last result ...
    fp_ready: int = 0  # ... and cycles until they can be used (a MAC's addend: one less)
    queue: Queue = REFILLED


@dataclass(frozen=True, slots=True)
class Armv7mRules:
    """The penalties of :mod:`.armv7m_rules` and what tells the M3 from the M4."""

    rules: Mapping[str, Rule]
    indexed_accesses_hide: bool
    """An access with write-back can hide the load before it (M4, not M3)."""
    same_base_hides: bool = False
    """... also when that load writes the same base back."""

    def __post_init__(self) -> None:
        check_rules(self.rules)


class Armv7mModel:
    """Prices blocks instruction by instruction over a :class:`State`."""

    predicts_branches = False

    def __init__(
        self,
        name: str,
        table: Table,
        rules: Armv7mRules,
        divide: DivideTiming,
        unaligned: UnalignedTiming,
        exceptions: ExceptionTiming,
    ) -> None:
        self.name = name
        self.table = table
        self.rules = rules
        self.divide = divide
        self.unaligned = unaligned
        self.exceptions = exceptions
        self._cycles = {key: rule.cycles for key, rule in rules.rules.items()}

    @property
    def initial_state(self) -> Hashable:
        """Nothing in flight."""
        return State()

    def entry_class(self, block: Block) -> int:  # noqa: ARG002
        """Targets do not differ: the fetch queue waits for a second word by itself."""
        return 0

    def observed(self, block: Block) -> tuple[int, ...]:
        """Conditional instructions that are dearer, or leave more behind, than a NOP."""
        instructions = block.instructions
        found = []
        for index, instruction in enumerate(instructions):
            if not may_be_skipped(instruction):
                continue
            following = instructions[index + 1] if index + 1 < len(instructions) else None
            feeds_address = following is not None and bool(instruction.writes & following.address_reads)
            if feeds_address or self.is_dear(instruction):
                found.append(index)
        return tuple(found)

    def is_dear(self, instruction: Instruction) -> bool:
        """Whether it costs more, or leaves more behind, than a NOP, whatever follows."""
        row = self.table.row(instruction)
        return bool(instruction.memory) or row.cycles > 1 or row.occupies > 1 or row.latency > 1

    def step(self, state: Hashable, block: Block, skipped: int, edge: int) -> Step:
        """Price ``block``; ``edge`` matters to its last instruction only."""
        assert isinstance(state, State)
        ledger = Ledger(len(block.instructions))
        fetch = FetchQueue(block.address, state.queue)
        queue = None
        for index, instruction in enumerate(block.instructions):
            taken = instruction.writes_pc and (edge != FALL_THROUGH or not is_conditional(instruction))
            runs = not skipped >> index & 1 and (not instruction.writes_pc or taken)
            state = self._instruction(ledger, fetch, state, index, instruction, runs=runs)
            if taken:
                ledger.charge(index, Cause.BRANCH, self.table.row(instruction).refill)
                state = State(fp_busy=state.fp_busy, fp_result=state.fp_result, fp_ready=state.fp_ready)
                queue = fetch.refill(ledger.time)
        state = state._replace(queue=queue or fetch.state(ledger.time, block.end))
        return ledger.step(_relative(state, ledger.time))

    def _instruction(
        self,
        ledger: Ledger,
        fetch: FetchQueue,
        state: State,
        index: int,
        instruction: Instruction,
        *,
        runs: bool,
    ) -> State:
        """Price one instruction up to its way out; ``state`` is absolute within the block."""
        if instruction.kind is Kind.IT and state.narrow:
            ledger.issue()
            return state._replace(narrow=False)
        self._resolve_tail(ledger, state, index, instruction, runs=runs)
        if runs:
            if instruction.address_reads & state.computed:
                ledger.charge(index, Cause.ADDRESS_HAZARD, self._cycles["address_hazard"])
            if instruction.kind in FLOATING_POINT:
                _wait_for_unit(ledger, state, index, instruction)
        ledger.charge(index, Cause.FETCH, fetch.take(instruction, ledger.time) - ledger.time)
        ledger.issue()
        ledger.charge(index, Cause.ISSUE, 1)
        if not runs:
            return _behind_skipped(state, narrow=not instruction.is_wide)
        issued = ledger.time - 1
        fetch.access(instruction, issued)
        row = self.table.row(instruction)
        ledger.charge(index, row.cause, self.cycles_of(instruction) - 1)
        return self._after(state, instruction, row, tail_of(instruction), issued)

    def cycles_of(self, instruction: Instruction) -> int:
        """Cycles up to its way out, without the one that the next instruction may hide."""
        row = self.table.row(instruction)
        hidden = 1 if tail_of(instruction) is not Tail.NONE and not instruction.writes_pc else 0
        cycles = row.cycles + transfers(row, instruction) - hidden
        if moves_two_registers(instruction):
            cycles += self._cycles["move_second_register"]
        return cycles

    def _after(self, state: State, instruction: Instruction, row: Row, tail: Tail, issued: int) -> State:
        """State behind an instruction that issued at ``issued``."""
        memory = instruction.memory
        writes_back = memory is not None and memory.writeback is not None
        computed = instruction.writes & CORE_REGISTERS if instruction.kind in DATA_PROCESSING else 0
        busy, result, ready = state.fp_busy, state.fp_result, state.fp_ready
        if instruction.kind in FLOATING_POINT:
            busy = issued + row.occupies
            result = instruction.writes & ~CORE_REGISTERS if row.latency > 1 else 0
            ready = issued + row.latency if result else 0
        return State(
            tail=tail,
            loaded=instruction.load_writes & CORE_REGISTERS if tail is Tail.LOAD else 0,
            written_back=1 << memory.base if memory and writes_back and tail is not Tail.NONE else 0,
            computed=computed,
            narrow=not instruction.is_wide,
            fp_busy=busy,
            fp_result=result,
            fp_ready=ready,
        )

    def _resolve_tail(
        self, ledger: Ledger, state: State, index: int, instruction: Instruction, *, runs: bool
    ) -> None:
        """Charge the access before with the cycle that this instruction can't hide."""
        if state.tail is Tail.LOAD:
            if not (runs and self._hides_load(state, instruction)):
                ledger.charge(index - 1, Cause.LOAD_USE, 1)
        elif state.tail is Tail.STORE_REGISTER:
            if instruction.kind is not Kind.NOP:
                ledger.charge(index - 1, Cause.STORE_BUFFER, 1)
        elif state.tail is Tail.STORE and runs:
            memory = instruction.memory
            if instruction.kind in LOAD_KINDS:
                ledger.charge(index - 1, Cause.STORE_BUFFER, self._cycles["load_after_store"])
            elif memory and memory.writeback is not None and state.written_back >> memory.base & 1:
                ledger.charge(index - 1, Cause.STORE_BUFFER, self._cycles["same_base_stores"])

    def _hides_load(self, state: State, instruction: Instruction) -> bool:
        """Whether this instruction runs in the data phase of the load before it."""
        if instruction.kind is Kind.NOP:
            return True
        memory = instruction.memory
        if memory is None or tail_of(instruction) is Tail.NONE:
            return False
        if instruction.address_reads & state.loaded:
            return False
        if memory.writeback is None:
            return True
        if not self.rules.indexed_accesses_hide:
            return False
        return self.rules.same_base_hides or not state.written_back >> memory.base & 1


def tail_of(instruction: Instruction) -> Tail:
    """Say what ``instruction`` leaves in the memory pipeline."""
    memory = instruction.memory
    if memory is None or is_multiple(instruction) or instruction.kind is Kind.TABLE_BRANCH:
        return Tail.NONE
    if not memory.is_store or memory.exclusive:
        return Tail.LOAD
    return Tail.STORE_REGISTER if instruction.stores_register_offset else Tail.STORE


def _behind_skipped(state: State, *, narrow: bool) -> State:
    """State behind an instruction that did not execute: only its width counts."""
    return State(
        narrow=narrow,
        fp_busy=state.fp_busy,
        fp_result=state.fp_result,
        fp_ready=state.fp_ready,
    )


def _wait_for_unit(ledger: Ledger, state: State, index: int, instruction: Instruction) -> None:
    """Wait for the floating-point unit, then for its last result if it is needed."""
    ledger.charge(index, Cause.FLOATING_POINT, max(0, state.fp_busy - ledger.time))
    if instruction.reads & state.fp_result:
        as_addend = not (instruction.reads & ~instruction.accumulator_reads) & state.fp_result
        ready = state.fp_ready - (1 if as_addend else 0)
        ledger.charge(index, Cause.RESULT_LATENCY, max(0, ready - ledger.time))


def _relative(state: State, now: int) -> State:
    """Count the floating-point fields from the block's end; forget what is over."""
    ready = max(0, state.fp_ready - now)
    return state._replace(
        fp_busy=max(0, state.fp_busy - now), fp_ready=ready, fp_result=state.fp_result if ready else 0
    )
