"""Blocks that stay priced on disk: the same figures, whatever became of the file."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benches.protocol.host import ProtocolHost
from benches.protocol.machine_channel import MachineChannel
from benches.suite import shipped
from benches.suite.benchmarks import ANOMALY_DETECTION, find
from benches.suite.input_files import load_inputs
from emulator import Machine
from emulator.board.reader import load_board
from emulator.engine import kept_automaton, kept_file

BOARD = "virtual-m0plus"
"""Of a core that the native pricer does not know."""


def booted(board: str, folder: Path | None, timing: str = "memory", benchmark: str = "ad") -> Machine:
    machine = Machine(board, hook="native", timing=timing, prices_folder=folder)
    machine.load(shipped.image_for(find(benchmark), load_board(board).name))
    machine.run(until="m-ready")
    return machine


def inferred(board: str, folder: Path | None, timing: str = "memory") -> Machine:
    machine = Machine(board, hook="native", timing=timing, prices_folder=folder)
    machine.load(shipped.image_for(ANOMALY_DETECTION, load_board(board).name))
    host = ProtocolHost(MachineChannel(machine))
    host.wait_ready()
    host.load(load_inputs([shipped.inputs_for(ANOMALY_DETECTION)], ANOMALY_DETECTION, limit=1)[0].data)
    host.infer(1, 0)
    return machine


def steps_asked(machine: Machine) -> Counter[str]:
    """How often a path is priced from now on."""
    asked: Counter[str] = Counter()
    automaton = machine.engine.automaton
    step = automaton.step

    def counted(*arguments: Any) -> Any:
        asked["step"] += 1
        return step(*arguments)

    automaton.step = counted  # type: ignore[method-assign]
    return asked


def paths(machine: Machine) -> set[Any]:
    """Every path with its counts, states and blocks by what they are and not by number."""
    automaton = machine.engine.automaton
    return {
        (
            repr(automaton.state_of(p.state)),
            automaton.plans[p.block].block.address,
            p.skipped,
            p.counts,
            p.stalls,
        )
        for p in machine.hook.path_counts()
    }


def file_in(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def save(machine: Machine) -> None:
    assert machine.engine.automaton.kept is not None
    machine.engine.automaton.kept.save()


@pytest.mark.parametrize("timing", ["memory", "core"])
def test_the_second_run_is_the_first_one(timing: str, tmp_path: Path) -> None:
    without = booted(BOARD, None, timing)
    first = booted(BOARD, tmp_path, timing)
    save(first)
    second = Machine(BOARD, hook="native", timing=timing, prices_folder=tmp_path)
    asked = steps_asked(second)
    second.load(shipped.image_for(find("ad"), load_board(BOARD).name))
    second.run(until="m-ready")
    asked_first = len(first.hook.path_counts())
    assert asked["step"] < asked_first / 2
    assert without.counts == first.counts == second.counts
    assert without.core.registers() == second.core.registers()
    assert [p.state for p in without.hook.path_counts()] == [p.state for p in second.hook.path_counts()]
    assert paths(without) == paths(first) == paths(second)


def test_a_whole_inference_is_priced_from_the_file(tmp_path: Path) -> None:
    first = inferred(BOARD, tmp_path)
    save(first)
    second = inferred(BOARD, tmp_path)
    assert (first.counts, paths(first)) == (second.counts, paths(second))
    assert {a.engine.automaton.plans[5].block.address for a in (first, second)} == {
        first.engine.automaton.plans[5].block.address
    }


def test_what_is_new_is_kept_beside_what_was(tmp_path: Path) -> None:
    save(booted(BOARD, tmp_path))
    small = file_in(tmp_path).stat().st_size
    save(inferred(BOARD, tmp_path))
    grown = file_in(tmp_path).stat().st_size
    assert grown > 2 * small
    unchanged = file_in(tmp_path).stat().st_mtime_ns
    save(inferred(BOARD, tmp_path))
    assert file_in(tmp_path).stat().st_mtime_ns == unchanged, "nothing was new"
    assert inferred(BOARD, tmp_path).counts == inferred(BOARD, None).counts


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:100],
        lambda data: data[:-1],
        lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:],
        lambda data: b"x" + data[1:],
        lambda data: data + b"more",
    ],
    ids=["empty", "head", "cut", "bit", "magic", "longer"],
)
def test_a_damaged_file_is_written_anew(damage: Any, tmp_path: Path) -> None:
    first = booted(BOARD, tmp_path)
    save(first)
    path = file_in(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    second = booted(BOARD, tmp_path)
    assert second.counts == first.counts
    save(second)
    assert path.read_bytes() == whole


def test_another_core_depth_or_source_has_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(booted(BOARD, tmp_path))
    save(booted(BOARD, tmp_path, timing="core"))
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(kept_file, "sources_digest", lambda: "others")
    save(booted(BOARD, tmp_path))
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    machine = booted(BOARD, blocked / "prices")
    save(machine)
    assert blocked.read_text() == ""
    assert machine.counts == booted(BOARD, None).counts


def _boot_and_save(folder: str) -> tuple[int, int]:
    machine = booted(BOARD, Path(folder))
    save(machine)
    return machine.counts.instructions, machine.counts.cycles


def test_processes_that_write_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = set(pool.map(_boot_and_save, [str(tmp_path)] * 6))
    counts = booted(BOARD, None).counts
    assert found == {(counts.instructions, counts.cycles)}
    assert booted(BOARD, tmp_path).counts == counts
    assert file_in(tmp_path).suffix == ".prices"


def test_it_is_written_when_the_machine_goes(tmp_path: Path) -> None:
    booted(BOARD, tmp_path)
    import gc  # noqa: PLC0415

    gc.collect()
    assert file_in(tmp_path).stat().st_size > 1000


def test_the_oldest_of_many_files_give_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_file, "MOST_FILES", 2)
    for benchmark in ("ad", "kws", "ic"):
        save(booted(BOARD, tmp_path, benchmark=benchmark))
    assert len(list(tmp_path.iterdir())) == 2


def test_the_python_hook_keeps_nothing(tmp_path: Path) -> None:
    machine = Machine("virtual-m4", hook="python", prices_folder=tmp_path)
    assert kept_automaton.keep_prices(machine.engine, tmp_path, "0" * 64) is None
