"""Random programs of Armv8.1-M end in the same registers, flags, VPR and memory on QEMU and here.

One seed per test, as in :mod:`test_random_programs`; `make test-all` runs a million instructions of
each sort, and a hundred thousand programs that ask one instruction of floating point each.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from batches import HELIUM, HELIUM_INTEGER, Platform, compare
from float_probes import ContextProbes, FloatProbes

PROGRAMS, INTERRUPTED_PROGRAMS, TICKS_EACH = 24, 12, 5
PROBES, MANY_PROBES, PROBE_SEEDS = 300, 1000, range(400, 500)
MANY_SEEDS, MANY_PROGRAMS, STATEMENTS = range(300, 322), 100, 60
"""Some 480 instructions a program: a million and more."""


both = pytest.mark.parametrize("platform", [HELIUM_INTEGER, HELIUM], ids=["integer", "float"])


@both
@pytest.mark.parametrize("timing", ["count", "memory"])
def test_as_qemu(cross_tools: None, qemu: str, tmp_path: Path, timing: str, platform: Platform) -> None:
    compare(qemu, platform, tmp_path, 1, PROGRAMS, hook="native", timing=timing)


def test_one_by_one_in_floating_point(cross_tools: None, qemu: str, tmp_path: Path) -> None:
    """With infinities, NaNs and denormal numbers, in every mode of FPSCR: results and cumulative flags."""
    compare(qemu, HELIUM, tmp_path, 1, PROBES, hook="native", kind=FloatProbes)


def test_contexts_of_secure_state(cross_tools: None, qemu: str, tmp_path: Path) -> None:
    compare(qemu, HELIUM, tmp_path, 1, PROBES, hook="native", kind=ContextProbes)


@both
def test_as_qemu_with_interrupts(cross_tools: None, qemu: str, tmp_path: Path, platform: Platform) -> None:
    """Wherever a handler comes: between beats' instructions, in loops, in VPT blocks."""
    compare(
        qemu, platform, tmp_path, 2, INTERRUPTED_PROGRAMS, statements=STATEMENTS, interrupted=True,
        ticks_each=TICKS_EACH, hook="native", timing="memory",
    )  # fmt: skip


@pytest.mark.slow
def test_many_one_by_one(cross_tools: None, qemu: str, tmp_path: Path) -> None:
    """A hundred thousand programs."""
    for seed in PROBE_SEEDS:
        compare(qemu, HELIUM, tmp_path, seed, MANY_PROBES, hook="native", kind=FloatProbes)


@pytest.mark.slow
@both
@pytest.mark.parametrize("interrupted", [False, True], ids=["alone", "interrupted"])
def test_a_million_instructions(
    cross_tools: None, qemu: str, tmp_path: Path, interrupted: bool, platform: Platform
) -> None:
    total = sum(
        compare(
            qemu, platform, tmp_path, seed, MANY_PROGRAMS, statements=STATEMENTS,
            interrupted=interrupted, ticks_each=TICKS_EACH * interrupted,
        )
        for seed in MANY_SEEDS
    )  # fmt: skip
    assert total >= 1_000_000
