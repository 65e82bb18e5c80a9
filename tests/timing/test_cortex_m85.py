"""What loops and branches cost from turn to turn, and what a block leaves for the next."""

from __future__ import annotations

import pytest

from emulator.thumb.decode import decode_block
from emulator.timing.cores import core_model
from emulator.timing.model import FALL_THROUGH, Cause, Step

TURN = "b0ec101ef0ee224f1ff007c0"  # vldrb.u8 q0,[r0],#16; vmladava.s8 r4,q0,q1; letp lr,.-8
TAKEN = 1
MODEL = core_model("cortex-m85")


def turns(code: str, *edges: int, address: int = 0x1000, after: Step | None = None) -> list[Step]:
    """A loop's block as often as it has ways out here."""
    block = decode_block(bytes.fromhex(code), address)
    state, steps = MODEL.initial_state if after is None else after.next_state, []
    for edge in edges:
        steps.append(MODEL.step(state, block, 0, edge))
        state = steps[-1].next_state
    return steps


def test_the_end_of_a_loop_costs_nothing_from_its_second_turn_on() -> None:
    """jnk0le: LE 4 to 5 cycles for a lone loop, each turn as a predicted branch."""
    first, second, third, last = turns(TURN, TAKEN, TAKEN, TAKEN, FALL_THROUGH)
    assert (Cause.BRANCH, 4) in first.costs[2]
    assert second.costs[2] == third.costs[2] == last.costs[2] == ()
    assert second.cycles == third.cycles == 2


def test_a_loop_in_a_loop_stays_known() -> None:
    """jnk0le: in a nest LE shows no penalty."""
    _, _, last = turns(TURN, TAKEN, TAKEN, FALL_THROUGH)
    (outer,) = turns("2ff003c0", TAKEN, address=0x1100, after=last)
    again, _ = turns(TURN, TAKEN, TAKEN, after=outer)
    assert again.costs[2] == ()


def test_two_others_make_a_loop_unknown() -> None:
    (known,) = turns(TURN, TAKEN)
    for address in (0x1100, 0x1200):
        (known,) = turns("2ff003c0", TAKEN, address=address, after=known)
    assert (Cause.BRANCH, 4) in turns(TURN, TAKEN, after=known)[0].costs[2]


def test_a_loop_of_nothing_takes_time() -> None:
    """Else a firmware that stays in one would never come to the end of its cycles."""
    assert all(step.cycles > 0 for step in turns("2ff003c0", TAKEN, TAKEN, TAKEN))  # le .


@pytest.mark.parametrize(
    ("code", "cycles", "what"),
    [
        ("013ffcd1", 6, "subs r7,#1; bne: flags in the cycle before"),
        ("013fda46db46d246fad1", 4, "two cycles between them"),
    ],
)
def test_a_wrong_prediction_costs_more_behind_late_flags(code: str, cycles: int, what: str) -> None:
    assert turns(code, TAKEN)[0].mispredict == cycles, what


def test_a_predicted_branch_issues_beside_two_others() -> None:
    steps = turns("01300131fcd1", TAKEN, TAKEN, TAKEN)  # adds r0,#1; adds r1,#1; bne .-4
    assert [step.cycles for step in steps] == [1, 1, 1]


def test_a_branch_takes_its_target_along_beside_one_other() -> None:
    """jnk0le: 1 instruction before a predicted branch and 1 at its target, when fetch is ahead."""
    moves = "".join(f"{n:02x}2{n & 7}" for n in range(9))  # movs r0,#0; movs r1,#1 ...
    even, odd = turns(moves[4:] + "f6d1", *[TAKEN] * 4), turns(moves + "f5d1", *[TAKEN] * 4)  # and bne
    assert [step.cycles for step in even] == [4] * 4
    assert [step.cycles for step in odd] == [5, 4, 5, 4]


@pytest.mark.parametrize(("offset", "cycles"), [(0, 1), (2, 2), (4, 2), (6, 2)])
def test_renesas_delay_loop_by_its_alignment(offset: int, cycles: int) -> None:
    """FSP's bsp_delay.h: subs r0,#1; cmp r0,#0; bne takes a cycle a turn at a multiple of 8, else two."""
    steps = turns("01380028fcd1", *[TAKEN] * 4, address=0x1000 + offset)
    assert [step.cycles for step in steps[1:]] == [cycles] * 3


def test_a_skipped_instruction_costs_as_one_that_runs() -> None:
    block = decode_block(bytes.fromhex("18bf40180a44"), 0x1000)  # it ne; addne r0,r1; add r2,r1
    assert MODEL.observed(block) == ()
    assert MODEL.step(MODEL.initial_state, block, 2, 0) == MODEL.step(MODEL.initial_state, block, 0, 0)
