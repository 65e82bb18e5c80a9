"""The contract between a core's pipeline model and the engine.

A model is a pure function over small hashable states. The engine memoizes it: each
(state, block, skipped) is a path, each way out of a path an edge, and running the same
path again costs a table look-up. So a model may be as slow and as readable as it likes.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import msgspec

from emulator.thumb.instruction import Block


class Cause(Enum):
    """Why a cycle was spent; the words of ``boardless explain``."""

    ISSUE = "issue"
    LOAD_USE = "load-use"
    ADDRESS_HAZARD = "address hazard"
    RESULT_LATENCY = "result latency"
    MULTIPLE = "multiple transfer"
    BRANCH = "branch"
    MISPREDICT = "mispredict"
    FETCH = "fetch"
    STORE_BUFFER = "store buffer"
    MULTIPLY = "multiply"
    DIVIDE = "divide"
    FLOATING_POINT = "floating point"
    UNALIGNED = "unaligned data"
    FLASH = "flash"
    CACHE = "cache"
    BUS = "bus"
    EXCEPTION = "exception"


FALL_THROUGH = 0
ENTRY_CLASSES = 8
"""An edge is FALL_THROUGH, or 1 + the entry class (0..7) of the block branched to."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """What one pass through a block costs.

    ``cycles``: the whole block, its way out included. ``issue_cycles``: for each
    instruction the cycle, from the block's start, at which it issues (non-decreasing);
    it depends on state, block and skipped only, never on the edge. ``costs``: for each
    instruction its (cause, cycles) pairs; all together they sum to ``cycles``.
    ``mispredict``: cycles beyond that when the branch at the block's end was predicted wrong
    (only of models that set ``predicts_branches``). ``load_pairs``: indices of two loads that issue
    in one cycle if their addresses meet different banks of words, and in two otherwise.
    ``decoded``: the cycle in which the decoder took the block's last instruction, if prefetching
    depends on it (a Cortex-M7 without branch prediction).
    """

    cycles: int
    next_state: Hashable
    issue_cycles: tuple[int, ...]
    costs: tuple[tuple[tuple[Cause, int], ...], ...]
    mispredict: int = 0
    load_pairs: tuple[tuple[int, int], ...] = ()
    decoded: int = -1

    def costs_of(self, instructions: int) -> tuple[tuple[tuple[Cause, int], ...], ...]:
        """``costs`` of a block of so many instructions; a model that only counts tells no causes."""
        return self.costs or (((Cause.ISSUE, 1),),) * instructions


class DivideTiming(msgspec.Struct, frozen=True, gc=False):
    """Cycles of a division by its operands, beyond the cycle counted in the step.

    ``zero``: an operand is 0. ``smaller``: |dividend| has fewer bits than |divisor|.
    ``by_width[d]``: else, d = difference of the two widths in bits, 0..31.
    All are extra cycles over what :meth:`CoreModel.step` counted for the instruction.
    """

    zero: int = 0
    smaller: int = 0
    by_width: tuple[int, ...] = (0,) * 32


class UnalignedTiming(msgspec.Struct, frozen=True, gc=False):
    """Extra cycles of a data access by its address: unaligned, or to another memory than the last.

    With ``store_drain``, unaligned stores go through a buffer of ``store_entries``: each leaves
    it ``store_drain`` cycles after the one before, and only a full buffer stalls; and an
    unaligned load right behind one that paid costs nothing more: the two went together.
    """

    halfword_odd: int = 0
    word_half: int = 0  # word at address % 4 == 2
    word_odd: int = 0
    other_memory: int = 0  # than the data access before
    leave_flash: int = 0  # ... and back from one behind an accelerator
    store_drain: int = 0
    store_entries: int = 0


class ExceptionTiming(msgspec.Struct, frozen=True, gc=False):
    """Cycles of exception entry and exit at zero wait states."""

    entry: int
    exit: int
    tail_chain: int
    fp_frame: int = 0  # extra for stacking or unstacking 17 FP words eagerly


class CoreModel(Protocol):
    """One core's pipeline, as data and a step function."""

    name: str
    divide: DivideTiming
    unaligned: UnalignedTiming
    exceptions: ExceptionTiming
    predicts_branches: bool  # a dynamic predictor adds Step.mispredict where it was wrong

    @property
    def initial_state(self) -> Hashable:
        """State after a refill: reset, exception entry and return."""

    def entry_class(self, block: Block) -> int:
        """0..7: what a branch's cost needs to know of its target (alignment, width)."""

    def step(self, state: Hashable, block: Block, skipped: int, edge: int) -> Step:
        """Price ``block`` entered in ``state`` and left by ``edge``.

        ``skipped``: bit i set when instruction i failed its IT condition. Only
        instructions named by :meth:`observed` have their bit set; others are priced
        as executed, which a model must make harmless.
        """

    def observed(self, block: Block) -> tuple[int, ...]:
        """Indices of conditional instructions whose skipping changes the price."""


@dataclass(slots=True)
class CountModel:
    """One cycle an instruction: for counting alone (``timing="count"``)."""

    name: str = "count"
    initial_state: Hashable = 0
    divide: DivideTiming = field(default_factory=DivideTiming)
    unaligned: UnalignedTiming = field(default_factory=UnalignedTiming)
    exceptions: ExceptionTiming = field(default_factory=lambda: ExceptionTiming(0, 0, 0))
    predicts_branches: bool = False

    def entry_class(self, block: Block) -> int:  # noqa: ARG002
        """Targets do not differ."""
        return 0

    def observed(self, block: Block) -> tuple[int, ...]:  # noqa: ARG002
        """Conditions do not matter."""
        return ()

    def step(self, state: Hashable, block: Block, skipped: int, edge: int) -> Step:  # noqa: ARG002
        """One cycle each."""
        n = len(block.instructions)
        return Step(n, 0, tuple(range(n)), ())
