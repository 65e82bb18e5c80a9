"""Cortex-M3 r2p1, zero wait states.

Sources: see :mod:`.armv7m_rows`. Long multiplies end early for small operands: the rows
hold a middle value and the range; their true price depends on data that is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.thumb.instruction import Kind
from emulator.timing.cores.armv7m import Armv7mModel, Armv7mRules
from emulator.timing.cores.armv7m_rows import (
    DIVIDE,
    EXCEPTIONS,
    RULES,
    Armv7mParameters,
    shared_rows,
    unaligned_timing,
)
from emulator.timing.cores.classes import FLOATING_POINT
from emulator.timing.cores.table import Row, Table
from emulator.timing.model import Cause

TRM = "DDI 0337I table 3-1"


def rows() -> Iterator[Row]:
    """Yield the table."""
    yield from shared_rows()
    yield Row(Kind.MULTIPLY_ACCUMULATE, 2, "trm", TRM, cause=Cause.MULTIPLY)
    yield Row(Kind.MULTIPLY_LONG, 4, "trm", f"{TRM}: 3 to 5", spread=(3, 5), cause=Cause.MULTIPLY)
    yield Row(Kind.MULTIPLY_ACCUMULATE_LONG, 6, "trm", f"{TRM}: 4 to 7", spread=(4, 7), cause=Cause.MULTIPLY)
    for kind in (Kind.DSP, Kind.DSP_MULTIPLY, *sorted(FLOATING_POINT, key=lambda kind: kind.value)):
        yield Row(kind, 1, "guess", "not in ARMv7-M: priced as one cycle so that a foreign image counts")


def model(parameters: Armv7mParameters) -> Armv7mModel:
    """Build the model."""
    rules = Armv7mRules(RULES, indexed_accesses_hide=False)
    return Armv7mModel("cortex-m3", Table(rows()), rules, DIVIDE, unaligned_timing(parameters), EXCEPTIONS)
