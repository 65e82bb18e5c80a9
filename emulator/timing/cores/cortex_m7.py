"""Cortex-M7 r1p1: two instructions issue per cycle, in order, when units and operands allow.

Tables and sources: :mod:`.cortex_m7_rows`. Priced here as from tightly coupled memory or warm
caches; what memory adds is :mod:`emulator.timing.memory.level_one`, what a wrong prediction adds is decided
by :mod:`emulator.timing.branch_predictor`, whether two loads of one cycle meet one bank by
their addresses (``Step.load_pairs``). With the parameter ``static_prediction`` = 1 the branch
target cache is off: backward branches are taken to be taken and forward ones not, and each
taken branch fetches anew. With it on, a taken branch that issues in the older slot takes the
instruction at its target along, if fetch ran a word ahead and two 16-bit instructions came
before it in this turn of the loop.

Approximated: double precision at middle values; state after a wrong prediction is the state
after a right one. Byte and half-word stores leave the store buffer at the pace of those to two banks
in turn; one word's take longer, which is ignored, as are half-cycle slides and the
alignment of store multiples. The parameter ``unaligned_load`` is what an unaligned load costs
beside its cycle, on a chip where that was measured to differ.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from msgspec.structs import replace

from emulator.thumb.instruction import FLAGS, Block, Instruction, Kind
from emulator.timing.cores.classes import (
    FLOATING_POINT,
    MULTIPLIES,
    is_conditional,
    is_multiple,
    moves_to_core,
    transfers,
)
from emulator.timing.cores.cortex_m7_pairing import (
    FP_MOVES,
    Slot,
    may_pair,
    share_decoder,
    slot_of,
    unknown_banks,
)
from emulator.timing.cores.cortex_m7_rows import (
    ADDEND_STAGE,
    DIVIDE,
    DOUBLE_CYCLES,
    EARLY_ALU,
    EXCEPTIONS,
    RULES,
    STORE_STAGE,
    UNALIGNED,
    CortexM7Parameters,
    rows,
)
from emulator.timing.cores.cortex_m7_slides import SlideBoard, Slides
from emulator.timing.cores.ledger import Ledger
from emulator.timing.cores.scoreboard import Frozen, Scoreboard, Source, Wait
from emulator.timing.cores.table import Table
from emulator.timing.model import FALL_THROUGH, Cause, Step, UnalignedTiming

FETCH_BYTES = RULES["fetch_bytes"].cycles
FETCH_QUEUE_BYTES = RULES["fetch_queue"].cycles
NARROW_BEFORE = RULES["narrow_before_branch"].cycles
EARLY_FLAGS = RULES["early_flags_distance"].cycles
WORD_BYTES = 4
NARROW_STORE_DRAIN = RULES["narrow_store"].cycles
NARROW_STORES_WAITING = RULES["narrow_stores_waiting"].cycles
NEVER = -2
"""Before the cycle in front of a block."""


class State(NamedTuple):
    """What one block leaves for the next."""

    pending: Frozen = ()
    slot: Slot | None = None  # the older instruction of a cycle that may take another
    entered: bool = True  # the next instruction is a branch's target
    fetched_bytes: int = 0  # how far fetch is ahead of it, a target's own word left out
    narrow: int = 0  # 16-bit instructions in this turn of a loop, up to the number that matters
    flags_age: int = 0  # cycles since flags were set, up to the distance that matters
    mac_shadow: int = 0  # cycles in which a MAC still blocks VADD and others
    after_first_mac: bool = False  # the last cycle had a MAC that no other one's shadow met
    slides: Slides = Slides()
    narrow_stores: int = 0  # cycles until the byte and half-word stores that wait have gone


class _Decoder:
    """When the decoder takes instructions from the prefetch queue, two at once if they may pair.

    One group is decoded while the one before it issues: it is taken when the one before that
    has issued, or its first two loads of one bank in two cycles have.
    """

    def __init__(self) -> None:
        self._issued = (-2, -1)  # the last cycles of the two groups before the current one
        self._last = -1
        self._older: Slot | None = None

    def issue(self, instruction: Instruction, last_cycle: int) -> None:
        """Note an instruction and the last cycle in which it issues."""
        if self._older is not None and share_decoder(self._older, instruction):
            self._older = None
        else:
            self._issued = self._issued[1], self._last
            self._older = slot_of(instruction)
        self._last = last_cycle

    @property
    def decoded(self) -> int:
        """The cycle in which the last group was taken."""
        return self._issued[0] + 1


class _Pass:
    """One pass through a block: the ledger and what changes on the way."""

    def __init__(self, state: State, block: Block) -> None:
        self.ledger = Ledger(len(block.instructions))
        self.board = Scoreboard(state.pending)
        self.slot = state.slot
        target_word = (block.address & ~(FETCH_BYTES - 1)) + FETCH_BYTES
        start = target_word if state.entered else block.address
        self.fetched = start + state.fetched_bytes  # address after the last byte fetched ...
        self.fetched_at = 0  # ... in this cycle
        self.fetched_before = self.fetched - (FETCH_BYTES if state.entered else 0)  # ... in the cycle before
        self.narrow = state.narrow
        self.flags_cycle = -state.flags_age
        self.mac_until = state.mac_shadow
        self.first_mac = -1 if state.after_first_mac else NEVER  # the last MAC outside of such a shadow
        self.slides = SlideBoard(state.slides)
        self.narrow_stores_gone = state.narrow_stores  # the cycle in which none of them waits any more
        self.load_pairs: list[tuple[int, int]] = []
        self.decoder = _Decoder()

    def fetch_cycle(self, end: int) -> int:
        """Cycle in which the instruction that ends at address ``end`` is there."""
        if end <= self.fetched_before:
            return self.fetched_at - 1
        missing = max(0, end - self.fetched)
        return self.fetched_at + (missing + FETCH_BYTES - 1) // FETCH_BYTES

    def target_ahead(self, end: int) -> int:
        """Bytes behind a target's own word that are there when it can issue, the branch ending at ``end``.

        0, or one word: then the target was there in the branch's own cycle.
        """
        word = -(-end // FETCH_BYTES) * FETCH_BYTES
        early = self.narrow >= NARROW_BEFORE and self.fetched - word > FETCH_BYTES
        return FETCH_BYTES if early else 0

    def refetch(self, address: int) -> None:
        """Start fetching at ``address``: what was fetched ahead is of no use."""
        self.fetched_before = address & ~(FETCH_BYTES - 1)
        self.fetched = self.fetched_before + FETCH_BYTES
        self.fetched_at = self.ledger.time

    def advance_fetch(self, consumed: int) -> None:
        """Let fetch run until now, at most a full queue ahead of ``consumed``."""
        cycles = self.ledger.time - self.fetched_at
        if cycles > 0:
            limit = max(self.fetched, consumed + FETCH_QUEUE_BYTES)
            before = self.fetched
            self.fetched = min(before + cycles * FETCH_BYTES, limit)
            self.fetched_before = max(before, self.fetched - FETCH_BYTES)
            self.fetched_at = self.ledger.time


class CortexM7:
    """Prices blocks two instructions at a time."""

    name = "cortex-m7"
    divide = DIVIDE
    exceptions = EXCEPTIONS

    def __init__(
        self, table: Table, *, static_prediction: bool, unaligned: UnalignedTiming = UNALIGNED
    ) -> None:
        self.table = table
        self.unaligned = unaligned
        self.static_prediction = static_prediction
        self.predicts_branches = not static_prediction

    @property
    def initial_state(self) -> Hashable:
        """Nothing under way, nothing fetched."""
        return State()

    def entry_class(self, block: Block) -> int:  # noqa: ARG002 - the contract's signature
        """Return 0: a block knows its own address, and entering costs nothing before it."""
        return 0

    def observed(self, block: Block) -> tuple[int, ...]:  # noqa: ARG002 - the contract's signature
        """Return nothing: jnk0le measured that a skipped instruction costs as if it ran."""
        return ()

    def step(self, state: Hashable, block: Block, skipped: int, edge: int) -> Step:  # noqa: ARG002
        """Price ``block``."""
        assert isinstance(state, State)
        run = _Pass(state, block)
        taken = False
        for index, instruction in enumerate(block.instructions):
            taken = instruction.writes_pc and (edge != FALL_THROUGH or not is_conditional(instruction))
            self._instruction(run, index, instruction)
            self._slide(run, index, instruction)
            _store_narrow(run, index, instruction)
            if instruction.writes_pc:
                self._way_out(run, index, instruction, taken=taken)
            elif not instruction.is_wide:
                run.narrow += 1
        now = run.ledger.time
        run.advance_fetch(block.end)
        ahead = run.fetched - block.end
        if taken:
            ahead = 0 if self.static_prediction else run.target_ahead(block.end)
        step = run.ledger.step(
            State(
                pending=run.board.freeze(now),
                slot=run.slot if ahead or not taken else None,
                entered=taken,
                fetched_bytes=max(0, ahead),
                narrow=self._narrow(run, block.instructions[-1], taken=taken),
                flags_age=min(now - run.flags_cycle, EARLY_FLAGS),
                mac_shadow=max(0, run.mac_until - now),
                after_first_mac=run.first_mac == now - 1,
                slides=run.slides.freeze(now),
                narrow_stores=max(0, run.narrow_stores_gone - now),
            )
        )
        mispredict = self._mispredict(run, block.instructions[-1])
        pairs, decoded = tuple(run.load_pairs), run.decoder.decoded
        return replace(step, mispredict=mispredict, load_pairs=pairs, decoded=decoded)

    def _narrow(self, run: _Pass, last: Instruction, *, taken: bool) -> int:
        """How many 16-bit instructions count for the next branch: of one turn of a loop."""
        if taken and (last.target is None or last.target <= last.address):
            return 0
        return min(run.narrow + (last.writes_pc and not last.is_wide), NARROW_BEFORE)

    def _mispredict(self, run: _Pass, last: Instruction) -> int:
        """What a wrong prediction of the block's last instruction would cost."""
        if self.static_prediction or not last.writes_pc:
            return 0
        return self._mispredict_cycles(run, last)

    def _mispredict_cycles(self, run: _Pass, branch: Instruction) -> int:
        early = is_conditional(branch) and run.ledger.time - run.flags_cycle > EARLY_FLAGS
        return RULES["mispredict"].cycles - (RULES["early_flags_gain"].cycles if early else 0)

    def _instruction(self, run: _Pass, index: int, instruction: Instruction) -> None:
        """Issue one instruction, in the younger slot of the last cycle if it can."""
        ledger = run.ledger
        frontier = ledger.time  # the first cycle with both slots free
        if run.slot is not None and may_pair(run.slot, instruction) and _beside_macs(run, instruction):
            together = self._wait(run, frontier - 1, instruction)
            if together.cycle == frontier - 1:
                ledger.issue(ago=1)
                if index and run.slot.loads and unknown_banks(run.slot, instruction):
                    run.load_pairs.append((index - 1, index))
                self._publish(run, instruction, frontier - 1)
                run.slot = None
                return
        wait = self._wait(run, frontier, instruction)
        ledger.charge(index, wait.cause, wait.cycle - frontier)
        ledger.issue()
        issued = ledger.time
        row = self.table.row(instruction)
        cycles = self.cycles_of(instruction)
        ledger.charge(index, Cause.ISSUE, 1)
        ledger.charge(index, row.cause, cycles - 1)
        run.advance_fetch(instruction.end)
        run.slot = slot_of(instruction) if cycles == 1 else None
        self._publish(run, instruction, issued + cycles - 1)

    def _slide(self, run: _Pass, index: int, instruction: Instruction) -> None:
        """Stall for a multiple that found no 16-bit instructions; note those of this one."""
        run.ledger.charge(index, Cause.FETCH, run.slides.stall(run.ledger.time))
        run.slides.issue(instruction, run.ledger.time)

    def cycles_of(self, instruction: Instruction) -> int:
        """Cycles that the instruction holds issue."""
        if instruction.double_precision and instruction.kind in DOUBLE_CYCLES:
            return DOUBLE_CYCLES[instruction.kind].cycles
        row = self.table.row(instruction)
        return row.cycles + (transfers(row, instruction) + 1) // 2

    def _wait(self, run: _Pass, earliest: int, instruction: Instruction) -> Wait:
        """Find the cycle in which operands, unit and the instruction itself are there."""
        wait = Wait(earliest)
        wait.until(run.fetch_cycle(instruction.end), Cause.FETCH)
        board, row = run.board, self.table.row(instruction)
        early = instruction.address_reads
        shifted = instruction.shifted_reads
        if instruction.kind in FLOATING_POINT:
            self._wait_for_floats(run, wait, instruction)
            wait.operands(board, early, 0, Cause.ADDRESS_HAZARD)
            return wait
        wait.operands(board, early, 0, Cause.ADDRESS_HAZARD)
        wait.operands(board, shifted, 0, Cause.RESULT_LATENCY)
        wait.operands(board, instruction.store_reads, STORE_STAGE, Cause.RESULT_LATENCY)
        addends = instruction.accumulator_reads
        wait.operands(board, addends, ADDEND_STAGE, Cause.RESULT_LATENCY)
        plain = instruction.reads & ~(early | shifted | addends | instruction.store_reads)
        if instruction.kind not in (Kind.BRANCH, Kind.CALL):
            wait.operands(board, plain, row.reads_at, Cause.RESULT_LATENCY)
        if instruction.kind in MULTIPLIES:
            loaded = board.latest(plain, Source.LOAD)
            if loaded is not None:
                needed_at = row.reads_at - RULES["load_to_multiply"].cycles
                wait.until(loaded.cycle - needed_at, Cause.LOAD_USE)
        return wait

    def _wait_for_floats(self, run: _Pass, wait: Wait, instruction: Instruction) -> None:
        """Wait for floating-point operands and for the shadow of a MAC."""
        board, addends, stored = run.board, instruction.accumulator_reads, instruction.store_reads
        plain = instruction.reads & ~(addends | stored | instruction.address_reads)
        wait.operands(board, plain, 0, Cause.RESULT_LATENCY)
        wait.operands(board, stored, ADDEND_STAGE, Cause.RESULT_LATENCY)
        for entry in board.entries(addends):
            gain = RULES[f"addend_from_{entry.source.name.lower()}"].cycles
            wait.until(entry.cycle - gain, Cause.RESULT_LATENCY)
        if instruction.kind is Kind.FP_ALU or is_multiple(instruction):
            wait.until(run.mac_until, Cause.FLOATING_POINT)

    def _publish(self, run: _Pass, instruction: Instruction, issued: int) -> None:
        """Note when results can be forwarded, and the flags and the MAC for later."""
        board = run.board
        run.decoder.issue(instruction, issued)
        if instruction.sets_flags:
            run.flags_cycle = issued
        if instruction.kind is Kind.FP_MAC:
            run.first_mac = issued if issued >= run.mac_until else NEVER
            run.mac_until = issued + 1 + RULES["mac_shadow"].cycles
        loaded, latency = instruction.load_writes, self.latency_of(instruction)
        if loaded and instruction.memory is not None:
            board.publish(loaded, issued + latency, Source.LOAD)
            board.publish(instruction.writes & ~loaded, issued + 1)
            return
        if may_run_early(instruction) and _finds_operands(board, instruction, issued):
            latency = 1
        source = Source.MAC if instruction.kind is Kind.FP_MAC else Source.RESULT
        board.publish(instruction.writes & ~FLAGS, issued + latency, source)
        if instruction.sets_flags:
            board.publish(FLAGS, issued + 2)

    def latency_of(self, instruction: Instruction) -> int:
        """Cycles from issue until the result, or what a load brings, can be forwarded."""
        memory = instruction.memory
        if memory is not None and instruction.kind is Kind.LOAD and memory.size_bytes < WORD_BYTES:
            return RULES["byte_load"].cycles
        return 2 if moves_to_core(instruction) else self.table.row(instruction).latency

    def _way_out(self, run: _Pass, index: int, instruction: Instruction, *, taken: bool) -> None:
        """Without the branch target cache: charge a taken branch's refill, or a wrong guess."""
        if self.static_prediction:
            backward = instruction.target is not None and instruction.target <= instruction.address
            if is_conditional(instruction) and instruction.target is not None and backward != taken:
                cost = self._mispredict_cycles(run, instruction)
                run.ledger.charge(index, Cause.MISPREDICT, cost)
                run.slot = None
                run.refetch(instruction.end)
            elif taken:
                run.ledger.charge(index, Cause.BRANCH, self.table.row(instruction).refill)


def may_run_early(instruction: Instruction) -> bool:
    """Whether it runs in stage 0 if its operands are there."""
    return instruction.kind is Kind.ALU and instruction.name in EARLY_ALU and not instruction.shifted_constant


def _finds_operands(board: Scoreboard, instruction: Instruction, issued: int) -> bool:
    """Whether an instruction finds its operands in stage 0."""
    pending = board.latest(instruction.reads)
    return pending is None or pending.cycle <= issued


def stores_narrow(instruction: Instruction) -> bool:
    """Whether it stores bytes or half-words."""
    memory = instruction.memory
    return memory is not None and memory.is_store and memory.size_bytes < WORD_BYTES


def _store_narrow(run: _Pass, index: int, instruction: Instruction) -> None:
    """Stall for a byte or half-word store that finds the store buffer full of such."""
    if not stores_narrow(instruction):
        return
    now = run.ledger.time
    run.narrow_stores_gone = max(now, run.narrow_stores_gone) + NARROW_STORE_DRAIN
    full = run.narrow_stores_gone - now - NARROW_STORES_WAITING * NARROW_STORE_DRAIN
    run.ledger.charge(index, Cause.STORE_BUFFER, max(0, full))


def _beside_macs(run: _Pass, younger: Instruction) -> bool:
    """Whether the shadow of multiply-accumulates lets ``younger`` join the last cycle."""
    cycle = run.ledger.time - 1
    if younger.kind in FP_MOVES:
        return cycle >= run.mac_until or cycle == run.first_mac
    older = run.slot
    if younger.kind is Kind.FP_MAC and older is not None and older.moves_float:
        return cycle >= run.mac_until
    return True


def model(parameters: CortexM7Parameters) -> CortexM7:
    """Build the model."""
    extra = parameters.unaligned_load
    return CortexM7(
        Table(rows()),
        static_prediction=bool(parameters.static_prediction),
        unaligned=replace(UNALIGNED, halfword_odd=extra, word_half=extra, word_odd=extra),
    )
