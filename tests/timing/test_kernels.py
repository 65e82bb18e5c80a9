"""Every core model against its micro-kernels, and what the engine relies on."""

from __future__ import annotations

import pytest

from emulator.errors import BoardError
from emulator.thumb.decode import decode_block
from emulator.thumb.instruction import Block, Kind
from emulator.timing.cores import core_model
from emulator.timing.cores.registry import MODELS
from emulator.timing.model import FALL_THROUGH, Step
from tests.timing import kernels, kernels_dual_issue, kernels_m85, kernels_vector
from tests.timing.kernels import Kernel

ADDRESS = 0x1000
KERNELS = [*kernels.KERNELS, *kernels_dual_issue.KERNELS, *kernels_vector.KERNELS, *kernels_m85.KERNELS]
NAMES = [f"{kernel.core}: {kernel.text}: {kernel.edge}" for kernel in KERNELS]


def block_of(kernel: Kernel) -> Block:
    return decode_block(bytes.fromhex(kernel.code), ADDRESS)


def run(kernel: Kernel, edge: int | None = None) -> Step:
    model = core_model(kernel.core)
    return model.step(model.initial_state, block_of(kernel), 0, kernel.edge if edge is None else edge)


@pytest.mark.parametrize("kernel", KERNELS, ids=NAMES)
def test_cycles(kernel: Kernel) -> None:
    assert run(kernel).cycles == kernel.cycles, kernel.why


@pytest.mark.parametrize("kernel", KERNELS, ids=NAMES)
def test_a_step_keeps_the_contract(kernel: Kernel) -> None:
    step = run(kernel)
    instructions = block_of(kernel).instructions
    assert sum(cycles for pairs in step.costs for _, cycles in pairs) == step.cycles
    assert len(step.costs) == len(step.issue_cycles) == len(instructions)
    assert list(step.issue_cycles) == sorted(step.issue_cycles)
    assert all(0 <= cycle <= step.cycles for cycle in step.issue_cycles)
    assert all(cycles > 0 for pairs in step.costs for _, cycles in pairs)
    assert hash(step.next_state) == hash(run(kernel).next_state)
    for edge in (FALL_THROUGH, 1, 2):
        assert run(kernel, edge).issue_cycles == step.issue_cycles, "an issue cycle hangs on the edge"


@pytest.mark.parametrize("kernel", KERNELS, ids=NAMES)
def test_where_a_block_is_cut_does_not_matter(kernel: Kernel) -> None:
    """Unicorn cuts straight lines where it likes: two halves must cost what the whole costs."""
    model = core_model(kernel.core)
    whole = block_of(kernel)
    if any(instruction.kind is Kind.IT for instruction in whole.instructions):
        return
    expected = run(kernel)
    for instruction in whole.instructions[1:]:
        cut = instruction.address - ADDRESS
        code = bytes.fromhex(kernel.code)
        first, second = decode_block(code[:cut], ADDRESS), decode_block(code[cut:], ADDRESS + cut)
        before = model.step(model.initial_state, first, 0, FALL_THROUGH)
        after = model.step(before.next_state, second, 0, kernel.edge)
        assert before.cycles + after.cycles == expected.cycles, f"cut before {instruction.name}"
        assert after.next_state == expected.next_state, f"cut before {instruction.name}"


def test_multiplier_of_the_small_cores_is_a_parameter() -> None:
    block = decode_block(bytes.fromhex("4843"), ADDRESS)  # muls r0,r1
    for core in ("cortex-m0", "cortex-m0plus"):
        model = core_model(core, {"multiplier": 32})
        assert model.step(model.initial_state, block, 0, FALL_THROUGH).cycles == 32
    with pytest.raises(BoardError, match=r"core_parameters\.multiplier: must be 1 or 32, not 7"):
        core_model("cortex-m0", {"multiplier": 7})


def test_what_depends_on_the_board_is_a_parameter_of_the_m4() -> None:
    loads = decode_block(bytes.fromhex("51f8040b51f8042b0134"), ADDRESS)  # two from r1, post-indexed; adds
    model = core_model("cortex-m4", {"same_base_hides": 0})
    assert model.step(model.initial_state, loads, 0, FALL_THROUGH).cycles == 5


def test_an_unknown_core_is_named_with_those_there_are() -> None:
    with pytest.raises(BoardError, match=r"cortex-m99[\s\S]*cortex-m4"):
        core_model("cortex-m99")


@pytest.mark.parametrize("core", ["cortex-m3", "cortex-m4"])
def test_a_skipped_load_costs_one_cycle_and_is_observed(core: str) -> None:
    # cmp r0,#0; itt ne; ldrne r1,[r2]; addne r3,r3,r1
    block = decode_block(bytes.fromhex("002804bf11685b18"), ADDRESS)
    assert block.instructions[2].name == "ldr"
    model = core_model(core)
    assert model.observed(block) == (2,)
    runs = model.step(model.initial_state, block, 0, FALL_THROUGH).cycles
    skips = model.step(model.initial_state, block, 0b100, FALL_THROUGH).cycles
    assert (runs, skips) == (4, 3), "IT folds; a load is 2, its NOP 1"


def test_floating_point_results_outlive_a_branch() -> None:
    model = core_model("cortex-m4")
    divide = decode_block(bytes.fromhex("81ee010a00e0"), ADDRESS)  # vdiv.f32 s0,s2,s2; b
    use = decode_block(bytes.fromhex("30ee000a"), 0x2000)  # vadd.f32 s0,s0,s0
    first = model.step(model.initial_state, divide, 0, 1)
    second = model.step(first.next_state, use, 0, FALL_THROUGH)
    assert first.cycles == 3
    assert first.cycles + second.cycles == 15 + 1, "the division's 15 cycles, then the addition"


@pytest.mark.parametrize(("alignment", "cycles"), [(4, 1), (6, 2), (8, 1), (10, 1)])
def test_m7_two_instruction_loop_by_its_alignment(alignment: int, cycles: int) -> None:
    """Measured on NUCLEO-F767ZI (dwelch67/stm32_samples): 1.0, 2.0, 1.0, 1.0 cycles a turn."""
    model = core_model("cortex-m7")
    loop = decode_block(bytes.fromhex("0138fdd1"), ADDRESS + alignment)  # subs r0,#1; bne .-2
    state = model.initial_state
    for _ in range(10):
        step = model.step(state, loop, 0, 1)
        state = step.next_state
    assert step.cycles == cycles


def turn_of(code: str, address: int, parameters: dict[str, int]) -> int:
    """Cycles of one turn of a loop that has run for a while."""
    model = core_model("cortex-m7", parameters)
    loop = decode_block(bytes.fromhex(code), address)
    state = model.initial_state
    for _ in range(10):
        step = model.step(state, loop, 0, 1)
        state = step.next_state
    return step.cycles


@pytest.mark.parametrize(("instruction", "what"), [("0368", "ldr r3,[r0]"), ("0360", "str r3,[r0]")])
def test_m7_a_predicted_branch_takes_its_target_along(instruction: str, what: str) -> None:
    """Sixteen of them, subs r1,#1 and bne: 16.0 cycles a turn (dwelch67/stm32_samples, NUCLEO-F767ZI)."""
    assert turn_of(instruction * 16 + "0139edd1", ADDRESS, {}) == 16, what


def test_m7_a_branch_behind_wide_code_does_not() -> None:
    """jnk0le/random cortex_m7.md: only behind two 16-bit instructions of this turn of the loop."""
    wide = "d0f80030"  # ldr.w r3,[r0]
    assert turn_of(wide * 8 + "0139edd1", ADDRESS, {}) == 9, "subs r1,#1 alone is 16 bits wide"
    assert turn_of(wide * 7 + "03680139eed1", ADDRESS, {}) == 8, "ldr r3,[r0] too"


@pytest.mark.parametrize(("alignment", "cycles"), [(4, 4), (6, 5), (8, 4), (10, 4)])
def test_m7_without_branch_target_cache_each_taken_branch_fetches_anew(alignment: int, cycles: int) -> None:
    """Measured on NUCLEO-F767ZI from DTCM (dwelch67/stm32_samples): 4.0, 5.0, 4.0, 4.0 cycles a turn."""
    assert turn_of("0138fdd1", ADDRESS + alignment, {"static_prediction": 1}) == cycles


def test_every_core_that_a_board_may_name_has_a_model() -> None:
    for name in MODELS:
        model = core_model(name)
        assert model.name == name
        assert len(model.divide.by_width) == 32
