"""How many turns of a loop that reads a counter go the same way: a delay, a wait with a time-out.

One turn was followed. When nothing in it comes from the turn before but what stays the same, each
turn depends on the counter's value alone, and that is known for every later turn
(:class:`emulator.clock.ramp.Ramp`). The branches are then decided for all turns at once; those that
decide as this turn did need not be run one by one. Where anything is not known, nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emulator.clock.ramp import Ramp
from emulator.engine.expressions import MASK32, Node, Op
from emulator.engine.hooks.address_program import SIGN, Value, bit_field, computed, forwarded
from emulator.engine.path import Decision, NotFollowedError, Path
from emulator.thumb.conditions import condition_holds
from emulator.thumb.instruction import Instruction

FIRST_TURNS = 1 << 10
MOST_TURNS = 1 << 20
"""So many turns are decided at once, at the beginning and at most."""
LAST_TURNS = 1 << 24
"""More are not looked at: whoever waits longer is looked at again."""
LONGEST_PATH = 512
SHIFTS_BY_REGISTER = (Op.LSL, Op.LSR, Op.ASR)
"""Not followed: how far they shift may change from turn to turn."""
LEAVES = (Op.REGISTER, Op.CONSTANT, Op.SYMBOL)


@dataclass(frozen=True, slots=True)
class TimedTurn:
    """One turn as it was run.

    ``instructions``: in order, each with the address of the next one. ``counter``: address and size
    of the read whose value changes, and how. ``read``: values of other device registers that were
    read, by address and size. ``registers``: r0..r14 behind the turn.
    """

    cycles: int
    instructions: Sequence[tuple[Instruction, int]]
    counter: tuple[int, int]
    ramp: Ramp
    read: Mapping[tuple[int, int], int]
    registers: Sequence[int]
    memory: Callable[[int, int], bytes | None]


def equal_turns(turn: TimedTurn, limit: int) -> int:
    """So many of the next turns, up to ``limit``, certainly go as this one did."""
    if len(turn.instructions) > LONGEST_PATH:
        return 0
    path = Path()
    try:
        for instruction, next_address in turn.instructions:
            path.follow(instruction, next_address)
        return _Decider(turn, path).turns(min(limit, LAST_TURNS))
    except NotFollowedError:
        return 0


class _Decider:
    """Evaluates a path's nodes, at one turn or at many."""

    def __init__(self, turn: TimedTurn, path: Path) -> None:
        self._turn = turn
        self._path = path
        self._nodes = path.graph.nodes
        self._loaded: set[tuple[int, int]] = set()
        self._values: dict[int, Value | None] = {}
        self._counts = np.zeros(1, dtype=np.int64)

    def turns(self, limit: int) -> int:
        """See :func:`equal_turns`. Raises NotFollowedError."""
        self._at(1, 2)
        self._check_what_stays()
        if not any(isinstance(self._decide(decision), np.ndarray) for decision in self._path.decisions):
            return limit  # no branch looks at the counter
        done, size = 0, FIRST_TURNS
        while done < limit:
            self._at(done + 1, min(limit, done + size) + 1)
            same = np.ones(len(self._counts), dtype=bool)
            for decision in self._path.decisions:
                same &= self._decide(decision) == decision.taken
            if not same.all():
                return done + int(np.argmin(same))
            done += len(self._counts)
            size = min(4 * size, MOST_TURNS)
        return done

    def _at(self, first: int, end: int) -> None:
        """Look at these turns from now on; turn 1 is the next."""
        turn = self._turn
        self._values = {}
        cycles = turn.ramp.cycle + turn.cycles * np.arange(first, end, dtype=np.int64)
        self._counts = turn.ramp.values(cycles) & (1 << 8 * turn.counter[1]) - 1

    # -- what has to hold -----------------------------------------------------------------------
    def _check_what_stays(self) -> None:
        """Every input of a turn but the counter is the same in the next one."""
        path = self._path
        ends = [path.after(n) for n in range(15) if path.written >> n & 1]
        for number in path.addresses:
            self._number(number)
        stores = [(self._number(s.address), s.size_bytes, self._known(s.value)) for s in path.stored]
        roots = [*path.addresses, *ends, *(s.value for s in path.stored)]
        for decision in path.decisions:
            roots += [decision.flags.a, decision.flags.b]
        for number in roots:
            self._known(number)
        for node in (self._nodes[number] for number in path.graph.needed(tuple(roots))):
            if node.op is Op.REGISTER and node.imm < len(self._turn.registers):
                self._check_register(node.imm)
        self._check_memory(stores)

    def _check_register(self, register: int) -> None:
        if self._number(self._path.after(register)) != self._turn.registers[register]:
            raise NotFollowedError

    def _check_memory(self, stores: Iterable[tuple[int, int, Value]]) -> None:
        for address, size_bytes, value in stores:
            for loaded, loaded_bytes in self._loaded:
                if address < loaded + loaded_bytes and loaded < address + size_bytes:
                    held = self._turn.memory(address, size_bytes)
                    is_same = not isinstance(value, np.ndarray) and held is not None
                    mask = (1 << 8 * size_bytes) - 1
                    if not is_same or int.from_bytes(held or b"", "little") != value & mask:
                        raise NotFollowedError

    # -- values -----------------------------------------------------------------------------------
    def _known(self, number: int) -> Value:
        value = self._value(number)
        if value is None:
            raise NotFollowedError
        return value

    def _number(self, number: int) -> int:
        """The value of a node that is the same in all turns."""
        value = self._known(number)
        if isinstance(value, np.ndarray):
            raise NotFollowedError
        return int(value)

    def _value(self, number: int) -> Value | None:
        if number not in self._values:
            for needed in self._path.graph.needed((number,)):
                if needed not in self._values:
                    self._values[needed] = self._compute(self._nodes[needed])
        return self._values[number]

    def _compute(self, node: Node) -> Value | None:
        if node.op in LEAVES:
            return self._leaf(node)
        a, b = self._values[node.a], self._values.get(node.b, 0)
        if node.op is Op.FORWARD:
            if b is None or isinstance(b, np.ndarray):
                return None
            return forwarded(a, b, node.imm, self._values.__getitem__)
        if a is None or b is None or node.op in SHIFTS_BY_REGISTER:
            return None
        if node.op is Op.LOAD:
            return self._load(a, node.imm & 0xFF, is_signed=bool(node.imm & 0x100))
        return computed(node, a, b) & MASK32

    def _leaf(self, node: Node) -> Value | None:
        if node.op is Op.REGISTER:
            return self._turn.registers[node.imm]
        return node.imm if node.op is Op.CONSTANT else None

    def _load(self, address: Value, size_bytes: int, *, is_signed: bool) -> Value | None:
        if isinstance(address, np.ndarray):
            return None
        turn = self._turn
        place = (int(address), size_bytes)
        value: Value
        if place == turn.counter:
            value = self._counts
        elif place in turn.read:
            value = turn.read[place]
        else:
            content = turn.memory(*place)
            if content is None:
                return None
            self._loaded.add(place)
            value = int.from_bytes(content, "little")
        return bit_field(value, 8 * size_bytes << 8, signed=True) & MASK32 if is_signed else value

    # -- decisions ---------------------------------------------------------------------------------
    def _decide(self, decision: Decision) -> Any:
        """Whether the branch is taken, for each turn."""
        kind, number_a, number_b = decision.flags
        a, b = self._known(number_a), self._known(number_b)
        carry: Value = None
        overflow: Value = None
        if kind == "result":
            result = a
        elif kind == "add":
            result = (a + b) & MASK32
            carry, overflow = a + b > MASK32, (~(a ^ b) & (a ^ result)) & SIGN != 0
        else:
            result = (a - b) & MASK32
            carry, overflow = a >= b, ((a ^ b) & (a ^ result)) & SIGN != 0
        return condition_holds(decision.condition, result & SIGN != 0, result == 0, carry, overflow)
