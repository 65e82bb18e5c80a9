"""The CPI stack: cycles by cause, of a whole recording or of a part of its code.

Every share is of the recording's cycles, as in all other tables; a part has a second one, of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emulator.recording.model import Instruction
from emulator.reporting.advice import advice_for
from emulator.reporting.costs import CPI, CYCLES, SHARE_OF_ALL, ratio
from emulator.reporting.table import SHARE, Column, Row, Table
from emulator.reporting.view import ISSUE, View, outside_name, stack_of

CAUSE, ADVICE = Column("cause", "cause"), Column("advice", "what would remove it")
SHARE_OF_PART = Column("share_of_these", "of these", SHARE)
TITLE = "Where the cycles go"


def by_cause(view: View, functions: Sequence[int] | None = None) -> Table:
    """The recording's stack, what is outside of instructions too; or that of some functions."""
    if functions is not None:
        return causes_of(view, view.code_in(functions), view.names_of(functions))
    recording = view.recording
    whole, executed = recording.cycles, recording.instructions
    causes = [(cause, cause, cycles) for cause, cycles in _by_size(recording.code)]
    causes += [(outside_name(cause), cause, cycles) for cause, cycles in recording.outside.items() if cycles]
    rows: list[Row] = [
        (name, cycles, cycles / (whole or 1), ratio(cycles, executed), advice_for(cause))
        for name, cause, cycles in causes
    ]
    columns = (CAUSE, CYCLES, SHARE_OF_ALL, CPI, ADVICE)
    return Table("cause", TITLE, columns, tuple(rows), ("all", whole, 1.0, ratio(whole, executed), ""))


def causes_of(view: View, code: Sequence[Instruction], subject: str) -> Table:
    """The stack of some instructions; ``subject``: what they are, for the title."""
    whole, executed = view.recording.cycles or 1, sum(item.count for item in code)
    causes = _by_size(code)
    of_these = sum(cycles for _cause, cycles in causes)
    rows: list[Row] = [
        (cause, cycles, cycles / whole, cycles / (of_these or 1), ratio(cycles, executed), advice_for(cause))
        for cause, cycles in causes
    ]
    columns = (CAUSE, CYCLES, SHARE_OF_ALL, SHARE_OF_PART, CPI, ADVICE)
    total = ("all", of_these, of_these / whole, 1.0, ratio(of_these, executed), "")
    return Table("cause", f"{TITLE}: {subject}", columns, tuple(rows), total)


def _by_size(code: Iterable[Instruction]) -> list[tuple[str, int]]:
    """Issue first, then the stalls, largest first."""
    return sorted(stack_of(code).items(), key=lambda item: (item[0] != ISSUE, -item[1]))
