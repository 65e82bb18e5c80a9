"""Stretches of a run that the firmware's own code marks: from one instruction to another.

What is reached is seen by a code hook on that very instruction, and the counters are read there, while
the core executes: nothing is stopped, so that no figure can depend on it. A block's cycles are counted
at its end, so a stretch begins with the block that holds its first instruction, and ends before
the one that holds its last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from emulator.engine.core import Core
from emulator.engine.engine import Engine
from emulator.engine.hook import Counters
from emulator.profiling.counting import CountDifference, Totals, difference_since_mark

LARGEST_INSTRUCTION_BYTES = 4


@dataclass(frozen=True)
class Stretch:
    """Between two moments. ``function``: that it is of. ``totals``, ``counters``: what passed."""

    function: int
    facts: Mapping[str, Any]
    begin_cycles: int  # on the machine's clock
    totals: Totals
    counters: Counters
    engine: Engine

    @cached_property
    def passed(self) -> CountDifference:
        """The counts; found when first asked for, behind the run."""
        return difference_since_mark(self.engine, self.totals, self.counters)


class Stretches:
    """Collects stretches, one after the other; none begins inside of another."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._before: Totals | None = None
        self._function = 0
        self._facts: Mapping[str, Any] = {}
        self._watched: set[tuple[int, int]] = set()
        self._active = True
        self.found: list[Stretch] = []

    @property
    def core(self) -> Core:
        """The core, whose registers and memory may be read while something is reached."""
        return self._engine.core

    def watch(self, address: int, reached: Callable[[], None]) -> None:
        """Have ``reached`` called before the instruction at ``address`` executes, from now on."""

        def seen(at: int) -> None:
            if self._active and self._executes(at):
                reached()

        self.core.watch_code(address, seen)
        self.core.forget_code(address, LARGEST_INSTRUCTION_BYTES)

    def watch_once(self, address: int, reached: Callable[[], None], owner: object) -> None:
        """As :meth:`watch`, unless the same ``owner`` has had that address watched."""
        if (address, id(owner)) not in self._watched:
            self._watched.add((address, id(owner)))
            self.watch(address, reached)

    def clear(self) -> None:
        """Forget what ended so far."""
        self.found.clear()

    def stop(self) -> None:
        """Watch no more; a stretch that has not ended is dropped."""
        self._active = False
        self.drop()

    def begin(self, function: int, facts: Mapping[str, Any]) -> None:
        """A stretch begins at the block that executes; one that has not ended is dropped."""
        self._before = Totals.of(self._engine)
        self._engine.hook.mark()
        self.name(function, facts)

    def name(self, function: int, facts: Mapping[str, Any]) -> None:
        """Say what the stretch is of that has begun."""
        self._function, self._facts = function, facts

    def drop(self) -> None:
        """The stretch that has begun is none."""
        self._before = None

    def end(self) -> None:
        """It ends before the block that executes."""
        if self._before is not None:
            passed = Totals.of(self._engine) - self._before
            counters = self._engine.hook.since_mark()
            begin = self._before.cycles
            self.found.append(Stretch(self._function, self._facts, begin, passed, counters, self._engine))
            self._before = None

    def _executes(self, address: int) -> bool:
        """Whether the block that the hook has let in holds ``address``; else it refused, and comes back."""
        hook = self._engine.hook
        if hook.stop_code or hook.current < 0:
            return False
        block = self._engine.automaton.plans[hook.current].block
        return block.address <= address < block.end
