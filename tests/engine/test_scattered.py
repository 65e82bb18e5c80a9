"""Gathers, scatters and interleaving accesses: what they cost, and that a debugger sees each datum."""

from __future__ import annotations

import pytest

from emulator.machine.execution import StopReason
from emulator.machine.halts import Access, Watchpoint
from emulator.machine.machine import Machine
from tests.engine.test_vectors import BOARD, DATA, Bench
from tests.engine.test_vectors import bench as bench  # noqa: PLC0414 -- a fixture

SLOW = 0x60000000
"""Memory behind the core's caches, which are off at first."""
CACHED = f"""
[regions.slow]
base = {SLOW:#x}
size_bytes = 0x10000
kind = "ram"
bus = "axi"
accelerator = "axi"
source = "chosen"
[accelerators.axi]
kind = "l1"
[accelerators.axi.parameters]
wait_states = 4
bus_cycles = 5
read_bytes = 8
line_bytes = 32
instruction_lines = 128
instruction_ways = 2
data_lines = 128
data_ways = 4
instruction_cache = 0
data_cache = 0
[accelerators.axi.sources]
"""
NAMES = (
    *("wait_states", "bus_cycles", "read_bytes", "line_bytes", "instruction_lines", "instruction_ways"),
    *("data_lines", "data_ways", "instruction_cache", "data_cache"),
)
CACHES_ON = "ldr r0, =0xE000ED14\nldr r1, [r0]\norr r1, r1, #0x10000\nstr r1, [r0]\ndsb\nisb\n"
OFFSETS = f"ldr r3, ={SLOW}\nmovs r2, #0\nvidup.u32 q1, r2, #{{step}}\nb 1f\n1:\n"
GATHER = "vldrw.u32 q0, [r3, q1, uxtw #2]\nb leave\n"


@pytest.fixture
def cached(bench: Bench) -> Bench:
    """The same with memory that costs."""
    parameters = (
        '\ncore_parameters = { data_cache_bytes = 0x1000, instruction_cache_bytes = 0x1000 }\nfpu = "double"'
    )
    board = (
        BOARD.replace('\nfpu = "double"', parameters)
        + CACHED
        + "".join(f'{name} = "chosen"\n' for name in NAMES)
    )
    bench.board.write_text(board)
    return bench


def cycles(bench: Bench, body: str) -> int:
    image = bench.image(body + "b leave\n.ltorg\n")
    return bench.run(image, timing="memory").counts.cycles


def test_each_datum_of_a_gather_waits(cached: Bench) -> None:
    start = OFFSETS.format(step=8)
    without = cycles(cached, start)
    at_home = cycles(cached, start.replace(f"{SLOW}", f"{DATA}") + GATHER) - without
    four = cycles(cached, start + GATHER) - without - at_home
    two = cycles(cached, "mov r8, #0xFF\n" + start + "vmsr p0, r8\nvpst\n" + GATHER.replace("w.", "wt."))
    two -= cycles(cached, "mov r8, #0xFF\n" + start + "vmsr p0, r8\n") + 1 + at_home
    word = cycles(cached, start + "ldr r4, [r3]\n") - cycles(cached, start + "ldr r4, [sp, #-8]\n")
    assert word > 4
    assert 4 * word <= four <= 5 * word  # the bus is busy a little longer than a load waits
    assert 2 * word - 1 <= two <= 5 * word // 2 + 1


def test_lines_of_the_cache_are_read_once(cached: Bench) -> None:
    start = CACHES_ON + OFFSETS
    without = cycles(cached, start.format(step=1))
    one_line = cycles(cached, start.format(step=1) + GATHER) - without
    four_lines = cycles(cached, start.format(step=8) + GATHER) - without
    again = (
        cycles(cached, start.format(step=8) + GATHER.replace("b leave\n", "") + GATHER) - without - four_lines
    )
    assert one_line * 2 < four_lines
    assert again < 8


def test_a_scatter_and_interleaving_accesses_cost_too(cached: Bench) -> None:
    start = OFFSETS.format(step=8)
    for access in (
        "vstrw.32 q0, [r3, q1, uxtw #2]\n",
        "vld40.32 {q0, q1, q2, q3}, [r3]\n",
        "vst21.16 {q2, q3}, [r3]\n",
        "vadd.i32 q1, q1, r3\nvldrd.u64 q0, [q1, #8]\n",
    ):
        home = start.replace(f"{SLOW}", f"{DATA}")
        assert cycles(cached, start + access) > cycles(cached, home + access), access


def test_figures_do_not_depend_on_who_has_its_block(cached: Bench) -> None:
    """Behind an instruction of Unicorn's it ends a block of Unicorn's."""
    start = OFFSETS.format(step=8)
    beside = "smlad r5, r6, r6, r6\n"
    alone = cycles(cached, start + GATHER) - cycles(cached, start)
    behind = cycles(cached, start + beside + GATHER) - cycles(cached, start + beside)
    assert abs(behind - alone) <= 1  # the first access begins a cycle earlier or later


def halts(machine: Machine, watchpoint: Watchpoint) -> int:
    stepping, found = machine.stepping(), 0
    stepping.halts.set_watchpoints([watchpoint])
    while stepping.run() is StopReason.HALT:
        found += 1
        stepping.halts.tell_once()
    return found


@pytest.mark.parametrize("beside", ["", "smlad r5, r6, r6, r6\n"], ids=["own block", "Unicorn's block"])
@pytest.mark.parametrize("timing", ["count", "memory"])
def test_a_debugger_halts_before_each_that_touches_its_data(bench: Bench, timing: str, beside: str) -> None:
    body = OFFSETS.format(step=8).replace(f"{SLOW}", f"{DATA}")
    gather = "vldrw.u32 q0, [r3, q1, uxtw #2]\n"
    body += beside + gather + "vstrw.32 q0, [r3, q1, uxtw #2]\nvld20.32 {q2, q3}, [r3]\nb leave\n.ltorg\n"
    for address, access, expected in (
        (DATA + 32, Access.WRITE, 1),
        (DATA + 32, Access.READ, 1),
        (DATA, Access.READ, 2),
        (DATA + 36, Access.READ, 0),
        (DATA + 4, Access.WRITE, 0),
    ):
        machine = Machine(str(bench.board), timing=timing)
        machine.load(bench.image(body))
        assert halts(machine, Watchpoint(address, 4, access)) == expected
