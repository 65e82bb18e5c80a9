"""What instructions are to a core stays on disk: read once for all images, and the same figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benches.suite import shipped
from benches.suite.benchmarks import find
from emulator import Machine
from emulator.board.reader import load_board
from emulator.engine import native_pricer
from emulator.engine.kept_book import KeptBook
from emulator.engine.native_automaton import NativeAutomaton

BOARDS = ("nucleo-l4r5zi", "mps2-an385", "mps2-an500", "mps2-an505")


def booted(board: str, folder: Path | None, timing: str = "memory", benchmark: str = "ad") -> Machine:
    machine = Machine(board, hook="native", timing=timing, prices_folder=folder)
    machine.load(shipped.image_for(find(benchmark), load_board(board).name))
    machine.run(until="m-ready")
    return machine


def save(machine: Machine) -> None:
    native = machine.engine.automaton.native
    assert isinstance(native, NativeAutomaton)
    assert isinstance(native.pricer.book, KeptBook)
    native.pricer.book.save()


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often an encoding was read in Python, by its key."""
    found: Counter[int] = Counter()
    decode = native_pricer.decoded_of_key

    def counted(key: int, *others: Any) -> bytes:
        found[key] += 1
        return decode(key, *others)

    monkeypatch.setattr(native_pricer, "decoded_of_key", counted)
    return found


@pytest.mark.parametrize("timing", ["memory", "core", "count"])
@pytest.mark.parametrize("board", BOARDS)
def test_the_second_run_reads_nothing_and_is_the_first_one(
    board: str, timing: str, tmp_path: Path, decoded: Counter[int]
) -> None:
    first = booted(board, tmp_path, timing)
    assert decoded
    save(first)
    decoded.clear()
    second = booted(board, tmp_path, timing)
    assert not decoded
    assert first.counts == second.counts
    assert first.core.registers() == second.core.registers()
    assert first.hook.path_counts() == second.hook.path_counts()


def test_another_image_of_the_same_core_has_them_too(tmp_path: Path, decoded: Counter[int]) -> None:
    save(booted("nucleo-l4r5zi", tmp_path))
    read = set(decoded)
    decoded.clear()
    other = booted("nucleo-l4r5zi", tmp_path, benchmark="kws")
    assert not read & set(decoded)
    assert other.counts == booted("nucleo-l4r5zi", None, benchmark="kws").counts


def test_what_is_new_is_kept_beside_what_was(tmp_path: Path) -> None:
    save(booted("nucleo-l4r5zi", tmp_path))
    (path,) = tmp_path.iterdir()
    small = path.read_bytes()
    other = booted("nucleo-l4r5zi", tmp_path, benchmark="vww")
    native = other.engine.automaton.native
    assert isinstance(native, NativeAutomaton)
    native.pricer.plan(0, bytes.fromhex("b0fa80f0"), 0, bytes(24))  # CLZ
    save(other)
    grown = path.read_bytes()
    assert len(grown) > len(small)
    written = path.stat().st_mtime_ns
    save(other)
    assert path.stat().st_mtime_ns == written, "nothing was new"


@pytest.mark.parametrize("damage", [lambda d: d[:-1], lambda d: d[:99] + b"x" + d[100:], lambda d: b""])
def test_a_damaged_file_is_written_anew(damage: Any, tmp_path: Path) -> None:
    first = booted("nucleo-l4r5zi", tmp_path)
    save(first)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    second = booted("nucleo-l4r5zi", tmp_path)
    assert second.counts == first.counts
    save(second)
    assert sorted(path.read_bytes()) == sorted(whole), "in any order"


def test_another_core_has_a_file_of_its_own(tmp_path: Path) -> None:
    save(booted("nucleo-l4r5zi", tmp_path))
    save(booted("mps2-an505", tmp_path))
    assert len(list(tmp_path.iterdir())) == 2
