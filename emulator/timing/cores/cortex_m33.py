"""Cortex-M33 r1p0, zero wait states: a first version.

One instruction issues per cycle; results of two-stage instructions come a cycle late; a
NOP, IT or branch may share the cycle of a 16-bit instruction before it.

Sources: jnk0le = jnk0le/random, cortex_m33.md, measured on RP2350; there is no public
table by Arm. Approximated: floating-point instructions that issue before an operand is
there. Ignored: fetch effects, multiples between POP {LR} and BX LR.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Annotated, Literal, NamedTuple

from emulator.thumb.instruction import FLAGS, Block, Instruction, Kind
from emulator.timing.cores.classes import (
    FLOATING_POINT,
    MULTIPLIES,
    is_conditional,
    may_be_skipped,
    moves_to_core,
    moves_two_registers,
    transfers,
)
from emulator.timing.cores.ledger import Ledger
from emulator.timing.cores.scoreboard import Frozen, Scoreboard, Source, Wait
from emulator.timing.cores.table import Row, Rule, Table, check_rules
from emulator.timing.model import (
    FALL_THROUGH,
    Cause,
    DivideTiming,
    ExceptionTiming,
    Step,
    UnalignedTiming,
)
from emulator.timing.parameters import MPU_REGIONS, CoreParameters, TraceAtReset

JNK0LE = "jnk0le/random cortex_m33.md"
ONE_CYCLE_FP = frozenset({"vabs", "vneg", "vmov", "vcmp", "vcmpe", "vsel", "vmaxnm", "vminnm"})
ACCUMULATE_AT = 1
"""Addends and store data are needed in the second stage."""

RULES = check_rules(
    {
        "flags_of_two_stages": Rule(1, "measured", f"{JNK0LE}: MULS, flags of shifted constants"),
        "flags_after_shift": Rule(2, "measured", f"{JNK0LE}: flags of a shifted register a cycle later"),
        "second_register_to_core": Rule(1, "measured", f"{JNK0LE}: VMOV of two registers to core 2"),
        "quick_move": Rule(1, "measured", f"{JNK0LE}: latency of VMOV Sn, Rt and of VMOV Rt, Rt2, Dm"),
        "shifted_constant": Rule(2, "measured", f"{JNK0LE}: result latency 2"),
    }
)


def rows() -> Iterator[Row]:
    """Yield the table; ``latency`` 2 is a result of the second stage."""
    yield Row(Kind.ALU, 1, "measured", JNK0LE)
    yield Row(Kind.ALU_SHIFT, 1, "measured", JNK0LE, latency=2)
    for kind in (*MULTIPLIES, Kind.DSP):
        yield Row(kind, 1, "measured", JNK0LE, latency=2)
    yield Row(Kind.DIVIDE, 2, "guess", "2 to 11, recalled; the rest in DIVIDE", cause=Cause.DIVIDE)
    yield Row(Kind.LOAD, 1, "measured", JNK0LE, latency=2, refill=3)
    yield Row(Kind.STORE, 1, "measured", JNK0LE)
    for kind in (Kind.LOAD_DOUBLE, Kind.STORE_DOUBLE):
        yield Row(kind, 0, "measured", JNK0LE, per_transfer=1, latency=2, cause=Cause.MULTIPLE)
    yield Row(
        Kind.LOAD_MULTIPLE, 0, "measured", JNK0LE, per_transfer=1, latency=2, refill=3, cause=Cause.MULTIPLE
    )
    yield Row(Kind.STORE_MULTIPLE, 0, "measured", JNK0LE, per_transfer=1, cause=Cause.MULTIPLE)
    yield Row(Kind.BRANCH, 1, "measured", JNK0LE, refill=1)
    yield Row(Kind.CALL, 1, "guess", f"{JNK0LE}: taken as B", refill=1)
    yield Row(Kind.BRANCH_REGISTER, 1, "guess", f"{JNK0LE}: taken as B", refill=1)
    yield Row(Kind.TABLE_BRANCH, 2, "guess", "as a load and a jump", refill=3)
    for kind in (Kind.IT, Kind.NOP):
        yield Row(kind, 1, "measured", JNK0LE)
    yield Row(Kind.WAIT, 1, "guess", "sleep itself is not counted here")
    yield Row(Kind.SYSTEM, 2, "guess", "as on the Cortex-M4")
    yield Row(Kind.BARRIER, 4, "guess", "as on the Cortex-M4", names=frozenset({"isb"}))
    yield Row(Kind.BARRIER, 1, "guess", "as on the Cortex-M4")
    yield Row(Kind.PRELOAD, 1, "guess", "as a NOP")
    yield Row(Kind.UNKNOWN, 1, "guess", "faults or is foreign to the core")
    yield from floating_rows()


def floating_rows() -> Iterator[Row]:
    """Yield the rows of the single-precision FPU."""
    yield Row(Kind.FP_ALU, 1, "guess", JNK0LE, names=ONE_CYCLE_FP)
    yield Row(Kind.FP_ALU, 1, "measured", JNK0LE, latency=2)
    yield Row(Kind.FP_MULTIPLY, 1, "measured", JNK0LE, latency=2)
    yield Row(Kind.FP_MAC, 1, "measured", JNK0LE, latency=4, occupies=3)
    yield Row(Kind.FP_DIVIDE, 1, "guess", "as on the Cortex-M4", latency=15, occupies=14)
    yield Row(Kind.FP_MOVE, 1, "measured", JNK0LE, latency=2)
    yield Row(Kind.FP_LOAD, 0, "measured", JNK0LE, per_transfer=1)
    yield Row(Kind.FP_STORE, 0, "measured", JNK0LE, per_transfer=1)
    for kind in (Kind.FP_LOAD_MULTIPLE, Kind.FP_STORE_MULTIPLE):
        yield Row(kind, 0, "measured", JNK0LE, per_transfer=1, cause=Cause.MULTIPLE)


DIVIDE = DivideTiming(zero=0, smaller=1, by_width=tuple(2 + difference // 4 for difference in range(32)))
"""A guess: the Cortex-M4's shape, scaled to the recalled maximum of 11 cycles."""

UNALIGNED = UnalignedTiming(halfword_odd=1, word_half=1, word_odd=2)
"""A guess: two or three transfers, as on the Cortex-M4."""

EXCEPTIONS = ExceptionTiming(entry=12, exit=10, tail_chain=6, fp_frame=17)
"""Guesses: the Cortex-M4's."""


class State(NamedTuple):
    """What one block leaves for the next."""

    pending: Frozen = ()
    fp_busy: int = 0
    open_slot: bool = False  # the last instruction was 16 bits wide and issued alone
    set_flags: bool = False  # ... and set the flags


class CortexM33:
    """Prices blocks against a scoreboard."""

    name = "cortex-m33"
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

    def entry_class(self, block: Block) -> int:  # noqa: ARG002 - the contract's signature
        """Return 0: alignment of a target is not modelled."""
        return 0

    def observed(self, block: Block) -> tuple[int, ...]:
        """Conditional instructions that differ from a NOP (they issue as one when skipped)."""
        return tuple(
            index
            for index, instruction in enumerate(block.instructions)
            if may_be_skipped(instruction) and self.is_dear(instruction)
        )

    def is_dear(self, instruction: Instruction) -> bool:
        """Whether it costs more, or leaves more behind, than a NOP."""
        return (
            bool(instruction.memory)
            or self.latency_of(instruction) > 1
            or self.table.row(instruction).cycles > 1
            or holds_two_stages(instruction)
        )

    def step(self, state: Hashable, block: Block, skipped: int, edge: int) -> Step:
        """Price ``block``."""
        assert isinstance(state, State)
        ledger = Ledger(len(block.instructions))
        board = Scoreboard(state.pending)
        for index, instruction in enumerate(block.instructions):
            taken = instruction.writes_pc and (edge != FALL_THROUGH or not is_conditional(instruction))
            runs = not skipped >> index & 1 and (not instruction.writes_pc or taken)
            state = self._instruction(ledger, board, state, index, instruction, runs=runs)
            if taken:
                ledger.charge(index, Cause.BRANCH, self.table.row(instruction).refill)
                state = state._replace(open_slot=False)
        frozen = board.freeze(ledger.time)
        return ledger.step(state._replace(pending=frozen, fp_busy=max(0, state.fp_busy - ledger.time)))

    def _instruction(
        self,
        ledger: Ledger,
        board: Scoreboard,
        state: State,
        index: int,
        instruction: Instruction,
        *,
        runs: bool,
    ) -> State:
        """Price one instruction up to its way out."""
        if _shares_cycle(state, instruction, runs=runs):
            ledger.issue()
            return state._replace(open_slot=False)
        after = State(
            open_slot=not instruction.is_wide, set_flags=instruction.sets_flags, fp_busy=state.fp_busy
        )
        if not runs:
            ledger.issue()
            ledger.charge(index, Cause.ISSUE, 1)
            return after
        wait = self._wait(ledger.time, board, state, instruction)
        ledger.charge(index, wait.cause, wait.cycle - ledger.time)
        ledger.issue()
        row = self.table.row(instruction)
        issued = ledger.time
        ledger.charge(index, Cause.ISSUE, 1)
        ledger.charge(index, row.cause, self.cycles_of(instruction) - 1)
        if holds_two_stages(instruction):
            ledger.charge(index, Cause.RESULT_LATENCY, RULES["flags_of_two_stages"].cycles)
        self._publish(board, instruction, issued, ledger.time)
        if instruction.kind in FLOATING_POINT:
            after = after._replace(fp_busy=issued + row.occupies)
        return after

    def cycles_of(self, instruction: Instruction) -> int:
        """Cycles that it holds issue, without those for flags from the second stage."""
        row = self.table.row(instruction)
        cycles = row.cycles + transfers(row, instruction)
        if moves_two_registers(instruction) and moves_to_core(instruction):
            cycles += RULES["second_register_to_core"].cycles
        return cycles

    def _wait(self, now: int, board: Scoreboard, state: State, instruction: Instruction) -> Wait:
        """Find the cycle in which all operands and the unit are there."""
        wait = Wait(now)
        late = instruction.accumulator_reads | instruction.store_reads
        if instruction.kind is Kind.DSP and instruction.shifted_reads:
            late = instruction.reads & ~instruction.shifted_reads
            loaded = board.latest(late, Source.LOAD)
            if loaded is not None:
                wait.until(loaded.cycle, Cause.LOAD_USE)
        early = instruction.reads & ~late
        address = instruction.address_reads
        wait.operands(board, early & address, 0, Cause.ADDRESS_HAZARD)
        wait.operands(board, early & ~address, 0, Cause.RESULT_LATENCY)
        wait.operands(board, late, ACCUMULATE_AT, Cause.RESULT_LATENCY)
        if instruction.kind in FLOATING_POINT:
            wait.until(state.fp_busy, Cause.FLOATING_POINT)
        return wait

    def _publish(self, board: Scoreboard, instruction: Instruction, issued: int, done: int) -> None:
        """Note when the results can be used."""
        if instruction.load_writes and instruction.memory is not None:
            board.publish(instruction.writes & ~instruction.load_writes, issued + 1)
            last = 1 << (instruction.load_writes.bit_length() - 1)
            board.publish(instruction.load_writes & ~last, done)
            board.publish(last, done - 1 + self.latency_of(instruction), Source.LOAD)
            return
        board.publish(instruction.writes & ~FLAGS, issued + self.latency_of(instruction))
        if instruction.sets_flags:
            board.publish(FLAGS, issued + flags_latency_of(instruction))

    def latency_of(self, instruction: Instruction) -> int:
        """Cycles from issue until the result can be used."""
        if instruction.shifted_constant:
            return RULES["shifted_constant"].cycles
        pair, to_core = moves_two_registers(instruction), moves_to_core(instruction)
        if instruction.kind is Kind.FP_MOVE and pair == to_core:
            return RULES["quick_move"].cycles
        return self.table.row(instruction).latency


def flags_latency_of(instruction: Instruction) -> int:
    """Cycles from issue until the flags that it sets can be used."""
    return RULES["flags_after_shift"].cycles if instruction.kind is Kind.ALU_SHIFT else 1


def holds_two_stages(instruction: Instruction) -> bool:
    """Whether setting the flags from the second stage takes a cycle more."""
    if not instruction.sets_flags:
        return False
    if instruction.kind is Kind.MULTIPLY:
        return True
    return instruction.shifted_constant and instruction.name != "mov"


def _shares_cycle(state: State, instruction: Instruction, *, runs: bool) -> bool:
    """Whether the instruction issues together with the 16-bit one before it."""
    if not state.open_slot or instruction.is_wide:
        return False
    if instruction.kind in (Kind.NOP, Kind.IT):
        return True
    if instruction.kind in (Kind.BRANCH, Kind.BRANCH_REGISTER):
        return not runs or not state.set_flags
    return False


class CortexM33Parameters(CoreParameters, frozen=True):
    """Options of the chip around a Cortex-M33."""

    mpu_regions: Annotated[Literal[0, 4, 8, 12, 16], MPU_REGIONS] = 8  # 100230
    trace_at_reset: TraceAtReset = 0


def model(parameters: CortexM33Parameters) -> CortexM33:  # noqa: ARG001 - none changes the pipeline
    """Build the model."""
    return CortexM33(Table(rows()))
