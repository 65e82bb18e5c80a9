"""Loops around a counter: their turns are decided at once, and skipped; nothing else changes by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Counts, Machine, StopReason
from emulator.profiling.recorder import Recorder
from tests.machine.firmware import build

COUNTERS = r"""
#define DEMCR REG(0xE000EDFC)
#define CTRL REG(0xE0001000)
#define CYCCNT REG(0xE0001004)
#define CSR REG(0xE000E010)
#define LOAD REG(0xE000E014)
#define VAL REG(0xE000E018)
volatile u32 result, other, turns;
static void wait(u32 n);
void main(void)
{
    DEMCR |= 1u << 24; CTRL |= 1; LOAD = 0xFFFFFF; VAL = 0; CSR = 5;
    u32 first = CYCCNT;
    wait(300); wait(20000); wait(61234);
    result = CYCCNT - first;
    print("end\n");
}
"""
SKIPPED = {
    "cycles since": "static void wait(u32 n) { u32 t = CYCCNT; while (CYCCNT - t < n) { } }",
    "until a cycle": "static void wait(u32 n) { u32 t = CYCCNT + n; while ((int)(CYCCNT - t) < 0) { } }",
    "more than": "static void wait(u32 n) { u32 t = CYCCNT; while (!(CYCCNT - t > n)) { } }",
    "an equality": "static void wait(u32 n) { (void)n; while ((CYCCNT >> 13 & 15) != 11) { } }",
    "bits": """static void wait(u32 n)
        { (void)n; while (CYCCNT & 1u << 14) { } while (!(CYCCNT & 1u << 14)) { } }""",
    "a time-out": """static void wait(u32 n)
        { u32 t = CYCCNT; while (!(REG(UART + 4) & 2)) { if (CYCCNT - t >= n) break; } }""",
    "in milliseconds": "static void wait(u32 n) { u32 t = CYCCNT * 3; while (CYCCNT * 3 - t < n) { } }",
    "SysTick": "static void wait(u32 n) { u32 t = VAL; while (((t - VAL) & 0xFFFFFF) < n) { } }",
    "SysTick's flag": "static void wait(u32 n) { LOAD = n; VAL = 0; while (!(CSR & 1u << 16)) { } }",
    "a function": """__attribute__((noinline)) static u32 now(void) { return CYCCNT; }
        static void wait(u32 n) { u32 t = now(); while (now() - t < n) { } }""",
    "not optimised": """__attribute__((noinline, optimize("O0"))) static u32 now(void) { return CYCCNT; }
        __attribute__((noinline, optimize("O0"))) static void wait(u32 n)
        { u32 t = now(); while (now() - t < n) { } }""",
    "two ends": """static void wait(u32 n)
        { u32 t = CYCCNT; for (;;) { u32 d = CYCCNT - t; if (d >= n || (d & 0x7FFF) == 0x7123) break; } }""",
}
RUN = {
    "that counts its turns": """static void wait(u32 n)
        { u32 t = CYCCNT, k = 0; while (CYCCNT - t < n) k++; turns += k; }""",
    "that counts in memory": "static void wait(u32 n) { u32 t = CYCCNT; while (CYCCNT - t < n) turns++; }",
    "that remembers": """static void wait(u32 n) { u32 last = VAL, sum = 0;
        while (sum < n) { u32 now = VAL; sum += (last - now) & 0xFFFFFF; last = now; } }""",
    "that divides": "static void wait(u32 n) { u32 t = CYCCNT; while ((CYCCNT - t) / (n >> 4) < 16) { } }",
    "that reads twice": """static void wait(u32 n)
        { u32 t = CYCCNT; while (CYCCNT - t < n) { other = CYCCNT; } }""",
}


def outcome(elf: Path, hook: str, *, skip: bool) -> tuple[Counts, list[bytes], int]:
    """Figures, the RAM behind the run, and instructions that were not run."""
    machine = Machine("virtual-m4", hook=hook)
    machine.load(elf)
    machine.execution.skip_waiting = skip
    Recorder(machine, begins=False)  # while one follows, turns are not run at the same cycles with both hooks
    assert machine.run(until="end\n", max_cycles=100_000_000) is StopReason.UNTIL
    memory = [bytes(m.view) for m in machine.core.memories if m.region.kind == "ram"]
    return machine.counts, memory, machine.engine.outside.skipped_instructions


@pytest.mark.parametrize("kind", SKIPPED)
def test_turns_are_skipped_and_nothing_changes(tmp_path: Path, kind: str) -> None:
    elf = build(tmp_path, COUNTERS + SKIPPED[kind])
    counts, memory, skipped = outcome(elf, "native", skip=True)
    assert outcome(elf, "native", skip=False) == (counts, memory, 0)
    assert skipped > 0.6 * counts.instructions  # short delays are run
    assert outcome(elf, "python", skip=True) == (counts, memory, skipped)


@pytest.mark.parametrize("kind", RUN)
def test_a_loop_with_a_memory_is_run(tmp_path: Path, kind: str) -> None:
    elf = build(tmp_path, COUNTERS + RUN[kind])
    counts, memory, skipped = outcome(elf, "native", skip=True)
    assert outcome(elf, "native", skip=False) == (counts, memory, 0)
    assert skipped < 0.1 * counts.instructions
