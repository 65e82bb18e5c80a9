"""A recording of a run: everything in it sums to the run, and recording it changed nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from emulator import Machine
from emulator.engine.contexts import ContextKind
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.model import Recording
from emulator.recording.store import read_recording, write_recording
from emulator.reporting.exports.callgrind import callgrind
from emulator.reporting.loops import find_loops
from emulator.reporting.view import View
from emulator.system.exception_state import LeftToPython
from tests.machine.context_firmware import FIRMWARE
from tests.machine.firmware import build
from tests.profiling.operator_firmware import GENERATED, interpreter

CYCLES = 60_000


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("recorder"), FIRMWARE)


def record(elf: Path, hook: str = "native") -> tuple[Machine, Recording]:
    machine = Machine("virtual-m4", hook=hook)
    machine.load(elf)
    recorder = Recorder(machine)
    machine.run(max_cycles=CYCLES)
    recording = recorder.end(Labels("all of it"))
    recorder.close()
    return machine, recording


@pytest.fixture(scope="module")
def recorded(elf: Path) -> tuple[Machine, Recording]:
    return record(elf)


def test_everything_sums_to_the_run(recorded: tuple[Machine, Recording]) -> None:
    machine, recording = recorded
    recording.check()
    assert (recording.cycles, recording.instructions) == (machine.counts.cycles, machine.counts.instructions)
    counted = sum(item.count for item in recording.code)
    assert counted + recording.waiting_instructions == recording.instructions
    assert recording.interrupted_instructions == 0
    assert sum(c.self_instructions for c in recording.contexts) == recording.instructions
    assert recording.outside["exception"] == sum(c.exception_cycles for c in recording.contexts)
    assert recording.outside["waiting"] == sum(c.waiting_cycles for c in recording.contexts)


def test_contexts_and_instructions_tell_the_same_of_a_function(recorded: tuple[Machine, Recording]) -> None:
    _, recording = recorded
    by_code: Counter[int] = Counter()
    by_context: Counter[int] = Counter()
    for item in recording.code:
        by_code[item.function] += item.cycles
    for context in recording.contexts:
        by_context[context.function] += (
            context.self_cycles - context.waiting_cycles - context.exception_cycles
        )
    assert by_code == by_context


def test_calls_and_jumps_are_counted(recorded: tuple[Machine, Recording]) -> None:
    _, recording = recorded
    of = {function.name: number for number, function in enumerate(recording.functions)}
    counts = {item.address: item.count for item in recording.code}
    for jump in recording.jumps:
        assert 0 < jump.count <= counts[jump.source]
    calls: Counter[int] = Counter()
    for jump in recording.jumps:
        if jump.kind == "call":
            calls[jump.target] += jump.count
    entered = recording.functions[of["recurse"]].address
    assert calls[entered] == counts[entered]
    loops = [j for j in recording.jumps if j.kind == "jump" and j.target <= j.source]
    assert any(recording.functions[of["leaf"]].address < j.source for j in loops)


TABLE = r"""
__attribute__((naked, noinline)) void pick(u32 n) {
    __asm__("1: and r1, r0, #3\n tbb [pc, r1]\n 2: .byte (3f-2b)/2, (4f-2b)/2, (5f-2b)/2, (6f-2b)/2\n"
            "3: nop\n b 7f\n 4: nop\n b 7f\n 5: nop\n b 7f\n 6: nop\n 7: subs r0, #1\n bne 1b\n bx lr");
}
void main(void) { pick(10); print("done"); for (;;) { } }
"""


@pytest.mark.parametrize("hook", ["native", "python"])
def test_jumps_through_a_table_are_counted_by_where_they_lead(tmp_path: Path, hook: str) -> None:
    """In the window alone; KCachegrind's format has them as jumps, and a loop is whole that holds one."""
    machine = Machine("virtual-m4", hook=hook)
    machine.load(build(tmp_path, TABLE))
    recorder = Recorder(machine)
    machine.run(until="done")
    recorder.begin()
    machine.call("pick", 10)
    recording = recorder.end(Labels("a table"))
    recorder.close()
    pick = machine.symbol("pick").address & ~1
    at = {jump.target - pick: jump.count for jump in recording.jumps if jump.source == pick + 4}
    assert at == {12: 2, 16: 3, 20: 3, 24: 2}
    view = View(recording)
    exported = callgrind(view)
    assert all(f"\njump={count} 0x{pick + offset:x} " in exported for offset, count in at.items())
    (loop,) = find_loops(view)
    assert {item.address for item in loop.own} >= {pick + offset for offset in at}
    assert loop.turns == 10


def test_exceptions_tell_whom_they_preempted(recorded: tuple[Machine, Recording]) -> None:
    _, recording = recorded
    found = {each.name: each for each in recording.exceptions}
    assert found["interrupt 1"].preempted == {"leaf": 1}
    assert found["interrupt 2"].preempted == {}, "it came behind another: nothing went on in between"
    assert set(found["PendSV"].preempted) == {"worker", "other"}
    assert sum(found["PendSV"].preempted.values()) >= found["PendSV"].count
    marks = [mark for mark in recording.marks if mark.kind == "exception"]
    assert len(marks) == sum(each.count for each in recording.exceptions)
    assert all(0 <= m.begin_cycles <= m.end_cycles <= recording.cycles for m in recording.marks)


def test_the_stacks_of_threads_have_marks(tmp_path: Path) -> None:
    """In whatever memory they lie: an RTOS takes them from its heap."""
    elf = build(tmp_path, FIRMWARE.replace("thread_stacks", "rooms"))
    machine, recording = record(elf)
    room = machine.symbol("rooms").address
    marks = {mark.name: mark for mark in recording.high_water}
    threads = [c for c in recording.contexts if c.kind == "thread"]
    assert len(threads) == 2
    for number, thread in enumerate(threads):
        mark = marks[thread.name]
        assert room + 256 * number < mark.facts["lowest"] < mark.facts["top"] <= room + 256 * (number + 1)
        assert mark.used_bytes == mark.facts["top"] - mark.facts["lowest"] > 0
        root = mark.context
        while recording.contexts[root].parent >= 0:
            root = recording.contexts[root].parent
        assert recording.contexts[root] == thread


def test_lines_of_the_console_are_marks(recorded: tuple[Machine, Recording]) -> None:
    _, recording = recorded
    assert recording.console == "ready\r\nsleep\r\n"
    assert [mark.name for mark in recording.marks if mark.kind == "uart"] == ["ready", "sleep"]


def test_both_hooks_record_the_same(elf: Path, recorded: tuple[Machine, Recording]) -> None:
    assert record(elf, "python")[1] == recorded[1]


def test_it_is_written_and_read_whole(tmp_path: Path, recorded: tuple[Machine, Recording]) -> None:
    write_recording(recorded[1], tmp_path / "run.blr")
    assert read_recording(tmp_path / "run.blr") == recorded[1]


def test_calls_are_followed_natively_through_exceptions_before_a_window(elf: Path) -> None:
    """The contexts are those of a machine whose exceptions are all taken where somebody looks."""
    found = []
    for hook, begins in (("native", True), ("native", False), ("python", False)):
        machine = Machine("virtual-m4", hook=hook)
        machine.load(elf)
        recorder = Recorder(machine, begins=begins)
        machine.run(max_cycles=40_000)
        taken_by_python = machine.system.table.state.left_to_python & LeftToPython.WATCHER
        assert bool(taken_by_python) == begins
        rows = machine.hook.contexts.rows()
        recorder.begin()
        machine.run(max_cycles=20_000)
        recording = recorder.end(Labels("the middle"))
        recorder.close()
        assert sum(c.self_cycles for c in recording.contexts) == recording.cycles
        whole = [mark for mark in recording.marks if mark.begin_cycles > 0]  # a handler ran at the begin
        found.append((rows, whole, replace(recording, exceptions=(), marks=())))
    assert {row.kind for row in found[0][0]} == set(ContextKind)
    assert found[0] == found[1] == found[2]
    assert len(found[0][1]) > 100


def test_a_windows_figures_are_its_own(elf: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(elf)
    recorder = Recorder(machine)
    machine.run(max_cycles=40_000)
    begin = machine.counts
    recorder.begin()
    machine.run(max_cycles=20_000)
    recording = recorder.end(Labels("the middle"))
    passed = machine.counts - begin
    assert (recording.cycles, recording.instructions) == (passed.cycles, passed.instructions)
    kinds = {context.kind for context in recording.contexts if context.parent < 0}
    assert kinds == {"thread", "exception"}, "what was over before is not in it"


@pytest.mark.parametrize("hook", ["native", "python"])
def test_recording_changes_no_figure(elf: Path, recorded: tuple[Machine, Recording], hook: str) -> None:
    plain = Machine("virtual-m4", hook=hook)
    plain.load(elf)
    plain.run(max_cycles=CYCLES)
    assert plain.counts == recorded[0].counts
    assert plain.engine.outside == recorded[0].engine.outside
    assert plain.registers() == recorded[0].registers()


def test_a_fault_in_the_middle_of_a_block_is_in_the_sums(tmp_path: Path) -> None:
    source = r"""
volatile u32 sink;
void main(void) { sink = 1; sink = 2; *(volatile u32 *)0xA0000000 = 3; sink = 4; }
"""
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, source))
    recorder = Recorder(machine)
    machine.run(max_cycles=300)
    recording = recorder.end(Labels("a fault"))
    assert recording.outside["interrupted"] > 0
    assert recording.interrupted_instructions > 0
    counted = sum(item.count for item in recording.code)
    whole = counted + recording.waiting_instructions + recording.interrupted_instructions
    assert whole == recording.instructions
    assert [each.name for each in recording.exceptions] == [], "it has not ended"
    assert "HardFault" in {context.name for context in recording.contexts}


def test_without_symbols_functions_are_known_by_their_calls(
    elf: Path, make_bin: Callable[[Path], Path]
) -> None:
    machine = Machine("virtual-m4")
    machine.load(make_bin(elf), base=0)
    recorder = Recorder(machine)
    machine.run(max_cycles=CYCLES)
    recording = recorder.end(Labels("no names"))
    assert all(function.name.startswith("function at 0x") for function in recording.functions)
    assert len(recording.functions) > 8


@pytest.fixture
def make_bin(tmp_path: Path) -> Callable[[Path], Path]:
    def make(elf: Path) -> Path:
        from emulator.image.loader import load_image  # noqa: PLC0415

        image = load_image(elf)
        end = max(segment.end for segment in image.segments)
        data = bytearray(end)
        for segment in image.segments:
            data[segment.address : segment.end] = segment.data
        (tmp_path / "firmware.bin").write_bytes(data)
        return tmp_path / "firmware.bin"

    return make


def test_a_recording_has_the_networks_operators(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, interpreter()))
    recorder = Recorder(machine)
    machine.run(until="ready\r\n")
    recorder.begin()
    machine.console.feed(b"x")
    machine.run(until="done\r\n")
    recording = recorder.end(Labels("one inference"))
    recorder.close()
    assert [o.name for o in recording.operators] == ["CONV_2D", "FULLY_CONNECTED", "twist", "IF"]
    assert [recording.functions[o.function].name for o in recording.operators][:2] == [
        "conv_eval",
        "dense_eval",
    ]
    assert 0 < sum(o.cycles for o in recording.operators) < recording.cycles
    write_recording(recording, tmp_path / "kept.boardless")
    assert read_recording(tmp_path / "kept.boardless").operators == recording.operators


def test_a_recording_of_generated_code_is_told_which_function_calls_the_layers(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, GENERATED))
    recorder = Recorder(machine, operators_from="network")
    machine.run(until="ready\r\n")
    machine.console.feed(b"x")
    machine.run(until="done\r\n")
    recording = recorder.end(Labels("one inference"))
    recorder.close()
    assert [o.name for o in recording.operators] == ["layer_conv", "layer_pool", "layer_conv", "layer_dense"]
