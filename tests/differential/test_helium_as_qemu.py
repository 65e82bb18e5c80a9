"""Random programs of Armv8.1-M end in the same registers, flags, VPR and memory on QEMU and here.

One seed per test, as in :mod:`test_random_programs`; `make test-all` runs a million instructions.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from batches import HELIUM_INTEGER, build_batch, difference, results, run_on_machine, run_on_qemu
from test_random_programs import instructions_in

PROGRAMS, INTERRUPTED_PROGRAMS, TICKS_EACH = 24, 12, 5
MANY_SEEDS, MANY_PROGRAMS, STATEMENTS = range(300, 322), 100, 60
"""Some 480 instructions a program: a million and more."""


def compare(
    qemu: str, folder: Path, seed: int, programs: int, *, statements: int = 24, interrupted: bool = False,
    **options: str,
) -> int:  # fmt: skip
    """How many instructions the programs have; a difference fails."""
    batch = build_batch(
        HELIUM_INTEGER, seed, programs, folder, statements=statements, interrupted=interrupted
    )
    expected = results(batch, run_on_qemu(qemu, HELIUM_INTEGER, batch.elf, counted=interrupted))
    ticks = TICKS_EACH * programs if interrupted else 0
    found = results(batch, run_on_machine(HELIUM_INTEGER, batch.elf, ticks=ticks, **options))
    for name in batch.names:
        assert found[name] == expected[name], difference(batch, name, expected[name], found[name])
    return sum(instructions_in(text) for text in batch.sources.values())


@pytest.mark.parametrize("timing", ["count", "memory"])
def test_as_qemu(cross_tools: None, qemu: str, tmp_path: Path, timing: str) -> None:
    compare(qemu, tmp_path, 1, PROGRAMS, hook="native", timing=timing)


def test_as_qemu_with_interrupts(cross_tools: None, qemu: str, tmp_path: Path) -> None:
    """Wherever a handler comes: between beats' instructions, in loops, in VPT blocks."""
    compare(
        qemu, tmp_path, 2, INTERRUPTED_PROGRAMS, statements=STATEMENTS, interrupted=True,
        hook="native", timing="memory",
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("interrupted", [False, True], ids=["alone", "interrupted"])
def test_a_million_instructions(cross_tools: None, qemu: str, tmp_path: Path, interrupted: bool) -> None:
    total = sum(
        compare(qemu, tmp_path, seed, MANY_PROGRAMS, statements=STATEMENTS, interrupted=interrupted)
        for seed in MANY_SEEDS
    )
    assert total >= 1_000_000
