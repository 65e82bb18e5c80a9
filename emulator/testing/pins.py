"""A device's pins by name: what firmware drives is read, what it reads is driven."""

from __future__ import annotations

import difflib
from collections import deque
from dataclasses import dataclass
from functools import partial

from emulator.errors import CheckFailed, UsageError
from emulator.machine.machine import Machine
from emulator.testing.channel import TIMEOUT_S
from emulator.testing.modelled_time import TimedRuns

MOST_EDGES = 100_000


@dataclass(frozen=True, slots=True)
class Edge:
    """A pin that changed, at a cycle of the machine's clock."""

    at_cycles: int
    level: int


class Pins:
    """``gpio["PA5"]`` is its level, ``gpio["PC13"] = 1`` drives it from outside."""

    def __init__(self, machine: Machine, runs: TimedRuns) -> None:
        self._machine = machine
        self._runs = runs
        self._names = [
            pin
            for entry in machine.board.devices
            for pin in type(machine.devices[entry.name]).pins(entry.name, entry.parameters)
        ]
        self._edges: dict[str, deque[Edge]] = {name: deque(maxlen=MOST_EDGES) for name in self._names}
        for name in self._names:
            machine.signals.watch(name, partial(self._changed, name))

    @property
    def names(self) -> list[str]:
        """Of every pin."""
        return list(self._names)

    def __getitem__(self, name: str) -> int:
        return self._machine.signals.get(self._known(name))

    def __setitem__(self, name: str, level: int) -> None:
        self._machine.signals.set(self._known(name), int(bool(level)))

    def edges(self, name: str) -> list[Edge]:
        """Every change since the test began, the last 100,000 at most."""
        return list(self._edges[self._known(name)])

    def expect(self, name: str, level: int, timeout: float = TIMEOUT_S) -> None:
        """Run until a pin has this level; ``timeout`` in modelled seconds. Raises CheckFailed, GuestFault."""
        known = self._known(name)
        if self[known] != level:
            self._runs.run(timeout, lambda: self[known] == level)
        if self[known] != level:
            raise CheckFailed(
                f"{known} is still {self[known]} after {timeout:g} s of modelled time",
                where=self._machine.where(),
            )

    def forget(self) -> None:
        """Begin to look for edges anew."""
        for edges in self._edges.values():
            edges.clear()

    def _changed(self, name: str, level: int) -> None:
        self._edges[name].append(Edge(self._machine.clock.now(), level))
        self._runs.stop()

    def _known(self, name: str) -> str:
        if name not in self._edges:
            words = {known.upper(): known for known in self._names}
            near = difflib.get_close_matches(name.upper(), words, 3) or list(words)[:3]
            raise UsageError(
                f"{self._machine.board.name} has no pin {name!r}",
                next_step=f"some of its pins: {', '.join(words[word] for word in near)}",
            )
        return name
