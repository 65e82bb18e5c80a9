"""Cycles beyond one an instruction, split as the DWT's profiling counters split them.

ARMv7-M Architecture Reference Manual C1.8: cycles = instructions + CPICNT + EXCCNT + SLEEPCNT
+ LSUCNT - FOLDCNT. The timing model has the same account in finer pieces, so nothing is
counted twice: an :class:`OverheadAccount` adds up, when it is asked, what the paths that the
hook has counted cost beyond one cycle an instruction. Until it is first asked it costs nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import NamedTuple

from emulator.engine.automaton import Automaton
from emulator.engine.events import EVENT_LOAD, EVENT_STORE
from emulator.engine.hook import EVENT_PARTS, BlockHook
from emulator.thumb.instruction import Instruction
from emulator.timing.model import Cause

LOAD_STORE_CAUSES = (Cause.LOAD_USE, Cause.STORE_BUFFER, Cause.UNALIGNED)
"""Always a load's or store's, whichever instruction waited."""

Costs = Iterable[tuple[Cause, int]]


class Overhead(NamedTuple):
    """``cpi`` and ``load_store``: cycles beyond the first. ``folded``: instructions that took none."""

    cpi: int = 0
    load_store: int = 0
    folded: int = 0

    def plus(self, other: Overhead, times: int = 1) -> Overhead:
        """The sum of this and ``times`` of another."""
        return Overhead(*(a + times * b for a, b in zip(self, other, strict=True)))


class OverheadAccount:
    """Says what one machine has spent beyond one cycle an instruction, up to this very moment.

    ``served()``: position in the current block of the register access being served, None
    between blocks; it has run the block's events up to there.
    """

    def __init__(self, hook: BlockHook, automaton: Automaton, served: Callable[[], int | None]) -> None:
        self._hook = hook
        self._automaton = automaton
        self._served = served
        self._weights: dict[tuple[int, int, int, int], Overhead] = {}
        self._elsewhere = Overhead()  # what no path and no event holds
        self.used = False

    def now(self) -> Overhead:
        """The sum so far; only differences mean something, and only without a restored snapshot between."""
        self.used = True
        position = self._served()
        total = self._elsewhere
        for path in self._hook.path_counts():
            for edge, count in enumerate(path.counts):
                if count:
                    total = total.plus(self._weight(path.state, path.block, path.skipped, edge), count)
        total = total.plus(self._stalls())
        return total if position is None else total.plus(self._begun(position))

    def abandon_at(self, address: int) -> None:
        """The current block will be abandoned before the instruction at ``address``."""
        if self.used and self._hook.current >= 0:
            self._add(self._begun(self._automaton.position_of(address)))

    def skip(self, turn: Overhead, turns: int) -> None:
        """Count ``turns`` turns of a waiting loop that were not run one by one."""
        self._add(turn, turns)

    def _add(self, overhead: Overhead, times: int = 1) -> None:
        self._elsewhere = self._elsewhere.plus(overhead, times)

    def _weight(self, state: int, block: int, skipped: int, edge: int) -> Overhead:
        key = state, block, skipped, edge
        if key not in self._weights:
            step = self._automaton.step(*key)
            instructions = self._automaton.plans[block].block.instructions
            total = Overhead()
            for instruction, costs in zip(instructions, step.costs_of(len(instructions)), strict=True):
                total = total.plus(_split(instruction, costs))
            self._weights[key] = total
        return self._weights[key]

    def _stalls(self) -> Overhead:
        """What memories, operands and predictions have added to the paths."""
        cpi = load_store = at = 0
        words = array("Q")
        words.frombytes(self._hook.counters().events)
        for plan in self._automaton.plans:
            count = len(plan.events)
            for event, stall in zip(plan.events, words[at : at + count], strict=True):
                if event.kind in (EVENT_LOAD, EVENT_STORE):
                    load_store += stall
                else:
                    cpi += stall
            at += EVENT_PARTS * count
        return Overhead(cpi, load_store)

    def _begun(self, position: int) -> Overhead:
        """The current block up to the issue of instruction ``position``, its stalls left out."""
        step = self._automaton.current_step()
        instructions = self._automaton.plans[self._hook.current].block.instructions
        costs = step.costs_of(len(instructions))
        total, left = Overhead(), step.issue_cycles[position]
        for instruction, spent in zip(instructions[:position], costs, strict=False):
            total = total.plus(_split(instruction, spent))
            left -= sum(cycles for _, cycles in spent)
        if left < 0:  # it issues together with the one before
            return total.plus(Overhead(folded=-left))
        waited = []
        for cause, cycles in costs[position]:  # what comes before its issue
            waited.append((cause, min(cycles, left)))
            left -= waited[-1][1]
        return total.plus(_split(instructions[position], [*waited, (Cause.ISSUE, 1)]))


def _split(instruction: Instruction, costs: Costs) -> Overhead:
    """One pass of one instruction."""
    issue = cpi = load_store = 0
    for cause, cycles in costs:
        if cause is Cause.ISSUE:
            issue += cycles
        elif cause is Cause.FETCH:
            cpi += cycles
        elif cause in LOAD_STORE_CAUSES or instruction.memory is not None:
            load_store += cycles
        else:
            cpi += cycles
    longer = max(0, issue - 1)
    if instruction.memory is not None:
        return Overhead(cpi, load_store + longer, int(not issue))
    return Overhead(cpi + longer, load_store, int(not issue))
