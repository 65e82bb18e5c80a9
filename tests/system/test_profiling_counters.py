"""DWT's profiling counters on whole machines: Arm's equation, what each counts, and when.

ARMv7-M Architecture Reference Manual C1.8: cycles = instructions + CPICNT + EXCCNT + SLEEPCNT
+ LSUCNT - FOLDCNT, all of them modulo 256 here.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from assembled import address_of, finish, machine_with, results
from fake_core import TIMING, Rig

from emulator import Machine, StopReason

MAINLINE = ("virtual-m3", "virtual-m4", "virtual-m7", "virtual-m33")
CYCCNT, CPICNT, EXCCNT, SLEEPCNT, LSUCNT, FOLDCNT = range(0xE0001004, 0xE000101C, 4)
ALL_COUNTERS = 0x3E0001

BEGIN = """
    ldr r0, =0xE000EDFC
    ldr r1, =0x01000000
    str r1, [r0]            // DEMCR.TRCENA
    ldr r0, =0xE0001FB0
    ldr r1, =0xC5ACCE55
    str r1, [r0]            // DWT_LAR, where there is one
    ldr r7, =0xE0001000
    ldr r6, =0x003E0001
    movs r5, #0
    str r5, [r7, #4]
    dsb
    isb
    str r6, [r7]
"""
"""Everything on: from the issue of this store on."""
END = "    str r5, [r7]\n" + "".join(
    f"    ldr r0, [r7, #{4 + 4 * i}]\n    str r0, [r4, #{4 * i}]\n" for i in range(6)
)
"""Everything off: up to the issue of this store."""

SYSTICK = """
    ldr r0, =0xE000E010
    movs r1, #{reload}
    str r1, [r0, #4]
    str r1, [r0, #8]
    movs r1, #{control}
    str r1, [r0]
"""
MIXED = """
    movs r0, #3
    movs r1, #7
    mul r2, r0, r1
    udiv r2, r1, r0
    ldr r0, [r4]
    adds r0, r0, #1
    ldr r0, [r4]
    ldr r1, [r4, #8]
    str r1, [r4, #8]
    ldr.w r0, [r4, #1]
    push {r0-r3}
    pop {r0-r3}
    cmp r0, r0
    it ne
    ldrne r0, [r4]
    movs r0, #5
1:  subs r0, #1
    bne 1b
"""
BODIES = {  # name: (body, instructions executed, of the handler as well)
    "nops": ("    nop\n" * 10, 10),
    "mixed": (MIXED, 16 + 2 * 5),
    "far": (".rept 40\n    add.w r0, r0, #1\n    ldr r1, [pc, #64]\n.endr\n", 80),
    "call": ("    movs r0, #1\n    svc 0\n    nop\n", 4),
    "sleep": (SYSTICK.format(reload=200, control=7) + "    wfi\n    str r5, [r0]\n", 9),
    "fault": ("    ldr r0, [r4]\n    udf #0\n    nop\n", 3 + 4 - 1),
}
"""``udf`` does not complete; the handler has four instructions then."""
SKIP_IT = "    ldr r1, [sp, #24]\n    adds r1, #2\n    str r1, [sp, #24]\n"
FLASH_WAITS = "    ldr r0, =0x40022000\n    movs r1, #4\n    str r1, [r0]\n    ldr r1, [r0]\n"
"""FLASH_ACR of STM32L4+: 4 wait states, no caches, no prefetch."""


def counted(machine: Machine) -> dict[str, int]:
    finish(machine)
    names = ("cycles", "cpi", "exc", "sleep", "lsu", "fold")
    return dict(zip(names, results(machine, 6), strict=True))


def instructions_of(found: dict[str, int]) -> int:
    """Arm's equation solved for the instructions."""
    overhead = found["cpi"] + found["exc"] + found["sleep"] + found["lsu"]
    return (found["cycles"] - overhead + found["fold"]) & 0xFF


@pytest.mark.parametrize("timing", ["memory", "core", "count"])
@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("board", [*MAINLINE, "nucleo-l4r5zi"])
def test_arms_equation_holds_and_both_hooks_agree(tmp_path: Path, board: str, name: str, timing: str) -> None:
    body, instructions = BODIES[name]
    handler = SKIP_IT if name == "fault" else ""
    start = (FLASH_WAITS if board == "nucleo-l4r5zi" else "") + BEGIN
    found = [
        counted(machine_with(tmp_path, start + body + END, board, hook=hook, timing=timing, handler=handler))
        for hook in ("native", "python")
    ]
    assert found[0] == found[1]
    assert instructions_of(found[0]) == (1 + instructions) & 0xFF  # and the store that switches them on
    assert all(value < 256 for counter, value in found[0].items() if counter != "cycles")
    if timing == "count":
        assert found[0]["cpi"] == found[0]["lsu"] == found[0]["fold"] == 0
    assert bool(found[0]["sleep"]) == (name == "sleep")
    assert bool(found[0]["exc"]) == (name in ("call", "sleep", "fault") and timing != "count")


@pytest.mark.parametrize(
    ("body", "cpi", "lsu", "fold"),
    [  # Cortex-M4 TRM, 3.3.1: cycles of instructions
        ("nop", 0, 0, 0),
        ("ldr r0, [r4]\n adds r0, #1", 0, 1, 0),
        ("ldr r0, [r4]\n ldr r1, [r4]\n adds r0, #1", 0, 1, 0),  # chained
        ("push {r0-r3}\n pop {r0-r3}", 0, 8, 0),
        ("movs r0, #0\n cmp r0, r0\n it eq\n moveq r1, #0", 0, 0, 1),
        ("movs r0, #3\n movs r1, #200\n udiv r1, r1, r0\n udiv r1, r1, r0", 10, 0, 0),  # 2 to 12 each
        ("movs r0, #3\n1: subs r0, #1\n bne 1b", 2, 0, 0),
        ("b 1f\n1: nop", 1, 0, 0),
    ],
)
def test_what_counts_where(tmp_path: Path, body: str, cpi: int, lsu: int, fold: int) -> None:
    found = counted(machine_with(tmp_path, BEGIN + "    nop\n" + body + "\n    nop\n" + END))
    assert (found["cpi"], found["lsu"], found["fold"]) == (cpi, lsu, fold)


def test_wait_states_of_fetches_are_cpi_those_of_data_lsu(tmp_path: Path) -> None:
    fast, slow = (
        counted(machine_with(tmp_path, start + BODIES["far"][0] + END, "nucleo-l4r5zi"))
        for start in (BEGIN, FLASH_WAITS + BEGIN)
    )
    assert (slow["cpi"] - fast["cpi"]) & 0xFF > 20
    assert slow["lsu"] != fast["lsu"]


def test_dual_issue_is_folding(tmp_path: Path) -> None:
    found = counted(
        machine_with(tmp_path, BEGIN + "    movs r0, #1\n    movs r1, #1\n" * 10 + END, "virtual-m7")
    )
    assert found["fold"] >= 10


@pytest.mark.parametrize("hook", ["native", "python"])
def test_skipped_turns_of_a_waiting_loop_count_like_others(tmp_path: Path, hook: str) -> None:
    start = SYSTICK.format(reload=255, control=7).replace("#255\n", "#255\n    lsls r1, r1, #8\n")
    body = BEGIN + start + "1:  ldr r1, [r4, #60]\n    cmp r1, #0\n    beq 1b\n" + END
    found, skipped = [], []
    for skip in (True, False):
        machine = machine_with(tmp_path, body, hook=hook, handler="    str r7, [r4, #60]\n")
        machine.execution.skip_waiting = skip
        found.append(counted(machine))
        skipped.append(machine.engine.outside.skipped_cycles)
    assert found[0] == found[1]
    assert skipped[0] > 50_000
    assert skipped[1] == 0


def test_counters_run_while_enabled_and_are_cleared_by_enabling(tmp_path: Path) -> None:
    load = "    ldr r0, [r4, #60]\n    adds r0, #1\n"
    body = (
        BEGIN
        + "    nop\n"
        + load * 3
        + "    str r5, [r7]\n"  # off
        + load * 7
        + "    ldr r0, [r7, #20]\n    str r0, [r4]\n"  # 3 loads, 3 cycles
        + "    movs r1, #254\n    str r1, [r7, #20]\n    ldr r0, [r7, #20]\n    str r0, [r4, #4]\n"
        + "    str r6, [r7]\n"  # on: cleared
        + "    nop\n"
        + load * 2
        + "    ldr r0, [r7, #20]\n    str r0, [r4, #8]\n"
        + "    movs r1, #254\n    str r1, [r7, #20]\n"
        + load * 3
        + "    ldr r0, [r7, #20]\n    str r0, [r4, #12]\n"  # wraps
        + "    ldr r2, =0xE000EDFC\n    str r5, [r2]\n"  # TRCENA off: stops, and keeps its value
        + "    ldr r0, [r7, #20]\n    str r0, [r4, #16]\n"
        + load * 5
        + "    ldr r0, [r7, #20]\n    str r0, [r4, #20]\n"
    )
    machine = machine_with(tmp_path, body)
    finish(machine)
    first, written, second, wrapped, stopped, later = results(machine, 6)
    assert first == 3
    assert written == 254
    assert second == 2
    assert wrapped < 10
    assert stopped == later


def test_nobody_pays_for_counters_that_nobody_enables(tmp_path: Path) -> None:
    machine = machine_with(tmp_path, BEGIN.replace("0x003E0001", "0x00000001") + MIXED + END)
    counts = counted(machine)
    assert not machine.overhead.used
    assert counts["cycles"] > 0
    assert counts["cpi"] == counts["lsu"] == counts["fold"] == 0


@pytest.mark.parametrize("hook", ["native", "python"])
def test_counters_go_on_after_a_snapshot(tmp_path: Path, hook: str) -> None:
    mixed = MIXED.replace("1:", "2:").replace("1b", "2b")
    body = BEGIN + MIXED + "    bl middle\n    b 3f\n    .thumb_func\nmiddle: bx lr\n3:\n" + mixed + END
    straight = counted(machine_with(tmp_path, body, hook=hook))
    machine = machine_with(tmp_path, body, hook=hook)
    assert machine.run_to(address_of(machine, "middle")) is StopReason.BREAK
    snapshot = machine.snapshot()
    for _ in range(3):
        assert counted(machine) == straight
        machine.restore(snapshot)


def test_the_smallest_cores_have_none() -> None:
    for core in ("cortex-m0", "cortex-m0plus"):
        rig = Rig(core)
        rig.w(0xE000EDFC, 1 << 24)
        rig.w(0xE0001000, ALL_COUNTERS)
        assert rig.r(0xE0001000) & (1 << 24 | ALL_COUNTERS) == 1 << 24  # NOPRFCNT
        for counter in (CPICNT, EXCCNT, SLEEPCNT, LSUCNT, FOLDCNT):
            rig.w(counter, 5)
            assert rig.r(counter) == 0


@pytest.mark.parametrize("core", ["cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33"])
def test_an_interrupted_return_counts_the_cycles_that_passed(core: str) -> None:
    rig = Rig(core)
    rig.w(0xE000EDFC, 1 << 24)
    rig.w(0xE0001FB0, 0xC5ACCE55)
    rig.w(0xE0001000, ALL_COUNTERS)
    rig.interrupt(3, 0x80)
    line = rig.interrupt(4, 0x40)
    rig.w(0xE000E200, 1 << 3)
    rig.take()
    before = rig.cycles
    rig.clock.deadline("late", lambda: line(True)).arm_in(4)
    assert rig.ret()[0] == 4 + TIMING.tail_chain
    assert rig.running == 16 + 4
    assert rig.r(EXCCNT) == TIMING.entry + rig.cycles - before
