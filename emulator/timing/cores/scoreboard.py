"""Which results are still under way, for cores that issue before results are ready."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from emulator.timing.model import Cause


class Source(Enum):
    """What makes a value."""

    RESULT = 0
    LOAD = 1
    MAC = 2  # a floating-point multiply-accumulate


class Pending(NamedTuple):
    """A register whose value can be forwarded from ``cycle`` on, counted from a block's start."""

    register: int  # bit number in a register mask
    cycle: int
    source: Source = Source.RESULT


Frozen = tuple[Pending, ...]


class Scoreboard:
    """Registers by the cycle from which their value can be forwarded."""

    def __init__(self, pending: Frozen) -> None:
        self._pending = {entry.register: entry for entry in pending}

    def publish(self, mask: int, cycle: int, source: Source = Source.RESULT) -> None:
        """Note that the registers in ``mask`` are forwarded from ``cycle`` on."""
        while mask:
            register = (mask & -mask).bit_length() - 1
            self._pending[register] = Pending(register, cycle, source)
            mask &= mask - 1

    def entries(self, mask: int) -> list[Pending]:
        """List the registers of ``mask`` that are under way."""
        return [entry for register, entry in self._pending.items() if mask >> register & 1]

    def latest(self, mask: int, source: Source | None = None) -> Pending | None:
        """Return the register of ``mask`` (from ``source`` only) that comes last, if any."""
        entries = [entry for entry in self.entries(mask) if source in (None, entry.source)]
        return max(entries, key=lambda entry: entry.cycle) if entries else None

    def freeze(self, now: int) -> Frozen:
        """Entries that matter after cycle ``now``, counted from there."""
        return tuple(
            Pending(entry.register, entry.cycle - now, entry.source)
            for _, entry in sorted(self._pending.items())
            if entry.cycle > now
        )


class Wait:
    """The latest of several demands on an issue cycle, and who makes it."""

    def __init__(self, earliest: int) -> None:
        self.start = earliest
        self.cycle = earliest
        self.cause = Cause.ISSUE

    def until(self, cycle: int, cause: Cause) -> None:
        """Wait until ``cycle``."""
        if cycle > self.cycle:
            self.cycle, self.cause = cycle, cause

    def operands(self, board: Scoreboard, mask: int, needed_at: int, cause: Cause) -> None:
        """Wait for the registers in ``mask``, needed ``needed_at`` cycles after issue."""
        pending = board.latest(mask) if mask else None
        if pending is not None:
            self.until(pending.cycle - needed_at, Cause.LOAD_USE if pending.source is Source.LOAD else cause)
