"""Data accesses by where they go: both hooks count them alike, and as Unicorn sees them."""

from __future__ import annotations

import bisect
from collections import Counter

import pytest
from unicorn import Uc
from unicorn import unicorn_const as ucc

from emulator.engine.events import EVENT_LOAD, EVENT_STORE
from emulator.engine.footprint import StretchCount
from tests.engine.program import FLASH, RAM, Bench, bench

STARTS = [0, FLASH, FLASH + 0x1000, FLASH + 0x1020, RAM, RAM + 0x3C, RAM + 0x40, RAM + 0x400, RAM + 0x409]
"""In the middle of what the program reads and writes; one boundary lies in a word that is not aligned."""
CORES = ("cortex-m4", "cortex-m7", "cortex-m33")


def counted(kind: str, core: str, slice_cycles: int | None = None) -> tuple[Bench, list[StretchCount]]:
    machine = bench(kind, "memory", core_name=core)
    machine.hook.footprint.start(STARTS)
    machine.run(slice_cycles)
    return machine, machine.hook.footprint.rows()


def seen_by_unicorn(core: str) -> list[tuple[int, int]]:
    machine = bench("python", "memory", core_name=core)
    found: list[Counter[int]] = [Counter(), Counter()]

    def on_access(_uc: Uc, kind: int, address: int, _size: int, _value: int, _data: object) -> None:
        found[kind == ucc.UC_MEM_WRITE][bisect.bisect_right(STARTS, address) - 1] += 1

    machine.core.uc.hook_add(ucc.UC_HOOK_MEM_READ | ucc.UC_HOOK_MEM_WRITE, on_access)
    machine.run()
    return [(found[0][n], found[1][n]) for n in range(len(STARTS))]


@pytest.mark.parametrize("core", CORES)
def test_both_hooks_count_what_unicorn_sees(core: str) -> None:
    native, rows = counted("native", core)
    python, by_python = counted("python", core)
    assert rows == by_python
    assert [(row.loads, row.stores) for row in rows] == seen_by_unicorn(core)
    assert sum(row.loads for row in rows) > 2000
    assert sum(row.stores > 0 for row in rows) > 0
    for machine in (native, python):
        data = [
            stall
            for number, plan in enumerate(machine.automaton.plans)
            for event, stall in zip(plan.events, machine.hook.event_stalls(number), strict=True)
            if event.kind in (EVENT_LOAD, EVENT_STORE)
        ]
        assert sum(row.stall_cycles for row in rows) == sum(data)
        misses = sum(misses for _hits, misses in machine.memory_map.cache_counts().values())
        assert sum(row.misses for row in rows) == misses > 0
    assert rows[1].misses > 0  # the code
    assert core == "cortex-m33" or sum(row.misses for row in rows[2:]) > 0  # whose only cache is of code


@pytest.mark.parametrize("core", CORES)
def test_counting_changes_no_figure_and_does_not_depend_on_the_slice(core: str) -> None:
    plain = bench("native", "memory", core_name=core)
    plain.run()
    machine, rows = counted("native", core)
    assert machine.totals() == plain.totals()
    assert machine.hook.counters() == plain.hook.counters()
    assert counted("native", core, slice_cycles=97)[1] == rows


@pytest.mark.parametrize("kind", ["native", "python"])
def test_it_begins_anew_and_ends(kind: str) -> None:
    machine, _ = counted(kind, "cortex-m4")
    footprint = machine.hook.footprint
    footprint.start([0, RAM])
    assert footprint.rows() == [StretchCount(0, 0, 0, 0)] * 2
    footprint.stop()
    assert footprint.rows() == []
