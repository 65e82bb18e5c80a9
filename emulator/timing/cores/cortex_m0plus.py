"""Cortex-M0+ r0p1, zero wait states.

Sources: TRM = Arm DDI 0484C, table 3-1; fit = traces of Pornin's curve9767 on SAM D20:
all nine published routines exact to the cycle.
Ignored: the single-cycle I/O port, where loads and stores take 1 cycle instead of 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.thumb.instruction import Kind
from emulator.timing.cores.armv6m import Armv6mModel
from emulator.timing.cores.cortex_m0 import LOADS_AND_STORES, MULTIPLES, Armv6mParameters, unused_rows
from emulator.timing.cores.table import Row, Table
from emulator.timing.model import Cause, ExceptionTiming
from emulator.timing.parameters import MpuRegions

TRM = "DDI 0484C table 3-1"
FIT = "DDI 0484C table 3-1; curve9767 traces on SAM D20"


def rows(multiplier: int) -> Iterator[Row]:
    """Yield the table for a MULS of ``multiplier`` cycles (a build option)."""
    yield Row(Kind.ALU, 1, "trm", FIT)
    yield Row(Kind.MULTIPLY, multiplier, "trm", FIT, cause=Cause.MULTIPLY)
    for kind in LOADS_AND_STORES:
        yield Row(kind, 2, "trm", FIT, refill=2, cause=Cause.BUS)
    for kind in MULTIPLES:
        yield Row(kind, 1, "trm", FIT, per_transfer=1, refill=2, cause=Cause.MULTIPLE)
    yield Row(Kind.BRANCH, 1, "trm", FIT, refill=1)
    yield Row(Kind.CALL, 1, "trm", FIT, refill=2)
    yield Row(Kind.BRANCH_REGISTER, 1, "trm", FIT, refill=1)
    yield Row(Kind.NOP, 1, "trm", TRM)
    yield Row(Kind.WAIT, 2, "trm", TRM)
    yield Row(Kind.SYSTEM, 1, "trm", TRM, names=frozenset({"cpsie", "cpsid", "svc", "bkpt"}))
    yield Row(Kind.SYSTEM, 3, "trm", TRM)
    yield Row(Kind.BARRIER, 3, "trm", TRM)
    yield from unused_rows()


EXCEPTIONS = ExceptionTiming(entry=15, exit=13, tail_chain=7)
"""DDI 0484C: 15 cycles to the handler; exit and tail-chain are guesses."""


class CortexM0PlusParameters(Armv6mParameters, frozen=True):
    """Options of a Cortex-M0+."""

    mpu_regions: MpuRegions = 8


def model(parameters: Armv6mParameters) -> Armv6mModel:
    """Build the model."""
    return Armv6mModel("cortex-m0plus", Table(rows(parameters.multiplier)), EXCEPTIONS)
