"""Executes what GDB resumes: continue, steps, and both backwards.

Interrupts and steps: a core that is stepped with ``DHCSR.C_MASKINTS`` set takes no interrupt, and one
without takes it and stands in the handler. Masking would change what happens when, so a handler that comes
between runs to its end here, at its own time, and the step ends behind it: what a user sees is a
masked step, and the figures are those of an undisturbed run. ``masks_interrupts`` off: the step ends in
the handler. Supervisor calls and faults are stepped into either way, as by a core.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from emulator.debugger.stops import (
    AT_THE_BEGINNING,
    INTERRUPTED,
    STEPPED,
    Stop,
    StopTable,
)
from emulator.debugger.timeline import Timeline
from emulator.engine.core import EXC_RETURN_FROM
from emulator.machine.execution import RunLimits, StopReason
from emulator.machine.machine import Machine
from emulator.system.exception_table import PENDSV
from emulator.system.stack_frame import EXC_RETURN_PSP, XPSR_NUMBER

FIRST_INTERRUPT = PENDSV
"""SysTick and the external ones come behind it."""
STACKED_PC_BYTES = 24


class Action(Enum):
    """What GDB resumes."""

    CONTINUE = "continue"
    STEP = "step"
    STEP_BACK = "step back"
    CONTINUE_BACK = "continue back"


@dataclass(frozen=True, slots=True)
class Resumption:
    """One resumption; ``stay``: a step goes on as long as the PC is in there."""

    action: Action
    stay: range = field(default_factory=lambda: range(0))


class Control:
    """Drives one machine. ``is_wanted()``: GDB has something to say, so a run is to stop."""

    def __init__(
        self, machine: Machine, timeline: Timeline, stops: StopTable, is_wanted: Callable[[], bool]
    ) -> None:
        self._machine, self._timeline, self._stops = machine, timeline, stops
        self._stepping = machine.stepping()
        self._core = machine.core
        self._is_wanted = is_wanted
        self.masks_interrupts = True

    def resume(self, resumption: Resumption, limits: RunLimits) -> Stop | StopReason:
        """Do it: why the core stopped, or why the run is over (or idle). Raises GuestFault."""
        action = resumption.action
        if action is Action.STEP_BACK:
            return STEPPED if self._timeline.step_back() else AT_THE_BEGINNING
        if action is Action.CONTINUE_BACK:
            return self._continue_back()
        if action is Action.CONTINUE:
            return self._continue(limits)
        return self._step_in(resumption.stay, limits)

    def _arm(self, *more: int, without: int | None = None) -> None:
        halts = self._stepping.halts
        halts.set_breakpoints(self._stops.breakpoints.union(more) - {without})
        halts.set_watchpoints(self._stops.watchpoints)

    def _continue(self, limits: RunLimits) -> Stop | StopReason:
        self._arm()
        return self._told(self._timeline.run(limits, self._is_wanted))

    def _told(self, reason: StopReason) -> Stop | StopReason:
        """Turn a halt into what GDB is told, its instruction put before the core if that has gone on."""
        if reason is StopReason.UNTIL and self._is_wanted():
            return INTERRUPTED
        halt = self._stepping.halts.found
        if reason is not StopReason.HALT or halt is None:
            return reason
        if halt.is_late:
            self._timeline.go_to_halt(halt)
        self._stepping.halts.tell_once()
        return self._stops.told(halt)

    def _continue_back(self) -> Stop:
        halt = self._timeline.run_back(self._arm)
        if halt is None:
            return AT_THE_BEGINNING
        self._stepping.halts.tell_once()
        return self._stops.told(halt)

    # -- steps -------------------------------------------------------------------------------
    def _step_in(self, stay: range, limits: RunLimits) -> Stop | StopReason:
        breakpoints = self._stops.breakpoints
        while True:
            stop = self._step(limits)
            pc = self._core.get("pc")
            if stop != STEPPED or pc not in stay or pc in breakpoints:
                return stop
            if self._is_wanted():
                return INTERRUPTED

    def _step(self, limits: RunLimits) -> Stop | StopReason:
        self._arm(without=self._core.get("pc"))  # what is stepped is executed
        while True:
            before = self._place()
            reason = self._timeline.enter(limits, self._is_wanted)
            if reason is not StopReason.HALT:
                return self._told(reason)
            if not (self._masks(before) and self._core.get("lr") >= EXC_RETURN_FROM):
                break
            stop = self._run_handler(before, limits)
            if stop is not None:
                return stop
        halt = self._stepping.halts.found
        if halt is not None and not halt.is_step:
            return self._told(StopReason.HALT)
        halt = self._stepping.execute_one()
        return STEPPED if halt is None else self._told(StopReason.HALT)

    def _place(self) -> tuple[int, int]:
        """The exception whose handler runs (0: none does), and the stack pointer."""
        return self._core.get("ipsr") & XPSR_NUMBER, self._core.get("sp")

    def _masks(self, before: tuple[int, int]) -> bool:
        """Whether the core has come to an interrupt's handler that the step runs through."""
        number = self._core.get("ipsr") & XPSR_NUMBER
        return self.masks_interrupts and number != before[0] and number >= FIRST_INTERRUPT

    def _run_handler(self, before: tuple[int, int], limits: RunLimits) -> Stop | StopReason | None:
        """Run a handler that has just been entered to its end; None: the core is back."""
        frame = self._core.get("psp" if self._core.get("lr") & EXC_RETURN_PSP else "msp")
        stacked = self._machine.peek(frame + STACKED_PC_BYTES, 4)
        back = int.from_bytes(stacked, "little") & ~1
        while True:
            self._arm(back)
            reason = self._timeline.run(limits, self._is_wanted)
            halt = self._stepping.halts.found
            if reason is not StopReason.HALT or halt is None:
                return self._told(reason)
            if halt.address == back and self._place() == before and halt.watchpoint is None:
                return None
            if halt.watchpoint is not None or halt.address in self._stops.breakpoints:
                return self._told(reason)
            if halt.is_late:
                self._timeline.go_to_halt(halt)
            self._stepping.halts.tell_once()
