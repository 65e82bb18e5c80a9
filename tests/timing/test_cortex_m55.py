"""What a loop costs from turn to turn, and what the pipes hold over a block's end."""

from __future__ import annotations

from emulator.thumb.decode import decode_block
from emulator.timing.cores import core_model
from emulator.timing.model import FALL_THROUGH, Cause, Step

TURN = "b0ec101ef0ee224f1ff007c0"  # vldrb.8 q0,[r0],#16; vmladava.s8 r4,q0,q1; letp lr,.-8
TAKEN = 1


def turns(code: str, *edges: int) -> list[Step]:
    """A loop's block as often as it has ways out here."""
    model = core_model("cortex-m55")
    block = decode_block(bytes.fromhex(code), 0x1000)
    state, steps = model.initial_state, []
    for edge in edges:
        steps.append(model.step(state, block, 0, edge))
        state = steps[-1].next_state
    return steps


def test_the_end_of_a_known_loop_costs_nothing() -> None:
    first, second, third, last = turns(TURN, TAKEN, TAKEN, TAKEN, FALL_THROUGH)
    assert (Cause.BRANCH, 2) in first.costs[2]
    assert second.costs[2] == third.costs[2] == ()
    assert last.costs[2] == ((Cause.ISSUE, 1),)
    assert second.cycles == third.cycles == 2


def test_a_loop_that_ended_is_not_known_any_more() -> None:
    first, _, _, again = turns(TURN, TAKEN, TAKEN, FALL_THROUGH, TAKEN)
    assert again.cycles == first.cycles


def test_a_loop_of_nothing_takes_time() -> None:
    """Else a firmware that stays in one would never come to the end of its cycles."""
    assert all(step.cycles > 0 for step in turns("2ff003c0", TAKEN, TAKEN, TAKEN))  # le .


def test_a_branch_backwards_costs_each_turn() -> None:
    steps = turns("013ffdd1", TAKEN, TAKEN, TAKEN)  # subs r7,#1; bne .-2
    assert len({step.cycles for step in steps}) == 1
