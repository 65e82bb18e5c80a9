"""Reads of device registers that the native hook answers: the same values at the same cycles as Python's."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from emulator import Machine, StopReason
from emulator.clock.ramp import Ramp
from emulator.engine.remembered_reads import MIXED_POLLS, MOST_REMEMBERED, POLLS, RememberedReads
from emulator.profiling.recorder import Recorder
from emulator.system.dwt import Dwt
from emulator.system.systick import SysTick
from tests.machine.firmware import build

SYSTICK_CONTROL, SYSTICK_VALUE, CYCCNT = "0xE000E010", "0xE000E018", "0xE0001004"
TIMER, SECOND_TIMER = "0x40000004", "0x40001004"
COUNTERS = (SYSTICK_CONTROL, SYSTICK_VALUE, CYCCNT, TIMER, SECOND_TIMER)
STATES = ("0x40004004", "0x40010000", "0x40000008", "0x4000000C", "0x40004008", "0xE000ED04", "0x40010038")
STORES = (
    "REG(0x40000004) = sum & 0xFFFF;",
    "REG(0x40010038) = sum & 7;",
    "REG(0xE000E018) = 0;",
    "REG(0x40004000) = 65 + (sum & 7);",
    "REG(0xE000E014) = 2000 + (sum & 0x3FF);",
    "REG(0x4000000C) = 1;",
    "REG(0xE0001004) = sum;",
)
SETUP = """
    REG(0xE000EDFC) = 1u << 24; REG(0xE0001000) = 0x40000001;
    REG(0xE000E014) = 1777; REG(0xE000E018) = 0; REG(0xE000E010) = %d;
    REG(0x40000008) = 0x1234; REG(0x40000000) = 9;
    REG(0x40001008) = 0xFFFFFFFF; REG(0x40001000) = 1;
    unsigned sum = 1;
"""


def loop(rng: random.Random) -> str:
    """A loop that reads some registers, again and again."""
    registers = rng.choices((*COUNTERS, *STATES), k=rng.choice((1, 1, 1, 2, 3)))
    width = rng.choice(("u32", "u32", "u32", "unsigned short", "unsigned char"))
    reads = " ".join(f"sum = sum * 5 + *(volatile {width} *){r};" for r in registers)
    inner = rng.choice(("", "work[sum & 15] += sum;", "if (sum & 1) sum ^= sum << 3;"))
    store = rng.choice(STORES) if rng.random() < 0.3 else ""
    return f"for (int i = 0; i < {rng.randrange(3, 120)}; i++) {{ {reads} {inner} {store} }}"


def source(seed: int) -> str:
    rng = random.Random(seed)
    body = "\n".join([*(f"{loop(rng)} {rng.choice(STORES)}" for _ in range(12)), "work[0] ^= sum;"])
    setup = SETUP % rng.choice((5, 7))
    return f'static volatile u32 work[16];\nvoid main(void) {{ {setup} {body} print("end"); }}'


def outcome(elf: Path, hook: str, *, remembers: bool = True, slice_cycles: int = 1 << 30) -> tuple[Any, ...]:
    machine = Machine("virtual-m4", hook=hook)
    machine.load(elf)
    Recorder(machine, begins=False)  # while one follows, turns are not run at the same cycles with both hooks
    machine.execution.set_slice(slice_cycles)
    if not remembers:
        machine.engine.hook.share_reads(RememberedReads())
    reason = machine.run(until="end", max_cycles=3_000_000)
    assert reason is StopReason.UNTIL
    memory = [bytes(m.view) for m in machine.core.memories if m.region.kind == "ram"]
    return machine.counts, machine.core.registers(), memory, machine.engine.outside.save(), machine.time_read


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(n, marks=pytest.mark.slow) for n in range(6, 60))]
)
def test_whoever_answers(tmp_path: Path, seed: int) -> None:
    elf = build(tmp_path, source(seed))
    natively = outcome(elf, "native")
    assert outcome(elf, "native", remembers=False) == natively
    assert outcome(elf, "python") == natively
    counts, registers, memory, _outside, time_read = outcome(elf, "native", slice_cycles=331)
    assert (counts, registers, memory, time_read) == (*natively[:3], natively[4])


CYCLE_READER = """
void main(void)
{
    REG(0xE000EDFC) = 1u << 24; REG(0xE0001000) = 0x40000001;
    volatile u32 *counter = &REG(0xE0001004);
    u32 sum = 0;
    for (int i = 0; i < 20000; i++) { sum ^= *counter; sum = sum << 3 | sum >> 29; }
    REG(0x20000100) = sum;
    print("end");
}
"""


def counted(machine: Machine, counter: Dwt | SysTick) -> list[int]:
    """How often Python is asked for what a counter of the core reads, from now on."""
    asked = [0]
    touch = machine.accesses.touch

    def touched(ramp: Ramp | None = None) -> None:
        asked[0] += 1
        touch(ramp)

    counter._touch = touched
    return asked


def test_python_is_seldom_asked(tmp_path: Path) -> None:
    machine = Machine("virtual-m4", hook="native")
    machine.load(build(tmp_path, CYCLE_READER))
    machine.execution.skip_waiting = False
    asked = counted(machine, machine.system.dwt)
    assert machine.run(until="end", max_cycles=3_000_000) is StopReason.UNTIL
    assert machine.engine.reads.activity > 20_000 and asked[0] < 2_000


MICROSECONDS_READER = """
void main(void)
{
    REG(0xE000E014) = 0xFFFFFF; REG(0xE000E018) = 0; REG(0xE000E010) = 5;
    volatile u32 *core = &REG(0xE000E000), *state = &REG(0xE000ED04);
    u32 sum = 0;
    for (int i = 0; i < 3000; i++) {
        sum += core[6]; sum ^= *state; sum += ticks;
        sum -= core[6]; sum ^= *state >> 1; sum -= ticks << 1;
    }
    REG(0x20000100) = sum;
    print("end");
}
"""


def test_a_counter_is_read_natively_among_six_loads_of_a_block(tmp_path: Path) -> None:
    """As Arduino's micros() reads SysTick twice, between ICSR and a count of ticks."""
    elf = build(tmp_path, MICROSECONDS_READER)
    assert outcome(elf, "native") == outcome(elf, "python")
    machine = Machine("virtual-m4", hook="native")
    machine.load(elf)
    machine.execution.skip_waiting = False
    asked = counted(machine, machine.system.systick)
    assert machine.run(until="end", max_cycles=3_000_000) is StopReason.UNTIL
    assert machine.engine.reads.activity > 6_000 and asked[0] < 300


def test_a_counter_is_sure_when_it_was_read_twice_as_was_said() -> None:
    reads = RememberedReads()
    for cycle, value, is_sure in ((10, 7, 0), (12, 9, 1), (13, 9, 0), (14, 10, 1)):
        reads.remember(0x40000000, 4, value, cycle=cycle, ramp=Ramp(cycle, value, 0xFF))
        assert reads.rows[0].is_sure == is_sure and reads.n == 1
    reads.remember(0x40000000, 2, 8, cycle=0, ramp=None)
    assert reads.n == 2 and reads.rows[1].is_sure
    reads.forget()
    assert reads.n == 0


def test_a_counter_goes_on_as_its_ramp_says() -> None:
    reads = RememberedReads()
    ramp = Ramp(100, 50, 0xFF, step=-1, numerator=1, denominator=4, phase=3, until=300)
    reads.remember(0x40000000, 4, 50, cycle=100, ramp=ramp)
    for cycle in (100, 101, 104, 105, 299):
        assert reads.rows[0].says(cycle) == ramp.values(cycle)
    reads.remember(0x40000000, 4, ramp.values(300), cycle=300, ramp=Ramp(300, ramp.values(300), 0xFF))
    assert not reads.rows[0].is_sure  # it was said of cycles below 300
    assert POLLS < MIXED_POLLS < 2 * MOST_REMEMBERED
