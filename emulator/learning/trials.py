"""Trials on a machine that hangs in a loop around one register, to see which bits end it.

From a snapshot in the loop, reads of the register are given with one bit (or a few
neighbouring ones) inverted, and the machine runs on a little. A trial counts when the loop's
load is not executed any more; what happens next ranks it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emulator.errors import GuestFault
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine

TURN_CYCLES = 20_000
"""Long enough for many turns of a polling loop."""
FURTHER_CYCLES = 400_000
DEAD_SECONDS = 0.0005
WIDEST_FIELD = 4
CRASHED, DEAD, GOES_ON, TALKS = range(4)


@dataclass(frozen=True, slots=True)
class Trial:
    """Inverted bits that end the loop, and how well the firmware did afterwards."""

    flips: int
    outcome: int


class Trials:
    """Tries bits of one register, from the machine's present state.

    ``size_bytes``: of the loop's load; ``check()`` is called before each trial and may raise.
    """

    def __init__(
        self, machine: Machine, address: int, size_bytes: int, pc: int, check: Callable[[], None]
    ) -> None:
        self._machine = machine
        self._address = address & ~3
        self._lanes = range(8 * (address & 3), 8 * (address & 3) + 8 * size_bytes)
        self._check = check
        self._pc = pc
        self._start = machine.snapshot()

    def loops(self) -> bool:
        """Whether the firmware really goes on reading the register at this place."""
        try:
            return self._reads_after(0) > 0
        finally:
            self._back()

    def best(self) -> Trial | None:
        """The trial that did best; a single bit before several, a low one before a high one."""
        for width in range(1, WIDEST_FIELD + 1):
            fields = _fields(width, self._lanes)
            found = [trial for flips in fields if (trial := self._trial(flips)) is not None]
            if found:
                return max(found, key=lambda trial: trial.outcome)
        return None

    # -- inside ----------------------------------------------------------------------------
    def _trial(self, flips: int) -> Trial | None:
        self._check()
        sent = self._sent()
        try:
            if self._reads_after(flips):
                return None
            return Trial(flips, self._further(sent))
        except GuestFault:
            return Trial(flips, CRASHED)
        finally:
            self._back()

    def _back(self) -> None:
        self._machine.bus.flipped.clear()
        self._machine.restore(self._start)
        self._machine.accesses.polled = None

    def _reads_after(self, flips: int) -> int:
        """Reads of the register by the loop's load after some turns."""
        machine = self._machine
        machine.bus.flipped[self._address] = flips
        machine.execution.skip_waiting = False
        try:
            machine.run(max_cycles=TURN_CYCLES)
            machine.accesses.watched = (self._address, self._pc, 0)
            machine.run(max_cycles=TURN_CYCLES)
            assert machine.accesses.watched is not None
            return machine.accesses.watched[2]
        finally:
            machine.accesses.watched = None
            machine.execution.skip_waiting = True

    def _sent(self) -> int:
        return sum(port.sent for port in self._machine.serial_ports.values())

    def _further(self, sent: int) -> int:
        machine = self._machine
        machine.accesses.polled = None
        reason = machine.run(max_cycles=FURTHER_CYCLES, quiet_seconds=DEAD_SECONDS)
        if self._sent() > sent:
            return TALKS
        idle = reason is StopReason.IDLE
        return DEAD if idle and not machine.accesses.turn_reads and not machine.asleep else GOES_ON


def _fields(width: int, lanes: range) -> list[int]:
    """Groups of ``width`` neighbouring bits among the word's bits ``lanes``."""
    return [(1 << width) - 1 << shift for shift in range(lanes.start, lanes.stop + 1 - width)]
