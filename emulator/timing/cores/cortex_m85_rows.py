"""Cortex-M85: its table and rules; see :mod:`.cortex_m85`.

Stages: 0 = EX1 (addresses), 1 = EX2 (shifts, loaded words), 2 = EX3 (sums of products, data to store, the
first stage of floating point and vectors). A row's ``reads_at`` is the first stage in which it can take its
operands, ``latency`` the number of stages from there until the result can be forwarded.

Sources: jnk0le = jnk0le/random, cortex_m85.md, measured on RA8D1 (Cortex-M85 r0p2); FSP = Renesas' package
for RA, which counts on its delay loop's cycles; LLVM = llvm/lib/Target/ARM/ARMScheduleM85.td; SLOTHY = its
cortex_m85r1.py, which calls itself approximate. Arm's optimization guide (107950) was not at hand: jnk0le
notes where silicon and guide differ.
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

JNK0LE = "jnk0le/random cortex_m85.md"
LLVM = "LLVM ARMScheduleM85.td"
FSP = "Renesas FSP bsp_delay.h, BSP_DELAY_LOOP_CYCLES"
SLOTHY = "SLOTHY cortex_m85r1.py"

BITWISE = frozenset({"and", "bic", "eor", "orn", "orr", "teq", "tst"})
SHIFTS = frozenset({"lsl", "lsr", "asr", "ror", "ubfx", "sbfx"})
EXTENDS = frozenset({"uxtb", "uxth", "sxtb", "sxth", "clz"})
REVERSES = frozenset({"rev", "rev16", "revsh", "rbit"})
SATURATES = frozenset({"ssat", "usat"})
INSERTS = frozenset({"bfi", "bfc"})
SELECTS = frozenset({"csel", "csinc", "csinv", "csneg"})
SHIFT_AND_ADD = frozenset(
    {f"{sign}xta{what}" for sign in "us" for what in ("b", "h", "b16")} | {"pkhbt", "pkhtb"}
)
LATE_DSP = frozenset(
    {"usad8", "usada8", "qadd", "qsub"}
    | {f"{sign}q{what}" for sign in ("", "u") for what in ("add8", "add16", "sub8", "sub16", "asx", "sax")}
)


class Pipe(IntEnum):
    """What a vector holds for both of its beats (LLVM: VFPA to VFPD, loads, stores)."""

    A = 0  # sums, shifts, minima
    B = 1  # products, sums across, conversions
    C = 2  # comparisons
    D = 3  # predicates
    LOAD = 4
    STORE = 5


BEATS = 2
VECTOR_PIPES: Mapping[Kind, Pipe] = {
    Kind.VECTOR_LOAD: Pipe.LOAD,
    Kind.VECTOR_STORE: Pipe.STORE,
    Kind.VECTOR_ALU: Pipe.A,
    Kind.VECTOR_MULTIPLY: Pipe.B,
    Kind.VECTOR_FLOAT: Pipe.B,
    Kind.VECTOR_ACROSS: Pipe.B,
    Kind.VECTOR_MOVE: Pipe.A,
    Kind.VECTOR_PREDICATE: Pipe.C,
}
ON_D = frozenset({"vpst", "vctp", "vpnot"})
ON_A_OR_B = frozenset(
    {
        *("vand", "vbic", "vcls", "vclz", "veor", "vmov", "vmvn", "vorn", "vorr", "vpsel"),
        *("vrev16", "vrev32", "vrev64"),
    }
)
"""Moves and bit operations: whichever of the two is free."""
FLOAT_SUMS = frozenset({"vadd", "vsub", "vabd", "vcadd"})
"""Of floating point on A: LLVM's M85GrpALat2Mve, with a core register too (products to the Cortex-M55)."""
FLOATS = (Kind.VECTOR_FLOAT, Kind.VECTOR_MULTIPLY)
ACROSS_ON_A = frozenset({"vmaxv", "vminv", "vmaxav", "vminav", "vabav", "vaddv"})
SIGNS_AND_LIMITS = frozenset({"vabs", "vneg", "vmaxnm", "vminnm", "vmaxnma", "vminnma"})
FUSED = frozenset({"vfma", "vfms", "vfnma", "vfnms"})
FUSED_VECTORS = frozenset({"vfma", "vfms", "vfmas", "vcmla"})
FLOAT_PRODUCTS = ((0xFFE11FF1, 0xFF000D50), (0xEFF11FF0, 0xEE310E60))
"""Mask and bits of VMUL of floating point: of two vectors, of one and a core register (DDI 0553, C2.4)."""
LATER_VECTORS = frozenset(
    {
        *("vrshl", "vqshl", "vqshlu", "vqrshl", "vrshr", "vshlc"),
        *(
            f"{name}{half}"
            for name in ("vqmovn", "vqmovun", "vrshrn", "vqshrn", "vqrshrn", "vqshrun", "vqrshrun")
            for half in "bt"
        ),
    }
)

RULES = check_rules(
    {
        "group_bytes": Rule(
            8,
            "measured",
            f"{JNK0LE}: a third beside two 16-bit ones; {FSP}: three in a cycle at a multiple of 8",
        ),
        "mispredict": Rule(4, "measured", f"{JNK0LE}: 3 to 4 at an inner loop's end; {LLVM}: 4"),
        "late_flags": Rule(2, "measured", f"{JNK0LE}: 5 to 7 when flags were set in the cycle before"),
        "loop_begin": Rule(
            4, "measured", f"{JNK0LE}: LE 4 to 5 in all for a lone loop, none for one met before"
        ),
        "product_operands": Rule(1, "measured", f"{JNK0LE}: products in EX2, sums in EX3"),
        "stored": Rule(2, "measured", f"{JNK0LE}: stores take data in EX3"),
        "byte_load": Rule(1, "measured", f"{JNK0LE}: bytes and half-words are formatted in EX3"),
        "vector_operand": Rule(2, "measured", f"{JNK0LE}: core registers to vectors in EX3; {LLVM}"),
        "vector_result": Rule(5, "measured", f"{JNK0LE}: VMOV of lanes 5 to EX1, 3 to EX3"),
        "double_to_core": Rule(3, "measured", f"{JNK0LE}: VMOV of D or S 3 to EX1, 1 to EX3"),
        "vector_sum": Rule(3, "guess", f"{LLVM}: addends of sums across at M85Read_EX3"),
        "vector_stored": Rule(4, "guess", f"{LLVM}: vectors to store at M85Read_EX3"),
        "after_vector_access": Rule(1, "measured", f"{JNK0LE}: no scalar in its second cycle"),
        "interleaved_load": Rule(3, "measured", f"{JNK0LE}: VLD2, VLD4 4 cycles"),
        "loaded_offsets": Rule(1, "measured", f"{JNK0LE}: gather offsets 4 behind a load, 3 behind VEOR"),
        "vector_fused_addend": Rule(4, "guess", f"{LLVM}: addends of VFMA and VCMLA at M85Read_EX3"),
        "float_product": Rule(3, "guess", f"{LLVM}: M85GrpBLat3Mve"),
        "half_division": Rule(7, "guess", f"{LLVM}: M85FPDIV16 8, of which all waits but 2"),
        "addend_gain": Rule(3, "guess", f"{LLVM}: ReadFPMAC of VMLA; VFMA's is 2"),
        "fused_addend_gain": Rule(2, "guess", f"{LLVM}: M85ReadFPMAC2"),
    }
)


def rows() -> Iterator[Row]:
    """Yield the table."""
    yield Row(Kind.ALU, 1, "measured", f"{JNK0LE}: EX2, EX3", names=BITWISE, reads_at=1)
    yield Row(Kind.ALU, 1, "measured", f"{JNK0LE}: EX1, EX2", names=SHIFTS)
    yield Row(Kind.ALU, 1, "measured", f"{JNK0LE}: EX2, one a cycle", names=EXTENDS, reads_at=1)
    yield Row(Kind.ALU, 1, "guess", f"{LLVM}: M85WriteShSIMD0, ends in EX1", names=REVERSES)
    yield Row(Kind.ALU, 1, "guess", f"{LLVM}: M85WriteShSIMD2", names=SATURATES, latency=3)
    yield Row(Kind.ALU, 1, "measured", f"{JNK0LE}: EX1 and EX2", names=INSERTS, latency=2)
    yield Row(Kind.ALU, 1, "guess", f"{LLVM}: M85WriteLShift, read in EX3", names=SELECTS, reads_at=2)
    yield Row(Kind.ALU, 1, "guess", f"{LLVM}: M85WriteShift2", names=frozenset({"rrx"}), reads_at=1)
    yield Row(Kind.ALU, 1, "measured", f"{JNK0LE}: EX1, EX2, EX3; two registers of a wide one as a shift")
    yield Row(Kind.ALU_SHIFT, 1, "measured", f"{JNK0LE}: a shift, then an operation", latency=2)
    yield Row(Kind.LONG_SHIFT, 1, "guess", f"{LLVM}: M85WriteLShift in EX3", reads_at=2)
    for kind in MULTIPLIES:
        yield Row(kind, 1, "measured", f"{JNK0LE}: EX2 and EX3", reads_at=1, latency=2)
    yield Row(Kind.DSP, 1, "measured", f"{JNK0LE}: EX1 and EX2", names=SHIFT_AND_ADD, latency=2)
    yield Row(Kind.DSP, 1, "guess", f"{LLVM}: M85WriteSIMD2", names=LATE_DSP, reads_at=1, latency=2)
    yield Row(Kind.DSP, 1, "measured", f"{JNK0LE}: EX2, one a cycle", reads_at=1)
    yield Row(Kind.DIVIDE, 2, "guess", f"{LLVM}: 7 in all; the rest in DIVIDE", cause=Cause.DIVIDE)
    yield from memory_rows()
    predicted = f"{JNK0LE}: a predicted one beside two others"
    for kind in (Kind.BRANCH, Kind.CALL, Kind.BRANCH_REGISTER):
        yield Row(kind, 1, "measured", predicted)
    yield Row(Kind.LOOP, 1, "measured", f"{JNK0LE}: LE as a predicted branch, from its second turn on")
    yield Row(Kind.TABLE_BRANCH, 2, "guess", f"{LLVM}: M85TableLoad, alone")
    for kind in (Kind.IT, Kind.NOP):
        yield Row(kind, 1, "measured", f"{JNK0LE}: a third one of a cycle")
    yield Row(Kind.WAIT, 1, "guess", "sleep itself is not counted here")
    yield Row(Kind.SYSTEM, 1, "guess", f"{LLVM}: M85NonGeneralPurpose, alone", latency=3)
    yield Row(Kind.BARRIER, 4, "guess", "refills the pipeline", names=frozenset({"isb"}))
    yield Row(Kind.BARRIER, 1, "guess", f"{LLVM}: M85NonGeneralPurpose, alone")
    yield Row(Kind.PRELOAD, 1, "guess", f"{LLVM}: WritePreLd")
    yield Row(Kind.UNKNOWN, 1, "guess", "faults or is foreign to the core")
    yield from vector_rows()
    yield from floating_rows()


def memory_rows() -> Iterator[Row]:
    """Yield loads and stores; multiples move 64 bits a cycle."""
    yield Row(Kind.LOAD, 1, "measured", f"{JNK0LE}: EX1 and EX2", latency=2)
    yield Row(Kind.STORE, 1, "measured", f"{JNK0LE}: address in EX1, data in EX3")
    yield Row(Kind.LOAD_DOUBLE, 1, "measured", f"{JNK0LE}: one of them a cycle", latency=2)
    yield Row(Kind.STORE_DOUBLE, 1, "measured", f"{JNK0LE}: one of them a cycle")
    pairs = f"{JNK0LE}: as LDRD and STRD, alone"
    yield Row(Kind.LOAD_MULTIPLE, 0, "measured", pairs, per_transfer=1, latency=2, cause=Cause.MULTIPLE)
    yield Row(Kind.STORE_MULTIPLE, 0, "measured", pairs, per_transfer=1, cause=Cause.MULTIPLE)


def vector_rows() -> Iterator[Row]:
    """Yield vectors; ``latency`` from EX3 to the first beat of the next one."""
    yield Row(Kind.VECTOR_LOAD, 1, "measured", f"{JNK0LE}, {LLVM}: M85LoadMVE", occupies=BEATS)
    yield Row(Kind.VECTOR_STORE, 1, "measured", f"{JNK0LE}, {LLVM}: M85StoreMVE", occupies=BEATS)
    alu, later = f"{LLVM}: M85GrpALat1Mve; {SLOTHY}", f"{LLVM}: M85GrpALat2Mve"
    yield Row(Kind.VECTOR_ALU, 1, "guess", later, occupies=BEATS, latency=2, names=LATER_VECTORS)
    yield Row(Kind.VECTOR_ALU, 1, "guess", alu, occupies=BEATS)
    products = f"{LLVM}: M85GrpBLat2Mve; {SLOTHY}"
    fused, complex_ = f"{LLVM}: M85GrpBLat4Mve", f"{LLVM}: M85GrpBLat3Mve"
    yield Row(Kind.VECTOR_MULTIPLY, 1, "guess", fused, occupies=BEATS, latency=4, names=FUSED_VECTORS)
    yield Row(
        Kind.VECTOR_MULTIPLY, 1, "guess", complex_, occupies=BEATS, latency=3, names=frozenset({"vcmul"})
    )
    yield Row(Kind.VECTOR_MULTIPLY, 1, "guess", products, occupies=BEATS, latency=2)
    signs = f"{LLVM}: M85GrpBLat1Mve"
    yield Row(Kind.VECTOR_FLOAT, 1, "guess", signs, occupies=BEATS, names=SIGNS_AND_LIMITS)
    yield Row(Kind.VECTOR_FLOAT, 1, "guess", f"{later}, M85GrpBLat2Mve", occupies=BEATS, latency=2)
    yield Row(Kind.VECTOR_ACROSS, 1, "guess", f"{LLVM}: M85GrpBLat2MveR", occupies=BEATS, latency=2)
    counts = frozenset({"vidup", "vddup", "viwdup", "vdwdup"})
    yield Row(Kind.VECTOR_MOVE, 1, "guess", later, occupies=BEATS, latency=2, names=counts)
    yield Row(Kind.VECTOR_MOVE, 1, "guess", f"{LLVM}: M85GrpABLat1Mve", occupies=BEATS)
    yield Row(Kind.VECTOR_PREDICATE, 1, "guess", f"{LLVM}: M85GrpCLat1Mve, M85GrpDLat1Mve", occupies=BEATS)


def floating_rows() -> Iterator[Row]:
    """Yield the scalar floating point; double precision is in DOUBLE_CYCLES."""
    yield Row(Kind.FP_ALU, 1, "guess", f"{LLVM}: VCMP", names=frozenset({"vcmp", "vcmpe", "vabs", "vneg"}))
    yield Row(Kind.FP_ALU, 1, "guess", f"{LLVM}: WriteFPALU32, WriteFPCVT", latency=2)
    yield Row(Kind.FP_MULTIPLY, 1, "guess", f"{LLVM}: WriteFPMUL32", latency=3)
    yield Row(Kind.FP_MAC, 1, "guess", f"{LLVM}: M85OverrideVFPLat4", latency=4, names=FUSED)
    yield Row(Kind.FP_MAC, 1, "guess", f"{LLVM}: WriteFPMAC32", latency=5)
    yield Row(
        Kind.FP_DIVIDE, 13, "guess", f"{LLVM}: 14, and all waits", latency=2, cause=Cause.FLOATING_POINT
    )
    yield Row(Kind.FP_MOVE, 1, "guess", f"{LLVM}: WriteFPMOV")
    yield Row(Kind.FP_LOAD, 1, "guess", f"{LLVM}: M85LoadSP")
    yield Row(Kind.FP_STORE, 1, "guess", f"{LLVM}: M85StoreSP")
    for kind in (Kind.FP_LOAD_MULTIPLE, Kind.FP_STORE_MULTIPLE):
        source = f"{JNK0LE}: as VLDR.64 and VSTR.64, alone"
        yield Row(kind, 0, "measured", source, per_transfer=1, cause=Cause.MULTIPLE)


DOUBLE_CYCLES: Mapping[Kind, Rule] = {
    Kind.FP_ALU: Rule(5, "guess", f"{LLVM}: WriteFPALU64 6, of which all waits but 2"),
    Kind.FP_MULTIPLY: Rule(6, "guess", f"{LLVM}: WriteFPMUL64 8, of which all waits but 3"),
    Kind.FP_MAC: Rule(11, "guess", f"{LLVM}: WriteFPMAC64 14, of which all waits but 4"),
    Kind.FP_DIVIDE: Rule(28, "guess", f"{LLVM}: WriteFPDIV64 29, of which all waits but 2"),
}
check_rules({kind.name: rule for kind, rule in DOUBLE_CYCLES.items()})
"""Cycles for which one of double precision keeps everything waiting."""

DIVIDE = DivideTiming(zero=0, smaller=1, by_width=tuple(2 + difference // 4 for difference in range(32)))
"""A guess around LLVM's 7 for all."""

UNALIGNED = UnalignedTiming(halfword_odd=1, word_half=1, word_odd=1)
"""jnk0le: half a cycle to one for a load; for stores a guess."""

EXCEPTIONS = ExceptionTiming(entry=12, exit=10, tail_chain=6, fp_frame=9)
"""Guesses: the Cortex-M4's; the floating-point registers two a cycle."""


def is_float_product(instruction: Instruction) -> bool:
    """Whether it is a VMUL of floating point."""
    opcode = instruction.opcode
    return any(opcode & mask == bits for mask, bits in FLOAT_PRODUCTS)


def pipes_of(instruction: Instruction) -> tuple[Pipe, ...]:
    """The pipes of which a vector takes one, the better one first; none for scalars."""
    kind, name = instruction.kind, instruction.name
    if kind not in VECTOR_PIPES:
        return ()
    if name in ON_A_OR_B:
        return Pipe.A, Pipe.B
    pipe = VECTOR_PIPES[kind]
    if name in ON_D:
        pipe = Pipe.D
    elif (kind in FLOATS and name in FLOAT_SUMS) or (
        name in ACROSS_ON_A and not instruction.accumulator_reads
    ):
        pipe = Pipe.A
    return (pipe,)


class CortexM85Parameters(CoreParameters, frozen=True):
    """Options of the chip around a Cortex-M85."""

    mpu_regions: Annotated[Literal[0, 4, 8, 12, 16], MPU_REGIONS] = 8  # 101924
    trace_at_reset: TraceAtReset = 0
    instruction_cache_bytes: Annotated[CacheBytes, cache_bytes("instruction", example=16384)] = 0
    data_cache_bytes: Annotated[CacheBytes, cache_bytes("data", example=16384)] = 0
