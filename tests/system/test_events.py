"""SEV, WFE and WFI on whole machines: what sets the event register, and what wakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from assembled import address_of, finish, machine_with, results

from emulator import Machine, StopReason
from emulator.engine.core import Core

CORES = ("virtual-m0", "virtual-m0plus", "virtual-m3", "virtual-m4", "virtual-m7", "virtual-m33")
MAINLINE = CORES[2:]
HOOKS = ("native", "python")
SYSTICK = """
    ldr r0, =0xE000E010
    movs r1, #200
    str r1, [r0, #4]
    str r1, [r0, #8]
    movs r1, #7
    str r1, [r0]
"""
"""An interrupt every 201 cycles."""
SLEEP_ON_EXIT = "    ldr r0, =0xE000ED10\n    movs r1, #2\n    str r1, [r0]\n"
SEV_ON_PEND = "    ldr r0, =0xE000ED10\n    movs r1, #16\n    str r1, [r0]\n"


def slept(machine: Machine) -> int:
    finish(machine)
    return machine.engine.outside.sleep_cycles


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("board", CORES)
def test_sev_lets_one_wfe_through(tmp_path: Path, board: str, hook: str) -> None:
    assert slept(machine_with(tmp_path, "    sev\n    wfe\n", board, hook=hook)) == 0
    assert (
        slept(
            machine_with(tmp_path, "    sev\n    nop\n    sev\n    wfe\n    sev\n    wfe\n", board, hook=hook)
        )
        == 0
    )
    machine = machine_with(tmp_path, "    sev\n    wfe\n" + SYSTICK + "    wfe\n", board, hook=hook)
    assert 100 < slept(machine) < 201


@pytest.mark.parametrize("board", MAINLINE)
def test_wide_encodings(tmp_path: Path, board: str) -> None:
    assert slept(machine_with(tmp_path, "    sev.w\n    wfe.w\n    yield.w\n", board)) == 0
    for wait in ("wfe.w", "wfi.w"):
        assert 100 < slept(machine_with(tmp_path, SYSTICK + f"    {wait}\n", board)) < 201


@pytest.mark.parametrize("board", CORES)
def test_wfe_alone_sleeps_until_an_interrupt(tmp_path: Path, board: str) -> None:
    asleep = machine_with(tmp_path, "    wfe\n", board)
    assert asleep.run(wall_limit=20) is StopReason.IDLE
    assert asleep.asleep
    machine = machine_with(tmp_path, SYSTICK + "    wfe\n", board, handler="    str r0, [r4]\n")
    assert 100 < slept(machine) < 201
    assert results(machine, 1) == (0xE000E010,)


@pytest.mark.parametrize("board", CORES)
def test_sleep_on_exit_is_a_sleep_in_wfi_after_one_in_wfe_too(tmp_path: Path, board: str) -> None:
    """The handler's return sets the event register, which wakes WFE and nothing else."""
    machine = machine_with(tmp_path, SLEEP_ON_EXIT + SYSTICK + "    wfe\n", board)
    assert machine.run_to(address_of(machine, "done"), max_cycles=10_000) is StopReason.MAX_CYCLES
    assert machine.asleep


@pytest.mark.parametrize("board", CORES)
def test_a_masked_interrupt_wakes_wfe_with_sevonpend_only(tmp_path: Path, board: str) -> None:
    masked = machine_with(tmp_path, "    cpsid i\n" + SYSTICK + "    wfe\n", board)
    assert masked.run(max_cycles=10_000) is StopReason.MAX_CYCLES
    assert masked.asleep
    woken = machine_with(tmp_path, "    cpsid i\n" + SEV_ON_PEND + SYSTICK + "    wfe\n", board)
    assert 100 < slept(woken) < 201


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("sev", ["sev{}", "sev{}.w"])
@pytest.mark.parametrize("board", MAINLINE)
def test_sev_under_a_condition(tmp_path: Path, board: str, sev: str, hook: str) -> None:
    for condition, sleeps in (("eq", False), ("ne", True)):
        sender = sev.format(condition)
        body = f"    cmp r0, r0\n    it {condition}\n    {sender}\n" + SYSTICK + "    wfe\n"
        assert bool(slept(machine_with(tmp_path, body, board, hook=hook))) is sleeps
    passed_and_failed = "    cmp r0, r0\n    ite eq\n    nopeq\n    sevne\n" + SYSTICK + "    wfe\n"
    assert slept(machine_with(tmp_path, passed_and_failed, board, hook=hook)) > 0


@pytest.mark.parametrize("board", CORES)
def test_sev_costs_what_a_nop_costs(tmp_path: Path, board: str) -> None:
    found = []
    for hook in HOOKS:
        for hint in ("sev", "nop"):
            loop = f"    {hint}\n    ldr r1, [r4]\n    {hint}\n    subs r0, #1\n    bne 1b\n"
            body = "    movs r0, #200\n1:\n" + loop
            machine = machine_with(tmp_path, body, board, hook=hook)
            finish(machine)
            found.append(machine.counts)
    assert len(set(found)) == 1


PATCHED = """
    ldr r5, =0x20001000
    ldr r0, ={first}
    str r0, [r5]
    ldr r0, =0x4770         // bx lr
    str r0, [r5, #4]
    adds r5, #1
    dsb
    isb
    blx r5
    blx r5
    wfe
    subs r5, #1
    ldr r0, ={second}
    str r0, [r5]
    adds r5, #1
    dsb
    isb
    blx r5
"""


@pytest.mark.parametrize("hook", HOOKS)
def test_code_that_replaces_a_sev_sends_nothing(tmp_path: Path, hook: str) -> None:
    nops, sev = "0xbf00bf00", "0xbf00bf40"
    for first, second, sleeps in ((sev, nops, True), (nops, sev, False)):
        body = PATCHED.format(first=first, second=second)
        if first == nops:
            body = body.replace("    wfe\n", "")
        machine = machine_with(tmp_path, body + SYSTICK + "    wfe\n", hook=hook)
        assert bool(slept(machine)) is sleeps


@pytest.mark.parametrize("hook", HOOKS)
def test_the_event_is_part_of_a_snapshot(tmp_path: Path, hook: str) -> None:
    body = "    sev\n    bl middle\n    b 1f\n    .thumb_func\nmiddle: bx lr\n1:\n" + SYSTICK + "    wfe\n"
    machine = machine_with(tmp_path, body, hook=hook)
    assert machine.run_to(address_of(machine, "middle")) is StopReason.BREAK
    snapshot = machine.snapshot()
    for _ in range(2):
        assert slept(machine) == 0
        machine.restore(snapshot)


def test_code_without_sev_is_not_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched: list[int] = []
    monkeypatch.setattr(Core, "watch_code", lambda _core, address, _reached: watched.append(address))
    finish(machine_with(tmp_path, SYSTICK + "    wfe\n    yield\n    nop\n    wfi\n"))
    assert watched == []
