"""The run loop: slices of emulation, deadlines, exceptions, waiting, limits.

Unicorn runs until the hook stops at the entry of a block that it has not counted; this
module serves what is due there, takes exceptions, and goes on. The order is the same for
any slice, so the figures are too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from emulator.bus.register_access import RegisterAccesses
from emulator.clock.clock import NEVER, PICOSECONDS_PER_SECOND, Clock
from emulator.engine.counts import Counts
from emulator.engine.engine import Engine
from emulator.engine.hook import NO_ADDRESS, Taken
from emulator.engine.overhead import OverheadAccount
from emulator.errors import GuestFault
from emulator.machine.halts import Halts
from emulator.machine.requests import RunRequests
from emulator.machine.sleep import Sleep
from emulator.machine.slices import Slices
from emulator.machine.waiting import Turn, WaitDetector
from emulator.system.system import System

SLICE_CYCLES = 20_000_000
QUIET_SECONDS = 5.0
LAST_WORDS_PICOSECONDS = 10**10
"""10 ms without a character: a UART has sent what it held when the firmware stopped for good."""
LEAST_SKIPPED_CYCLES = 50_000
"""Of a delay: a shorter one takes less time to run than to look at."""
FAULT_EXCEPTIONS = range(2, 7)


class StopReason(str, Enum):
    """Why a run came back."""

    UNTIL = "until"
    IDLE = "idle"
    EXIT = "exit"
    MAX_CYCLES = "max_cycles"
    WALL_LIMIT = "wall_limit"
    INTERRUPTED = "interrupted"
    BREAK = "break"
    HALT = "halt"


@dataclass(frozen=True, slots=True)
class RunLimits:
    """When a run ends at the latest. ``wall_limit_s``: seconds of the host's clock.

    ``quiet_seconds``: modelled time that may pass in waiting, without a character on any serial
    port, before the firmware counts as idle; who polls a device that is at work waits for its end, and
    that does not count. ``break_address``: of a block that is not run.
    """

    max_cycles: int | None = None
    wall_limit_s: float | None = None
    quiet_seconds: float = QUIET_SECONDS
    break_address: int | None = None


class Execution:
    """Runs one machine.

    ``reset()`` is a system reset, ``crash()`` makes the error for a firmware that sits in a
    fault handler for ever; ``last_words()`` lets the wires bring out what they hold when the core
    has stopped for good.
    """

    def __init__(
        self,
        engine: Engine,
        system: System,
        clock: Clock,
        slices: Slices,
        sleep: Sleep,
        requests: RunRequests,
        *,
        accesses: RegisterAccesses,
        overhead: OverheadAccount,
        reset: Callable[[], None],
        crash: Callable[[], GuestFault],
        last_words: Callable[[], None],
        is_at_work: Callable[[int], bool],
        halts: Halts,
    ) -> None:
        self._halts = halts
        self._engine = engine
        self._core = engine.core
        self._hook = engine.hook
        self._system = system
        self._clock = clock
        self._slices = slices
        self._sleep = sleep
        self._requests = requests
        self._accesses = accesses
        self._overhead = overhead
        self._reset = reset
        self._crash = crash
        self._last_words = last_words
        self._is_at_work = is_at_work
        self._limit = NEVER
        self._slice_cycles = SLICE_CYCLES
        self.waits = WaitDetector(engine, self._run_undisturbed, accesses, overhead)
        self.between_slices: Callable[[], None] = lambda: None  # a session's links and pace
        self.skip_waiting = True  # tests turn it off to compare
        self.waited_picoseconds = 0  # since the last character or the beginning of the run
        self.resets = 0  # that came in a run

    def set_slice(self, cycles: int) -> None:
        """Cycles between two looks at the host's clock; figures do not depend on it."""
        self._slice_cycles = max(1, cycles)

    # -- the loop ----------------------------------------------------------------------------
    def run(self, limits: RunLimits, finished: Callable[[], bool]) -> StopReason:
        """Run until ``finished()``, a limit, or nothing will happen any more. Raises GuestFault.

        A firmware that ends itself or crashes has its last words sent first; a text that comes
        with them finishes the run.
        """
        self.begin_waiting()
        return self.go_on(limits, finished)

    def begin_waiting(self) -> None:
        """What was waited so far does not count."""
        self.waited_picoseconds = 0
        self.waits.expect_soon()

    def go_on(self, limits: RunLimits, finished: Callable[[], bool] = lambda: False) -> StopReason:
        """The same in the middle of what counts as one run: it has waited before, perhaps.

        ``StopReason.HALT``: at one of the places of :class:`emulator.machine.halts.Halts`, in a block;
        it is finished (:meth:`emulator.machine.slices.Slices.finish_block`) before this goes on.
        """
        try:
            reason = self._run(limits, finished)
        except GuestFault as fault:
            self._last_words()
            if self._system.locked_up:
                raise self._crash() from fault
            raise
        if reason is StopReason.EXIT:
            self._last_words()
            return StopReason.UNTIL if finished() else reason
        return reason

    def _run(self, limits: RunLimits, finished: Callable[[], bool]) -> StopReason:
        hook, waits = self._hook, self.waits
        self._limit = NEVER if limits.max_cycles is None else hook.cycles + limits.max_cycles
        hook.break_address = NO_ADDRESS if limits.break_address is None else limits.break_address
        wall_end = None if limits.wall_limit_s is None else time.monotonic() + limits.wall_limit_s
        quiet_cycles = partial(self._quiet_cycles_left, limits.quiet_seconds)
        while True:
            if self._halts.found is not None:  # in a block: what is due comes behind it
                return StopReason.HALT
            self._serve_what_is_due()
            reason = self._why_stop(limits, finished, wall_end)
            if reason is not None:
                return reason
            self._take_exceptions()
            if self._sleep.asleep:
                if self._sleep_on(limits.quiet_seconds):
                    return StopReason.IDLE
            elif hook.cycles >= waits.check_at:
                if self._wait(limits.quiet_seconds):
                    return StopReason.IDLE
                # what ended the search may be due: an interrupt, a sleep
            else:
                until = hook.cycles + self._slice_cycles
                self._slices.output.skips = self.skip_waiting
                self._slices.run(min(self._limit, until), waits.check_at, quiet_cycles)

    def _serve_what_is_due(self) -> None:
        self.between_slices()
        self._requests.raise_failure()
        self._clock.run_due(self._hook.cycles)
        if self._requests.reset:
            self._reset()
            self.resets += 1
            self.waited_picoseconds = 0

    def _why_stop(
        self, limits: RunLimits, finished: Callable[[], bool], wall_end: float | None
    ) -> StopReason | None:
        """The first reason that holds, in this order."""
        requests = self._requests
        reason = None
        if requests.exit_code is not None:
            reason = StopReason.EXIT
        elif finished():
            reason = StopReason.UNTIL
        elif self._hook.cycles >= self._limit:
            reason = StopReason.MAX_CYCLES
        elif wall_end is not None and time.monotonic() >= wall_end:
            reason = StopReason.WALL_LIMIT
        elif requests.interrupted:
            requests.interrupted = False
            reason = StopReason.INTERRUPTED
        elif limits.break_address is not None and self._core.get("pc") == limits.break_address:
            reason = StopReason.BREAK
        return reason

    def _take_exceptions(self) -> None:
        system, sleep = self._system, self._sleep
        self._hook.deadline = self._clock.next_cycles()
        taken = self._hook.take_exception()
        if taken == Taken.ENTERED:
            sleep.end()
        elif taken == Taken.LEFT and system.preempts():
            sleep.end()
            system.take_exception()
            self._engine.restart_pipeline()
        if sleep.asleep and (system.wake_event() if sleep.for_event else system.wake_pending()):
            sleep.end()

    def _run_undisturbed(self, until: int, limit: int) -> bool:
        return self._slices.run_undisturbed(min(until, self._limit), limit)

    # -- waiting -----------------------------------------------------------------------------
    def _wait(self, quiet_seconds: float) -> bool:
        """Look for a waiting loop; skip its turns. True: nothing will happen any more."""
        clock, turn_reads = self._clock, self._accesses.turn_reads
        turn_reads.clear()
        turn = self.waits.look(min(self._limit, clock.next_cycles()))
        if turn is None or turn.cycles == 0:
            self.waits.found_nothing()
            return False
        if turn.most is not None:
            self._skip_delay(turn, turn.most)
            return False
        is_work = any(self._is_at_work(address) for address in {address for address, _pc in turn_reads})
        idle = not is_work and self._is_idle(quiet_seconds)
        silent = self.waited_picoseconds >= LAST_WORDS_PICOSECONDS or clock.next_cycles() == NEVER
        if idle or (silent and not turn_reads):  # a fault handler may wait for its UART
            self._report_crash()
        if idle:
            return True
        turns = (min(clock.next_cycles(), self._limit) - self._hook.cycles - 1) // turn.cycles
        if not is_work:
            self._count_waiting(max(0, turns) * turn.cycles)
        if turns > 0 and self.skip_waiting:
            self._engine.skip(turns, Counts(turn.instructions, turn.cycles))
            if turn.overhead is not None:
                self._overhead.skip(turn.overhead, turns)
        self.waits.expect_soon_after(min(clock.next_cycles(), self._limit) + 1)
        return False

    def _skip_delay(self, turn: Turn, most: int) -> None:
        """Skip turns of a loop around a counter, all but the last of those that go the same way.

        The last one is run, so that everything is as if all had been.
        """
        turns = min(
            most, (min(self._clock.next_cycles(), self._limit) - self._hook.cycles - 1) // turn.cycles
        )
        if turns > 1 and self.skip_waiting:
            self._engine.skip(turns - 1, Counts(turn.instructions, turn.cycles))
            if turn.overhead is not None:
                self._overhead.skip(turn.overhead, turns - 1)
        if turns * turn.cycles < LEAST_SKIPPED_CYCLES:
            self.waits.found_nothing()
        else:
            self.waits.expect_soon_after(self._hook.cycles)

    def _sleep_on(self, quiet_seconds: float) -> bool:
        """Time jumps to the next deadline. True: nothing will happen any more."""
        self._report_crash()
        if self._is_idle(quiet_seconds):
            return True
        slept = self._engine.sleep_until(min(self._clock.next_cycles(), self._limit))
        self._count_waiting(slept)
        self._system.slept(slept)
        self.waits.slept()
        return False

    def _count_waiting(self, cycles: int) -> None:
        self.waited_picoseconds += cycles * PICOSECONDS_PER_SECOND // self._clock.core_hz

    def _is_idle(self, quiet_seconds: float) -> bool:
        """Nothing will happen before the quiet time is over: time stands still, the host is asked.

        Only waiting counts as quiet time: a long computation says nothing either, and the first
        wait after it (for the transmitter to take a character, say) is no silence.
        """
        upcoming = self._clock.next_cycles()
        quiet_until = self._hook.cycles + self._quiet_cycles_left(quiet_seconds)
        if self._limit < min(quiet_until, upcoming):
            return False
        return upcoming == NEVER or upcoming >= quiet_until

    def _quiet_cycles_left(self, quiet_seconds: float) -> int:
        left = max(0, int(quiet_seconds * PICOSECONDS_PER_SECOND) - self.waited_picoseconds)
        return left * self._clock.core_hz // PICOSECONDS_PER_SECOND

    def _report_crash(self) -> None:
        """A firmware that waits for ever in a fault handler has crashed: say so."""
        if self._core.get("ipsr") & 0x1FF in FAULT_EXCEPTIONS:
            raise self._crash()

    # -- what is told from outside -------------------------------------------------------------
    def serial_activity(self) -> None:
        """A character left or reached the device."""
        self.waited_picoseconds = 0
        if not self._sleep.asleep:
            self.waits.expect_soon()

    def frames_came(self) -> None:
        """A device has taken audio: whoever waits for more is not idle."""
        self.waited_picoseconds = 0

    def characters_came(self, check_at: int) -> None:
        """Characters reached the device while the hook let them come."""
        self.waited_picoseconds = 0
        self.waits.characters_came(check_at)

    def characters_left(self, check_at: int, sent: int) -> None:
        """The hook has let so many characters leave, and has looked for waiting loops meanwhile."""
        if sent:
            self.waited_picoseconds = 0
        self.waits.characters_came(check_at)

    def save(self) -> dict[str, Any]:
        """State for a snapshot."""
        return {"waited_picoseconds": self.waited_picoseconds, "check_at": self.waits.check_at}

    def load(self, saved: dict[str, Any]) -> None:
        """Put a saved state back."""
        self.waited_picoseconds = saved["waited_picoseconds"]
        self.waits.check_at = saved["check_at"]
