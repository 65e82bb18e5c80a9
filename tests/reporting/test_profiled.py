"""Recording from Python: whole runs, and what a machine does in a block."""

from __future__ import annotations

from pathlib import Path

import pytest

import boardless
from boardless import CheckFailed, GuestFault, Machine, UsageError
from tests.machine.context_firmware import FIRMWARE
from tests.machine.firmware import build


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("profiled"), FIRMWARE)


def test_a_run_as_a_report(elf: Path) -> None:
    report = boardless.profile(elf, "virtual-m4", until="sleep")
    assert report.recording.identity.title == "a run from reset until 'sleep'"
    names = [row[0] for row in report.by("function").rows]
    assert {"recurse", "leaf", "on_high"} <= set(names)
    assert "unofficial" in report._repr_html_()


def test_one_call(elf: Path) -> None:
    report = boardless.profile(elf, "virtual-m4", function="recurse")
    machine = Machine("virtual-m4")
    machine.load(elf)
    machine.run_to(machine.symbol("recurse").address)
    begin = machine.counts
    machine.run_to(machine.registers()["lr"] & ~1)
    assert machine.registers()["sp"] == 0x2000FFF0, "it is back in main"
    passed = machine.counts - begin
    assert (report.cycles, report.instructions) == (passed.cycles, passed.instructions)


def test_a_block_of_a_machines_run(elf: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(elf)
    machine.run(until="ready")
    begin = machine.counts
    with machine.profile("from ready to sleep") as profiled:
        with pytest.raises(UsageError, match="has not ended"):
            _ = profiled.recording
        machine.run(until="sleep")
    passed = machine.counts - begin
    recording = profiled.recording
    assert (recording.cycles, recording.instructions) == (passed.cycles, passed.instructions)
    assert recording.identity.title == "from ready to sleep"
    assert profiled.report.by("path").rows
    with machine.profile() as again:
        machine.run(max_cycles=1000)
    assert 1000 <= again.recording.cycles < 1100, "one recording after the other"


def test_calls_from_python_are_recorded(elf: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(elf)
    with machine.profile() as profiled:
        counts = machine.call("recurse", 5).counts
    assert (profiled.recording.cycles, profiled.recording.instructions) == (
        counts.cycles,
        counts.instructions,
    )
    deepest = max(profiled.recording.contexts, key=lambda context: context.call_site)
    assert profiled.recording.functions[deepest.function].name == "recurse"


def test_one_recording_at_a_time(elf: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(elf)
    with machine.profile(), pytest.raises(UsageError, match="recorded already"), machine.profile():
        pass


def test_a_crash_is_recorded_up_to_its_end(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, "void main(void) { *(volatile u32 *)0xA0000000 = 3; }"))
    with pytest.raises(GuestFault), machine.profile() as profiled:
        machine.run()
    assert profiled.recording.outside["interrupted"] > 0
    assert profiled.recording.cycles == machine.counts.cycles


def test_errors_say_the_next_step(elf: Path) -> None:
    with pytest.raises(UsageError, match="needs a board"):
        boardless.profile(elf)
    with pytest.raises(CheckFailed, match="never called"):
        boardless.profile(elf, "virtual-m4", function="on_hard_fault", max_cycles=5_000)
