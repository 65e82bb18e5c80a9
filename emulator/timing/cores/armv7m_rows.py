"""Rows and rules that Cortex-M3 r2p1 and Cortex-M4 r0p1 have in common.

Sources: TRM = Arm DDI 0337I (M3) and DDI 0439D (M4), chapter 3, and Arm's article
ka8521; jnk0le = jnk0le/random, cortex_m3m4.md, measured on STM32F103 and STM32F407;
Pornin = pornin/arm-asm-notes, memory.md, measured on STM32F407; fits are to the cycle
counts that jnk0le/cortexm-AES and Pornin's GLS254 publish.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from emulator.schema.table import Problem
from emulator.thumb.instruction import Kind
from emulator.timing.cores.table import Row, Rule
from emulator.timing.model import Cause, DivideTiming, ExceptionTiming, UnalignedTiming
from emulator.timing.parameters import (
    BitBand,
    CoreParameters,
    LeaveFlash,
    MpuRegions,
    OtherMemory,
    TraceAtReset,
)

TRM = "DDI 0439D table 3-1, DDI 0337I table 3-1"
JNK0LE = "jnk0le/random cortex_m3m4.md"
PORNIN = "pornin/arm-asm-notes memory.md"

RULES = {
    "address_hazard": Rule(1, "measured", f"{TRM}; {JNK0LE}: base and index one cycle earlier"),
    "load_after_store": Rule(1, "measured", f"{JNK0LE}, {PORNIN}: stores delay the next load"),
    "same_base_stores": Rule(1, "measured", f"{JNK0LE}: indexed stores on one base do not chain"),
    "move_second_register": Rule(1, "measured", "DDI 0439D table 7-1; GLS254 traces: VMOV of two 2"),
}

MEASURED_BY_WIDTH = tuple(3 + difference // 4 for difference in range(32))
DIVIDE = DivideTiming(zero=0, smaller=1, by_width=MEASURED_BY_WIDTH)
"""Beyond the 2 cycles of the row: compendium.i-0.nl (measured, M4) for zero and smaller;
by width difference d the closed form 5 + d // 4 fits its ends and the TRM's 12."""

OTHER_MEMORY = Rule(
    1,
    "measured",
    f"STM32's bus matrix; {JNK0LE}: loads and stores only pipeline within one memory (SRAM1, SRAM2, CCM "
    "of STM32F407); for lone accesses fitted to three images on NUCLEO-L4R5ZI. A PSoC 6 shows none",
)
"""A data access to another memory than the one before waits so much longer, on boards whose
``core_parameters`` say so (``other_memory``): the core itself can't tell SRAM1 from SRAM2. Coming
back from flash may cost another figure (``leave_flash``)."""


class Armv7mParameters(CoreParameters, frozen=True):
    """Options of a Cortex-M3, and of the chip around it."""

    bit_band: BitBand = 0
    mpu_regions: MpuRegions = 8
    trace_at_reset: TraceAtReset = 0
    other_memory: OtherMemory = 0
    leave_flash: LeaveFlash | msgspec.UnsetType = msgspec.UNSET

    def contradictions(self) -> Iterator[Problem]:
        """Yield a way back from flash where no way to another memory costs anything."""
        if self.leave_flash is not msgspec.UNSET and not self.other_memory:
            yield Problem(
                "leave_flash",
                "it counts only where other_memory is above 0",
                "add other_memory = the cycles of going to another memory",
                ("other_memory",),
            )


def unaligned_timing(parameters: Armv7mParameters) -> UnalignedTiming:
    """Unaligned data: Pornin, memory.md, measured on STM32F407; the M3's bus interface is the same."""
    other, leave = parameters.other_memory, parameters.leave_flash
    return UnalignedTiming(
        halfword_odd=1,
        word_half=1,
        word_odd=2,
        other_memory=other,
        leave_flash=other if leave is msgspec.UNSET else leave,
    )


EXCEPTIONS = ExceptionTiming(entry=12, exit=10, tail_chain=6, fp_frame=17)
"""DDI 0439D: entry 12, tail-chain 6; exit 10 as in Arm's beginner guide."""


def shared_rows() -> Iterator[Row]:
    """Yield the rows that are the same on both cores."""
    for kind in (Kind.ALU, Kind.ALU_SHIFT, Kind.MULTIPLY):
        yield Row(kind, 1, "trm", TRM)
    yield Row(Kind.DIVIDE, 2, "trm", f"{TRM}: 2 to 12, the rest in DIVIDE", cause=Cause.DIVIDE)
    yield Row(Kind.LOAD, 2, "trm", f"{TRM}; {JNK0LE}", refill=3, cause=Cause.LOAD_USE)
    yield Row(Kind.STORE, 2, "trm", f"{TRM}; {JNK0LE}: 1 when it overlaps", cause=Cause.STORE_BUFFER)
    for kind in (Kind.LOAD_DOUBLE, Kind.STORE_DOUBLE):
        yield Row(kind, 1, "trm", f"{TRM}; {PORNIN}", per_transfer=1, cause=Cause.MULTIPLE)
    yield Row(Kind.LOAD_MULTIPLE, 1, "fitted", TRM, per_transfer=1, refill=3, cause=Cause.MULTIPLE)
    yield Row(Kind.STORE_MULTIPLE, 1, "trm", TRM, per_transfer=1, cause=Cause.MULTIPLE)
    yield Row(Kind.BRANCH, 1, "measured", JNK0LE, refill=1)
    yield Row(Kind.CALL, 1, "fitted", "AES traces on STM32F407", refill=1)
    yield Row(Kind.BRANCH_REGISTER, 1, "fitted", "GLS254 traces: 2 fits, TRM allows 2 to 4", refill=1)
    yield Row(Kind.TABLE_BRANCH, 2, "trm", f"{TRM}: 2 + P, in practice 6", refill=4)
    yield Row(Kind.IT, 1, "trm", f"{TRM}: 0 when folded")
    yield Row(Kind.NOP, 1, "trm", TRM)
    yield Row(Kind.WAIT, 1, "guess", "DDI 0439D: 1 + W, W not counted here")
    yield Row(Kind.SYSTEM, 1, "guess", f"{TRM}: 1 or 2", names=frozenset({"svc", "bkpt", "cpsie", "cpsid"}))
    yield Row(Kind.SYSTEM, 2, "guess", f"{TRM}: 1 or 2")
    yield Row(Kind.BARRIER, 4, "trm", f"{TRM}: 1 + B, B at least the refill", names=frozenset({"isb"}))
    yield Row(Kind.BARRIER, 1, "trm", f"{TRM}: 1 + B, B may be 0")
    yield Row(Kind.PRELOAD, 1, "trm", TRM)
    yield Row(Kind.UNKNOWN, 1, "guess", "faults or is foreign to the core")
