"""Random Thumb-2 programs end in the same registers, flags and memory on QEMU and here.

One seed per test: the programs are the same every time. `make test-all` runs many more.
A failure prints the registers that differ and the program; the folder is left by pytest.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from batches import PLATFORMS, build_batch, compare, difference, results, run_on_qemu

PROGRAMS = 60
LONG_SEEDS = range(100, 105)
LONG_PROGRAMS = 300

every_board = pytest.mark.parametrize("board", PLATFORMS)


INTERRUPTED_PROGRAMS, STATEMENTS = 8, 120
MANY_SEEDS, MANY_PROGRAMS, TICKS_EACH = range(200, 210), 140, 10
"""Some 750 instructions a program: a million for each core."""


def compare_interrupted(qemu: str, board: str, folder: Path, seed: int, programs: int, **options: str) -> int:
    """Long programs with SysTick and PendSV between their instructions; how many instructions they have."""
    return compare(
        qemu, PLATFORMS[board], folder, seed, programs,
        statements=STATEMENTS, interrupted=True, ticks_each=TICKS_EACH, **options,
    )  # fmt: skip


@every_board
def test_as_qemu_with_interrupts(cross_tools: None, qemu: str, tmp_path: Path, board: str) -> None:
    """Wherever a handler comes, a program's results are its own: frames, lazy FP state, nesting."""
    compare_interrupted(qemu, board, tmp_path, 5, INTERRUPTED_PROGRAMS, timing="memory", hook="native")


@pytest.mark.slow
@every_board
def test_a_million_instructions_with_interrupts(
    cross_tools: None, qemu: str, tmp_path: Path, board: str
) -> None:
    total = sum(compare_interrupted(qemu, board, tmp_path, seed, MANY_PROGRAMS) for seed in MANY_SEEDS)
    assert total >= 1_000_000


@every_board
def test_as_qemu_with_the_whole_engine(cross_tools: None, qemu: str, tmp_path: Path, board: str) -> None:
    compare(qemu, PLATFORMS[board], tmp_path, seed=1, programs=PROGRAMS, timing="memory", hook="native")


@every_board
def test_as_qemu_counting_alone(cross_tools: None, qemu: str, tmp_path: Path, board: str) -> None:
    compare(qemu, PLATFORMS[board], tmp_path, seed=2, programs=PROGRAMS, timing="count", hook="native")


def test_as_qemu_with_the_python_hook(cross_tools: None, qemu: str, tmp_path: Path) -> None:
    compare(qemu, PLATFORMS["mps2-an386"], tmp_path, seed=3, programs=10, timing="memory", hook="python")


def test_a_wrong_result_is_noticed(cross_tools: None, qemu: str, tmp_path: Path) -> None:
    """The comparison itself: another seed's programs differ, and the report names registers."""
    platform = PLATFORMS["mps2-an385"]
    batch = build_batch(platform, 4, 3, tmp_path)
    expected = results(batch, run_on_qemu(qemu, platform, batch.elf))
    other = dict(zip(batch.names, [expected[n] for n in reversed(batch.names)], strict=True))
    first = batch.names[0]
    assert expected[first] != other[first]
    assert "r0: QEMU" in difference(batch, first, expected[first], other[first])


@pytest.mark.slow
@every_board
@pytest.mark.parametrize("timing", ["count", "memory"])
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_as_qemu_at_length(
    cross_tools: None, qemu: str, tmp_path: Path, board: str, timing: str, seed: int
) -> None:
    compare(qemu, PLATFORMS[board], tmp_path, seed=seed, programs=LONG_PROGRAMS, timing=timing)
