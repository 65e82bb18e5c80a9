"""Random programs of Armv8.1-M end in the same registers, flags, VPR and memory on QEMU and here.

One seed per test, as in :mod:`test_random_programs`; `make test-all` runs a million instructions.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from batches import HELIUM_INTEGER, compare

PROGRAMS, INTERRUPTED_PROGRAMS, TICKS_EACH = 24, 12, 5
MANY_SEEDS, MANY_PROGRAMS, STATEMENTS = range(300, 322), 100, 60
"""Some 480 instructions a program: a million and more."""


@pytest.mark.parametrize("timing", ["count", "memory"])
def test_as_qemu(cross_tools: None, qemu: str, tmp_path: Path, timing: str) -> None:
    compare(qemu, HELIUM_INTEGER, tmp_path, 1, PROGRAMS, hook="native", timing=timing)


def test_as_qemu_with_interrupts(cross_tools: None, qemu: str, tmp_path: Path) -> None:
    """Wherever a handler comes: between beats' instructions, in loops, in VPT blocks."""
    compare(
        qemu, HELIUM_INTEGER, tmp_path, 2, INTERRUPTED_PROGRAMS, statements=STATEMENTS, interrupted=True,
        ticks_each=TICKS_EACH, hook="native", timing="memory",
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("interrupted", [False, True], ids=["alone", "interrupted"])
def test_a_million_instructions(cross_tools: None, qemu: str, tmp_path: Path, interrupted: bool) -> None:
    total = sum(
        compare(
            qemu, HELIUM_INTEGER, tmp_path, seed, MANY_PROGRAMS, statements=STATEMENTS,
            interrupted=interrupted, ticks_each=TICKS_EACH * interrupted,
        )
        for seed in MANY_SEEDS
    )  # fmt: skip
    assert total >= 1_000_000
