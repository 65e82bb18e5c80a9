"""A machine under a debugger: it goes on, steps by instructions, and says where it is in its own time.

No figure depends on it: what is halted in the middle of a block goes on in that block
(:mod:`emulator.machine.halts`). A debugger's *write* is an event that the undisturbed run does not have:
the block is left before it, as at an exception, and what follows is a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from emulator.engine.counts import Counts
from emulator.engine.engine import Engine
from emulator.engine.overhead import OverheadAccount
from emulator.machine.execution import Execution, RunLimits, StopReason
from emulator.machine.halts import Halt, Halts
from emulator.machine.sleep import Sleep
from emulator.machine.slices import Slices

NO_LIMITS = RunLimits()


class Moment(NamedTuple):
    """When, on the machine's own time: at the entry of a block, and ``done`` of its instructions later.

    Later moments are greater. ``done`` 0 may also be the moment before the exception that preempts the
    block.
    """

    cycles: int
    instructions: int
    done: int = 0


class Stepping:
    """Runs one machine from halt to halt. ``halts``: where it halts."""

    def __init__(
        self,
        engine: Engine,
        execution: Execution,
        slices: Slices,
        halts: Halts,
        sleep: Sleep,
        overhead: OverheadAccount,
    ) -> None:
        self._engine = engine
        self._hook, self._core, self._automaton = engine.hook, engine.core, engine.automaton
        self._execution, self._slices, self._sleep = execution, slices, sleep
        self._overhead = overhead
        self.halts = halts

    def attach(self, attached: bool) -> None:
        """Whether a debugger is there: BKPT halts then."""
        self.halts.at_bkpt = attached
        if not attached:
            self.halts.set_breakpoints(())
            self.halts.set_watchpoints(())

    @property
    def is_inside(self) -> bool:
        """The core is halted in a block that it has entered."""
        return self._hook.current >= 0

    def now(self) -> Moment:
        """When it is."""
        index = self._automaton.position_of(self._core.get("pc")) if self.is_inside else 0
        return Moment(self._hook.cycles, self._hook.instructions, index)

    def counts(self) -> Counts:
        """Instructions and cycles up to the instruction that is next."""
        if not self.is_inside:
            return self._engine.counts
        index = self.now().done
        cycles = self._automaton.now_at(index)
        return Counts(self._hook.instructions + index, cycles)

    # -- forward -----------------------------------------------------------------------------
    def run(self, limits: RunLimits = NO_LIMITS, finished: Callable[[], bool] = lambda: False) -> StopReason:
        """Go on to a place of :attr:`halts`, or as :meth:`Execution.run` says. Raises GuestFault."""
        self.finish_block()
        if self.halts.found is not None:
            return StopReason.HALT
        return self._execution.go_on(limits, finished)

    def run_to_cycle(self, cycles: int) -> StopReason:
        """Go on to the first block at that cycle or behind it, or a halt before."""
        self.finish_block()
        if self.halts.found is not None:
            return StopReason.HALT
        return self._execution.go_on(RunLimits(max(0, cycles - self._hook.cycles)))

    def enter(
        self, limits: RunLimits = NO_LIMITS, finished: Callable[[], bool] = lambda: False
    ) -> StopReason:
        """Go on until the core is in a block, before its first instruction: ``StopReason.HALT``.

        Exceptions are taken on the way, and a sleep is slept. Nothing is done in a block.
        """
        self.halts.found = None
        if self.is_inside:
            return StopReason.HALT
        serves, self._hook.serves_exceptions = self._hook.serves_exceptions, 0  # each entry is Python's
        self.halts.enters = True
        try:
            return self._execution.go_on(limits, finished)
        finally:
            self.halts.enters = False
            self._hook.serves_exceptions = serves

    def execute_one(self) -> Halt | None:
        """Execute the next instruction of the block that the core is in; where it halted before it, if so."""
        if self._automaton.programs is None:
            return self._execute_one()
        start, executed = self._core.get("pc"), self.counts().instructions
        halt = self._execute_one()
        is_split = halt is None and not self.is_inside and self._core.get("pc") == start
        if not is_split or self.counts().instructions != executed:
            return halt
        self.enter()  # the block ended before it: the interpreter of Armv8.1-M has the rest
        return self._execute_one() if self._core.get("pc") == start else self.halts.found

    def _execute_one(self) -> Halt | None:
        block = self._automaton.current_block()
        assert block is not None, "enter a block first"
        self.halts.found = None
        following = self.now().done + 1
        if following < len(block.instructions):
            self._slices.finish_block(block.instructions[following].address)
        else:
            self._slices.finish_block()
        return self.halts.found

    def finish_block(self) -> None:
        """Execute the rest of the block that the core is in; there may be a halt before its end."""
        self.halts.found = None
        if self.is_inside:
            self._slices.finish_block()

    def go_in(self, index: int) -> None:
        """Execute the block that the core is in up to its instruction ``index``."""
        block = self._automaton.current_block()
        assert block is not None, "enter a block first"
        if index > self.now().done:
            self._slices.finish_block(block.instructions[index].address)

    # -- changes -----------------------------------------------------------------------------
    def leave_block(self) -> None:
        """The debugger changes something: what the block did so far is counted, the rest is a new one."""
        if self.is_inside:
            address = self._core.get("pc")
            self._overhead.abandon_at(address)
            self._automaton.abandon_at(address)
            self._engine.restart_pipeline()

    def drop_block(self) -> None:
        """The machine goes elsewhere in time: the block is not counted."""
        self.halts.forget()
        self._hook.interrupt = 0
        self._hook.abandon(0, 0)

    def jump(self, address: int) -> None:
        """The debugger sets the PC; a core that sleeps is awake then."""
        self.leave_block()
        self._core.set("pc", address | 1)
        self._sleep.end()
        self._engine.restart_pipeline()
        self._engine.restart_contexts()
