"""Instructions for a coprocessor that a device answers: where Unicorn raises NOCP, the device is asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from emulator import Machine
from emulator.errors import GuestFault

OPEN = "ldr r0, =0xE000ED88\nmov r1, #0x0000C303\nstr r1, [r0]\ndsb\nisb\n"
END = "mov r0, #0x18\nldr r1, =0x20026\nbkpt 0xAB\n"
HEADER = """
    .syntax unified
    .cpu cortex-m33
    .section .text
    .word 0xFFFFDED3, 0x10210142, 0x00000203, 0x10000100, 0x000003FF, 0, 0xAB123579
    .org 256
    .word 0x20040000, start + 1
    .thumb_func
start:
"""


def run(folder: Path, code: str, hook: str = "native") -> Machine:
    """Run it on a board whose SIO has three of them, until it ends itself."""
    source, elf = folder / "code.s", folder / "code.elf"
    source.write_text(HEADER + code + END + ".ltorg\n")
    command = ["arm-none-eabi-gcc", "-nostdlib", "-Wl,-Ttext=0x10000000", "-Wl,--entry=0"]
    subprocess.run([*command, str(source), "-o", str(elf)], check=True)
    machine = Machine("rpi-pico2", hook=hook)
    machine.load(elf)
    machine.run(max_cycles=10_000_000)
    return machine


@pytest.mark.usefixtures("cross_tools")
@pytest.mark.parametrize("hook", ["native", "python"])
def test_registers_go_there_and_come_back(tmp_path: Path, hook: str) -> None:
    code = (
        OPEN
        + """
    mov r4, #0x20
    mcr p0, #0, r4, c0, c4         @ output enables
    mcr p0, #2, r4, c0, c0         @ outputs, set
    mrc p0, #0, r5, c0, c0
    mrrc p0, #0, r6, r7, c4
    mov r8, #0xD0000000
    ldr r8, [r8, #0x10]            @ SIO.GPIO_OUT
    """
    )
    machine = run(tmp_path, code, hook)
    assert [machine.registers()[f"r{n}"] for n in (5, 6, 7, 8)] == [0x20, 0x20, 0, 0x20]


@pytest.mark.usefixtures("cross_tools")
@pytest.mark.parametrize("hook", ["native", "python"])
def test_conditions_hold_and_flags_come_back(tmp_path: Path, hook: str) -> None:
    code = (
        OPEN
        + """
    movs r4, #1
    movs r5, #0
    cmp r4, #1
    itee eq
    mrceq p7, #1, r5, c0, c0, #0   @ the salt is there: the boot ROM wrote it
    movne r4, #9
    mrcne p7, #1, r4, c0, c0, #0
    mrc p7, #1, apsr_nzcv, c0, c0, #0
    ite mi
    movmi r6, #1
    movpl r6, #2
    """
    )
    machine = run(tmp_path, code, hook)
    assert [machine.registers()[f"r{n}"] for n in (4, 5, 6)] == [1, 0xA500A500, 1]


@pytest.mark.usefixtures("cross_tools")
def test_both_hooks_count_alike(tmp_path: Path) -> None:
    code = OPEN + "mov r4, #100\n1: mcr p0, #1, r4, c0, c0\nsubs r4, #1\nbne 1b\n"
    first = run(tmp_path, code, "native").clock.now()
    assert first == run(tmp_path, code, "python").clock.now()


@pytest.mark.usefixtures("cross_tools")
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("mcr p0, #0, r4, c0, c0\n", "NOCP|coprocessor"),  # CPACR keeps it closed
        (OPEN + "mcr p3, #0, r4, c0, c0\n", "NOCP|coprocessor"),  # there is none
        (OPEN + "mcr p0, #0, r4, c0, c9\n", "undefined"),  # it knows no such instruction
        (OPEN + "movs r4, #1\nmcr p7, #1, r4, c0, c0, #0\n", "undefined"),  # no boolean
    ],
)
def test_others_fault(tmp_path: Path, code: str, words: str) -> None:
    with pytest.raises(GuestFault, match=words):
        run(tmp_path, code)
