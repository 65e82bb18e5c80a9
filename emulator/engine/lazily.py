"""What the automaton knows by number and makes only when somebody asks for it.

The hook may meet blocks and states of the pipeline by itself (:mod:`emulator.engine.native_automaton`), and
those that were kept on disk (:mod:`emulator.engine.kept_prices`) are known to it at once; a plan or a state
itself is made, the same way as ever, for whoever wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple, Protocol, overload

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


class WaysToPlan(NamedTuple):
    """How a block is planned, beside what its code and the core say: see :func:`plan_block`."""

    fetch_shift: int | None
    fetches_ahead: bool
    watch_data: bool
    watch_divides: bool
    runs_ahead: bool
    traps_unaligned: bool
    anchors: bool
    each_access: bool


class MetBlock(NamedTuple):
    """A block of code, and the ways to plan it.

    ``it``: the IT state that it begins in; ``pointer``: to its bytes where they may change, or 0.
    """

    address: int
    code: bytes
    it: int
    pointer: int
    ways: WaysToPlan


class Elsewhere(Protocol):
    """Numbers states and blocks too, in one row with the automaton."""

    @property
    def state_count(self) -> int:
        """How many states have a number."""

    def state_at(self, number: int) -> Packed:
        """A state that was met there."""

    def state_added(self, number: int) -> None:
        """The automaton has given a number: the next one is free."""

    @property
    def block_count(self) -> int:
        """How many blocks have a number."""

    def block_at(self, number: int) -> tuple[MetBlock, Callable[[], BlockPlan]]:
        """A block that was met there, and what plans it."""


class States:
    """States by number. ``next_state(origin)`` says which one a step leads to."""

    def __init__(self, next_state: Callable[[Origin], Hashable]) -> None:
        self._next_state = next_state
        self._states: dict[int, Hashable | Origin | Packed] = {}
        self._numbers: dict[Hashable, int] = {}
        self.elsewhere: Elsewhere | None = None

    def _at(self, number: int) -> Hashable | Origin | Packed:
        if number not in self._states and self.elsewhere is not None:
            self._states[number] = self.elsewhere.state_at(number)
        return self._states[number]

    def __getitem__(self, number: int) -> Hashable:
        chain = [number]
        while isinstance(origin := self._at(chain[-1]), Origin):
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
        return len(self._states) if self.elsewhere is None else self.elsewhere.state_count

    def __iter__(self) -> Iterator[Hashable]:
        return map(self.__getitem__, range(len(self)))

    def number_of(self, state: Hashable) -> int:
        """The number of a state, a new one when it was not met yet; of those that were all given so."""
        number = self._numbers.get(state)
        if number is None:
            number = self._numbers[state] = self.add(state)
        return number

    def add(self, state: Hashable | Origin | Packed) -> int:
        """The number of a state that is none of those before, or of one to be made when it is wanted."""
        number = len(self)
        self._states[number] = state
        if self.elsewhere is not None:
            self.elsewhere.state_added(number)
        return number


class Plans(Sequence[BlockPlan]):
    """Plans of blocks by the hook's numbers."""

    def __init__(self) -> None:
        self._met: dict[int, MetBlock] = {}
        self._plans: dict[int, BlockPlan | Callable[[], BlockPlan]] = {}
        self.elsewhere: Elsewhere | None = None

    def _look(self, number: int) -> None:
        if number not in self._met and self.elsewhere is not None:
            self._met[number], self._plans[number] = self.elsewhere.block_at(number)

    def __len__(self) -> int:
        return len(self._plans) if self.elsewhere is None else self.elsewhere.block_count

    @overload
    def __getitem__(self, number: int) -> BlockPlan: ...
    @overload
    def __getitem__(self, number: slice) -> list[BlockPlan]: ...
    def __getitem__(self, number: int | slice) -> BlockPlan | list[BlockPlan]:
        if isinstance(number, slice):
            return [self[one] for one in range(len(self))[number]]
        self._look(number)
        plan = self._plans[number]
        if not isinstance(plan, BlockPlan):
            plan = self._plans[number] = plan()
        return plan

    def __iter__(self) -> Iterator[BlockPlan]:
        return (self[number] for number in range(len(self)))

    def met(self, number: int) -> MetBlock:
        """A block as it was met."""
        self._look(number)
        return self._met[number]

    def put(self, number: int, met: MetBlock, plan: BlockPlan | Callable[[], BlockPlan]) -> None:
        """One more, or what makes it."""
        self._met[number], self._plans[number] = met, plan
