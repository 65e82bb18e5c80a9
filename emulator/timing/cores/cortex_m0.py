"""Cortex-M0 r0p0, zero wait states.

Sources: TRM = Arm DDI 0432C, table 3-1; AES = traces of jnk0le/cortexm-AES on STM32F0 at
0 wait states: slope exact over 20 routines, a constant of the measuring harness apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emulator.errors import BoardError
from emulator.thumb.instruction import Kind
from emulator.timing.cores.armv6m import Armv6mModel
from emulator.timing.cores.table import Row, Table
from emulator.timing.model import Cause, ExceptionTiming

TRM = "DDI 0432C table 3-1"
AES = "DDI 0432C table 3-1; AES traces on STM32F0"
MULTIPLIERS = (1, 32)
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
    """Yield a row for each kind that ARMv6-M does not have."""
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
        if kind not in used:
            yield Row(kind, 1, "guess", UNUSED)


EXCEPTIONS = ExceptionTiming(entry=16, exit=16, tail_chain=8)
"""DDI 0432C: 16 cycles to the handler; exit and tail-chain are guesses."""


def multiplier_of(parameters: Mapping[str, int]) -> int:
    """Read ``multiplier`` (1 or 32, default 1); raises BoardError otherwise."""
    multiplier = parameters.get("multiplier", 1)
    if multiplier not in MULTIPLIERS:
        raise BoardError(
            f"core parameter multiplier = {multiplier}",
            next_step="MULS takes 1 or 32 cycles: say which the board's core has.",
        )
    return multiplier


def model(parameters: Mapping[str, int]) -> Armv6mModel:
    """Build the model; ``parameters``: ``multiplier``."""
    return Armv6mModel("cortex-m0", Table(rows(multiplier_of(parameters))), EXCEPTIONS)
