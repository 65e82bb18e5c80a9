"""The shipped keyword-spotting firmware, memory model on: the same figures however it is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Counts, Machine, StopReason

IMAGE = Path(__file__).parents[2] / "benches" / "images" / "kws-nucleo-l4r5zi.elf"
INPUT_BYTES = 490
LOAD = b"db load 490%" + b"".join(b"db " + b"07" * n + b"%" for n in [31] * 15 + [25])
INFER = b"infer 1 0%"
Outcome = tuple[Counts, bytes, bytes]


def loaded(hook: str = "auto", slice_cycles: int | None = None) -> Machine:
    """A machine whose firmware has its input and was told to infer."""
    machine = Machine("nucleo-l4r5zi", timing="memory", hook=hook)
    if slice_cycles is not None:
        machine.execution.set_slice(slice_cycles)
    machine.load(IMAGE)
    assert machine.run() is StopReason.IDLE
    machine.console.feed(LOAD)
    assert machine.run() is StopReason.IDLE
    machine.console.feed(INFER)
    return machine


def finish(machine: Machine) -> Outcome:
    assert machine.run() is StopReason.IDLE
    assert b"m-results-[" in machine.console.output
    return machine.counts, bytes(machine.console.output), machine.read_memory(0x20000000, 0x10000)


@pytest.fixture(scope="module")
def expected() -> Outcome:
    return finish(loaded())


def test_runs_are_equal(expected: Outcome) -> None:
    assert finish(loaded()) == expected


def test_both_hooks_are_equal(expected: Outcome) -> None:
    assert finish(loaded("native")) == expected
    assert finish(loaded("python")) == expected


@pytest.mark.parametrize("slice_cycles", [1009, 65_536, 10_000_000])
def test_slices_are_equal(expected: Outcome, slice_cycles: int) -> None:
    assert finish(loaded(slice_cycles=slice_cycles)) == expected


def test_a_snapshot_inside_an_inference(expected: Outcome) -> None:
    machine = loaded()
    start = machine.counts.cycles
    assert machine.run(max_cycles=3_000_000) is StopReason.MAX_CYCLES
    assert b"m-results-[" not in machine.console.output
    assert machine.counts.cycles - start >= 3_000_000
    snapshot = machine.snapshot()
    assert finish(machine) == expected
    machine.restore(snapshot)
    assert finish(machine) == expected
