"""Natural loops over instructions that ran."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.recording.loops import loops_of
from emulator.recording.model import Instruction, Jump


def code(counts: dict[int, int], cycles: int = 1, function: int = 0) -> list[Instruction]:
    return [
        Instruction(address, 2, "nop", function, "", 0, count, {("issue", ""): count * cycles})
        for address, count in counts.items()
    ]


def test_a_loop_in_a_loop():
    # 0: entry; 2: outer head; 4, 6: inner loop, 3 turns of 5 each; 8: back to 2; 10: exit
    counts = {0: 1, 2: 5, 4: 20, 6: 20, 8: 5, 10: 1}
    jumps = [Jump(6, 4, "jump", 15), Jump(8, 2, "jump", 4)]
    outer, inner = loops_of(code(counts), jumps, 0)
    assert (outer.header, outer.addresses, outer.turns, outer.entries) == (2, (2, 4, 6, 8), 4, 1)
    assert (inner.header, inner.addresses, inner.turns, inner.entries) == (4, (4, 6), 15, 5)
    assert (outer.depth, inner.depth) == (1, 2)
    assert (outer.cycles, outer.instructions) == (50, 50)
    assert inner.cycles == 40


def test_a_call_in_a_loop_comes_back_and_a_return_ends_it():
    counts = {0: 1, 2: 8, 4: 8, 6: 1}
    jumps = [Jump(2, 100, "call", 8), Jump(4, 2, "jump", 7), Jump(6, 300, "return", 1)]
    (loop,) = loops_of(code(counts), jumps, 0)
    assert (loop.header, loop.addresses, loop.turns) == (2, (2, 4), 7)


def test_two_ways_back_to_one_head_are_one_loop():
    counts = {0: 1, 2: 10, 4: 4, 6: 6, 8: 1}
    jumps = [Jump(2, 6, "jump", 6), Jump(4, 2, "jump", 4), Jump(6, 2, "jump", 5)]
    (loop,) = loops_of(code(counts), jumps, 0)
    assert (loop.header, loop.addresses, loop.turns, loop.entries) == (2, (2, 4, 6), 9, 1)


def test_a_way_back_that_can_be_entered_elsewhere_is_no_natural_loop():
    counts = {0: 2, 2: 3, 4: 4, 6: 2}
    jumps = [Jump(0, 4, "jump", 1), Jump(4, 2, "jump", 2)]
    assert loops_of(code(counts), jumps, 0) == []


def test_other_functions_and_straight_code_have_none():
    assert loops_of(code({0: 3, 2: 3}, function=1), [Jump(2, 0, "jump", 2)], 0) == []
    assert loops_of(code({0: 3, 2: 3}), [], 0) == []


def test_a_function_that_is_entered_at_its_loop():
    (loop,) = loops_of(code({4: 9, 6: 9}), [Jump(6, 4, "jump", 8)], 0)
    assert (loop.turns, loop.entries, loop.addresses) == (8, 1, (4, 6))


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [
        ("bx lr", False),
        ("pop {r4, pc}", False),
        ("ldm.w sp!, {r4, r5, pc}", False),
        ("tbb [pc, r3]", False),
        ("ldr pc, [r3]", False),
        ("popeq {r4, pc}", True),
        ("bxne lr", True),
        ("pop {r4, r5}", True),
        ("blx r3", True),
    ],
)
def test_what_leaves_does_not_fall_through(text, goes_on):
    """0; 2 leaves; 4 goes back to 0: a loop if 2 can go on."""
    first, leaving, last = code({0: 5, 2: 5, 4: 4})
    body = [first, replace(leaving, text=text), last]
    assert bool(loops_of(body, [Jump(4, 0, "jump", 4)], 0)) == goes_on
