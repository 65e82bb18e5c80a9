"""Cortex-M55, provisional: a cycle an instruction, and nothing for waiting. Counts are exact, cycles are not.

No figure here is measured or taken from a manual, and every row says so; what is known of this core (two
beats a cycle, overlap of vector instructions, loops without branches) is not modelled yet.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.thumb.instruction import Kind
from emulator.timing.cores.armv6m import Armv6mModel
from emulator.timing.cores.table import Row, Table
from emulator.timing.model import ExceptionTiming
from emulator.timing.parameters import CoreParameters

EXCEPTIONS = ExceptionTiming(entry=12, exit=12, tail_chain=6)
"""A guess: as other cores with a frame of eight words."""


class CortexM55Parameters(CoreParameters, frozen=True):
    """A board has nothing to say of it yet."""


def rows() -> Iterator[Row]:
    """Yield the table."""
    for kind in Kind:
        yield Row(kind, 1, "guess", "a cycle an instruction, until this core's pipeline is modelled")


def model(_parameters: CortexM55Parameters) -> Armv6mModel:
    """Build the model."""
    return Armv6mModel("cortex-m55", Table(rows()), EXCEPTIONS)
