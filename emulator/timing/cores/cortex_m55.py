"""Cortex-M55 r1p0: one instruction issues per cycle, in order; a vector runs two beats a cycle.

Tables and sources: :mod:`.cortex_m55_rows`. Priced as from tightly coupled memory, from which the published
counts behind it were measured (benches/assembly/silicon_m55.csv).

* A vector instruction holds its pipe of the extension unit for two cycles and issue for one: the next one
  issues in the next cycle when it takes another pipe, and its first beat then runs beside the last beat of
  the one before. Scalar floating point takes the same pipes for one cycle.
* Of two 16-bit instructions in a row that need nothing of each other, one being a NOP, an IT, a branch, an
  ADD or SUB with a constant, a MOV or an extension, both issue in one cycle.
* A taken branch takes two cycles, a 32-bit one (beside BL) three; one more when the instruction at its target
  has 32 bits and lies in two words of memory.
* A store takes its data a cycle later than others take their operands.
* LE ends a turn for nothing once its loop is known: the first turn pays as a branch does. What the core
  knows of a loop is lost when it ends, or another begins.
* A predicated lane costs what an active one does; so does an instruction whose condition fails.

Ignored: fetch but for branches' targets, contention between the core and the extension unit, elements of one
gather that meet in a bank, a load from a bank of the TCM behind a store to it, ITCM's 32 bits for data.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from emulator.thumb.instruction import FLAGS, S_BASE, Block, Instruction, Kind
from emulator.timing.cores.classes import LOOP_ENDS, is_multiple, may_be_skipped, may_stay
from emulator.timing.cores.cortex_m55_rows import (
    DIVIDE,
    DOUBLE_LATENCIES,
    EXCEPTIONS,
    RULES,
    UNALIGNED,
    VECTOR_PIPES,
    CortexM55Parameters,
    Pipe,
    pipe_of,
    rows,
)
from emulator.timing.cores.ledger import Ledger
from emulator.timing.cores.scoreboard import Frozen, Scoreboard, Source, Wait
from emulator.timing.cores.table import Table
from emulator.timing.model import FALL_THROUGH, Cause, Step

ALONE, OPEN_FOR_LIGHT, OPEN = 0, 1, 2
"""What may join the last cycle: nothing, one of those that pair, any 16-bit instruction."""
ACROSS_STEPS = {8: 0, 16: 1, 32: 2}
"""Steps of a maximum across a vector, by the elements' bits."""
GATHER_LEAD = RULES["gather_offsets"].cycles
HALF_BITS = 16
SPLIT = 1
"""The entry class of a 32-bit instruction that lies in two words of memory."""
INTO_SPLIT = FALL_THROUGH + 1 + SPLIT
"""The edge of a branch to one."""
STORES_LATE = frozenset({Kind.STORE, Kind.STORE_DOUBLE, Kind.VECTOR_STORE})
"""What takes the data that it stores a stage later than others take their operands."""
ADD_3, ADD_8, MOV_8, MOV_REGISTER, EXTENSION = (
    range(0x1C, 0x20),
    range(0x30, 0x40),
    range(0x20, 0x28),
    0x46,
    0xB2,
)


class State(NamedTuple):
    """What one block leaves for the next."""

    pending: Frozen = ()
    pipes: tuple[int, ...] = (0,) * len(Pipe)  # cycles until each takes another instruction
    slot: int = ALONE
    loop: int = 0  # the address of the LE whose loop is known


class CortexM55:
    """Prices blocks against a scoreboard and four pipes."""

    name = "cortex-m55"
    divide = DIVIDE
    unaligned = UNALIGNED
    exceptions = EXCEPTIONS
    predicts_branches = False

    def __init__(self, table: Table) -> None:
        self.table = table

    @property
    def initial_state(self) -> Hashable:
        """Nothing under way."""
        return State()

    def entry_class(self, block: Block) -> int:
        """Say whether a branch's target is a 32-bit instruction in two words of memory."""
        first = block.instructions[0]
        return SPLIT if first.is_wide and first.address % 4 == 2 else 0

    def observed(self, block: Block) -> tuple[int, ...]:
        """Conditional instructions that leave more behind than a NOP."""
        return tuple(
            index
            for index, instruction in enumerate(block.instructions)
            if may_be_skipped(instruction) and self._is_dear(instruction)
        )

    def _is_dear(self, instruction: Instruction) -> bool:
        return (
            bool(instruction.memory)
            or self.cycles_of(instruction) > 1
            or self.latency_of(instruction) > 1
            or pipe_of(instruction) is not None
        )

    def step(self, state: Hashable, block: Block, skipped: int, edge: int) -> Step:
        """Price ``block``."""
        assert isinstance(state, State)
        run = _Pass(self, state, len(block.instructions))
        loop = state.loop
        for index, instruction in enumerate(block.instructions):
            leaves = instruction.writes_pc and (edge != FALL_THROUGH or not may_stay(instruction))
            if instruction.kind is Kind.LOOP:
                loop = run.loop(index, instruction, loop, leaves=leaves)
                continue
            run.instruction(index, instruction, runs=not skipped >> index & 1)
            if leaves:
                run.refill(index, self.refill_of(instruction, edge))
        return run.close(loop)

    def cycles_of(self, instruction: Instruction) -> int:
        """Cycles that it holds issue."""
        row = self.table.row(instruction)
        memory = instruction.memory
        if not row.per_transfer or memory is None:
            return max(1, row.cycles)
        words = memory.count * max(1, memory.size_bytes // 4)
        return max(1, row.cycles + (words + 1) // 2 * row.per_transfer)

    def refill_of(self, instruction: Instruction, edge: int) -> int:
        """Cycles behind a way out until the next instruction issues."""
        refill = self.table.row(instruction).refill
        if instruction.is_wide and instruction.kind is Kind.BRANCH:
            refill += RULES["wide_branch"].cycles
        return refill + (RULES["split_target"].cycles if edge == INTO_SPLIT else 0)

    def occupies(self, instruction: Instruction) -> int:
        """Cycles for which it has its pipe."""
        if instruction.double_precision and instruction.kind in DOUBLE_LATENCIES:
            return DOUBLE_LATENCIES[instruction.kind].cycles - 1
        if is_half_division(instruction):
            return RULES["half_division"].cycles - 1
        return max(self.table.row(instruction).occupies, self.cycles_of(instruction))

    def latency_of(self, instruction: Instruction) -> int:
        """Cycles from issue until the result can be used."""
        if instruction.double_precision and instruction.kind in DOUBLE_LATENCIES:
            return DOUBLE_LATENCIES[instruction.kind].cycles
        if is_half_division(instruction):
            return RULES["half_division"].cycles
        latency = self.table.row(instruction).latency
        if instruction.kind is Kind.VECTOR_LOAD and is_gather(instruction):
            return latency + 1
        if instruction.name == "vabav":
            return latency + RULES["late_difference"].cycles
        if instruction.name in ("vmaxv", "vminv", "vmaxav", "vminav"):
            return latency + RULES["late_maximum"].cycles * ACROSS_STEPS.get(instruction.element_bits, 0)
        return latency


class _Pass:
    """One pass through a block: the ledger and what changes on the way."""

    def __init__(self, core: CortexM55, state: State, instructions: int) -> None:
        self._core = core
        self._ledger = Ledger(instructions)
        self._board = Scoreboard(state.pending)
        self._pipes = list(state.pipes)  # the cycle in which each is free
        self._slot = state.slot

    def instruction(self, index: int, instruction: Instruction, *, runs: bool) -> None:
        """Price one instruction up to its way out."""
        ledger = self._ledger
        if self._joins(instruction, runs=runs):
            ledger.issue(ago=1)
            self._slot = ALONE
            if runs:
                self._publish(instruction, ledger.time - 1, ledger.time)
            return
        self._slot = _slot_after(instruction)
        if not runs:
            ledger.issue()
            ledger.charge(index, Cause.ISSUE, 1)
            return
        wait = self._wait(ledger.time, instruction)
        ledger.charge(index, wait.cause, wait.cycle - ledger.time)
        ledger.issue()
        issued = ledger.time
        ledger.charge(index, Cause.ISSUE, 1)
        cycles = self._core.cycles_of(instruction)
        ledger.charge(index, self._core.table.row(instruction).cause, cycles - 1)
        self._publish(instruction, issued, ledger.time)

    def loop(self, index: int, instruction: Instruction, known: int, *, leaves: bool) -> int:
        """Price what begins or ends a loop; the loop that is known afterwards."""
        ledger = self._ledger
        ends = instruction.name in LOOP_ENDS
        if ends and leaves and instruction.address == known:
            ledger.issue()
            if instruction.target == instruction.address:  # a loop of nothing: else time would stand still
                ledger.charge(index, Cause.ISSUE, 1)
            return known
        self.instruction(index, instruction, runs=True)
        if leaves:
            self.refill(index, self._core.table.row(instruction).refill)
        return instruction.address if ends and leaves else 0

    def refill(self, index: int, cycles: int) -> None:
        """Leave the straight line."""
        self._ledger.charge(index, Cause.BRANCH, cycles)
        self._slot = ALONE

    def close(self, loop: int) -> Step:
        """Close the books."""
        now = self._ledger.time
        busy = tuple(max(0, free - now) for free in self._pipes)
        return self._ledger.step(State(self._pending(now), busy, self._slot, loop))

    def _pending(self, now: int) -> Frozen:
        """What still matters: to one that would join the last cycle, to a gather some cycles later."""
        joins = 0 if self._slot == ALONE else 1
        kept = self._board.freeze(now - GATHER_LEAD)
        return tuple(
            entry._replace(cycle=entry.cycle - GATHER_LEAD)
            for entry in kept
            if entry.cycle > GATHER_LEAD - joins or entry.register >= S_BASE
        )

    def _joins(self, instruction: Instruction, *, runs: bool) -> bool:
        """Whether it issues together with the 16-bit instruction before it."""
        if self._slot == ALONE or instruction.is_wide:
            return False
        if self._slot == OPEN_FOR_LIGHT and not is_light(instruction):
            return False
        if self._core.cycles_of(instruction) > 1:
            return False
        cycle = self._ledger.time - 1
        return not runs or self._wait(cycle, instruction).cycle == cycle

    def _wait(self, now: int, instruction: Instruction) -> Wait:
        """Find the cycle in which all operands and the pipe are there."""
        wait, board = Wait(now), self._board
        reads, address, stored = instruction.reads, instruction.address_reads, instruction.store_reads
        wait.operands(board, reads & address, 0, Cause.ADDRESS_HAZARD)
        early = RULES["stored_result"].cycles if instruction.kind in STORES_LATE else 0
        wait.operands(board, reads & stored & ~address, early, Cause.RESULT_LATENCY)
        wait.operands(board, reads & ~address & ~stored, 0, Cause.RESULT_LATENCY)
        if instruction.kind in (Kind.VECTOR_LOAD, Kind.VECTOR_STORE) and is_gather(instruction):
            offsets = (reads & ~stored) >> S_BASE << S_BASE
            wait.operands(board, offsets, -GATHER_LEAD, Cause.ADDRESS_HAZARD)
        pipe = pipe_of(instruction)
        if pipe is not None:
            vector = instruction.kind in VECTOR_PIPES
            wait.until(self._pipes[pipe], Cause.MULTIPLE if vector else Cause.FLOATING_POINT)
        return wait

    def _publish(self, instruction: Instruction, issued: int, done: int) -> None:
        """Note when the results can be used, and when the pipe is free."""
        board, latency = self._board, self._core.latency_of(instruction)
        loaded = instruction.load_writes
        board.publish(instruction.writes & ~loaded & ~FLAGS, issued + (1 if loaded else latency))
        if loaded:
            board.publish(loaded, done - 1 + latency, Source.LOAD)
        if instruction.sets_flags:
            board.publish(FLAGS, issued + latency)
        pipe = pipe_of(instruction)
        if pipe is not None:
            self._pipes[pipe] = issued + self._core.occupies(instruction)


def is_half_division(instruction: Instruction) -> bool:
    """Whether it is a VDIV or VSQRT of half precision."""
    return instruction.kind is Kind.FP_DIVIDE and instruction.element_bits == HALF_BITS


def is_gather(instruction: Instruction) -> bool:
    """Whether a vector's elements are the offsets or addresses of an access."""
    return instruction.memory is None and not instruction.name.startswith(("vld2", "vld4", "vst2", "vst4"))


def is_light(instruction: Instruction) -> bool:
    """Whether it may issue beside another 16-bit instruction (LLVM's M55WriteDI, and branches)."""
    if instruction.is_wide:
        return False
    if instruction.kind in (Kind.NOP, Kind.IT, Kind.BRANCH):
        return True
    top = instruction.opcode >> 8
    return top in ADD_3 or top in ADD_8 or top in MOV_8 or top in (MOV_REGISTER, EXTENSION)


def _slot_after(instruction: Instruction) -> int:
    if instruction.is_wide or is_multiple(instruction):
        return ALONE
    return OPEN if is_light(instruction) else OPEN_FOR_LIGHT


def model(parameters: CortexM55Parameters) -> CortexM55:  # noqa: ARG001 - none changes the pipeline
    """Build the model."""
    return CortexM55(Table(rows()))
