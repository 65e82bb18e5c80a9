"""The run loop: slices of emulation, deadlines, exceptions, waiting, limits.

Unicorn runs until the hook stops at the entry of a block that it has not counted; this
module serves what is due there, takes exceptions, and goes on. The order is the same for
any slice, so the figures are too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from emulator.clock.clock import NEVER, PICOSECONDS_PER_SECOND
from emulator.engine.hook import NO_ADDRESS, Stop
from emulator.machine.traps import TrapHandler
from emulator.machine.waiting import WaitDetector

if TYPE_CHECKING:
    from emulator.machine.machine import Machine

SLICE_CYCLES = 20_000_000
QUIET_SECONDS = 5.0
LAST_WORDS_PICOSECONDS = 10**10
"""10 ms without a character: a UART has sent what it held when the firmware stopped for good."""
FAULT_EXCEPTIONS = range(2, 7)


class StopReason(str, Enum):
    """Why :meth:`emulator.machine.machine.Machine.run` came back."""

    UNTIL = "until"
    IDLE = "idle"
    EXIT = "exit"
    MAX_CYCLES = "max_cycles"
    WALL_LIMIT = "wall_limit"
    INTERRUPTED = "interrupted"
    BREAK = "break"


class Execution:
    """Runs one machine."""

    def __init__(self, machine: Machine) -> None:
        self._m = machine
        self._hook = machine.hook
        self._limit = NEVER
        self._slice_cycles = SLICE_CYCLES
        self.traps = TrapHandler(machine)
        self.waits = WaitDetector(
            machine.core,
            machine.hook,
            machine.automaton,
            self._run_to,
            lambda: machine.accesses.activity,
            machine.overhead,
        )
        self.between_slices: Callable[[], None] = lambda: None  # a session's links and pace
        self.skip_waiting = True  # tests turn it off to compare
        self.waited_picoseconds = 0  # since the last character or the beginning of the run
        self.asleep = False
        self.waits_for_event = False  # asleep by WFE, not WFI
        self.sleep_cycles = 0
        self.skipped_cycles = self.skipped_instructions = 0  # turns of waiting loops that were not run

    def set_slice(self, cycles: int) -> None:
        """Cycles between two looks at the host's clock; figures do not depend on it."""
        self._slice_cycles = max(1, cycles)

    # -- the loop ----------------------------------------------------------------------------
    def run(  # noqa: PLR0911 -- one loop, one exit for each reason
        self,
        finished: Callable[[], bool],
        max_cycles: int | None,
        wall_limit: float | None,
        quiet_seconds: float,
        break_address: int | None,
    ) -> StopReason:
        """Run until ``finished()``, a limit, or nothing will happen any more."""
        m, hook = self._m, self._hook
        self.waited_picoseconds = 0
        self._limit = NEVER if max_cycles is None else hook.cycles + max_cycles
        hook.break_address = NO_ADDRESS if break_address is None else break_address
        wall_end = None if wall_limit is None else time.monotonic() + wall_limit
        while True:
            self.between_slices()
            self.traps.raise_pending()
            m.clock.run_due(hook.cycles)
            if m.reset_requested:
                m.reset()
                self.waited_picoseconds = 0
            if m.exit_code is not None:
                return StopReason.EXIT
            if finished():
                return StopReason.UNTIL
            if hook.cycles >= self._limit:
                return StopReason.MAX_CYCLES
            if wall_end is not None and time.monotonic() >= wall_end:
                return StopReason.WALL_LIMIT
            if m.interrupted:
                m.interrupted = False
                return StopReason.INTERRUPTED
            if break_address is not None and m.core.get("pc") == break_address:
                return StopReason.BREAK
            self._take_exceptions()
            if self.asleep:
                if self._sleep(quiet_seconds):
                    return StopReason.IDLE
                continue
            if hook.cycles >= self.waits.check_at:
                if self._wait(quiet_seconds):
                    return StopReason.IDLE
                continue  # what ended the search may be due: an interrupt, a sleep
            until = min(
                self._limit, hook.cycles + self._slice_cycles, max(self.waits.check_at, hook.cycles + 1)
            )
            self._slice(until)

    def _take_exceptions(self) -> None:
        system = self._m.system
        if system.preempts():
            self.asleep = False
            system.take_exception()
            self._hook.state = self._m.automaton.initial
        if self.asleep and (system.wake_event() if self.waits_for_event else system.wake_pending()):
            self.asleep = False

    def _slice(self, until: int) -> int:
        """Run to cycle ``until``, the next deadline, or a stop; returns the hook's code."""
        m, hook = self._m, self._hook
        system = m.system
        hook.deadline = min(m.clock.next_cycles(), until)
        m.slice_end = until
        watch = system.blocked_only_by_masks()
        hook.mask_watch = int(watch is not None)
        hook.mask_priority = watch or 0
        hook.stop_request = 0
        while True:
            hook.stop_code = 0
            error = m.core.run(m.core.get("pc"))
            code = hook.stop_code
            hook.stop_code = 0
            opened = m.core.opens_for_execution(error)
            if (code or opened) and not m.core.thumb_state():  # a run starts in Thumb state
                self.traps.left_thumb_state()
                return 0
            if opened:
                continue
            if not m.automaton.answer(code):
                break
        if code == 0:
            self.traps.handle(error)
        return code

    def _run_to(self, until: int, limit: int) -> bool:
        """For the wait detector: to cycle ``until`` or a break; False when anything is due."""
        m, hook = self._m, self._hook
        code = self._slice(min(until, self._limit))
        if code == 0 or self.traps.pending() or m.reset_requested or self.asleep:
            return False
        due = m.clock.next_cycles() <= hook.cycles or m.system.preempts()
        return not due and (code == Stop.BREAK or (code == Stop.DEADLINE and hook.cycles <= limit + 1))

    # -- waiting -----------------------------------------------------------------------------
    def _wait(self, quiet_seconds: float) -> bool:
        """Look for a waiting loop; skip its turns. True: nothing will happen any more."""
        m, hook = self._m, self._hook
        m.accesses.turn_reads.clear()
        turn = self.waits.look(min(self._limit, m.clock.next_cycles()))
        if turn is None or turn.cycles == 0:
            self.waits.found_nothing()
            return False
        idle = self._is_idle(quiet_seconds)
        silent = self.waited_picoseconds >= LAST_WORDS_PICOSECONDS or m.clock.next_cycles() == NEVER
        if idle or (silent and not m.accesses.turn_reads):  # a fault handler may wait for its UART
            self._report_crash()
        if idle:
            return True
        turns = (min(m.clock.next_cycles(), self._limit) - hook.cycles - 1) // turn.cycles
        self._count_waiting(max(0, turns) * turn.cycles)
        if turns > 0 and self.skip_waiting:
            hook.skip(turns * turn.cycles, turns * turn.instructions)
            self.skipped_cycles += turns * turn.cycles
            self.skipped_instructions += turns * turn.instructions
            if turn.overhead is not None:
                m.overhead.skip(turn.overhead, turns)
        self.waits.expect_soon_after(min(m.clock.next_cycles(), self._limit) + 1)
        return False

    def _sleep(self, quiet_seconds: float) -> bool:
        """WFI: time jumps to the next deadline. True: nothing will happen any more."""
        m, hook = self._m, self._hook
        self._report_crash()
        if self._is_idle(quiet_seconds):
            return True
        target = min(m.clock.next_cycles(), self._limit)
        self.sleep_cycles += max(0, target - hook.cycles)
        self._count_waiting(max(0, target - hook.cycles))
        m.system.slept(max(0, target - hook.cycles))
        hook.cycles = max(hook.cycles, target)
        self.waits.expect_soon_after(hook.cycles)  # a firmware that sleeps is not likely to poll
        return False

    def _count_waiting(self, cycles: int) -> None:
        self.waited_picoseconds += cycles * PICOSECONDS_PER_SECOND // self._m.clock.core_hz

    def _is_idle(self, quiet_seconds: float) -> bool:
        """Nothing will happen before the quiet time is over: time stands still, the host is asked.

        Only waiting counts as quiet time: a long computation says nothing either, and the first
        wait after it (for the transmitter to take a character, say) is no silence.
        """
        m = self._m
        upcoming = m.clock.next_cycles()
        left = max(0, int(quiet_seconds * PICOSECONDS_PER_SECOND) - self.waited_picoseconds)
        quiet_until = self._hook.cycles + left * m.clock.core_hz // PICOSECONDS_PER_SECOND
        if self._limit < min(quiet_until, upcoming):
            return False
        return upcoming == NEVER or upcoming >= quiet_until

    def _report_crash(self) -> None:
        """A firmware that waits for ever in a fault handler has crashed: say so."""
        if self._m.core.get("ipsr") & 0x1FF in FAULT_EXCEPTIONS:
            raise self._m.fault_report()

    def serial_activity(self) -> None:
        """A character left or reached the device."""
        self.waited_picoseconds = 0
        self.waits.expect_soon()
