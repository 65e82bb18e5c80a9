"""What parameters of cores and accelerators mean: the declarations that several of them share.

A core model declares its parameters beside its table (``emulator/timing/cores``), an accelerator
kind beside its rules; here stand the bases and the fields that are the same in many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import msgspec

from emulator.schema.table import Problem, Switch, Table, about, fields_of

MOST_LINES = 1 << 16
"""Lines that a cache may have: the whole of a 2 MiB flash in lines of 32 bytes."""
MOST_WAIT_STATES = 255

# -- accelerators ------------------------------------------------------------------------------
WaitStates = Annotated[
    int,
    about(
        "Cycles that one read of the memory takes beyond the first. Firmware that programs the flash "
        "interface changes them, as on the chip.",
        unit="cycles",
        at_least=0,
        at_most=15,
        example=4,
    ),
]
"""Of a flash whose controller has four bits for them (STM32 FLASH_ACR.LATENCY, PSoC 6 MAIN_WS)."""
FreeWaitStates = Annotated[
    int,
    about(
        "Cycles that one read of the memory takes beyond the first.",
        unit="cycles",
        at_least=0,
        at_most=MOST_WAIT_STATES,
        example=1,
    ),
]
ReadBytes = Annotated[
    Literal[4, 8, 16, 32, 64], about("Width of one read of the memory.", unit="bytes", example=16)
]
LineBytes = Annotated[
    Literal[4, 8, 16, 32, 64, 128],
    about(
        "Length of a cache's line: filled by reads, the one that was asked for first.",
        unit="bytes",
        by_default="read_bytes",
        example=32,
    ),
]
BusCycles = Annotated[
    int,
    about(
        "Cycles that a miss takes on the bus, beside the memory's own.",
        unit="cycles",
        at_least=0,
        at_most=MOST_WAIT_STATES,
        example=3,
    ),
]
Prefetch = Annotated[Switch, about("Whether the line behind the one in use is read ahead.", example=1)]
InstructionLines = Annotated[
    int,
    about(
        "Lines of the instruction cache, 0 for none.",
        unit="lines",
        at_least=0,
        at_most=MOST_LINES,
        example=32,
    ),
]
InstructionWays = Annotated[
    int,
    about(
        "Ways of the instruction cache: lines that share a place by their address.",
        unit="ways",
        at_least=1,
        at_most=MOST_LINES,
        by_default="as many as lines (fully associative)",
        example=2,
    ),
]
InstructionCache = Annotated[
    Switch,
    about("Whether the instruction cache is on at reset; firmware may switch it later.", example=1),
]
DataLines = Annotated[
    int,
    about("Lines of the data cache, 0 for none.", unit="lines", at_least=0, at_most=MOST_LINES, example=8),
]
DataWays = Annotated[
    int,
    about(
        "Ways of the data cache: lines that share a place by their address.",
        unit="ways",
        at_least=1,
        at_most=MOST_LINES,
        by_default="as many as lines (fully associative)",
        example=4,
    ),
]
DataCache = Annotated[
    Switch, about("Whether the data cache is on at reset; firmware may switch it later.", example=1)
]


class AcceleratorParameters(Table, frozen=True):
    """What an ``[accelerators.NAME.parameters]`` table may hold; every kind declares its own."""

    wait_states: FreeWaitStates = 0
    read_bytes: ReadBytes = 8

    @classmethod
    def completed(cls, parameters: Mapping[str, int]) -> dict[str, int]:
        """Parameters with the declared defaults, those without a single value left out."""
        fields = fields_of(cls).items()
        defaults = {name: field.default for name, field in fields if field.default is not msgspec.UNSET}
        return {**defaults, **parameters}

    def contradictions(self) -> Iterator[Problem]:
        """Yield geometry that no cache can have, and switches of caches that are not there."""
        line_bytes = getattr(self, "line_bytes", 0) or self.read_bytes
        if line_bytes < self.read_bytes:
            yield Problem(
                "line_bytes",
                f"a line of {line_bytes} bytes is shorter than one read of {self.read_bytes}",
                "a line is filled by whole reads: make it as long as read_bytes, or longer",
                ("read_bytes",),
            )
        for side in ("instruction", "data"):
            if hasattr(self, f"{side}_lines"):
                yield from self._cache_contradictions(side)

    def _cache_contradictions(self, side: str) -> Iterator[Problem]:
        lines: int = getattr(self, f"{side}_lines")
        ways: int = getattr(self, f"{side}_ways", 0)
        if getattr(self, f"{side}_cache") and not lines:
            yield Problem(
                f"{side}_cache",
                f"the {side} cache is on, but has no lines",
                f"add {side}_lines = its number of lines",
                (f"{side}_lines",),
            )
        if not ways:
            return
        if not lines:
            yield Problem(
                f"{side}_ways",
                f"{ways} ways of no lines",
                f"add {side}_lines = the cache's number of lines",
                (f"{side}_lines",),
            )
        elif ways > lines or lines % ways or (lines // ways) & (lines // ways - 1):
            yield Problem(
                f"{side}_lines",
                f"{lines} lines in {ways} ways are not a power of two of sets",
                "lines / ways is the number of sets: 1, 2, 4, 8 ...",
                (f"{side}_ways",),
            )


# -- cores -------------------------------------------------------------------------------------
BitBand = Annotated[
    Switch,
    about(
        "Whether the chip has the bit-band aliases of SRAM and peripherals, an option of the core.", example=1
    ),
]
TraceAtReset = Annotated[
    Switch,
    about(
        "Whether DEMCR.TRCENA is found set, as a debug probe leaves it that programmed the board.",
        example=1,
    ),
]
CacheBytes = Literal[0, 4096, 8192, 16384, 32768, 65536]
"""Sizes that a Cortex-M7's or M55's caches may have (DDI 0489, 101051: CCSIDR), 0 for none."""


def cache_bytes(side: str, *, example: int) -> msgspec.Meta:
    """What is to say of the size of a core's ``instruction`` or ``data`` cache, :data:`CacheBytes`."""
    return about(
        f"The {side} cache as CCSIDR tells it to firmware; its timing is an accelerator of kind l1.",
        unit="bytes",
        example=example,
    )


OtherMemory = Annotated[
    int,
    about(
        "Cycles that a data access to another memory than the one before waits in the bus matrix.",
        unit="cycles",
        at_least=0,
        at_most=15,
        example=1,
    ),
]


LeaveFlash = Annotated[
    int,
    about(
        "Cycles that a data access to another memory waits when the one before was to flash.",
        unit="cycles",
        at_least=0,
        at_most=15,
        by_default="as other_memory",
        example=0,
    ),
]


MPU_REGIONS = about(
    "Regions of the Memory Protection Unit, an option of the core: 0 for none.", unit="regions", example=0
)
MpuRegions = Annotated[Literal[0, 8], MPU_REGIONS]
"""Of a Cortex-M0+ (DDI 0484), M3 (100165) or M4 (100166)."""


class CoreParameters(Table, frozen=True):
    """What ``[core_parameters]`` may hold: facts of a core that not every chip with it shares."""
