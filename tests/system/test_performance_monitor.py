"""The performance monitor of a Cortex-M55 (DDI 0553): cycles, instructions, increments, overflows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from assembled import address_of, assemble, finish, results

from emulator import Machine, StopReason
from emulator.board.reader import load_board

BOARD = "virtual-m55"
SKIP_SYSTICK = """
    ldr r0, =0xE000E010
    movs r1, #200
    str r1, [r0, #4]
    str r1, [r0, #8]
    movs r1, #7
    str r1, [r0]
    wfi
    str r5, [r0]
"""
MIXED = """
    movs r0, #3
    movs r1, #7
    mul r2, r0, r1
    udiv r2, r1, r0
    ldr r0, [r4, #64]
    adds r0, r0, #1
    push {r0-r3}
    pop {r0-r3}
    movs r0, #5
1:  subs r0, #1
    bne 1b
"""
BEGIN = """
    ldr r0, =0xE000EDFC
    ldr r1, =0x01000000
    str r1, [r0]            // DEMCR.TRCENA
    ldr r7, =0xE0003000
    movs r5, #0
    movs r1, #0x08
    str r1, [r7, #0x400]    // EVTYPER0: instructions
    movs r1, #0x11
    str r1, [r7, #0x404]    // EVTYPER1: cycles
    ldr r6, =0x80000003
    str r6, [r7, #0xC00]    // CNTENSET
    movs r1, #7
    str r1, [r7, #0xE04]    // CTRL: all counters from zero, and on
"""
END = """
    str r5, [r7, #0xE04]
    ldr r0, [r7, #0x7C]
    str r0, [r4]
    ldr r0, [r7]
    str r0, [r4, #4]
    ldr r0, [r7, #4]
    str r0, [r4, #8]
    ldr r0, [r7, #0xE00]
    str r0, [r4, #12]
"""


def machine_with(folder: Path, body: str) -> Machine:
    """What runs it; the assembler knows no Cortex-M55, and the code needs none."""
    image = assemble(folder, body, replace(load_board(BOARD), core="cortex-m33"))
    machine = Machine(BOARD)
    machine.load(image)
    return machine


@pytest.mark.parametrize(
    ("body", "instructions"), [("    nop\n" * 10, 10), (MIXED, 9 + 2 * 5), (SKIP_SYSTICK, 9)], ids=str
)
def test_cycles_and_instructions(tmp_path: Path, body: str, instructions: int) -> None:
    machine = machine_with(tmp_path, BEGIN + body + END)
    finish(machine)
    cycles, executed, cycles_again, kind = results(machine, 4)
    assert executed == 1 + instructions  # the store that switches them on, too
    assert cycles == cycles_again >= instructions // 2
    assert kind & 0xFF == 8


def test_an_increment_a_chain_and_an_overflow(tmp_path: Path) -> None:
    body = (
        BEGIN
        + """
    str r5, [r7, #0xE04]
    str r5, [r7, #0x404]    // EVTYPER1: software
    movs r1, #0x1E
    str r1, [r7, #0x40C]    // EVTYPER3: overflows of counter 2
    str r5, [r7, #0x408]    // EVTYPER2: software
    ldr r1, =0xFFFF
    str r1, [r7, #8]
    movs r1, #0x0C
    str r1, [r7, #0xC00]
    movs r1, #1
    str r1, [r7, #0xE04]
    movs r1, #4
    str r1, [r7, #0xCA0]    // SWINC: counter 2
    ldr r0, [r7, #0xC80]
    str r0, [r4]
    ldr r0, [r7, #8]
    str r0, [r4, #4]
    ldr r0, [r7, #12]
    str r0, [r4, #8]
    str r1, [r7, #0xC80]    // OVSCLR
    ldr r0, [r7, #0xCC0]
    str r0, [r4, #12]
"""
    )
    machine = machine_with(tmp_path, body)
    finish(machine)
    assert results(machine, 4) == (1 << 2, 0, 1, 0)


def test_counts_go_on_from_a_snapshot(tmp_path: Path) -> None:
    mixed = MIXED.replace("1:", "2:").replace("1b", "2b")
    body = BEGIN + MIXED + "    bl middle\n    b 3f\n    .thumb_func\nmiddle: bx lr\n3:\n" + mixed + END
    machine = machine_with(tmp_path, body)
    finish(machine)
    straight = results(machine, 4)
    machine = machine_with(tmp_path, body)
    assert machine.run_to(address_of(machine, "middle")) is StopReason.BREAK
    snapshot = machine.snapshot()
    for _ in range(3):
        finish(machine)
        assert results(machine, 4) == straight
        machine.restore(snapshot)


def test_events_and_interrupts_that_are_not_modelled_are_named(tmp_path: Path) -> None:
    body = (
        BEGIN
        + """
    movs r1, #0x39
    str r1, [r7, #0x408]    // L1D_CACHE_MISS_RD
    movs r1, #1
    str r1, [r7, #0xC40]    // INTENSET
"""
    )
    machine = machine_with(tmp_path, body)
    finish(machine)
    told = " ".join(str(item) for item in machine.unmodelled)
    assert "event 0x0039" in told
    assert "interrupts of the performance monitor" in told
