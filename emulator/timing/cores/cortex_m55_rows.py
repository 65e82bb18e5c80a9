"""Cortex-M55: its table and rules; see :mod:`.cortex_m55`.

LLVM = llvm/lib/Target/ARM/ARMScheduleM55.td, the schedule that Arm's compiler engineers wrote: pipes, beats
and latencies of every class. It says nothing of fetch, of what a loop costs and of memory.
N657 = what hand-written assembly took on NUCLEO-N657X0-Q (STM32N657) from its tightly coupled memories,
Lee-Seungwon1215/FALCON_M55@4a42b9c, measured by its author: the rows of benches/assembly/silicon_m55.csv.
A row is `fitted` when it was chosen by their totals, or those hold with what LLVM says; else it is a `guess`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Annotated, Literal

from emulator.thumb.instruction import Instruction, Kind
from emulator.timing.cores.classes import MULTIPLIES
from emulator.timing.cores.table import Row, Rule, check_rules
from emulator.timing.model import Cause, DivideTiming, ExceptionTiming, UnalignedTiming
from emulator.timing.parameters import MPU_REGIONS, CacheBytes, CoreParameters, TraceAtReset, cache_bytes

LLVM = "LLVM ARMScheduleM55.td"
N657 = "totals on N657"
M33 = "as the Cortex-M33's"


class Pipe(IntEnum):
    """The pipes of the extension unit (LLVM: control, load and store, integer, float and multiply)."""

    CONTROL = 0
    MEMORY = 1
    INTEGER = 2
    FLOAT = 3


BEATS = 2
"""Cycles for which a vector instruction has its pipe: 64 of 128 bits each."""
VECTOR_PIPES: Mapping[Kind, Pipe] = {
    Kind.VECTOR_LOAD: Pipe.MEMORY,
    Kind.VECTOR_STORE: Pipe.MEMORY,
    Kind.VECTOR_ALU: Pipe.INTEGER,
    Kind.VECTOR_MULTIPLY: Pipe.FLOAT,
    Kind.VECTOR_FLOAT: Pipe.FLOAT,
    Kind.VECTOR_ACROSS: Pipe.FLOAT,
    Kind.VECTOR_MOVE: Pipe.INTEGER,
    Kind.VECTOR_PREDICATE: Pipe.FLOAT,
}
CONTROLS = frozenset({"vpst", "vctp", "vpnot"})
FLOAT_ACROSS = frozenset({"vmaxnmv", "vminnmv", "vmaxnmav", "vminnmav"})
INTEGER_ACROSS = frozenset({"vmaxv", "vminv", "vmaxav", "vminav", "vabav"})
FLOAT_MOVES = frozenset({"vmov", "vmvn", "vmrs", "vmsr"})
MORE_STAGES = frozenset(
    {
        *("vadc", "vadci", "vsbc", "vsbci", "vqshl", "vqshlu", "vrshl", "vqrshl", "vrshr", "vshlc"),
        *("vshllb", "vshllt"),
    }
)
NARROWING = frozenset(
    f"{name}{half}"
    for name in ("vmovn", "vqmovn", "vqmovun", "vshrn", "vrshrn", "vqshrn", "vqrshrn", "vqshrun", "vqrshrun")
    for half in "bt"
)

MEASURED_MULTIPLIES = (Kind.MULTIPLY, Kind.MULTIPLY_ACCUMULATE_LONG, Kind.DSP_MULTIPLY, Kind.DSP)

RULES = check_rules(
    {
        "late_maximum": Rule(1, "guess", f"{LLVM}: VMAXV of 16 bits a cycle after that of 8, of 32 two"),
        "late_difference": Rule(1, "guess", f"{LLVM}: VABAV a cycle after VMAXV"),
        "gather_offsets": Rule(
            4, "guess", f"{LLVM}: a gather reads its vector 4 cycles early (M55GatherQRead)"
        ),
        "half_division": Rule(9, "guess", f"{LLVM}: VDIVH, VSQRTH"),
        "stored_result": Rule(
            1, "fitted", f"{LLVM}: a vector's store takes its data a stage late (M55Read1); any store: {N657}"
        ),
        "split_target": Rule(
            1, "fitted", f"a taken branch to a 32-bit instruction in two words of memory: {N657}"
        ),
        "wide_branch": Rule(1, "fitted", f"a 32-bit branch that is taken, beside BL: {N657}"),
    }
)


def rows() -> Iterator[Row]:
    """Yield the table; ``latency``: cycles until a result is forwarded."""
    yield Row(Kind.ALU, 1, "fitted", f"{LLVM}: WriteALU; {N657}")
    yield Row(Kind.ALU_SHIFT, 1, "fitted", f"{LLVM}: WriteALUsi; {N657}", latency=2)
    yield Row(Kind.LONG_SHIFT, 1, "guess", f"{LLVM}: MVE_ASRL and the others", latency=2)
    for kind in MEASURED_MULTIPLIES:
        yield Row(kind, 1, "fitted", f"{LLVM}: WriteMUL, WriteMAC; {N657}", latency=2)
    for kind in MULTIPLIES:
        if kind not in MEASURED_MULTIPLIES:
            yield Row(kind, 1, "guess", f"{LLVM}: WriteMUL, WriteMAC", latency=2)
    yield Row(Kind.DIVIDE, 2, "guess", f"{M33}: the rest in DIVIDE", cause=Cause.DIVIDE)
    yield Row(Kind.LOAD, 1, "fitted", f"{LLVM}: WriteLd; {N657}; to PC {M33}", latency=2, refill=3)
    yield Row(Kind.STORE, 1, "fitted", f"{LLVM}: WriteST; {N657}")
    double = "Cortex-M55 TRM (101051): 64 bits of TCM a cycle; that multiples use them"
    yield Row(Kind.LOAD_DOUBLE, 1, "guess", double, latency=2)
    yield Row(Kind.STORE_DOUBLE, 1, "guess", double)
    many = f"{double}: {N657}"
    yield Row(
        Kind.LOAD_MULTIPLE, 0, "fitted", many, per_transfer=1, latency=2, refill=3, cause=Cause.MULTIPLE
    )
    yield Row(Kind.STORE_MULTIPLE, 0, "fitted", many, per_transfer=1, cause=Cause.MULTIPLE)
    for kind in (Kind.BRANCH, Kind.CALL, Kind.BRANCH_REGISTER):
        yield Row(kind, 1, "fitted", f"a taken branch 2 in all: {N657}", refill=1)
    yield Row(Kind.LOOP, 1, "guess", "a branch when a loop begins; LE costs nothing from then on", refill=2)
    yield Row(Kind.TABLE_BRANCH, 2, "guess", "as a load and a jump", refill=3)
    for kind in (Kind.IT, Kind.NOP):
        yield Row(kind, 1, "guess", f"{LLVM}: WriteNoop, may issue beside another")
    yield Row(Kind.WAIT, 1, "guess", "sleep itself is not counted here")
    yield Row(Kind.SYSTEM, 1, "guess", f"{LLVM}: t2MRS, t2MSR, t2CPS")
    yield Row(Kind.BARRIER, 4, "guess", M33, names=frozenset({"isb"}))
    yield Row(Kind.BARRIER, 1, "guess", M33)
    yield Row(Kind.PRELOAD, 1, "guess", f"{LLVM}: WritePreLd")
    yield Row(Kind.UNKNOWN, 1, "guess", "faults or is foreign to the core")
    yield from vector_rows()
    yield from floating_rows()


def vector_rows() -> Iterator[Row]:
    """Yield what runs in beats; a row's ``occupies`` is its pipe's."""
    stage_2, stage_3 = f"{LLVM}: two beats, result in E2", f"{LLVM}: two beats, result in E3"
    yield Row(Kind.VECTOR_LOAD, 1, "fitted", f"{stage_2}; gathers E3; {N657}", occupies=BEATS)
    yield Row(Kind.VECTOR_STORE, 1, "fitted", f"{stage_2}; {N657}", occupies=BEATS)
    yield Row(
        Kind.VECTOR_ALU, 1, "guess", f"{LLVM}: two beats, E4", occupies=BEATS, latency=3, names=NARROWING
    )
    yield Row(Kind.VECTOR_ALU, 1, "guess", stage_3, occupies=BEATS, latency=2, names=MORE_STAGES)
    yield Row(Kind.VECTOR_ALU, 1, "fitted", f"{stage_2}; {N657}", occupies=BEATS)
    yield Row(Kind.VECTOR_MULTIPLY, 1, "fitted", f"{stage_3}; {N657}", occupies=BEATS, latency=2)
    halved = frozenset({"vcvtb", "vcvtt"})
    yield Row(
        Kind.VECTOR_FLOAT, 1, "guess", f"{LLVM}: VCVTB.F16.F32: E4", occupies=BEATS, latency=3, names=halved
    )
    yield Row(Kind.VECTOR_FLOAT, 1, "guess", f"{stage_2}: VADD.F32, VMAXNM ...", occupies=BEATS)
    yield Row(Kind.VECTOR_ACROSS, 1, "guess", f"{stage_2}: VMAXNMV ...", occupies=BEATS, names=FLOAT_ACROSS)
    yield Row(Kind.VECTOR_ACROSS, 1, "guess", f"{stage_3}; see RULES", occupies=BEATS, latency=2)
    yield Row(Kind.VECTOR_MOVE, 1, "fitted", f"{stage_2}; VDUP: {N657}", occupies=BEATS)
    yield Row(Kind.VECTOR_PREDICATE, 1, "guess", f"{LLVM}: one cycle of the control pipe", names=CONTROLS)
    yield Row(Kind.VECTOR_PREDICATE, 1, "fitted", f"{stage_2}: VCMP, VPT; {N657}", occupies=BEATS)


def floating_rows() -> Iterator[Row]:
    """Yield the rows of the scalar floating point; double precision is in DOUBLE_LATENCIES."""
    yield Row(Kind.FP_ALU, 1, "guess", f"{LLVM}: VCMP", names=frozenset({"vcmp", "vcmpe"}))
    yield Row(Kind.FP_ALU, 1, "guess", f"{LLVM}: WriteFPALU32, WriteFPCVT", latency=2)
    yield Row(Kind.FP_MULTIPLY, 1, "guess", f"{LLVM}: WriteFPMUL32", latency=2)
    fused = frozenset({"vfma", "vfms", "vfnma", "vfnms"})
    yield Row(Kind.FP_MAC, 1, "guess", f"{LLVM}: VFMA", latency=2, names=fused)
    yield Row(Kind.FP_MAC, 1, "guess", f"{LLVM}: WriteFPMAC32", latency=4)
    yield Row(Kind.FP_DIVIDE, 1, "guess", f"{LLVM}: WriteFPDIV32, WriteFPSQRT32", latency=16, occupies=15)
    yield Row(Kind.FP_MOVE, 1, "fitted", f"{LLVM}: VMOVSR; {N657}, VMOVRS too", latency=2)
    yield Row(Kind.FP_LOAD, 1, "guess", f"{LLVM}: VLD", latency=2)
    yield Row(Kind.FP_STORE, 1, "guess", f"{LLVM}: VST")
    for kind in (Kind.FP_LOAD_MULTIPLE, Kind.FP_STORE_MULTIPLE):
        source = f"VPUSH and VPOP of eight D registers, a word a cycle: {N657}"
        yield Row(kind, 0, "fitted", source, per_transfer=2, latency=2, cause=Cause.MULTIPLE)


DOUBLE_LATENCIES: Mapping[Kind, Rule] = {
    Kind.FP_ALU: Rule(15, "guess", f"{LLVM}: WriteFPALU64"),
    Kind.FP_MULTIPLY: Rule(21, "guess", f"{LLVM}: WriteFPMUL64"),
    Kind.FP_MAC: Rule(24, "guess", f"{LLVM}: VFMA.F64; VMLA.F64 36"),
    Kind.FP_DIVIDE: Rule(30, "guess", f"{LLVM}: WriteFPDIV64"),
}

DIVIDE = DivideTiming(zero=0, smaller=1, by_width=tuple(2 + difference // 4 for difference in range(32)))
"""A guess: the Cortex-M33's."""

UNALIGNED = UnalignedTiming(halfword_odd=1, word_half=1, word_odd=1)
"""A guess: one more access."""

EXCEPTIONS = ExceptionTiming(entry=12, exit=10, tail_chain=6, fp_frame=9)
"""Guesses: the Cortex-M4's; the floating-point registers two a cycle."""


def pipe_of(instruction: Instruction) -> Pipe | None:
    """The extension unit's pipe that an instruction takes; None for one of the core's."""
    kind, name = instruction.kind, instruction.name
    if kind in VECTOR_PIPES:
        if name in CONTROLS:
            return Pipe.CONTROL
        if name in INTEGER_ACROSS:
            return Pipe.INTEGER
        if kind is Kind.VECTOR_MOVE and name in FLOAT_MOVES:
            return Pipe.FLOAT
        return VECTOR_PIPES[kind]
    if not kind.name.startswith("FP_"):
        return None
    return Pipe.MEMORY if "LOAD" in kind.name or "STORE" in kind.name else Pipe.FLOAT


class CortexM55Parameters(CoreParameters, frozen=True):
    """Options of the chip around a Cortex-M55."""

    mpu_regions: Annotated[Literal[0, 4, 8, 12, 16], MPU_REGIONS] = 8  # 101051
    trace_at_reset: TraceAtReset = 0
    instruction_cache_bytes: Annotated[CacheBytes, cache_bytes("instruction", example=32768)] = 0
    data_cache_bytes: Annotated[CacheBytes, cache_bytes("data", example=32768)] = 0
