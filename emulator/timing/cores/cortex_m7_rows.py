"""Rows, units and rules of the Cortex-M7 r1p1.

Stages: 0 = address generation and first shifter ("early"), 1 = ALU ("late"),
2 = multiply-accumulate's addend, 3 = store data. ``reads_at`` is the stage in which a
row's operands are needed, ``latency`` the number of cycles from issue until the result
can be forwarded.

Sources: jnk0le = jnk0le/random, cortex_m7.md, measured on STM32H743; LLVM =
ARMScheduleM7.td; dwelch = dwelch67/stm32_samples, NUCLEO-F767ZI/perf01.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from emulator.schema.table import Switch, about
from emulator.thumb.instruction import Kind
from emulator.timing.cores.classes import MULTIPLIES
from emulator.timing.cores.table import Row, Rule, check_rules
from emulator.timing.model import Cause, DivideTiming, ExceptionTiming, UnalignedTiming
from emulator.timing.parameters import MPU_REGIONS, CacheBytes, CoreParameters, TraceAtReset, cache_bytes

JNK0LE = "jnk0le/random cortex_m7.md"
DWELCH = "dwelch67/stm32_samples NUCLEO-F767ZI/perf01"
LLVM = "LLVM ARMScheduleM7.td"

EARLY_ALU = frozenset({"add", "sub", "mov", "movw", "lsl", "lsr", "asr", "ror", "adr", "cmp"})
"""Operations that run in stage 0 when their operands are there, else in stage 1."""

EARLY_BITS = frozenset({"sbfx", "ubfx", "rbit", "rev", "rev16", "revsh"})
"""Bit operations that always run in stage 0."""

BITS = EARLY_BITS | {"bfi", "bfc", "clz", "sxtb", "sxth", "uxtb", "uxth", "ssat", "usat"}
"""What jnk0le calls bit field and DSP, beside :attr:`Kind.DSP`: one of these per cycle."""

USES_SHIFTER = EARLY_BITS | {"bfi", "bfc", "pkhbt", "pkhtb"}
"""Bit operations (and the extend-and-adds) that no shifted operand may accompany."""

SHIFTS = frozenset({"lsl", "lsr", "asr", "ror", "rrx"})

FP_ARITHMETIC = frozenset({Kind.FP_ALU, Kind.FP_MULTIPLY, Kind.FP_MAC, Kind.FP_DIVIDE})
ALONE = frozenset(
    {
        Kind.DIVIDE,
        Kind.LOAD_DOUBLE,
        Kind.STORE_DOUBLE,
        Kind.LOAD_MULTIPLE,
        Kind.STORE_MULTIPLE,
        Kind.FP_LOAD_MULTIPLE,
        Kind.FP_STORE_MULTIPLE,
        Kind.TABLE_BRANCH,
        Kind.SYSTEM,
        Kind.BARRIER,
        Kind.WAIT,
        Kind.UNKNOWN,
    }
)
"""Kinds that share their cycle with nothing."""

ADDEND_STAGE, STORE_STAGE = 2, 3

RULES = check_rules(
    {
        "fetch_bytes": Rule(8, "trm", "DDI 0489: 64-bit fetch; loop alignment measured by " + DWELCH),
        "fetch_queue": Rule(32, "trm", "DDI 0489: four 64-bit entries"),
        "narrow_before_branch": Rule(
            2,
            "measured",
            f"{JNK0LE}: a predicted branch shares its cycle with its target behind two 16-bit instructions",
        ),
        "mispredict": Rule(8, "measured", JNK0LE),
        "early_flags_gain": Rule(2, "measured", f"{JNK0LE}: 6 when flags were set 3 cycles before"),
        "early_flags_distance": Rule(3, "measured", JNK0LE),
        "byte_load": Rule(3, "measured", f"{JNK0LE}: byte and half-word loads one cycle later"),
        "load_to_multiply": Rule(1, "measured", f"{JNK0LE}: multiplies wait one cycle more for LDR"),
        "addend_from_mac": Rule(2, "measured", f"{JNK0LE}: 3 cycles as addend, 5 otherwise"),
        "addend_from_result": Rule(0, "measured", f"{JNK0LE}: VADD, VMUL to an addend 3"),
        "addend_from_load": Rule(-2, "measured", f"{JNK0LE}: VLDR to an addend 3, otherwise 1"),
        "mac_shadow": Rule(
            3,
            "measured",
            f"{JNK0LE}: no VADD, VLDM, VLDR.D for 3 cycles; VLDR, VSTR, VMOV in the older slot only",
        ),
        "narrow_for_multiple": Rule(2, "measured", f"{JNK0LE}: 4 bytes saved before a multiple or after it"),
        "slide_window": Rule(7, "measured", f"{JNK0LE}: up to 7 cycles after it"),
        "narrow_store": Rule(
            2,
            "measured",
            f"{JNK0LE}: STRB, STRH one in 2 cycles to two banks in turn (2.4 one behind the other); to one "
            f"word 4, 3 on STM32F767 ({DWELCH})",
        ),
        "narrow_stores_waiting": Rule(
            5,
            "guess",
            f"as many as unaligned ones, which {JNK0LE} measured; one in 3 cycles is free ({DWELCH})",
        ),
        "slide": Rule(1, "measured", f"{JNK0LE}: otherwise an additional stall"),
    }
)


def rows() -> Iterator[Row]:
    """Yield the table."""
    yield Row(Kind.ALU, 1, "measured", f"{JNK0LE}: stage 0", names=EARLY_BITS)
    yield Row(Kind.ALU, 1, "measured", f"{JNK0LE}: stage 0 or 1", names=EARLY_ALU, reads_at=1, latency=2)
    for kind in (Kind.ALU, Kind.ALU_SHIFT, Kind.DSP):
        yield Row(kind, 1, "measured", f"{JNK0LE}, {LLVM}", reads_at=1, latency=2)
    for kind in MULTIPLIES:
        yield Row(kind, 1, "measured", f"{JNK0LE}, {LLVM}", reads_at=1, latency=3, cause=Cause.MULTIPLY)
    yield Row(Kind.DIVIDE, 3, "guess", f"{LLVM}: about 7; the rest in DIVIDE", cause=Cause.DIVIDE)
    yield Row(Kind.LOAD, 1, "measured", f"{JNK0LE}, {LLVM}", latency=2, refill=3)
    yield Row(Kind.STORE, 1, "measured", JNK0LE)
    for kind in (Kind.LOAD_DOUBLE, Kind.STORE_DOUBLE, Kind.STORE_MULTIPLE):
        yield Row(kind, 0, "measured", f"{JNK0LE}: half a cycle each", per_transfer=1, cause=Cause.MULTIPLE)
    yield Row(
        Kind.LOAD_MULTIPLE,
        *(0, "measured", f"{JNK0LE}: half a cycle each"),
        per_transfer=1,
        latency=2,
        refill=3,
        cause=Cause.MULTIPLE,
    )
    yield Row(
        Kind.BRANCH,
        *(1, "measured", f"{JNK0LE}, {DWELCH}: free when predicted; refill without BTAC: 4.0 and 5.0 a turn"),
        refill=3,
    )
    yield Row(Kind.CALL, 1, "guess", "predicted, as B", refill=3)
    yield Row(Kind.BRANCH_REGISTER, 1, "guess", "return addresses come late", refill=2)
    yield Row(Kind.TABLE_BRANCH, 1, "guess", "a load, then a jump", refill=6)
    for kind in (Kind.IT, Kind.NOP, Kind.PRELOAD):
        yield Row(kind, 1, "measured", f"{JNK0LE}: takes a slot")
    yield Row(Kind.WAIT, 1, "guess", "sleep itself is not counted here")
    yield Row(Kind.SYSTEM, 2, "guess", "as on the Cortex-M4")
    yield Row(Kind.BARRIER, 6, "guess", "refills the pipeline", names=frozenset({"isb"}))
    yield Row(Kind.BARRIER, 2, "guess", "no figure found")
    yield Row(Kind.UNKNOWN, 1, "guess", "faults or is foreign to the core")
    yield from floating_rows()


def floating_rows() -> Iterator[Row]:
    """Yield the FPU's rows; double precision is told apart in :mod:`.cortex_m7`."""
    yield Row(Kind.FP_ALU, 1, "measured", JNK0LE, latency=3)
    yield Row(Kind.FP_MULTIPLY, 1, "measured", JNK0LE, latency=3)
    yield Row(Kind.FP_MAC, 1, "measured", f"{JNK0LE}: VFMA", latency=5)
    yield Row(Kind.FP_DIVIDE, 14, "measured", JNK0LE, names=frozenset({"vsqrt"}), latency=14)
    yield Row(Kind.FP_DIVIDE, 16, "measured", JNK0LE, latency=16, cause=Cause.FLOATING_POINT)
    yield Row(Kind.FP_MOVE, 1, "measured", f"{JNK0LE}: 3 into the FPU, 1 out of it", latency=3)
    yield Row(Kind.FP_LOAD, 1, "measured", JNK0LE)
    yield Row(Kind.FP_STORE, 1, "measured", JNK0LE)
    for kind in (Kind.FP_LOAD_MULTIPLE, Kind.FP_STORE_MULTIPLE):
        yield Row(kind, 0, "measured", f"{JNK0LE}: as LDM", per_transfer=1, cause=Cause.MULTIPLE)


DOUBLE_CYCLES = {
    Kind.FP_ALU: Rule(1, "measured", f"{JNK0LE}: VADD.D 1 to 3 by operands"),
    Kind.FP_MULTIPLY: Rule(5, "measured", f"{JNK0LE}: VMUL.D 4 to 5"),
    Kind.FP_MAC: Rule(8, "measured", f"{JNK0LE}: VFMA.D 6 to 10 by operands"),
    Kind.FP_DIVIDE: Rule(30, "measured", f"{JNK0LE}: VDIV.D"),
}
check_rules({kind.name: rule for kind, rule in DOUBLE_CYCLES.items()})

DIVIDE = DivideTiming(zero=0, smaller=0, by_width=tuple(1 + difference // 2 for difference in range(32)))
"""A guess within the recalled 3 to 20 cycles."""

UNALIGNED = UnalignedTiming(halfword_odd=3, word_half=3, word_odd=3, store_drain=3, store_entries=5)
"""Measured. Loads: 3 more cycles, two in one cycle 4 (jnk0le on STM32H743, where a lone one in the
younger slot costs 4 too). Stores: one in 3 cycles (dwelch; jnk0le has 4), free until 5 wait (jnk0le)."""

EXCEPTIONS = ExceptionTiming(entry=12, exit=10, tail_chain=6, fp_frame=9)
"""Entry as recalled for tightly coupled memory; the rest guesses."""


class CortexM7Parameters(CoreParameters, frozen=True):
    """Options of a Cortex-M7, and how it is set up."""

    mpu_regions: Annotated[Literal[0, 8, 16], MPU_REGIONS] = 8  # DDI 0489
    trace_at_reset: TraceAtReset = 0
    dwt_lock: Annotated[
        Switch,
        about(
            "Whether the DWT takes no write before its key is written to DWT_LAR. It is so on STM32F7; on"
            " STM32H7A3 published firmware counts cycles and never writes the key.",
            example=0,
        ),
    ] = 1
    systick_reference_hz: Annotated[
        int,
        about(
            "SysTick's external reference; 0: an eighth of the core's clock.",
            unit="Hz",
            at_least=0,
            at_most=100_000_000,
            example=100_000,
        ),
    ] = 0
    static_prediction: Annotated[
        Switch,
        about(
            "Whether the branch target cache is off (ACTLR.DISBTACREAD): backward branches are taken to be "
            "taken, and each taken branch fetches anew.",
            example=1,
        ),
    ] = 0
    unaligned_load: Annotated[
        int,
        about(
            "Cycles that an unaligned load takes beside its own.",
            unit="cycles",
            at_least=0,
            at_most=15,
            example=2,
        ),
    ] = UNALIGNED.word_half
    instruction_cache_bytes: Annotated[CacheBytes, cache_bytes("instruction", example=16384)] = 0
    data_cache_bytes: Annotated[CacheBytes, cache_bytes("data", example=16384)] = 0
