"""Most of the hook's questions are answered where they come up, as Python would answer them."""

from __future__ import annotations

import struct
from collections import Counter
from pathlib import Path

import pytest

from benches.suite import shipped
from benches.suite.benchmarks import find
from emulator import Machine
from emulator.board.reader import load_board
from emulator.engine.hook import Stop
from emulator.engine.hooks.native_hook import NativeHook

BOARDS = ("nucleo-l4r5zi", "mps2-an385", "mps2-an500", "mps2-an505")
FLASH, DIVISIONS = 0x0800_0000, 12


def loaded(board: str) -> Machine:
    machine = Machine(board, hook="native")
    machine.load(shipped.image_for(find("kws"), load_board(board).name))
    return machine


def loaded_in_python(board: str) -> Machine:
    """The same with every question left to Python."""
    machine = loaded(board)
    automaton, hook = machine.engine.automaton, machine.hook
    assert isinstance(hook, NativeHook)
    library, engine = hook.doors
    library.bl_answer_by(engine, None)
    automaton.native = automaton.states.elsewhere = automaton.plans.elsewhere = None
    return machine


def asked(machine: Machine) -> Counter[int]:
    """How often a run stops for a question from now on, by its code."""
    found: Counter[int] = Counter()
    automaton = machine.engine.automaton
    answer = automaton.answer

    def counted(code: int) -> bool:
        found[code] += 1
        return answer(code)

    automaton.answer = counted  # type: ignore[method-assign]
    return found


@pytest.mark.parametrize("board", BOARDS)
def test_answers_are_those_of_python(board: str) -> None:
    here, python = loaded(board), loaded_in_python(board)
    questions, all_questions = asked(here), asked(python)
    for machine in (here, python):
        machine.run(until="m-ready")
    assert here.counts == python.counts
    assert here.hook.path_counts() == python.hook.path_counts()
    ours, theirs = here.engine.automaton, python.engine.automaton
    assert list(ours.plans) == list(theirs.plans)
    assert list(ours.states) == list(theirs.states)
    for number in range(len(ours.plans)):
        assert ours.plans.met(number) == theirs.plans.met(number)._replace(
            pointer=ours.plans.met(number).pointer
        )
        assert here.hook.event_stalls(number) == python.hook.event_stalls(number)
    assert questions[Stop.NEED_PATH] + questions[Stop.NEED_EDGE] < 5
    assert all_questions[Stop.NEED_PATH] >= len(ours.plans)
    assert questions[Stop.NEED_BLOCK] < all_questions[Stop.NEED_BLOCK]


def test_blocks_are_planned_anew_where_the_ways_have_changed() -> None:
    here, python = loaded("nucleo-l4r5zi"), loaded_in_python("nucleo-l4r5zi")
    for machine in (here, python):
        automaton = machine.engine.automaton
        machine.run(max_cycles=20_000)
        automaton.trap_unaligned(everywhere=True)
        machine.run(max_cycles=20_000)
        automaton.guard([(0x2000_0000, 0x2000_00FF)])
        machine.run(max_cycles=20_000)
    assert list(here.engine.automaton.plans) == list(python.engine.automaton.plans)
    assert here.counts == python.counts


def divisions(folder: Path) -> Path:
    """An image of blocks with a division each: UDIV r2, r0, r1; CMP r2, #1; BEQ to the next one."""
    blocks = (bytes.fromhex("b0fbf1f2 012a ffd0") * DIVISIONS) + bytes.fromhex("fee7")
    path = folder / "divisions.bin"
    path.write_bytes(struct.pack("<II", 0x2000_1000, FLASH + 9) + blocks)
    return path


def test_what_is_watched_ahead_needs_no_stop_of_its_own(tmp_path: Path) -> None:
    image = divisions(tmp_path)
    here, python = (Machine("nucleo-l4r5zi", hook=hook) for hook in ("native", "python"))
    questions = asked(here)
    for machine in (here, python):
        machine.load(image, base=FLASH)
        machine.run(max_cycles=1000)
    assert sum(bool(plan.hook_addresses) for plan in here.engine.automaton.plans) == DIVISIONS
    assert questions[Stop.NEED_BLOCK] < DIVISIONS / 2
    assert here.counts == python.counts
    assert here.counts.instructions > 3 * DIVISIONS
