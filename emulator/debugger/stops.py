"""What GDB asked to be stopped at, and what it is told of a stop."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.machine.halts import MOST_WATCHPOINTS, Access, Halt, Watchpoint

SIGINT, SIGTRAP, SIGSEGV, SIGTERM = 2, 5, 11, 15
"""GDB's own numbers of signals, the same on every host."""
SOFTWARE, HARDWARE = 0, 1
ACCESSES = {2: Access.WRITE, 3: Access.READ, 4: Access.EITHER}
"""Of ``Z2`` to ``Z4``."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the core has stopped: a signal, and the further words of a ``T`` packet."""

    signal: int
    words: str = ""


STEPPED, INTERRUPTED, CRASHED = Stop(SIGTRAP), Stop(SIGINT), Stop(SIGSEGV)
AT_THE_BEGINNING = Stop(SIGTRAP, "replaylog:begin;")


class StopTable:
    """Breakpoints and watchpoints, by their kind of ``Z`` packet."""

    def __init__(self) -> None:
        self._breakpoints: dict[int, set[int]] = {SOFTWARE: set(), HARDWARE: set()}
        self._watchpoints: dict[Watchpoint, None] = {}

    def clear(self) -> None:
        """There are none."""
        for addresses in self._breakpoints.values():
            addresses.clear()
        self._watchpoints.clear()

    @property
    def breakpoints(self) -> set[int]:
        """Addresses of both kinds; neither changes the firmware's code."""
        return self._breakpoints[SOFTWARE] | self._breakpoints[HARDWARE]

    @property
    def watchpoints(self) -> list[Watchpoint]:
        """In the order in which they were set."""
        return list(self._watchpoints)

    def insert(self, kind: int, address: int, size_bytes: int) -> bool:
        """Set one; False when there is no room."""
        if kind in self._breakpoints:
            self._breakpoints[kind].add(address & ~1)
            return True
        if len(self._watchpoints) >= MOST_WATCHPOINTS:
            return False
        self._watchpoints[Watchpoint(address, max(1, size_bytes), ACCESSES[kind])] = None
        return True

    def remove(self, kind: int, address: int, size_bytes: int) -> None:
        """Take one away."""
        if kind in self._breakpoints:
            self._breakpoints[kind].discard(address & ~1)
        else:
            self._watchpoints.pop(Watchpoint(address, max(1, size_bytes), ACCESSES[kind]), None)

    def told(self, halt: Halt) -> Stop:
        """What GDB is told of a halt."""
        if halt.watchpoint is not None:
            return Stop(SIGTRAP, f"{halt.watchpoint.access.value}:{halt.datum:x};")
        if halt.address in self._breakpoints[HARDWARE]:
            return Stop(SIGTRAP, "hwbreak:;")
        if halt.address in self._breakpoints[SOFTWARE]:
            return Stop(SIGTRAP, "swbreak:;")
        return Stop(SIGTRAP)
