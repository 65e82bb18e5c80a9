"""IT blocks of Armv8.1-M's firmware: where Unicorn and the interpreter take each other's place inside one."""

from __future__ import annotations

import pytest

from emulator.engine.automaton import Automaton
from emulator.errors import EngineError
from tests.engine.test_vectors import DATA, Bench
from tests.engine.test_vectors import bench as bench  # noqa: PLC0414 -- a fixture

GREATER, NOT_GREATER = "cmp r4, #4\n", "cmp r4, #5\n"
END = "b leave\n.ltorg\n"
START = """
movs r4, #5
movs r5, #0x80
movs r2, #0
movs r3, #0
movs r6, #0
ldr r8, =0xFFFFFFF8
b over
.balign 1024
.space {before}
over:
"""
"""What follows stands ``before`` bytes behind a boundary at which Unicorn cuts blocks."""


@pytest.mark.parametrize("compare", [GREATER, NOT_GREATER], ids=["holds", "does not"])
@pytest.mark.parametrize("timing", ["count", "memory"])
def test_a_block_that_begins_inside_one_keeps_its_conditions(bench: Bench, compare: str, timing: str) -> None:
    """Unicorn cuts at 1 KiB; behind the cut the interpreter's line has the rest of the IT block."""
    body = START.format(before=1020) + (
        f"{compare}itt gt\nssatgt r6, #8, r5\nbgt.n 1f\nadd r3, r3, #5\nsrshr r8, #2\n"
        "b leave\n1: adds r2, #1\nsrshr r8, #1\nb leave\n.ltorg\n"
    )
    registers = bench.run(bench.image(body), timing=timing).registers()
    holds = compare == GREATER
    assert (registers["r6"], registers["r3"], registers["r2"]) == ((127, 0, 1) if holds else (0, 5, 0))
    assert registers["r8"] == (0xFFFFFFFC if holds else 0xFFFFFFFE)


MIXED = """
movs r3, #0x11
vmsr p0, r3
{compare}
iteet gt
vmrsgt r2, p0
sdivle r3, r5, r4
vmrsle r6, p0
udivgt r5, r5, r4
lsll r4, r5, #4
"""


@pytest.mark.parametrize("compare", [GREATER, NOT_GREATER], ids=["holds", "does not"])
def test_both_execute_instructions_of_one(bench: Bench, compare: str) -> None:
    """Division is Unicorn's, P0 the interpreter's."""
    body = START.format(before=0) + MIXED.format(compare=compare) + END
    registers = bench.run(bench.image(body)).registers()
    if compare == GREATER:
        assert (registers["r2"], registers["r3"], registers["r6"]) == (0x11, 0x11, 0)
        assert (registers["r4"], registers["r5"]) == (0x50, (0x80 // 5) << 4)
    else:
        assert (registers["r2"], registers["r3"], registers["r6"]) == (0, 0x80 // 5, 0x11)
        assert (registers["r4"], registers["r5"]) == (0x50, 0x80 << 4)


def test_a_predicate_is_not_taken_for_a_status(bench: Bench) -> None:
    """VMSR of P0 in an IT block of both: FPSCR.QC stays."""
    mixed = f"vmrs r2, p0\nmov r3, #0x08000000\n{GREATER}itt gt\nsdivgt r2, r5, r4\nvmsrgt p0, r3\n"
    machine = bench.run(bench.image(START.format(before=0) + mixed + END))
    assert machine.core.get("fpscr") >> 27 & 1 == 0


@pytest.mark.parametrize("compare", [GREATER, NOT_GREATER], ids=["holds", "does not"])
def test_a_shift_in_one_behind_what_is_unicorns(bench: Bench, compare: str) -> None:
    """A code hook can't stop Unicorn before the shift: the interpreter takes over before the IT."""
    body = (
        START.format(before=0) + f"smlad r3, r4, r5, r4\n{compare}it gt\nlsllgt r4, r5, #4\nb leave\n.ltorg\n"
    )
    registers = bench.run(bench.image(body)).registers()
    shifted = (0x50, 0x800) if compare == GREATER else (5, 0x80)
    assert (registers["r4"], registers["r5"]) == shifted


def test_a_fault_in_one_comes_back_into_it(bench: Bench) -> None:
    """The handler's frame has ITSTATE: what the condition leaves out stays out."""
    body = START.format(before=0) + (
        f"mov r9, #0x60000000\n{GREATER}itte gt\nlsllgt r4, r5, #4\nldrgt r2, [r9]\nmovle r3, #9\n{END}"
    )
    mends = f".thumb_func\nfault5: ldr r9, ={DATA}\nldr r6, [sp, #28]\nbx lr\n.ltorg\n"
    registers = bench.run(bench.image(body, mends), bytes([7, 0, 0, 0])).registers()
    assert (registers["r2"], registers["r3"], registers["r4"]) == (7, 0, 0x50)
    it_state = registers["r6"] >> 25 & 3 | registers["r6"] >> 8 & 0xFC
    assert it_state == 0b110_01100  # GT here, LE in the one behind it


BEHIND = """
{compare}
itte gt
sdivgt r3, r5, r4
lsllgt r4, r5, #4
uadd8le r2, r5, r5
asrs r8, r8, #1
"""


@pytest.mark.parametrize("compare", [GREATER, NOT_GREATER], ids=["holds", "does not"])
@pytest.mark.parametrize("timing", ["count", "memory"])
@pytest.mark.parametrize("before", [0, 1018], ids=["whole", "cut"])
def test_a_shift_in_one_behind_unicorns_instruction(
    bench: Bench, compare: str, timing: str, before: int
) -> None:
    """The interpreter has the IT block, and lends Unicorn the division."""
    once = bench.run(bench.image(START.format(before=before) + END)).counts.instructions
    machine = bench.run(
        bench.image(START.format(before=before) + BEHIND.format(compare=compare) + END), timing=timing
    )
    registers = machine.registers()
    assert machine.counts.instructions - once == 6
    assert registers["r8"] == 0xFFFFFFFC
    if compare == GREATER:
        assert (registers["r3"], registers["r4"], registers["r5"]) == (0x80 // 5, 0x50, 0x800)
        assert registers["r2"] == 0
    else:
        assert (registers["r3"], registers["r4"], registers["r5"], registers["r2"]) == (0, 5, 0x80, 0)


MENDS_LATER = """
.thumb_func
fault6: add r10, r10, #1
lsr r2, r10, #1
str r2, [sp, #8]
ldr r6, [sp, #28]
bx lr
"""


def test_what_is_lent_may_fault(bench: Bench) -> None:
    """Division by zero, trapped twice, the second time where a block begins in the IT block."""
    traps = "ldr r9, =0xE000ED14\nmov r1, #16\nstr r1, [r9]\nmov r10, #0\n"
    body = f"{START.format(before=0)}{traps}{GREATER}itt gt\nsdivgt r3, r5, r2\nlsllgt r4, r5, #4\n{END}"
    registers = bench.run(bench.image(body, MENDS_LATER)).registers()
    assert (registers["r3"], registers["r4"], registers["r5"], registers["r10"]) == (0x80, 0x50, 0x800, 2)
    it_state = registers["r6"] >> 25 & 3 | registers["r6"] >> 8 & 0xFC
    assert it_state == 0b110_00100


def test_a_core_that_does_not_get_on_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question whose answer changes nothing comes again; no limit of cycles would end that."""
    image = bench.image("vmov.i32 q0, #1\n")
    monkeypatch.setattr(Automaton, "answer", lambda _self, code: code != 0)
    with pytest.raises(EngineError, match="does not get on"):
        bench.run(image)
