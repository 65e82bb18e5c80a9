"""The two hooks agree to the last cycle, for every slice."""

from __future__ import annotations

import struct

import pytest

from emulator.engine import core
from emulator.engine.hook import EDGES, Counters
from emulator.profiling.counting import CountState, difference_since_mark
from tests.engine.program import bench

TIMINGS = ("count", "core", "memory")
CORES = ("cortex-m4", "cortex-m7", "cortex-m33")


@pytest.mark.parametrize("core_name", CORES)
@pytest.mark.parametrize("timing", TIMINGS)
def test_native_and_python_hook_give_the_same_totals(timing: str, core_name: str) -> None:
    native, python = (bench(kind, timing, core_name=core_name) for kind in ("native", "python"))
    native.run()
    python.run()
    assert native.totals() == python.totals()
    assert native.hook.path_counts() == python.hook.path_counts()
    blocks = range(len(native.automaton.plans))
    assert [native.hook.event_bus(n) for n in blocks] == [python.hook.event_bus(n) for n in blocks]
    assert [native.hook.event_stalls(n) for n in blocks] == [python.hook.event_stalls(n) for n in blocks]
    assert native.hook.counters() == python.hook.counters()


def test_all_counters_at_once_are_those_that_are_asked_for_one_by_one() -> None:
    machine = bench("native", "memory")
    machine.run()
    hook, counters = machine.hook, machine.hook.counters()
    paths = hook.path_counts()
    edges = struct.unpack(f"={len(paths) * EDGES}Q", counters.edges)
    assert list(edges) == [count for path in paths for count in path.counts]
    assert sum(edges) > 500
    assert [hook.path_key(n) for n in range(len(paths))] == [(p.state, p.block, p.skipped) for p in paths]
    parts = (hook.event_stalls, hook.event_unaligned, hook.event_bus)
    events = [stall for n in range(len(machine.automaton.plans)) for part in parts for stall in part(n)]
    assert list(struct.unpack(f"={len(events)}Q", counters.events)) == events
    assert sum(events) > 0


@pytest.mark.parametrize("core_name", CORES)
@pytest.mark.parametrize("kind", ["native", "python"])
def test_what_passed_since_a_mark_is_the_difference_of_the_counters(kind: str, core_name: str) -> None:
    """In the middle of the program, with paths that come later; a second mark forgets the first."""
    machine = bench(kind, "memory", core_name=core_name)
    machine.hook.mark()
    machine.hook.deadline = 300
    machine.core.run(machine.core.get("pc"))
    while machine.automaton.answer(machine.hook.stop_code):
        machine.hook.stop_code = 0
        machine.core.run(machine.core.get("pc"))
    before, state = machine.hook.counters(), CountState.of(machine)
    assert set(words(before.edges)) != {0}
    assert plain(machine.hook.since_mark().edges, len(before.edges)) == words(before.edges)
    machine.hook.mark()
    assert machine.hook.since_mark() == Counters(b"", b"")
    machine.run()
    after, passed = machine.hook.counters(), machine.hook.since_mark()
    for part in ("edges", "events"):
        older, newer = words(getattr(before, part)), words(getattr(after, part))
        older += [0] * (len(newer) - len(older))
        assert plain(getattr(passed, part), 8 * len(newer)) == [
            b - a for a, b in zip(older, newer, strict=True)
        ]
    now = CountState.of(machine)
    assert difference_since_mark(machine, now.totals - state.totals, passed) == now - state


def words(data: bytes | bytearray) -> list[int]:
    return memoryview(data).cast("Q").tolist()


def plain(pairs: bytes | bytearray, size_bytes: int) -> list[int]:
    """Pairs of a word's number and its content as all words."""
    whole, found = [0] * (size_bytes // 8), words(pairs)
    for number, content in zip(found[::2], found[1::2], strict=True):
        assert content
        whole[number] = content
    return whole


@pytest.mark.parametrize("core_name", CORES)
@pytest.mark.parametrize("kind", ["native", "python"])
@pytest.mark.parametrize("slice_cycles", [1, 7, 1009])
def test_totals_do_not_depend_on_the_slice(kind: str, slice_cycles: int, core_name: str) -> None:
    whole, sliced = (bench(kind, "memory", core_name=core_name) for _ in range(2))
    whole.run()
    sliced.run(slice_cycles)
    assert whole.totals() == sliced.totals()


def test_instructions_are_those_executed() -> None:
    machine = bench("native", "count")
    machine.run()
    outer = 40
    # 3 before, per outer turn 3 + 16 inner turns of 17 + 5 after, and the SVC
    assert machine.hook.instructions == 3 + outer * (3 + 16 * 17 + 5) + 1


def test_memory_timing_costs_more_than_core_timing_and_both_more_than_counting() -> None:
    cycles = []
    for timing in TIMINGS:
        machine = bench("native", timing)
        machine.run()
        cycles.append(machine.hook.cycles)
    assert cycles[0] < cycles[1] < cycles[2]


def test_a_thrashing_cache_misses_and_a_large_one_does_not() -> None:
    small = bench("native", "memory")
    small.run()
    _hits, misses = small.memory_map.cache_counts()["flash.data"]
    assert misses > 5


@pytest.mark.parametrize("kind", ["native", "python"])
def test_going_to_another_memory_costs_a_cycle_each_time(kind: str) -> None:
    machine, flat = bench(kind, "core"), bench(kind, "core", other_memory=0)
    machine.run()
    flat.run()
    # a literal in flash, the first of all; RAM; and per inner turn RAM, flash, RAM, flash, then RAM only
    assert machine.hook.cycles - flat.hook.cycles == 2 + 40 * 16 * 4
    blocks = range(len(machine.automaton.plans))
    assert sum(sum(machine.hook.event_bus(n)) for n in blocks) == 2 + 40 * 16 * 4


def test_register_file_is_found_and_gives_the_figures_of_register_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast = bench("native", "memory")
    assert fast.core.register_file is not None
    monkeypatch.setattr(core, "find_register_file", lambda _uc: None)
    slow = bench("native", "memory")
    fast.run()
    slow.run()
    assert fast.totals() == slow.totals()


@pytest.mark.parametrize("kind", ["native", "python"])
def test_saved_hook_state_continues_to_the_same_totals(kind: str) -> None:
    straight, resumed = bench(kind, "memory"), bench(kind, "memory")
    straight.run()
    hook = resumed.hook
    hook.deadline = 500
    while True:
        hook.stop_code = 0
        resumed.core.run(resumed.core.get("pc"))
        if not resumed.automaton.answer(hook.stop_code):
            break
    saved = hook.save()
    context, pc = resumed.core.uc.context_save(), resumed.core.get("pc")
    memory = bytes(resumed.core.memory_at(0x20000000).view)  # type: ignore[union-attr]
    resumed.run()
    hook.load(saved)
    resumed.core.uc.context_restore(context)
    resumed.core.set("pc", pc | 1)
    resumed.core.load_memory(0x20000000, memory)
    resumed.run()
    assert straight.totals() == resumed.totals()
