"""Calls, returns and all that looks like them: the tree is right, whole, and the same whoever keeps it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from emulator import Machine
from emulator.engine.contexts import ContextCount, ContextKind
from emulator.profiling.exception_log import ExceptionLog
from tests.machine.context_firmware import FIRMWARE
from tests.machine.firmware import build

CYCLES = 60_000


class Recorded:
    """A machine whose calls are counted from reset on, and its tree with names in place of addresses."""

    def __init__(self, elf: Path, hook: str, *, symbols: bool = True) -> None:
        self.machine = Machine("virtual-m4", hook=hook)
        image = self.machine.load(elf)
        assert image.debug is not None
        self.debug = image.debug
        self.log = ExceptionLog(self.machine.engine, self.machine.system, self.machine.clock)
        self.log.attach()
        starts = [s.address for s in image.debug.symbols() if s.is_function] if symbols else []
        self.machine.hook.contexts.start(set(starts), self.machine.core.get("pc") & ~1, 0)

    def rows(self) -> list[ContextCount]:
        return self.machine.hook.contexts.rows()

    def path(self, number: int) -> str:
        rows, names = self.rows(), []
        while number >= 0:
            symbol = self.debug.symbol_at(rows[number].function)
            names.append(symbol.name if symbol else "?")
            number = rows[number].parent
        return "/".join(reversed(names))

    def calls(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for number, row in enumerate(self.rows()):
            found[self.path(number)] = found.get(self.path(number), 0) + row.calls
        return found


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("contexts"), FIRMWARE)


@pytest.fixture(scope="module")
def recorded(elf: Path) -> Recorded:
    run = Recorded(elf, "native")
    run.machine.run(max_cycles=CYCLES)
    return run


def test_every_way_of_leaving_a_function(recorded: Recorded) -> None:
    calls = recorded.calls()
    main = "start/main"
    depth = main + 5 * "/recurse"
    assert calls[depth] == 1 and depth + "/recurse" not in calls
    assert calls[f"{main}/tail_direct/leaf"] == calls[f"{main}/tail_register/leaf"] == 1
    assert calls[f"{main}/ring_one/ring_two"] == 3, "a ring of jumps does not grow"
    assert calls[f"{main}/ring_one"] == 1, "it was called once, and jumped to twice"
    assert calls[f"{main}/table/leaf"] == 1, "a jump through a table stays in its function"
    assert calls[f"{main}/jumps/middle/inner/long_jump"] == 1
    assert calls[f"{main}/jumps/leaf"] == 1, "longjmp has left two functions that never returned"
    assert calls[f"{main}/leaf"] == 1, "and their caller returned as if nothing had been"


def test_exceptions_and_threads_are_roots(recorded: Recorded) -> None:
    calls, rows = recorded.calls(), recorded.rows()
    roots = {recorded.path(n): row for n, row in enumerate(rows) if row.parent < 0}
    assert {name: row.kind for name, row in roots.items()} == {
        "start": ContextKind.MAIN,
        "on_low": ContextKind.EXCEPTION,
        "on_high": ContextKind.EXCEPTION,
        "on_third": ContextKind.EXCEPTION,
        "on_svc": ContextKind.EXCEPTION,
        "on_pendsv": ContextKind.EXCEPTION,
        "worker": ContextKind.THREAD,
        "other": ContextKind.THREAD,
    }
    assert calls["on_low/leaf"] == 2, "one before and one after it was preempted"
    assert abs(roots["worker"].calls - roots["other"].calls) <= 1
    assert roots["worker"].calls + roots["other"].calls in (
        roots["on_pendsv"].calls,
        roots["on_pendsv"].calls + 1,
    )
    assert calls["other/recurse/recurse/recurse"] > 10
    timing = recorded.machine.engine.automaton.model.exceptions
    assert roots["on_low"].exception_cycles == timing.entry, "the one behind it has left the stack as it was"
    assert roots["on_high"].exception_cycles == timing.entry + timing.exit
    assert roots["on_third"].exception_cycles == timing.tail_chain + timing.exit


def test_sums_are_the_runs_to_the_last_cycle(recorded: Recorded) -> None:
    rows, outside = recorded.rows(), recorded.machine.engine.outside
    assert sum(row.cycles for row in rows) == recorded.machine.counts.cycles
    assert sum(row.instructions for row in rows) == recorded.machine.counts.instructions
    assert sum(row.exception_cycles for row in rows) == outside.exception_cycles > 0
    assert sum(row.waiting_cycles for row in rows) == outside.skipped_cycles + outside.sleep_cycles > 0
    handlers = recorded.log.handlers
    of_handlers = {row.site: row for row in rows if row.kind is ContextKind.EXCEPTION}
    assert set(handlers) == set(of_handlers)
    assert all(handlers[n].count <= of_handlers[n].calls <= handlers[n].count + 1 for n in handlers)


def test_an_exception_waits_for_what_is_more_urgent(recorded: Recorded) -> None:
    handlers, timing = recorded.log.handlers, recorded.machine.engine.automaton.model.exceptions
    low, high, third = handlers[16], handlers[17], handlers[18]
    assert timing.entry <= high.worst_latency_cycles < 2 * timing.entry
    assert third.worst_latency_cycles > low.cycles + high.cycles
    assert low.best_latency_cycles == low.worst_latency_cycles


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize("slice_cycles", [97, 20_000_000])
def test_both_hooks_and_every_slice_agree(
    recorded: Recorded, elf: Path, hook: str, slice_cycles: int
) -> None:
    other = Recorded(elf, hook)
    other.machine.execution.set_slice(slice_cycles)
    other.machine.run(max_cycles=CYCLES)
    assert other.rows() == recorded.rows()
    assert other.log.handlers == recorded.log.handlers
    assert other.log.handled == recorded.log.handled


@pytest.mark.parametrize("hook", ["native", "python"])
def test_turns_that_are_skipped_count_as_if_run(recorded: Recorded, elf: Path, hook: str) -> None:
    other = Recorded(elf, hook)
    other.machine.execution.skip_waiting = False
    other.machine.run(max_cycles=CYCLES)
    assert other.rows() == [replace(row, waiting_cycles=0) for row in recorded.rows()]


DELAYS = r"""
#define CYCCNT REG(0xE0001004)
volatile u32 done;
__attribute__((noinline)) u32 now(void) { return CYCCNT; }
__attribute__((noinline)) void wait(u32 n) { u32 t = now(); while (now() - t < n) { } }
void main(void) {
    REG(0xE000EDFC) |= 1u << 24; REG(0xE0001000) |= 1;
    wait(300); wait(20000); wait(61234); done = 1;
}
"""


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_delay_around_a_counter_counts_as_if_run(tmp_path: Path, hook: str) -> None:
    elf = build(tmp_path, DELAYS)
    found = []
    for skips in (True, False):
        run = Recorded(elf, hook)
        run.machine.execution.skip_waiting = skips
        run.machine.run(max_cycles=90_000)
        assert sum(row.cycles for row in run.rows()) == run.machine.counts.cycles
        assert sum(row.instructions for row in run.rows()) == run.machine.counts.instructions
        waited = sum(row.waiting_cycles for row in run.rows())
        assert waited == run.machine.engine.outside.skipped_cycles
        assert (waited > 40_000) == skips
        found.append((run.machine.counts, [replace(row, waiting_cycles=0) for row in run.rows()]))
    assert found[0] == found[1]


def test_recording_changes_no_figure(recorded: Recorded, elf: Path) -> None:
    plain = Machine("virtual-m4")
    plain.load(elf)
    plain.run(max_cycles=CYCLES)
    assert plain.counts == recorded.machine.counts
    assert plain.hook.path_counts() == recorded.machine.hook.path_counts()
    assert plain.engine.outside == recorded.machine.engine.outside


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_snapshot_holds_who_is_running(elf: Path, hook: str) -> None:
    run = Recorded(elf, hook)
    inner = run.machine.symbol("inner").address
    run.machine.run_to(inner)
    before, snapshot = run.rows(), run.machine.snapshot()
    run.machine.run(max_cycles=5_000)
    first = run.rows()
    run.machine.restore(snapshot)
    run.machine.run(max_cycles=5_000)
    second = run.rows()
    assert len(first) == len(second), "the same contexts, nobody new"
    passed = [row.cycles for row in first]
    for number, row in enumerate(before):
        passed[number] -= row.cycles
    assert [b.cycles - a.cycles for a, b in zip(first, second, strict=True)] == passed


@pytest.mark.parametrize("hook", ["native", "python"])
def test_without_symbols_calls_show_where_functions_begin(recorded: Recorded, elf: Path, hook: str) -> None:
    run = Recorded(elf, hook, symbols=False)
    run.machine.run(max_cycles=CYCLES)
    calls, known = run.calls(), recorded.calls()
    same = {path for path in known if "ring" not in path and "tail" not in path and "/main" in path}
    assert {path: calls.get(path) for path in same} == {path: known[path] for path in same}
    assert sum(row.cycles for row in run.rows()) == run.machine.counts.cycles


@pytest.mark.parametrize("hook", ["native", "python"])
def test_what_was_running_at_the_begin_returns_to_callers_nobody_knows(elf: Path, hook: str) -> None:
    run = Recorded(elf, hook)
    run.machine.run_to(run.machine.symbol("inner").address)
    run.machine.hook.contexts.stop()
    starts = {s.address for s in run.debug.symbols() if s.is_function}
    run.machine.hook.contexts.start(starts, run.machine.core.get("pc") & ~1, 0)
    begin = run.machine.counts.cycles
    run.machine.run(max_cycles=5_000)
    calls = run.calls()
    assert {"inner/long_jump", "jumps/leaf", "main/leaf"} <= set(calls)
    assert sum(row.cycles for row in run.rows()) == run.machine.counts.cycles - begin


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_call_from_outside_is_a_root(elf: Path, hook: str) -> None:
    run = Recorded(elf, hook)
    run.machine.run_to(run.machine.symbol("inner").address)
    counts = run.machine.call("recurse", 3).counts
    run.machine.run(max_cycles=5_000)
    calls = run.calls()
    assert calls["recurse/recurse/recurse/recurse"] == 1
    assert calls["start/main/jumps/leaf"] == 1, "who was running goes on"
    called = [row for n, row in enumerate(run.rows()) if run.path(n).startswith("recurse")]
    assert sum(row.cycles for row in called) == counts.cycles
