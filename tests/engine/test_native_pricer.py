"""The native pricer says of any code what the planner and the core's model say, or leaves it to them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest

from emulator.board.reader import load_board
from emulator.engine.automaton import Automaton
from emulator.engine.engine import Engine
from emulator.engine.hooks.native_hook import NativeHook, pack_path
from emulator.engine.hooks.native_plan import packed, pointed_plan
from emulator.engine.lazily import MetBlock, Origin, WaysToPlan
from emulator.engine.native_automaton import NativeAutomaton, native_ways
from emulator.engine.native_pricer import NativePricer
from emulator.engine.planner import load_pairs
from emulator.thumb.decode import ItState, decode_block
from emulator.thumb.instruction import Kind

BOARDS = {
    "m4": "nucleo-l4r5zi",
    "m4-pdm": "cy8cproto-062-4343w",
    "m7": "disco-f746ng",
    "m7-cached": "nucleo-h7a3zi-q",
    "m33": "nucleo-u575zi-q",
    "m3": "virtual-m3",
}
BASE = 0x0800_0000
BLOCKS = 400
LONGEST = 14
WIDE = (
    *(0xE900, 0xE9C0, 0xEA00, 0xEB00, 0xEC00, 0xED00, 0xED80, 0xEE00, 0xEE80, 0xF000, 0xF100, 0xF240),
    *(0xF2C0, 0xF300, 0xF800, 0xF840, 0xF880, 0xF8C0, 0xF900, 0xF980, 0xFA00, 0xFB00, 0xFB80),
)
"""First half-words to which seven bits are added."""
FLOATING_FROM, FLOATING_TO = 0xEC00, 0xEF00
LEAST_ANSWERED = 0.6
"""Of random blocks: some have undefined or watched instructions in them."""


def blocks(seed: int) -> Iterator[tuple[int, bytes]]:
    """Addresses and code: straight lines of any instructions, a branch or not at their ends."""
    chance = random.Random(seed)
    for _ in range(BLOCKS):
        code = b""
        for _ in range(chance.randint(1, LONGEST)):
            code += _straight(chance)
        code += chance.choice(
            (
                b"",
                (0xD000 + chance.randrange(0xD00)).to_bytes(2, "little"),
                (0xE000 + chance.randrange(0x800)).to_bytes(2, "little"),
                (0xB900 + chance.randrange(0x100)).to_bytes(2, "little"),
                b"\x70\x47",  # BX LR
                bytes.fromhex("f0bd"),  # POP {r4-r7, pc}
                bytes.fromhex("00f0") + (0xF800 + chance.randrange(0x800)).to_bytes(2, "little"),  # BL
            )
        )
        yield BASE + 2 * chance.randrange(0x8000), code


def _straight(chance: random.Random) -> bytes:
    while True:
        if chance.random() < 0.55:
            code = chance.randrange(0xD000).to_bytes(2, "little")
        else:
            first = chance.choice(WIDE) + chance.randrange(0x80)
            second = chance.randrange(0x8000)
            if FLOATING_FROM <= first < FLOATING_TO:
                second = second & 0xF0FF | chance.choice((0xA00, 0xB00))
            code = first.to_bytes(2, "little") + second.to_bytes(2, "little")
        (instruction,) = decode_block(code, 0).instructions
        if not instruction.writes_pc and instruction.kind not in (Kind.UNKNOWN, Kind.SYSTEM):
            return code


@pytest.fixture(params=list(BOARDS.values()), ids=list(BOARDS))
def engine(request: pytest.FixtureRequest) -> Engine:
    return Engine(load_board(request.param), hook="native")


def pricer_of(engine: Engine) -> NativePricer:
    assert isinstance(engine.automaton.native, NativeAutomaton)
    return engine.automaton.native.pricer


def packed_ways(ways: WaysToPlan, automaton: Automaton) -> bytes:
    found = native_ways(ways, predicts_branches=automaton.model.predicts_branches)
    assert found is not None
    return found


def test_plans_and_prices_are_those_of_python(engine: Engine) -> None:
    answered = answered_alike(engine, blocks(seed=len(engine.automaton.model.name)))
    assert answered > LEAST_ANSWERED * BLOCKS


@pytest.mark.parametrize(
    "code",
    [
        "03eb8e02 4eea0e03 03eb0e12",  # ADD of a shifted register, ORR, ADD: with LR
        "4fea3302 4fea7302 4fea3312",  # RRX, ROR #1, ROR #4
        "05ea8d13 55ea8d13 65ea8d13",  # AND of SP; what Armv8.1-M has UQRSHLL for
        "51f82420 51f83420 31f81e10",  # loads at [Rn, Rm, LSL #n]
        "30ee411a 71ee0a1a 00ee902a f4ee402a b8ee6f7a",  # VADD, VADD, VMOV, VCMP, VCVT
        "dfed187a 9fed041a 1ded021a",  # VLDR of literals and at SP
    ],
)
def test_each_member_of_a_family_is_itself(engine: Engine, code: str) -> None:
    lines = [bytes.fromhex(line) for line in (code, *code.split())]
    answered_alike(engine, ((BASE, line) for line in (*lines, *lines)))


def answered_alike(engine: Engine, met: Iterable[tuple[int, bytes]]) -> int:
    """Plan and price blocks in C and in Python; how many C has answered."""
    automaton, hook, pricer = engine.automaton, engine.hook, pricer_of(engine)
    assert isinstance(hook, NativeHook)
    chance, answered = random.Random(7), 0
    automaton.close_fpu(closed=False)
    state = automaton.model.initial_state
    for number, (address, code) in enumerate(met):
        it = chance.choice((0, 0, 0, 0x08, 0x1C, 0x66))
        ways = automaton.ways_to_plan(BASE, 2)._replace(traps_unaligned=number % 5 == 0)
        planned = pricer.plan(address, code, it, packed_ways(ways, automaton))
        block = decode_block(code, address, ItState(it))
        if planned is None:
            continue
        answered += 1
        plan = automaton.plan(block, ways)
        found = pointed_plan(planned.pointer)
        if planned.branch is not None:
            found = found.with_slot(planned.branch, automaton.branch_slot(planned.site))
        assert found == packed(plan)
        assert planned.hook_addresses == plan.hook_addresses
        in_hook = hook.add_pointed(planned.pointer, 0, code)
        automaton.plans.put(in_hook, MetBlock(address, code, it, 0, ways), plan)
        skipped, edge = chance.getrandbits(len(plan.observed)), chance.randrange(2)
        step = automaton.step(automaton.states.number_of(state), in_hook, skipped, edge)
        in_pricer = pricer.number_of(state)
        assert in_pricer is not None
        assert pricer.state(in_pricer) == state
        priced = pricer.price(Origin(in_pricer, in_hook, skipped, edge), code, it)
        assert priced is not None
        assert priced.cycles == step.cycles
        assert pricer.state(priced.next_state) == step.next_state
        pairs = load_pairs(plan, step.load_pairs)
        assert priced.path == pack_path(automaton.event_issue(in_hook, step), pairs)
        state = step.next_state
    return answered


@pytest.mark.parametrize("code", ["40bf", "80f30888", "dfe800f0", "42e80300"])  # SEV, MSR MSP, TBB, STREX
def test_what_python_watches_is_left_to_it(code: str) -> None:
    engine = Engine(load_board("nucleo-l4r5zi"), hook="native")
    ways = packed_ways(engine.automaton.ways_to_plan(BASE, 2), engine.automaton)
    assert pricer_of(engine).plan(BASE, bytes.fromhex(code), 0, ways) is None


def test_a_core_that_c_does_not_know_is_left_to_python() -> None:
    assert Engine(load_board("virtual-m0plus"), hook="native").automaton.native is None
    assert Engine(load_board("nucleo-l4r5zi"), hook="python").automaton.native is None


def test_counting_is_answered_too() -> None:
    engine = Engine(load_board("nucleo-l4r5zi"), timing="count", hook="native")
    assert isinstance(engine.automaton.native, NativeAutomaton)


def test_a_comparison_of_floats_is_not_left_to_python() -> None:
    engine = Engine(load_board("nucleo-l4r5zi"), hook="native")
    engine.automaton.close_fpu(closed=False)
    ways = packed_ways(engine.automaton.ways_to_plan(BASE, 2), engine.automaton)
    compared = bytes.fromhex("b4ee607af1ee10fa")  # VCMP.F32 S14, S1; VMRS APSR_nzcv, FPSCR
    assert pricer_of(engine).plan(BASE, compared, 0, ways) is not None
