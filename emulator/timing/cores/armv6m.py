"""What Cortex-M0 and Cortex-M0+ share: no state, every instruction its table price.

Approximated: memory at zero wait states; fetch and data sharing one bus cost nothing
beyond the table (true of the routines traced so far); jitter of interrupts.
"""

from __future__ import annotations

from collections.abc import Hashable

from emulator.thumb.instruction import Block
from emulator.timing.cores.classes import is_conditional, transfers
from emulator.timing.cores.ledger import Ledger
from emulator.timing.cores.table import Table
from emulator.timing.model import (
    FALL_THROUGH,
    Cause,
    DivideTiming,
    ExceptionTiming,
    Step,
    UnalignedTiming,
)


class Armv6mModel:
    """A core without hazards between instructions."""

    divide = DivideTiming()
    unaligned = UnalignedTiming()
    predicts_branches = False

    def __init__(self, name: str, table: Table, exceptions: ExceptionTiming) -> None:
        self.name = name
        self.table = table
        self.exceptions = exceptions

    @property
    def initial_state(self) -> Hashable:
        """The only state."""
        return ()

    def entry_class(self, block: Block) -> int:  # noqa: ARG002 - the contract's signature
        """Return 0: alignment of a target is free."""
        return 0

    def observed(self, block: Block) -> tuple[int, ...]:  # noqa: ARG002 - the contract's signature
        """Return nothing: ARMv6-M has no IT."""
        return ()

    def step(self, state: Hashable, block: Block, skipped: int, edge: int) -> Step:  # noqa: ARG002
        """Sum the table's rows; only the last instruction can leave the line."""
        ledger = Ledger(len(block.instructions))
        for index, instruction in enumerate(block.instructions):
            ledger.issue()
            row = self.table.row(instruction)
            ledger.charge(index, Cause.ISSUE, 1)
            ledger.charge(index, row.cause, row.cycles - 1 + transfers(row, instruction))
            if instruction.writes_pc and (edge != FALL_THROUGH or not is_conditional(instruction)):
                ledger.charge(index, Cause.BRANCH, row.refill)
        return ledger.step(())
