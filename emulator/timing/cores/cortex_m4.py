"""Cortex-M4 r0p1 with the single-precision FPU, zero wait states.

Sources: see :mod:`.armv7m_rows`; FPU = DDI 0439D table 7-1 and its footnotes, and GCC's
cortex-m4-fpu.md for what overlaps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from emulator.schema.table import Switch, about
from emulator.thumb.instruction import Kind
from emulator.timing.cores.armv7m import Armv7mModel, Armv7mRules
from emulator.timing.cores.armv7m_rows import (
    DIVIDE,
    EXCEPTIONS,
    PORNIN,
    RULES,
    Armv7mParameters,
    shared_rows,
    unaligned_timing,
)
from emulator.timing.cores.table import Row, Rule, Table
from emulator.timing.model import Cause

FPU = "DDI 0439D table 7-1"
OVERLAP = "DDI 0439D table 7-1; GCC cortex-m4-fpu.md: integer code goes on beside it"
NO_LATENCY = frozenset({"vabs", "vneg", "vmov", "vcmp", "vcmpe"})


def rows() -> Iterator[Row]:
    """Yield the table."""
    yield from shared_rows()
    yield Row(Kind.MULTIPLY_ACCUMULATE, 1, "measured", f"DDI 0439D; {PORNIN}: r0p0's 2 is corrected")
    for kind in (Kind.MULTIPLY_LONG, Kind.MULTIPLY_ACCUMULATE_LONG):
        yield Row(kind, 1, "trm", "DDI 0439D table 3-1")
    for kind in (Kind.DSP, Kind.DSP_MULTIPLY):
        yield Row(kind, 1, "fitted", "DDI 0439D table 3-2; NTT and GLS254 traces")
    yield Row(Kind.FP_ALU, 1, "trm", FPU, names=NO_LATENCY)
    yield Row(Kind.FP_ALU, 1, "trm", f"{FPU}: one more for the next user", latency=2)
    yield Row(Kind.FP_MULTIPLY, 1, "trm", f"{FPU}: one more for the next user", latency=2)
    yield Row(Kind.FP_MAC, 1, "trm", OVERLAP, latency=4, occupies=3)
    yield Row(Kind.FP_DIVIDE, 1, "trm", OVERLAP, latency=15, occupies=14)
    yield Row(Kind.FP_MOVE, 1, "fitted", "DDI 0439D table 7-1; GLS254 traces")
    yield Row(Kind.FP_LOAD, 1, "trm", f"{FPU}: 2, 3 for a pair", per_transfer=1, cause=Cause.LOAD_USE)
    yield Row(
        Kind.FP_STORE,
        1,
        "trm",
        f"{FPU}: 2, 3 for a pair; overlaps like STR (guess)",
        per_transfer=1,
        cause=Cause.STORE_BUFFER,
    )
    for kind in (Kind.FP_LOAD_MULTIPLE, Kind.FP_STORE_MULTIPLE):
        yield Row(kind, 1, "trm", FPU, per_transfer=1, cause=Cause.MULTIPLE)


SAME_BASE_HIDES = Rule(
    1,
    "fitted",
    "published keyword-spotting latency on NUCLEO-L4R5ZI-P: of its 5.21 M cycles all else takes 5.08 M and "
    "leaves no room for 417,000 broken pairs; against jnk0le/random cortex_m3m4.md, measured on STM32F407",
)


class CortexM4Parameters(Armv7mParameters, frozen=True):
    """Options of a Cortex-M4, and of the chip around it."""

    same_base_hides: Annotated[
        Switch,
        about(
            "Whether an access with write-back also hides the load before it that writes the same base back.",
            example=0,
        ),
    ] = 1 if SAME_BASE_HIDES.cycles else 0


def model(parameters: CortexM4Parameters) -> Armv7mModel:
    """Build the model."""
    rules = Armv7mRules(RULES, indexed_accesses_hide=True, same_base_hides=bool(parameters.same_base_hides))
    return Armv7mModel("cortex-m4", Table(rows()), rules, DIVIDE, unaligned_timing(parameters), EXCEPTIONS)
