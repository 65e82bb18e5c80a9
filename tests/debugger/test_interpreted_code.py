"""A debugger in code that runs beside Unicorn (Armv8.1-M): steps, breakpoints, watched data; figures stay."""

from __future__ import annotations

import pytest

from emulator.machine.execution import StopReason
from emulator.machine.halts import Access, Watchpoint
from emulator.machine.machine import Machine
from tests.engine.test_vectors import DATA, DOT, RESULT, Bench
from tests.engine.test_vectors import bench as bench  # noqa: PLC0414 -- a fixture

MIXED = f"""
{DOT}
ldr r8, ={RESULT}
smlad r5, r6, r6, r6
vmov.i32 q0, #7
vstrw.32 q0, [r8]
str r6, [r8, #4]
cmp r6, #0
itete ne
lsllne r4, r5, #3
moveq r4, #1
strne r4, [r8, #8]
moveq r5, #2
vdup.32 q1, r6
sdiv r2, r4, r6
asrl r4, r5, #7
b leave
.ltorg
"""
DATA_BYTES = bytes(37 * n + 11 & 0xFF for n in range(200))


def loaded(bench: Bench, timing: str) -> Machine:
    machine = Machine(str(bench.board), timing=timing)
    machine.load(bench.image(MIXED))
    machine.write_memory(DATA, DATA_BYTES)
    return machine


def outcome(machine: Machine) -> tuple[object, ...]:
    results = machine.read_memory(RESULT, 64)
    return machine.exit_code, machine.counts, machine.registers(), results, machine.core.get("vpr")


@pytest.mark.parametrize("timing", ["count", "memory"])
def test_every_step_executes_one_instruction(bench: Bench, timing: str) -> None:
    whole = loaded(bench, timing)
    whole.run(max_cycles=100_000)
    stepped = loaded(bench, timing)
    stepping = stepped.stepping()
    before, steps = -1, 0
    while stepping.enter() is StopReason.HALT:
        executed = stepping.counts().instructions
        assert executed == before + 1
        before, steps = executed, steps + 1
        stepping.execute_one()
    assert steps == whole.counts.instructions
    assert outcome(stepped) == outcome(whole)


def halts(machine: Machine) -> list[int]:
    """Where it halts until its end."""
    stepping, found = machine.stepping(), []
    while stepping.run() is StopReason.HALT:
        halt = stepping.halts.found
        assert halt is not None
        assert not halt.is_late
        assert machine.core.get("pc") == halt.address
        found.append(halt.address)
        stepping.halts.tell_once()
    return found


def test_breakpoints_halt_before_their_instructions(bench: Bench) -> None:
    """At each instruction of the program, each time that it is reached."""
    whole = loaded(bench, "memory")
    whole.run(max_cycles=100_000)
    stepped, path = loaded(bench, "memory"), []
    while stepped.stepping().enter() is StopReason.HALT:
        path.append(stepped.core.get("pc"))
        stepped.stepping().execute_one()
    halted = loaded(bench, "memory")
    halted.stepping().halts.set_breakpoints(path)
    assert halts(halted) == path
    assert outcome(halted) == outcome(whole)


def test_watched_data(bench: Bench) -> None:
    whole = loaded(bench, "memory")
    whole.run(max_cycles=100_000)
    halted = loaded(bench, "memory")
    halted.stepping().halts.set_watchpoints([Watchpoint(RESULT + 4, 8, Access.WRITE)])
    assert len(halts(halted)) == 3  # a vector's store, and two of words
    assert outcome(halted) == outcome(whole)
