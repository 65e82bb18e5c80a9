"""Folded cycles are the machine's cycles, to the last one, under both hooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from benches.suite import shipped
from benches.suite.benchmarks import KEYWORD_SPOTTING
from emulator import Machine
from emulator.board.reader import load_board
from emulator.engine.engine import Engine
from emulator.profiling import (
    CostKey,
    CountState,
    CycleStack,
    Profile,
    fold,
)
from emulator.profiling.disassembly import block_text
from emulator.profiling.fold import TimedMemories
from emulator.profiling.fold_by_function import FoldByFunction
from emulator.profiling.functions import function_starts
from emulator.profiling.instructions import addresses_of
from emulator.profiling.places import Places
from emulator.profiling.recorder import Recorder
from emulator.timing.model import Cause
from tests.machine.firmware import build

WORK = r"""
volatile u32 result;
__attribute__((noinline)) u32 divide(u32 a, u32 b) { return a / b; }
__attribute__((noinline)) u32 unaligned(const char *p) { return *(const volatile u32 *)(p + 1); }
u32 table[4] = {1, 2, 3, 4};
void main(void) {
    REG(0xE000E014) = 2499; REG(0xE000E018) = 0; REG(0xE000E010) = 7;
    print("ready\r\n");
    for (;;) {
        int c = get();
        u32 sum = (u32)c;
        for (u32 i = 1; i < 3000; i++) sum += divide(sum ^ i, i) + unaligned((const char *)table);
        result = sum;
        print("done\r\n");
    }
}
"""


def _check_sums(profile: Profile) -> None:
    totals = profile.totals
    assert profile.interrupted_cycles == 0
    assert profile.stack.total + profile.waiting_cycles == totals.cycles
    assert sum(b.executed for b in profile.blocks) + totals.skipped_instructions == totals.instructions
    assert all(
        item.stack[key] > 0
        for b in profile.blocks
        for item in b.instructions
        for key, _ in item.stack.items()
    )


def stacks_of(machine: Machine, profile: Profile) -> dict[str, CycleStack]:
    """Cycles by cause of each function, by name."""
    starts = function_starts(plan.block for plan in machine.engine.automaton.plans)
    places = Places(machine.image, addresses_of(profile), starts)
    stacks: dict[str, CycleStack] = {}
    for block in profile.blocks:
        name = places.functions[places.at(block.block.address).function].name
        stacks.setdefault(name, CycleStack()).merge(block.stack)
    return stacks


def _profile_of_work(elf: Path, hook: str) -> tuple[Machine, Profile]:
    machine = Machine("virtual-m4", hook=hook)
    machine.load(elf)
    Recorder(machine, begins=False)  # while one follows, turns are not run at the same cycles with both hooks
    machine.run(until="ready\r\n")
    before = CountState.of(machine.engine)
    machine.console.feed(b"x")
    machine.run(until="done\r\n")
    return machine, fold(machine.engine, CountState.of(machine.engine) - before)


def test_the_sum_over_everything_is_the_windows_cycles(tmp_path: Path) -> None:
    elf = build(tmp_path, WORK)
    machine, profile = _profile_of_work(elf, "native")
    _check_sums(profile)
    assert profile.stack.of(Cause.EXCEPTION) > 0, "SysTick ran"
    stacks = stacks_of(machine, profile)
    assert stacks["divide"].of(Cause.DIVIDE) > 0
    assert stacks["unaligned"].of(Cause.UNALIGNED) >= 2999
    assert sum(stack.total for stack in stacks.values()) == sum(b.stack.total for b in profile.blocks)
    _, by_python = _profile_of_work(elf, "python")
    assert by_python.stack.as_json() == profile.stack.as_json()
    assert by_python.totals == profile.totals


def test_a_flash_with_wait_states_costs_flash_cycles_under_both_hooks() -> None:
    found = []
    for hook in ("native", "python"):
        machine = Machine("nucleo-l4r5zi", hook=hook)
        machine.load(shipped.image_for(KEYWORD_SPOTTING, "nucleo-l4r5zi"))
        before = CountState.of(machine.engine)
        machine.run(max_cycles=60_000)
        profile = fold(machine.engine, CountState.of(machine.engine) - before)
        _check_sums(profile)
        found.append(profile)
    assert found[0].stack[CostKey(Cause.FLASH, "fetch")] > 0
    assert found[0].stack.as_json() == found[1].stack.as_json()


def test_counting_alone_is_one_cycle_each(tmp_path: Path) -> None:
    machine = Machine("virtual-m4", timing="count")
    machine.load(build(tmp_path, WORK))
    before = CountState.of(machine.engine)
    machine.run(until="ready\r\n")
    profile = fold(machine.engine, CountState.of(machine.engine) - before)
    assert profile.stack.of(Cause.ISSUE) == sum(b.executed for b in profile.blocks)


def test_functions_show_without_symbols(tmp_path: Path) -> None:
    machine, profile = _profile_of_work(build(tmp_path, WORK), "native")
    image = machine.image
    assert image is not None and image.debug is not None
    starts = function_starts([plan.block for plan in machine.engine.automaton.plans])
    for name in ("divide", "unaligned"):
        symbol = image.debug.symbol(name)
        assert symbol is not None and symbol.address in starts
    object.__setattr__(image, "debug", None)
    names = stacks_of(machine, profile)
    assert all(name.startswith("function at 0x") for name in names) and len(names) >= 3


def test_listings_name_every_instruction(tmp_path: Path) -> None:
    _, profile = _profile_of_work(build(tmp_path, WORK), "native")
    words = {text.split()[0] for b in profile.blocks for text in block_text(b.block)}
    assert {"udiv", "ldr", "bx"} <= words or {"udiv", "ldr.w", "bx"} <= words


@pytest.mark.parametrize(
    ("board", "address", "cause"),
    [
        ("nucleo-l4r5zi", 0x08000000, Cause.FLASH),
        ("nucleo-l4r5zi", 0x00000000, Cause.FLASH),
        ("nucleo-l4r5zi", None, Cause.FLASH),
        ("nucleo-l4r5zi", 0x20000000, Cause.BUS),
        ("nucleo-h7a3zi-q", 0x08000000, Cause.FLASH),
    ],
)
def test_memory_stalls_are_named_after_the_memory(board: str, address: int | None, cause: Cause) -> None:
    """Caches are off after reset."""
    assert TimedMemories(Engine(load_board(board))).cause(address, is_fetch=address is not None) is cause


def test_a_stack_keeps_the_order_of_causes() -> None:
    stack = CycleStack()
    stack.add(CostKey(Cause.FLASH, "data"), 2)
    stack.add(CostKey(Cause.ISSUE), 5)
    stack.add(CostKey(Cause.FLASH, "fetch"), 0)
    assert list(stack.as_json().items()) == [("issue", 5), ("flash (data)", 2)]
    assert stack.total == 7


@pytest.mark.parametrize("board", ["virtual-m4", "virtual-m7"])
def test_cycles_by_function_are_those_of_the_instructions(tmp_path, board):
    machine = Machine(board)
    machine.load(build(tmp_path, WORK))
    machine.run(until="ready\r\n")
    before = CountState.of(machine.engine)
    machine.console.feed(b"x")
    machine.run(until="done\r\n")
    passed = CountState.of(machine.engine) - before
    expected: dict[tuple[int, str, str], int] = {}
    for block in fold(machine.engine, passed).blocks:
        for item in block.instructions:
            for key, cycles in item.stack.items():
                cell = (item.instruction.address >> 6, key.cause.value, key.waiting)
                expected[cell] = expected.get(cell, 0) + cycles
    folded = FoldByFunction(machine.engine, lambda address: address >> 6)
    assert folded.costs(passed) == expected
    assert folded.costs(passed) == expected  # now from what it knows
    assert len(expected) > 10
