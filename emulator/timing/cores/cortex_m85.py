"""Cortex-M85 r0p2: two instructions issue per cycle, in order; each runs in the stage that has its operands.

Tables and sources: :mod:`.cortex_m85_rows`; who issues with whom: :mod:`.cortex_m85_groups`. Priced as from
tightly coupled memory, with every branch predicted right: a wrong prediction adds ``Step.mispredict``.

* An instruction passes EX1, EX2 and EX3 in the three cycles from its issue. Sums and moves run in any of
  them, bit operations in EX2 or EX3, shifts in EX1 or EX2: in the first in which their operands are there,
  so that a result of EX1 or EX2 serves one of the same cycle. Issue waits only for what no stage can await.
* A NOP, an IT and a predicted branch issue beside two others when all are 8 bytes of code at most, and in a
  branch's target cycle only where that begins at a multiple of 8. A branch beside one other takes the
  instruction at its target along when fetch is 8 bytes ahead.
* Vectors and floating point begin in EX3. A vector holds its pipe for two beats and issues for one cycle,
  beside one scalar, which stands before a vector's load or store; none issues in the second cycle of those.
* Gathers and scatters issue alone and nothing runs beside them; two elements a cycle.
* LE is a predicted branch that is known from its first turn on; the two loops met last are known.

Ignored: conflicts of banks and of the store buffer, two that need EX2 in one cycle ("slippery condition"),
strides of a byte scatter.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from msgspec.structs import replace

from emulator.thumb.instruction import FLAGS, PC, S_BASE, Block, Instruction, Kind
from emulator.timing.cores.classes import LOOP_ENDS, MULTIPLIES, may_stay, moves_to_core, transfers
from emulator.timing.cores.cortex_m85_groups import (
    FP_ARITHMETIC,
    Group,
    is_slow_double,
    joined,
    may_join,
)
from emulator.timing.cores.cortex_m85_rows import (
    BITWISE,
    DIVIDE,
    DOUBLE_CYCLES,
    EXCEPTIONS,
    FUSED,
    FUSED_VECTORS,
    RULES,
    SELECTS,
    SHIFTS,
    UNALIGNED,
    VECTOR_PIPES,
    CortexM85Parameters,
    Pipe,
    is_float_product,
    pipes_of,
    rows,
)
from emulator.timing.cores.ledger import Ledger
from emulator.timing.cores.scoreboard import Frozen, Scoreboard, Source, Wait
from emulator.timing.cores.table import Table
from emulator.timing.model import FALL_THROUGH, Cause, Step

LAST_STAGE = 2
LAST_CYCLE = -1
"""The one before a block, which what is first in it may still join."""
HALF_BITS = 16
KNOWN_LOOPS = 2
SHIFTED_REGISTER = 0b1110101
"""Bits 31:25 of data processing with two registers, 32 bits wide."""
FLOATS = ~0 << S_BASE
VECTOR_BYTES = 16
FLOATING = FP_ARITHMETIC | {Kind.FP_LOAD, Kind.FP_STORE, Kind.FP_LOAD_MULTIPLE, Kind.FP_STORE_MULTIPLE}
CLOSED = Group(closed=True)
FETCH_BYTES = RULES["group_bytes"].cycles
MOST_AHEAD_BYTES = 4 * FETCH_BYTES
NO_THIRD = Group(thirds=1)
"""What a group begins with that takes no third instruction."""


def cycles_of(name: str) -> int:
    """Cycles of a rule."""
    return RULES[name].cycles


class State(NamedTuple):
    """What one block leaves for the next."""

    pending: Frozen = ()
    pipes: tuple[int, ...] = (LAST_CYCLE,) * len(Pipe)  # cycles until each takes another vector
    group: Group = CLOSED  # what issued in the last cycle
    scalar_from: int = LAST_CYCLE  # cycles until a scalar may issue
    late_flags: int = LAST_CYCLE  # cycles until a branch is no more behind flags that come late
    ahead_bytes: int = 0  # how far fetch is ahead of issue, up to what matters
    entered: bool = True  # the next instruction is a branch's target
    loops: tuple[int, ...] = ()  # addresses of the LEs that are known, the last one first


class CortexM85:
    """Prices blocks two instructions at a time, with three stages of execution."""

    name = "cortex-m85"
    divide = DIVIDE
    unaligned = UNALIGNED
    exceptions = EXCEPTIONS
    predicts_branches = True

    def __init__(self, table: Table) -> None:
        self.table = table

    @property
    def initial_state(self) -> Hashable:
        """Nothing under way."""
        return State()

    def entry_class(self, block: Block) -> int:  # noqa: ARG002 - the contract's signature
        """Return 0: alignment of a target is not modelled."""
        return 0

    def observed(self, block: Block) -> tuple[int, ...]:  # noqa: ARG002 - the contract's signature
        """Return nothing: jnk0le measured that a skipped instruction takes its slot and its results' time."""
        return ()

    def step(self, state: Hashable, block: Block, skipped: int, edge: int) -> Step:  # noqa: ARG002
        """Price ``block``."""
        assert isinstance(state, State)
        run = _Pass(self.table, state, block)
        loops = state.loops
        for index, instruction in enumerate(block.instructions):
            leaves = instruction.writes_pc and (edge != FALL_THROUGH or not may_stay(instruction))
            if instruction.kind is Kind.LOOP:
                loops = run.loop(index, instruction, loops, leaves=leaves)
                continue
            run.instruction(index, instruction)
            if leaves:
                run.leave(instruction)
        return run.close(loops, block.instructions[-1])


class _Pass:
    """One pass through a block: the ledger and what changes on the way."""

    def __init__(self, table: Table, state: State, block: Block) -> None:
        self._table = table
        self._ledger = Ledger(len(block.instructions))
        self._first = NO_THIRD if state.entered and block.address % cycles_of("group_bytes") else Group()
        self._left = False
        self._ahead_bytes = state.ahead_bytes
        self._fetched_at = 0
        self._board = Scoreboard(state.pending)
        self._pipes = list(state.pipes)  # the cycle in which each is free
        self._group = state.group
        self._scalar_from = state.scalar_from
        self._late_flags = state.late_flags
        self._last_issue = LAST_CYCLE

    def instruction(self, index: int, instruction: Instruction) -> None:
        """Issue one instruction, in the last cycle if it can."""
        self._issue(index, instruction)
        self._fetch(instruction.size_bytes)

    def _fetch(self, size_bytes: int) -> None:
        """Let fetch run until now, a queue ahead at most, and take what has issued from it."""
        fetched = (self._ledger.time - self._fetched_at) * FETCH_BYTES
        self._fetched_at = self._ledger.time
        self._ahead_bytes = max(0, min(self._ahead_bytes + fetched, MOST_AHEAD_BYTES) - size_bytes)

    def _issue(self, index: int, instruction: Instruction) -> None:
        ledger = self._ledger
        if may_join(self._group, instruction):
            cycle = ledger.time - 1
            if self._wait(cycle, instruction).cycle == cycle:
                ledger.issue(ago=1)
                self._group = joined(self._group, instruction)
                self._first = Group()
                self._publish(instruction, cycle, cycle)
                return
        wait = self._wait(ledger.time, instruction)
        ledger.charge(index, wait.cause, wait.cycle - ledger.time)
        ledger.issue()
        issued = ledger.time
        row = self._table.row(instruction)
        ledger.charge(index, Cause.ISSUE, 1)
        ledger.charge(index, row.cause, self._held(instruction) - 1)
        self._group = joined(self._first, instruction)
        self._first = Group()
        self._publish(instruction, issued, ledger.time - 1)

    def loop(
        self, index: int, instruction: Instruction, known: tuple[int, ...], *, leaves: bool
    ) -> tuple[int, ...]:
        """Price what begins or ends a loop; the loops that are known afterwards."""
        ledger = self._ledger
        ends = instruction.name in LOOP_ENDS
        if ends and instruction.address in known:
            self._last_issue = ledger.time - 1
            ledger.issue(ago=1)
            if instruction.target == instruction.address:  # a loop of nothing: else time would stand still
                ledger.charge(index, Cause.ISSUE, 1)
        else:
            self.instruction(index, instruction)
            if ends and leaves:
                ledger.charge(index, Cause.BRANCH, cycles_of("loop_begin"))
        if leaves:
            self.leave(instruction)
        if not ends:
            return known
        others = tuple(address for address in known if address != instruction.address)
        return (instruction.address, *others)[:KNOWN_LOOPS]

    def leave(self, branch: Instruction) -> None:
        """Leave the straight line: one instruction there may still issue beside one before the branch."""
        self._left = True
        shares = branch.target is not None and self._group.slots == 1 and self._ahead_bytes >= FETCH_BYTES
        self._group = self._group._replace(thirds=1) if shares and not self._group.closed else CLOSED
        self._ahead_bytes = 0

    def close(self, loops: tuple[int, ...], last: Instruction) -> Step:
        """Close the books."""
        now = self._ledger.time
        if not self._left:
            self._fetch(0)
        late = self._late_flags > self._last_issue
        mispredict = 0
        if last.writes_pc and last.kind is not Kind.LOOP:
            mispredict = cycles_of("mispredict") + (cycles_of("late_flags") if late else 0)
        still_open = now if self._group.closed else now - 1
        step = self._ledger.step(
            State(
                pending=tuple(
                    entry._replace(cycle=entry.cycle + still_open - now)
                    for entry in self._board.freeze(still_open)
                ),
                pipes=tuple(max(LAST_CYCLE, free - now) for free in self._pipes),
                group=CLOSED if self._group.closed else self._group,
                scalar_from=max(LAST_CYCLE, self._scalar_from - now),
                late_flags=max(LAST_CYCLE, self._late_flags - now),
                ahead_bytes=self._ahead_bytes,
                entered=self._left,
                loops=loops,
            )
        )
        return replace(step, mispredict=mispredict)

    def _held(self, instruction: Instruction) -> int:
        """Cycles that it holds issue."""
        if is_slow_double(instruction) and instruction.kind in DOUBLE_CYCLES:
            return DOUBLE_CYCLES[instruction.kind].cycles
        if instruction.kind is Kind.FP_DIVIDE and instruction.element_bits == HALF_BITS:
            return cycles_of("half_division")
        if _is_gather(instruction):
            return max(2, VECTOR_BYTES * 8 // max(8, instruction.element_bits) // 2)
        row = self._table.row(instruction)
        words = transfers(row, instruction)
        if instruction.memory is not None and instruction.memory.size_bytes > 4:
            words *= 2
        return max(1, row.cycles + (words + 1) // 2)

    def _wait(self, now: int, instruction: Instruction) -> Wait:
        """Find the cycle in which all operands and pipes are there."""
        wait = Wait(now)
        vector = instruction.kind in VECTOR_PIPES
        if not vector and instruction.kind is not Kind.LOOP:
            wait.until(self._scalar_from, Cause.MULTIPLE)
        self._operands(wait, instruction, vector=vector)
        if vector:
            wait.until(min(self._pipes[pipe] for pipe in pipes_of(instruction)), Cause.MULTIPLE)
            if _is_gather(instruction):
                wait.until(max(self._pipes[Pipe.LOAD], self._pipes[Pipe.STORE]), Cause.MULTIPLE)
        return wait

    def _operands(self, wait: Wait, instruction: Instruction, *, vector: bool) -> None:
        board, kind = self._board, instruction.kind
        reads = instruction.reads & ~(1 << PC)
        address, stored, addends = (
            reads & instruction.address_reads,
            reads & instruction.store_reads,
            reads & instruction.accumulator_reads,
        )
        if kind in (Kind.BRANCH, Kind.CALL):
            address = 0
            reads &= ~FLAGS  # predicted
        if _is_gather(instruction):
            for entry in board.entries(reads & FLOATS & ~stored):
                late = cycles_of("loaded_offsets") if entry.source is Source.LOAD else 0
                wait.until(entry.cycle + late, Cause.ADDRESS_HAZARD)
            address &= ~FLOATS
        wait.operands(board, address, 0, Cause.ADDRESS_HAZARD)
        rest = reads & ~address & ~stored & ~addends
        wait.operands(board, stored, self._store_stage(stored), Cause.RESULT_LATENCY)
        if vector or kind in FLOATING:
            wait.operands(board, rest, cycles_of("vector_operand"), Cause.RESULT_LATENCY)
            wait.operands(board, addends, self._addend_stage(instruction), Cause.RESULT_LATENCY)
            return
        early = _early_reads(instruction, rest)
        last = _last_stage(instruction, self._table)
        wait.operands(board, early, last, Cause.RESULT_LATENCY)
        wait.operands(board, rest & ~early | addends, last + _second_stage(instruction), Cause.RESULT_LATENCY)

    @staticmethod
    def _store_stage(stored: int) -> int:
        return cycles_of("vector_stored" if stored & FLOATS else "stored")

    @staticmethod
    def _addend_stage(instruction: Instruction) -> int:
        start = cycles_of("vector_operand")
        if instruction.kind is Kind.VECTOR_ACROSS:
            return cycles_of("vector_sum")
        if instruction.kind is Kind.VECTOR_MULTIPLY and instruction.name in FUSED_VECTORS:
            return cycles_of("vector_fused_addend")
        if instruction.kind is Kind.FP_MAC:
            return start + cycles_of("fused_addend_gain" if instruction.name in FUSED else "addend_gain")
        return start

    def _publish(self, instruction: Instruction, issued: int, done: int) -> None:
        """Note when the results can be used, and what the instruction keeps busy."""
        board, loaded, kind = self._board, instruction.load_writes, instruction.kind
        self._last_issue = issued
        writes = instruction.writes & ~loaded & ~(1 << PC)
        if instruction.memory is not None:
            board.publish(writes, done + 1)  # a base written back
        elif kind in VECTOR_PIPES or kind in FLOATING:
            latency = self._table.row(instruction).latency
            if is_float_product(instruction):
                latency = cycles_of("float_product")
            board.publish(writes & ~0xFFFF, done + cycles_of("vector_operand") + latency)
            to_core = "double_to_core" if moves_to_core(instruction) else "vector_result"
            board.publish(writes & 0xFFFF, done + cycles_of(to_core))
        else:
            self._publish_scalar(instruction, issued, done, writes)
        if loaded:
            board.publish(loaded, done + self._load_latency(instruction), Source.LOAD)
        self._occupy(instruction, issued, done)

    def _publish_scalar(self, instruction: Instruction, issued: int, done: int, writes: int) -> None:
        row = self._table.row(instruction)
        stage = row.reads_at
        last = _last_stage(instruction, self._table)
        early = _early_reads(instruction, instruction.reads)
        for entry in self._board.entries(instruction.reads & ~(1 << PC)):
            offset = 0 if early >> entry.register & 1 else _second_stage(instruction)
            stage = max(stage, min(last, entry.cycle - issued - offset))
        ready = done + stage + max(row.latency, 1 + _second_stage(instruction))
        self._board.publish(writes, ready)
        if instruction.sets_flags or writes & FLAGS:
            self._board.publish(FLAGS, ready)
            self._late_flags = max(ready - 1, issued + 1)

    def _load_latency(self, instruction: Instruction) -> int:
        memory, kind = instruction.memory, instruction.kind
        if kind is Kind.VECTOR_LOAD:
            apart = memory is None and not _is_gather(instruction)
            return cycles_of("vector_operand") + 1 + (cycles_of("interleaved_load") if apart else 0)
        if kind in (Kind.FP_LOAD, Kind.FP_LOAD_MULTIPLE):
            return cycles_of("vector_operand") + 1
        is_small = memory is not None and memory.size_bytes < 4
        return self._table.row(instruction).latency + (cycles_of("byte_load") if is_small else 0)

    def _occupy(self, instruction: Instruction, issued: int, done: int) -> None:
        if instruction.kind not in VECTOR_PIPES:
            return
        pipe = next(pipe for pipe in pipes_of(instruction) if self._pipes[pipe] <= issued)
        gathers = _is_gather(instruction)
        self._pipes[pipe] = done + 1 if gathers else issued + self._table.row(instruction).occupies
        if instruction.kind in (Kind.VECTOR_LOAD, Kind.VECTOR_STORE) and not gathers:
            self._scalar_from = done + 1 + cycles_of("after_vector_access")


def _is_gather(instruction: Instruction) -> bool:
    """Whether a vector's elements are the offsets or addresses of an access."""
    accesses = instruction.kind in (Kind.VECTOR_LOAD, Kind.VECTOR_STORE)
    interleaves = instruction.name.startswith(("vld2", "vld4", "vst2", "vst4"))
    return accesses and instruction.memory is None and not interleaves


def _takes_two_registers(instruction: Instruction) -> bool:
    """Whether it is a wide operation whose second operand goes through the shifter, shifted or not."""
    return (
        instruction.kind in (Kind.ALU, Kind.ALU_SHIFT)
        and instruction.is_wide
        and instruction.opcode >> 25 == SHIFTED_REGISTER
        and instruction.name not in SHIFTS | SELECTS | {"mov", "rrx"}
    )


def _early_reads(instruction: Instruction, reads: int) -> int:
    """Registers needed in the first of its stages."""
    if _takes_two_registers(instruction):
        return reads & 1 << (instruction.opcode & 15)
    if instruction.kind is Kind.DSP and instruction.shifted_reads:
        return reads & instruction.shifted_reads
    return reads & ~instruction.accumulator_reads


def _second_stage(instruction: Instruction) -> int:
    """How much later it takes its other operands."""
    if instruction.kind in MULTIPLIES:
        return cycles_of("product_operands")
    return int(
        _takes_two_registers(instruction) or bool(instruction.kind is Kind.DSP and instruction.shifted_reads)
    )


def _last_stage(instruction: Instruction, table: Table) -> int:
    """The last stage in which it can begin."""
    if instruction.kind is Kind.LOOP:
        return LAST_STAGE
    row = table.row(instruction)
    if instruction.kind not in (Kind.ALU, Kind.ALU_SHIFT):
        return row.reads_at
    if _takes_two_registers(instruction) or instruction.name in SHIFTS:
        return LAST_STAGE - 1
    if instruction.name in BITWISE or not row.names:
        return LAST_STAGE
    return row.reads_at


def model(parameters: CortexM85Parameters) -> CortexM85:  # noqa: ARG001 - none changes the pipeline
    """Build the model."""
    return CortexM85(Table(rows()))
