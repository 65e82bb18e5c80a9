"""Parameters of accelerators, cores and regions: the checks that a board file and a what-if share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.board.model import Accelerator, Region
from emulator.board.parameter_checks import (
    accelerator_parameter_names,
    accelerator_problems,
    check_accelerator,
    check_core_parameters,
    check_region,
    core_parameter_names,
)
from emulator.board.reader import list_boards, load_board
from emulator.errors import BoardError
from emulator.timing.cores.registry import MODELS
from emulator.timing.memory.memory_system import KINDS

ART = Accelerator(
    "flash",
    "stm32-art",
    {
        "wait_states": 4,
        "read_bytes": 8,
        "line_bytes": 32,
        "prefetch": 1,
        "instruction_lines": 32,
        "instruction_cache": 1,
        "data_lines": 8,
        "data_cache": 1,
    },
)
L1 = Accelerator(
    "flash",
    "l1",
    {"read_bytes": 16, "instruction_lines": 512, "instruction_ways": 2, "data_lines": 512, "data_ways": 4},
)


def changed(accelerator: Accelerator, **changes: object) -> Accelerator:
    return replace(accelerator, parameters={**accelerator.parameters, **changes})  # type: ignore[dict-item]


@pytest.mark.parametrize("accelerator", [ART, L1])
def test_what_is_right_passes(accelerator: Accelerator) -> None:
    check_accelerator(accelerator)
    check_accelerator(Accelerator("plain", "none"))
    check_accelerator(changed(accelerator, instruction_lines=64, instruction_ways=4))


@pytest.mark.parametrize(
    ("accelerator", "key", "reason"),
    [
        (changed(ART, line_bytes=3), "line_bytes", "must be 4, 8, 16, 32, 64 or 128, not 3"),
        (changed(ART, line_bytes=7), "line_bytes", "not 7"),
        (changed(ART, read_bytes=True), "read_bytes", "not true"),
        (changed(ART, read_bytes=128), "read_bytes", "must be 4, 8, 16, 32 or 64"),
        (changed(ART, line_bytes=4), "line_bytes", "shorter than one read of 8"),
        (changed(ART, prefetch=7), "prefetch", r"must be 0 \(off\) or 1 \(on\), not 7"),
        (changed(ART, instruction_cache="on"), "instruction_cache", 'not "on"'),
        (changed(ART, wait_states=-1), "wait_states", "must be a whole number from 0 to 15, not -1"),
        (changed(ART, wait_states=16), "wait_states", "0 to 15"),
        (changed(ART, wait_states=1.5), "wait_states", "not 1.5"),
        (
            changed(ART, instruction_lines=10**12),
            "instruction_lines",
            "must be a whole number from 0 to 65536",
        ),
        (
            changed(ART, instruction_lines=0),
            "instruction_cache",
            "the instruction cache is on, but has no lines",
        ),
        (changed(ART, data_lines=0), "data_cache", "add data_lines"),
        (changed(ART, instruction_ways=3), "instruction_lines", "not a power of two of sets"),
        (changed(ART, data_ways=16), "data_lines", "not a power of two of sets"),
        (changed(ART, data_lines=0, data_cache=0, data_ways=2), "data_ways", "2 ways of no lines"),
        (changed(L1, instruction_lines=96), "instruction_lines", "96 lines in 2 ways"),
        (changed(L1, line_bytes=64), "line_bytes", "must be 32"),
        (changed(L1, prefetch=1), "prefetch", "unknown key"),
        (changed(ART, waitstates=2), "waitstates", "did you mean 'wait_states'"),
        (changed(ART, lines=9), "lines", "did you mean 'instruction_lines' or 'data_lines'"),
        (changed(ART, branch_cost=1), "branch_cost", "known here: wait_states, read_bytes"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_reason(accelerator: Accelerator, key: str, reason: str) -> None:
    with pytest.raises(BoardError, match=rf"^accelerators\.flash\.parameters\.{key}: (?s:.*){reason}"):
        check_accelerator(accelerator)


def test_all_problems_at_once() -> None:
    problems = accelerator_problems(changed(ART, line_bytes=7, prefetch=7, lines=9))
    assert [problem.key.rpartition(".")[2] for problem in problems] == ["line_bytes", "prefetch", "lines"]


def test_kinds_and_sources() -> None:
    with pytest.raises(
        BoardError, match=r"accelerators\.flash\.kind: unknown kind 'stm32-arm'; did you mean"
    ):
        check_accelerator(replace(ART, kind="stm32-arm"))
    with pytest.raises(BoardError, match=r"accelerators\.flash\.sources\.wait_stats: .*'wait_states'"):
        check_accelerator(replace(ART, sources={"wait_stats": "RM0432"}))


@pytest.mark.parametrize(
    ("core", "name", "value", "reason"),
    [
        ("cortex-m0", "multiplier", 7, "must be 1 or 32, not 7"),
        ("cortex-m4", "bitband", 1, "unknown key; did you mean 'bit_band'"),
        ("cortex-m4", "bit_band", 2, r"0 \(off\) or 1"),
        ("cortex-m4", "other_memry", 1, "did you mean 'other_memory'"),
        ("cortex-m4", "branch_cost", 1, "unknown key"),
        ("cortex-m4", "other_memory", 16, "from 0 to 15"),
        ("cortex-m7", "data_cache_bytes", 1000, "0, 4096, 8192"),
        ("cortex-m7", "bit_band", 1, "unknown key"),
        ("cortex-m4", "leave_flash", 0, "counts only where other_memory is above 0"),
        ("cortex-m33", "multiplier", 1, "unknown key"),
    ],
)
def test_core_parameters(core: str, name: str, value: int, reason: str) -> None:
    with pytest.raises(BoardError, match=rf"^core_parameters\.{name}: .*{reason}"):
        check_core_parameters(core, {name: value})


def test_core_parameters_that_are_right_pass() -> None:
    check_core_parameters("cortex-m0plus", {"multiplier": 32})
    check_core_parameters("cortex-m4", {"other_memory": 1, "leave_flash": 0})
    check_core_parameters("cortex-m7", {"data_cache_bytes": 16384})


def test_regions() -> None:
    region = Region("sram", 0x20000000, 0x10000, "ram", wait_states=3)
    check_region(region)
    check_region(replace(region, wait_states=255))
    with pytest.raises(BoardError, match=r"regions\.sram\.wait_states: must be a whole number from 0 to 255"):
        check_region(replace(region, wait_states=256))
    with pytest.raises(BoardError, match=r"regions\.sram\.wait_states: accelerator 'flash' stands before"):
        check_region(replace(region, accelerator="flash"))


def test_names_are_those_of_the_declarations() -> None:
    assert core_parameter_names("cortex-m0plus") == ("multiplier", "mpu_regions")
    assert "other_memory" in core_parameter_names("cortex-m4")
    assert accelerator_parameter_names("none") == ("wait_states", "read_bytes", "prefetch")
    assert accelerator_parameter_names("nothing") == ()


@pytest.mark.parametrize("name", list_boards())
def test_every_shipped_value_passes(name: str) -> None:
    board = load_board(name)
    for accelerator in board.accelerators:
        assert accelerator_problems(accelerator) == []
    for region in board.regions:
        check_region(replace(region, accelerator="") if region.alias_of else region)


@pytest.mark.parametrize("kind", KINDS)
def test_every_accelerator_kind_says_what_it_is(kind: str) -> None:
    assert KINDS[kind].parameters.__doc__ and "wait_states" in accelerator_parameter_names(kind)


@pytest.mark.parametrize("core", MODELS)
def test_every_core_takes_its_own_defaults(core: str) -> None:
    assert MODELS[core].build({}).name == core
