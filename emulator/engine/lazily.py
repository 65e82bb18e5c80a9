"""What the automaton knows by number and makes only when somebody asks for it.

A block or a state of the pipeline that was kept on disk (:mod:`emulator.engine.kept_prices`) is known to
the hook at once; its plan and the state itself are made anew, the same way as then, for whoever wants them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple, overload

from emulator.engine.events import BlockPlan


class Origin(NamedTuple):
    """The step that led to a state first: state, block, skipped instructions, edge."""

    state: int
    block: int
    skipped: int
    edge: int


class Packed(NamedTuple):
    """A state in another form. ``unpack()``: the state."""

    unpack: Callable[[], Hashable]


class States:
    """States by number. ``next_state(origin)`` says which one a step leads to."""

    def __init__(self, next_state: Callable[[Origin], Hashable]) -> None:
        self._next_state = next_state
        self._states: list[Hashable | Origin | Packed] = []
        self._numbers: dict[Hashable, int] = {}

    def __getitem__(self, number: int) -> Hashable:
        chain = [number]
        while isinstance(origin := self._states[chain[-1]], Origin):
            chain.append(origin.state)
        last = self._states[chain[-1]]
        if isinstance(last, Packed):
            self._states[chain[-1]] = last.unpack()
        for unmade in reversed(chain[:-1]):
            origin = self._states[unmade]
            assert isinstance(origin, Origin)
            self._states[unmade] = self._next_state(origin)
        return self._states[number]

    def __len__(self) -> int:
        return len(self._states)

    def __iter__(self) -> Iterator[Hashable]:
        return map(self.__getitem__, range(len(self._states)))

    def number_of(self, state: Hashable) -> int:
        """The number of a state, a new one when it was not met yet; of those that were all given so."""
        number = self._numbers.get(state)
        if number is None:
            number = self._numbers[state] = self.add(state)
        return number

    def add(self, state: Hashable | Origin | Packed) -> int:
        """The number of a state that is none of those before, or of one to be made when it is wanted."""
        self._states.append(state)
        return len(self._states) - 1


class Plans(Sequence[BlockPlan]):
    """Plans of blocks by number."""

    def __init__(self) -> None:
        self._plans: list[BlockPlan | Callable[[], BlockPlan]] = []

    def __len__(self) -> int:
        return len(self._plans)

    @overload
    def __getitem__(self, number: int) -> BlockPlan: ...
    @overload
    def __getitem__(self, number: slice) -> list[BlockPlan]: ...
    def __getitem__(self, number: int | slice) -> BlockPlan | list[BlockPlan]:
        if isinstance(number, slice):
            return [self[one] for one in range(len(self))[number]]
        plan = self._plans[number]
        if not isinstance(plan, BlockPlan):
            plan = self._plans[number] = plan()
        return plan

    def __iter__(self) -> Iterator[BlockPlan]:
        return (self[number] for number in range(len(self)))

    def append(self, plan: BlockPlan | Callable[[], BlockPlan]) -> None:
        """One more, or what makes it."""
        self._plans.append(plan)
