"""Cortex-M0 r0p0, zero wait states.

Sources: TRM = Arm DDI 0432C, table 3-1; AES = traces of jnk0le/cortexm-AES on STM32F0 at
0 wait states: slope exact over 20 routines, a constant of the measuring harness apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from emulator.schema.table import about
from emulator.thumb.instruction import ARMV81M, Kind
from emulator.timing.cores.armv6m import Armv6mModel
from emulator.timing.cores.table import Row, Table
from emulator.timing.model import Cause, ExceptionTiming
from emulator.timing.parameters import CoreParameters

TRM = "DDI 0432C table 3-1"
AES = "DDI 0432C table 3-1; AES traces on STM32F0"
UNUSED = "not in ARMv6-M: priced as one cycle so that a foreign image still counts"
LOADS_AND_STORES = (Kind.LOAD, Kind.STORE)
MULTIPLES = (Kind.LOAD_MULTIPLE, Kind.STORE_MULTIPLE)


def rows(multiplier: int) -> Iterator[Row]:
    """Yield the table for a MULS of ``multiplier`` cycles (a build option)."""
    yield Row(Kind.ALU, 1, "trm", AES)
    yield Row(Kind.MULTIPLY, multiplier, "trm", TRM, cause=Cause.MULTIPLY)
    for kind in LOADS_AND_STORES:
        yield Row(kind, 2, "trm", AES, refill=2, cause=Cause.BUS)
    for kind in MULTIPLES:
        yield Row(kind, 1, "trm", AES, per_transfer=1, refill=3, cause=Cause.MULTIPLE)
    yield Row(Kind.BRANCH, 1, "trm", AES, refill=2)
    yield Row(Kind.CALL, 1, "fitted", "DDI 0432C; AES OTFKS pair: BL = 4", refill=3)
    yield Row(Kind.BRANCH_REGISTER, 1, "trm", AES, refill=2)
    yield Row(Kind.NOP, 1, "trm", TRM)
    yield Row(Kind.WAIT, 2, "trm", TRM)
    yield Row(Kind.SYSTEM, 1, "trm", TRM, names=frozenset({"cpsie", "cpsid", "svc", "bkpt"}))
    yield Row(Kind.SYSTEM, 4, "trm", TRM)
    yield Row(Kind.BARRIER, 4, "trm", TRM)
    yield from unused_rows()


def unused_rows() -> Iterator[Row]:
    """Yield a row for each kind of ARMv7-M and its FPU that ARMv6-M does not have."""
    used = {
        *LOADS_AND_STORES,
        *MULTIPLES,
        Kind.ALU,
        Kind.MULTIPLY,
        Kind.BRANCH,
        Kind.CALL,
        Kind.BRANCH_REGISTER,
        Kind.NOP,
        Kind.WAIT,
        Kind.SYSTEM,
        Kind.BARRIER,
    }
    for kind in Kind:
        if kind not in used and kind not in ARMV81M:
            yield Row(kind, 1, "guess", UNUSED)


EXCEPTIONS = ExceptionTiming(entry=16, exit=16, tail_chain=8)
"""DDI 0432C: 16 cycles to the handler; exit and tail-chain are guesses."""


class Armv6mParameters(CoreParameters, frozen=True):
    """Options of a Cortex-M0 or M0+."""

    multiplier: Annotated[
        Literal[1, 32],
        about(
            "Cycles of MULS: 1 with the fast multiplier, 32 with the small one.", unit="cycles", example=32
        ),
    ] = 1


def model(parameters: Armv6mParameters) -> Armv6mModel:
    """Build the model."""
    return Armv6mModel("cortex-m0", Table(rows(parameters.multiplier)), EXCEPTIONS)
