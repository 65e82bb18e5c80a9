"""Floating point of Armv8.1-M beside Unicorn: flags, contexts, modes. Elsewhere: values, against QEMU's."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.machine.machine import Machine
from tests.engine.test_vectors import DATA, Bench
from tests.engine.test_vectors import bench as bench  # noqa: PLC0414 -- a fixture

INVALID, OVERFLOW, UNDERFLOW, INEXACT, DENORMAL = 1, 4, 8, 16, 128
FZ16, NO_TAIL = 1 << 19, 4 << 16

WITH_FLAGS = {  # two operands in r0 and r1: the first result's bits, FPSCR's flags
    "a denormal single is a zero": ("vadd.f32", 0x3F800000, 0x00000001, 0x3F800000, DENORMAL),
    "what would be one, too": ("vmul.f32", 0x00800000, 0x3F000000, 0, UNDERFLOW),
    "a NaN is the default one": ("vadd.f32", 0x3F800000, 0xFFC12345, 0x7FC00000, 0),
    "a signalling one raises": ("vmul.f32", 0x3F800000, 0x7F812345, 0x7FC00000, INVALID),
    "infinities that cancel": ("vsub.f32", 0x7F800000, 0x7F800000, 0x7FC00000, INVALID),
    "the largest number twice": ("vadd.f32", 0x7F7FFFFF, 0x7F7FFFFF, 0x7F800000, OVERFLOW | INEXACT),
    "ties go to even": ("vadd.f32", 0x4B800000, 0x3F800000, 0x4B800000, INEXACT),
    "the largest half twice": ("vadd.f16", 0x7BFF7BFF, 0x7BFF7BFF, 0x7C007C00, OVERFLOW | INEXACT),
    "denormal halves are numbers": ("vadd.f16", 0x00010001, 0x00010001, 0x00020002, 0),
    "a number rather than a NaN": ("vmaxnm.f16", 0x7E003C00, 0x3C007E00, 0x3C003C00, 0),
    "zeroes have an order": ("vminnm.f32", 0x00000000, 0x80000000, 0x80000000, 0),
}


def machine_of(bench: Bench, body: str, **options: bool) -> Machine:
    return bench.run(bench.image(f"{body}\nb leave\n.ltorg\n", **options))


@pytest.mark.parametrize("name", WITH_FLAGS)
def test_results_and_cumulative_flags(bench: Bench, name: str) -> None:
    operation, first, second, result, flags = WITH_FLAGS[name]
    machine = machine_of(
        bench,
        f"ldr r0, ={first:#x}\nldr r1, ={second:#x}\nvdup.32 q0, r0\nvdup.32 q1, r1\n{operation} q2, q0, q1\n"
        "vmov r2, s8\nvmrs r3, fpscr\nvmov r4, s11",
    )
    registers = machine.registers()
    assert (registers["r2"], registers["r4"]) == (result, result)
    assert registers["r3"] == flags | NO_TAIL


def test_what_is_not_predicated_raises_nothing(bench: Bench) -> None:
    body = """
    movw r8, #0x00F0
    vmsr p0, r8
    vmov.i32 q0, #0x7f000000
    vorr.i32 q0, #0xa00000
    vmov.f32 q1, #1.0
    vmov s0, r8
    vmov s0, s4
    vmov s1, s4
    vpst
    vaddt.f32 q2, q0, q1
    vmrs r9, fpscr
    """
    assert machine_of(bench, body).registers()["r9"] == NO_TAIL
    assert machine_of(bench, body.replace("0x00F0", "0x0F00")).registers()["r9"] == NO_TAIL | INVALID


def test_flags_end_with_a_write_of_fpscr(bench: Bench) -> None:
    raise_them = "vmov.i32 q0, #0x7f000000\nvmul.f32 q1, q0, q0\nvmrs r8, fpscr\n"
    clear = "ldr r9, =0x00080000\nvmsr fpscr, r9\nvmrs r2, fpscr\ncmp r8, r8\nit eq\nvmrseq r3, fpscr\n"
    registers = machine_of(bench, raise_them + clear).registers()
    assert registers["r8"] == NO_TAIL | OVERFLOW | INEXACT
    assert (registers["r2"], registers["r3"]) == (NO_TAIL | FZ16, NO_TAIL | FZ16)


def test_double_precision(bench: Bench) -> None:
    """MVFR0 of Unicorn's Cortex-M33 has single precision alone."""
    body = "vmov.f64 d0, #3.0\nvmov.f64 d1, #0.5\nvfma.f64 d0, d1, d1\nvsqrt.f64 d2, d0\nvmov r8, r9, d0"
    registers = machine_of(bench, f".arch_extension fp.dp\n{body}").registers()
    assert (registers["r9"], registers["r8"]) == (0x400A0000, 0)  # 3.25


def test_registers_that_say_what_there_is(bench: Bench) -> None:
    """Cortex-M55 TRM (101051): MVFR0 to MVFR2; FPDSCR's LTPSIZE reads 4 (DDI 0553)."""
    body = """
    ldr r8, =0xE000EF3C
    ldr r9, [r8]
    mvn r2, #0
    str r2, [r8]
    ldr r2, [r8]
    ldr r3, [r8, #4]
    ldr r4, [r8, #8]
    ldr r5, [r8, #12]
    """
    registers = machine_of(bench, body).registers()
    assert (registers["r9"], registers["r2"]) == (NO_TAIL, 0x07CC0000)
    assert [registers[f"r{n}"] for n in (3, 4, 5)] == [0x10110221, 0x12100211, 0x40]


@pytest.mark.parametrize("instruction", ["vadd.f16 s0, s1, s2", "vadd.f32 q0, q0, q1", "vscclrm {s0, vpr}"])
def test_without_access_there_is_no_coprocessor(bench: Bench, instruction: str) -> None:
    machine = machine_of(
        bench, f"mrs r8, control\norr r8, r8, #4\nmsr control, r8\n{instruction}", opens=False
    )
    assert int.from_bytes(machine.read_memory(0xE000ED28, 4), "little") == 1 << 19


def test_vscclrm_clears_registers_and_vpr(bench: Bench) -> None:
    """Twice: in its own block, and behind what Unicorn executes."""
    body = """
    movw r8, #0xABCD
    vmsr p0, r8
    vmov.i8 q0, #1
    vmov.i8 q1, #1
    vscclrm {s1-s5, vpr}
    vmrs r9, vpr
    vmov r2, s0
    vmov r3, s1
    vmov r4, s5
    vmov r5, s6
    sdiv r6, r8, r2
    vscclrm {d0, vpr}
    vmov r2, s0
    """
    registers = machine_of(bench, body).registers()
    assert [registers[f"r{n}"] for n in (9, 2, 3, 4, 5)] == [0, 0, 0, 0, 0x01010101]


HANDLER = """
.thumb_func
fault11: vadd.f16 s0, s2, s2
vmrs r5, fpscr
vmov r6, s0
bx lr
"""


def test_a_handler_begins_with_fpdscr(bench: Bench) -> None:
    """FZ16 of FPDSCR in its context; the flags of the other come back behind it."""
    body = f"""
    ldr r8, =0xE000EF3C
    ldr r9, ={FZ16:#x}
    str r9, [r8]
    mov r9, #1
    vmov s2, r9
    vmov.i32 q4, #0x7f000000
    vmul.f32 q4, q4, q4
    svc 0
    vmrs r4, fpscr
    """
    machine = bench.run(bench.image(f"{body}\nb leave\n.ltorg\n", HANDLER))
    registers = machine.registers()
    assert registers["r4"] == NO_TAIL | OVERFLOW | INEXACT
    assert (registers["r5"], registers["r6"]) == (NO_TAIL | FZ16, 0)


def test_a_snapshot_holds_flags(bench: Bench, tmp_path: Path) -> None:
    image = bench.image(
        "vmov.i32 q0, #0x7f000000\nvmul.f32 q1, q0, q0\n" + "nop\n" * 200 + "vmrs r8, fpscr\nb leave\n"
    )
    machine = Machine(str(bench.board))
    machine.load(image)
    machine.run(max_cycles=100)
    saved = machine.snapshot()
    machine.run(max_cycles=100_000)
    expected = machine.registers()["r8"]
    machine.restore(saved)
    machine.run(max_cycles=100_000)
    assert machine.registers()["r8"] == expected == NO_TAIL | OVERFLOW | INEXACT


def test_halves_in_memory(bench: Bench) -> None:
    body = f"""
    ldr r3, ={DATA}
    ldr r8, =0x12345678
    str r8, [r3]
    vmov s0, r8
    vldr.16 s0, [r3, #2]
    vmov r9, s0
    vstr.16 s0, [r3, #4]
    ldr r2, [r3, #4]
    vldr.16 s1, here
    vmov r4, s1
    b leave
    .align 2
    here: .hword 0xBEEF, 0
    """
    registers = machine_of(bench, body).registers()
    assert [registers[f"r{n}"] for n in (9, 2, 4)] == [0x1234, 0x1234, 0xBEEF]
