"""A machine's time while it is debugged: what came from outside, and how to get back to any moment.

Time is deterministic: from a snapshot, with the same characters at the same cycles, the same comes
again. So going back is to put an earlier snapshot back and to run forward to the moment that is
wanted. What hosts have heard they are not told again (``SerialEndpoint.heard``). A change that the
debugger makes belongs to no timeline: it begins a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from emulator.errors import GuestFault, UsageError
from emulator.machine.execution import RunLimits, StopReason
from emulator.machine.halts import Halt
from emulator.machine.machine import Machine
from emulator.machine.snapshot import Snapshot
from emulator.machine.stepping import NO_LIMITS, Moment, Stepping

MOST_CHECKPOINTS = 24
FIRST_INTERVAL_CYCLES = 10_000_000
FIRST_WINDOW_CYCLES, WINDOW_GROWTH = 64, 8

Finished = Callable[[], bool]
Advance = Callable[[RunLimits, Finished], StopReason]


@dataclass(frozen=True, slots=True)
class Event:
    """What came from outside at a moment between two blocks.

    ``port``: characters ``data`` for that serial port; ``data`` None: those that waited went with their
    sender. ``port`` "": what is idle begins to count anew.
    """

    at: Moment
    port: str
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A snapshot between two blocks; ``events``: how many had come."""

    at: Moment
    snapshot: Snapshot
    events: int


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A moment that can be gone back to whatever becomes of the timeline: ``monitor snapshot``."""

    at: Moment
    checkpoint: Checkpoint
    events: tuple[Event, ...]


class Timeline:
    """Runs one machine, keeping what is needed to go back.

    ``live()`` is what the run's own session does between two slices; it is not called in the past.
    """

    def __init__(self, machine: Machine, stepping: Stepping) -> None:
        self._machine, self._stepping = machine, stepping
        self._hook = machine.hook
        self._log: list[Event] = []
        self._cursor = 0
        self._checkpoints: list[Checkpoint] = []
        self._interval_cycles = FIRST_INTERVAL_CYCLES
        self._live: Callable[[], None] = lambda: None
        self._records = self._searches = False

    # -- beginning and end -------------------------------------------------------------------
    def begin(self) -> None:
        """Forget the past: the machine, which stands between two blocks, goes back no further."""
        self._log.clear()
        self._cursor = 0
        self._interval_cycles = FIRST_INTERVAL_CYCLES
        self._checkpoints = [self._checkpoint()]
        self._records = True
        for name, port in self._machine.serial_ports.items():
            port.heard = 0
            port.on_fed = self._recorder(name)

    def end(self) -> None:
        """Nobody will go back any more; the machine is brought to where no more is known."""
        if self.is_past:
            self._run_to(self._log[-1].at.cycles)
        for port in self._machine.serial_ports.values():
            port.on_fed = None
        self._records = False
        self._checkpoints.clear()

    @property
    def is_past(self) -> bool:
        """What comes next from outside is known."""
        return self._cursor < len(self._log)

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(self._stepping.now(), self._machine.snapshot(), self._cursor)

    def _recorder(self, name: str) -> Callable[[bytes | None], None]:
        def fed(data: bytes | None) -> None:
            if self._records:
                self._record(Event(self._stepping.now(), name, data))

        return fed

    def _record(self, event: Event) -> None:
        self._checkpoints = [c for c in self._checkpoints if c.at <= event.at]
        self._log.append(event)
        self._cursor = len(self._log)

    # -- forward -----------------------------------------------------------------------------
    def anew(self) -> None:
        """A run begins as :meth:`Execution.run` has it: what was waited so far does not count."""
        event = Event(self._stepping.now(), "")
        if self._records and not self.is_past:
            self._record(event)
        self._apply(event)

    def run(self, limits: RunLimits = NO_LIMITS, finished: Finished = lambda: False) -> StopReason:
        """Go on to a halt, or as :meth:`Execution.run` says. Raises GuestFault."""
        return self._advance(self._stepping.run, limits, finished)

    def enter(self, limits: RunLimits = NO_LIMITS, finished: Finished = lambda: False) -> StopReason:
        """Go on into a block: :meth:`Stepping.enter`. Raises GuestFault."""
        return self._advance(self._stepping.enter, limits, finished)

    def _advance(self, advance: Advance, limits: RunLimits, finished: Finished) -> StopReason:
        end = None if limits.max_cycles is None else self._hook.cycles + limits.max_cycles
        with self._between_slices():
            while True:
                known = self._log[self._cursor].at.cycles if self.is_past else None
                stop = min((each for each in (end, known) if each is not None), default=None)
                most = None if stop is None else max(0, stop - self._hook.cycles)
                reason = advance(replace(limits, max_cycles=most), finished)
                if reason is not StopReason.MAX_CYCLES or known is None or (end is not None and end <= known):
                    return reason
                if self._hook.cycles > known and self.is_past and self._log[self._cursor].at.cycles == known:
                    raise _went_otherwise(self._stepping.now())

    @contextmanager
    def _between_slices(self) -> Iterator[None]:
        execution = self._machine.execution
        self._live, execution.between_slices = execution.between_slices, self._between
        try:
            yield
        finally:
            execution.between_slices, self._live = self._live, lambda: None

    def _between(self) -> None:
        if self.is_past:
            self._apply_due()
            return
        if self._searches:
            return
        if self._records and self._hook.cycles - self._checkpoints[-1].at.cycles >= self._interval_cycles:
            self._add_checkpoint()
        self._live()

    def _add_checkpoint(self) -> None:
        self._checkpoints.append(self._checkpoint())
        if len(self._checkpoints) > MOST_CHECKPOINTS:
            del self._checkpoints[1::2]
            self._interval_cycles *= 2

    def _apply_due(self) -> None:
        now = self._stepping.now()
        while self.is_past and self._log[self._cursor].at <= now:
            event = self._log[self._cursor]
            self._cursor += 1
            self._apply(event)

    def _apply(self, event: Event) -> None:
        self._records, records = False, self._records
        try:
            if not event.port:
                self._machine.execution.begin_waiting()
            elif event.data is None:
                self._machine.serial(event.port).forget_waiting()
            else:
                self._machine.serial(event.port).feed(event.data)
        finally:
            self._records = records

    # -- back --------------------------------------------------------------------------------
    def go_to(self, moment: Moment) -> None:
        """Go to a moment that has been. Raises UsageError when it can't be found again."""
        self._restore(self._checkpoint_before(moment))
        self._forward(moment)

    def go_to_halt(self, halt: Halt) -> None:
        """Go to before the instruction that halted; behind an exception that takes no time, too."""
        self.go_to(moment_of(halt))
        if self._machine.core.get("pc") != halt.address:
            self._enter_again()
            self._stepping.halts.found = None

    def _checkpoint_before(self, moment: Moment) -> Checkpoint:
        return [c for c in self._checkpoints if c.at <= moment][-1]

    def _restore(self, checkpoint: Checkpoint) -> None:
        """Put a checkpoint back; nothing halts the machine from then on."""
        self._stepping.halts.set_breakpoints(())
        self._stepping.halts.set_watchpoints(())
        heard = {name: max(p.heard, p.sent) for name, p in self._machine.serial_ports.items()}
        self._stepping.drop_block()
        self._machine.restore(checkpoint.snapshot)
        self._cursor = checkpoint.events
        for name, port in self._machine.serial_ports.items():
            port.heard = heard[name]

    def _forward(self, moment: Moment) -> None:
        self._run_to(moment.cycles)
        while self._hook.instructions < moment.instructions and self._block() is not None:
            pass
        if moment.done:
            self._enter_again()
            self._stepping.go_in(moment.done)
        self._stepping.halts.found = None
        now = self._stepping.now()
        if now != moment:
            raise _went_otherwise(moment)

    def _run_to(self, cycles: int) -> None:
        """Go on to the first block at ``cycles`` or behind, by what is known."""
        self._stepping.finish_block()
        with self._search(), self._between_slices():
            while self._hook.cycles < cycles:
                target = min(cycles, self._log[self._cursor].at.cycles) if self.is_past else cycles
                before = self._hook.cycles, self._cursor
                self._stepping.run_to_cycle(target)
                if before == (self._hook.cycles, self._cursor):
                    raise _went_otherwise(self._stepping.now())

    @contextmanager
    def _search(self) -> Iterator[None]:
        """The machine runs in its past: nothing of it is new."""
        before, self._searches = self._searches, True
        try:
            yield
        finally:
            self._searches = before

    def _enter_again(self) -> StopReason:
        with self._search(), self._between_slices():
            return self._stepping.enter()

    def _block(self) -> Moment | None:
        """Run one block; when it was entered, with the last of its instructions that were executed."""
        try:
            if self._enter_again() is not StopReason.HALT:
                return None
        except GuestFault:
            return None
        entered = self._stepping.now()
        self._stepping.finish_block()
        executed = self._hook.instructions - entered.instructions
        return entered._replace(done=max(0, executed - 1))

    def step_back(self) -> bool:
        """Go back by one instruction; False: there is none before."""
        now = self._stepping.now()
        if now.done:
            self.go_to(now._replace(done=now.done - 1))
            return True
        first = self._checkpoints[0].at
        window = FIRST_WINDOW_CYCLES
        while True:
            start = max(first.cycles, now.cycles - window)
            last = self._last_block(start, now)
            if last is not None or start == first.cycles:
                self.go_to(first if last is None else last)
                return last is not None
            window *= WINDOW_GROWTH

    def _last_block(self, start_cycles: int, before: Moment) -> Moment | None:
        """The last instruction before a moment between blocks, looked for from a cycle on."""
        self._restore(self._checkpoint_before(Moment(start_cycles, before.instructions)))
        self._run_to(start_cycles)
        last = None
        while self._stepping.now() < before:
            block = self._block()
            if block is None or block[:2] >= before[:2]:
                return last
            last = block
        return last

    def run_back(self, arm: Callable[[], None]) -> Halt | None:
        """Go back to the last halt before now, where ``arm()`` sets what halts; None: to the beginning."""
        now = self._stepping.now()
        for checkpoint in reversed([c for c in self._checkpoints if c.at < now]):
            self._restore(checkpoint)
            halt = self._last_halt(now, arm)
            if halt is not None:
                self.go_to_halt(halt)
                return halt
            now = checkpoint.at
        self.go_to(self._checkpoints[0].at)
        return None

    def _last_halt(self, before: Moment, arm: Callable[[], None]) -> Halt | None:
        last = None
        end = before.cycles + (1 if before.done else 0)
        while True:
            arm()
            with self._search():
                reason = self.run(RunLimits(max(0, end - self._hook.cycles)))
            halt = self._stepping.halts.found
            if reason is not StopReason.HALT or halt is None or moment_of(halt) >= before:
                return last
            last = halt
            if halt.is_late:
                self.go_to_halt(halt)
            self._stepping.halts.tell_once()

    # -- bookmarks ---------------------------------------------------------------------------
    def bookmark(self) -> Bookmark:
        """Remember this moment, to be gone back to."""
        now = self._stepping.now()
        return Bookmark(now, self._checkpoint_before(now), tuple(self._log))

    def go_back_to(self, bookmark: Bookmark) -> None:
        """Go to a bookmark; what was before it is known as far back as its checkpoint."""
        self._log, self._checkpoints = list(bookmark.events), [bookmark.checkpoint]
        self.go_to(bookmark.at)
        del self._log[self._cursor :]  # the future is open
        for port in self._machine.serial_ports.values():
            port.heard = 0


def moment_of(halt: Halt) -> Moment:
    """When it was."""
    return Moment(halt.cycles, halt.instructions, halt.index)


def _went_otherwise(moment: Moment) -> UsageError:
    return UsageError(
        f"the way back to cycle {moment.cycles:,} went otherwise",
        next_step="the firmware depends on what a snapshot does not hold (semihosting files, say)",
    )
