"""STIR written by unprivileged code, on whole machines."""

from __future__ import annotations

from pathlib import Path

import pytest
from assembled import finish, machine_with, results

BODY = """
    ldr r1, =0xE000ED24
    ldr r0, [r1]
    orr r0, r0, #0x70000
    str r0, [r1]
    mov r0, #0
    str r0, [r4]
    str r0, [r4, #4]
    ldr r1, =0xE000ED14
    ldr r0, [r1]
    orr r0, r0, #{ccr}
    str r0, [r1]
    dsb
    isb
    movs r0, #1
    msr control, r0
    isb
    ldr r2, =0xE000EF00
    movs r3, #0
    {store}
    nop
    nop
"""
HANDLER = """
    mrs r0, ipsr
    ldr r1, =0xE000ED28
    ldr r2, [r1]
    str r2, [r1]
    ldr r1, =0x20000100
    str r0, [r1]
    str r2, [r1, #4]
    ldr r2, [sp, #24]
    str r2, [r1, #8]
    cmp r0, #5
    itt eq
    addeq r2, #4
    streq r2, [sp, #24]
"""
USERSETMPEND = 2


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_bus_fault_and_nothing_pends(tmp_path: Path, hook: str) -> None:
    body = BODY.format(ccr=0, store="str.w r3, [r2]")
    machine = machine_with(tmp_path, body, hook=hook, handler=HANDLER)
    finish(machine)
    assert results(machine, 2) == (5, 0x8200)  # BusFault: PRECISERR, BFARVALID
    record = machine.system.last_fault
    assert record is not None
    assert record.address == 0xE000EF00
    assert record.pc == results(machine, 3)[2]
    assert not machine.system.table.pending


@pytest.mark.parametrize("hook", ["native", "python"])
def test_usersetmpend_lets_it_pend(tmp_path: Path, hook: str) -> None:
    body = BODY.format(ccr=USERSETMPEND, store="str.w r3, [r2]")
    machine = machine_with(tmp_path, body, hook=hook, handler=HANDLER)
    finish(machine)
    assert results(machine, 2) == (0, 0)
    assert machine.system.table.pending == 1 << 16
