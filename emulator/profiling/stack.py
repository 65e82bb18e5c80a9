"""A CPI stack: cycles by cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from emulator.timing.model import Cause


class CostKey(NamedTuple):
    """A cause, and for stalls of the memory system who waited: ``"fetch"`` or ``"data"``, else ""."""

    cause: Cause
    waiting: str = ""

    @property
    def label(self) -> str:
        """The words of tables and JSON: ``"load-use"``, ``"flash (fetch)"``."""
        return f"{self.cause.value} ({self.waiting})" if self.waiting else self.cause.value


_ORDER = {cause: number for number, cause in enumerate(Cause)}


class CycleStack:
    """Cycles by :class:`CostKey`; only causes that cost something are in it."""

    __slots__ = ("_cycles",)

    def __init__(self, cycles: Mapping[CostKey, int] | None = None) -> None:
        self._cycles: dict[CostKey, int] = dict(cycles or {})

    def add(self, key: CostKey, cycles: int) -> None:
        """Add cycles to one cause."""
        if cycles:
            self._cycles[key] = self._cycles.get(key, 0) + cycles

    def merge(self, other: CycleStack) -> None:
        """Add another stack."""
        for key, cycles in other.items():
            self.add(key, cycles)

    def items(self) -> Iterator[tuple[CostKey, int]]:
        """(cause, cycles) in the order of :class:`Cause`."""
        return iter(sorted(self._cycles.items(), key=lambda item: (_ORDER[item[0].cause], item[0].waiting)))

    def __getitem__(self, key: CostKey) -> int:
        return self._cycles.get(key, 0)

    @property
    def total(self) -> int:
        """All cycles."""
        return sum(self._cycles.values())

    def of(self, cause: Cause) -> int:
        """All cycles of a cause, whoever waited."""
        return sum(cycles for key, cycles in self._cycles.items() if key.cause is cause)

    def as_json(self) -> dict[str, int]:
        """``{"issue": 123, "flash (data)": 45}``."""
        return {key.label: cycles for key, cycles in self.items()}


def merged(stacks: Iterable[CycleStack]) -> CycleStack:
    """The sum of stacks."""
    total = CycleStack()
    for stack in stacks:
        total.merge(stack)
    return total
