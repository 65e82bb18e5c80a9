"""Follows exceptions while a run is recorded: their contexts, their cost, how long they waited."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.clock.clock import Clock
from emulator.engine.contexts import CallContexts
from emulator.engine.engine import Engine
from emulator.system.system import System

MOST_ENTRIES = 20_000
"""Handlers that are kept one by one, for timelines; all are in the sums."""


@dataclass(frozen=True, slots=True)
class Handled:
    """One handler from the beginning of its entry to its end, in cycles."""

    number: int
    begin_cycles: int
    end_cycles: int
    latency_cycles: int


@dataclass(slots=True)
class Handlers:
    """All handlers of one exception.

    ``cycles``: without those of handlers that preempted them. Latency: from pending to the
    handler's first instruction.
    """

    count: int = 0
    cycles: int = 0
    worst_cycles: int = 0
    worst_latency_cycles: int = 0
    best_latency_cycles: int = 0


@dataclass(slots=True)
class _Open:
    number: int
    begin_cycles: int
    latency_cycles: int
    nested_cycles: int = 0


class ContextFollower:
    """Tells the call contexts of exceptions, as the native hook does of those that it takes itself."""

    def __init__(self, contexts: CallContexts) -> None:
        self._contexts = contexts

    def preempted(self, frame: int) -> None:
        """See :class:`ExceptionWatcher`."""
        self._contexts.preempted(frame)

    def entered(self, number: int, handler: int) -> None:
        """See :class:`ExceptionWatcher`."""
        self._contexts.entered(number, handler)

    def ending(self) -> None:
        """See :class:`ExceptionWatcher`."""
        self._contexts.flush()

    def chained(self) -> None:
        """See :class:`ExceptionWatcher`."""
        self._contexts.chained()

    def returned(self, frame: int, pc: int, stack_pointer: int) -> None:
        """See :class:`ExceptionWatcher`."""
        self._contexts.returned(frame, pc, stack_pointer)


class ExceptionLog(ContextFollower):
    """A watcher of one machine's exceptions; :meth:`attach` begins, :meth:`detach` ends.

    Before, :meth:`follow` has the contexts told, and lets exceptions be taken natively.
    Pending is noted at the deadline that made it so, or at the begin of the block that did.
    """

    def __init__(self, engine: Engine, system: System, clock: Clock) -> None:
        super().__init__(engine.hook.contexts)
        self._hook = engine.hook
        self._system = system
        self._clock = clock
        self._pended: dict[int, int] = {}
        self._open: list[_Open] = []
        self._begin_cycles = 0
        self._interrupted = -1
        self.handled: list[Handled] = []
        self.handlers: dict[int, Handlers] = {}
        self.preempted_contexts: dict[tuple[int, int], int] = {}  # (exception, context): times

    def follow(self) -> None:
        """Have the contexts told of exceptions, and keep nothing."""
        self._system.exceptions.watch(ContextFollower(self._contexts), of_python_alone=True)

    def attach(self) -> None:
        """Keep what comes from now on."""
        self._system.exceptions.watch(self)
        self._system.table.tell_pending(self._pending)

    def detach(self) -> None:
        """Follow no more."""
        self._system.exceptions.watch(None)
        self._system.table.tell_pending(None)

    def clear(self, *, running: bool) -> None:
        """A window begins: forget what has ended. ``running``: in a handler, which goes on."""
        if not running:
            self._open.clear()
        self.handled.clear()
        self.handlers.clear()
        self.preempted_contexts.clear()

    # -- what the system tells ---------------------------------------------------------------------
    def _pending(self, number: int) -> None:
        self._pended[number] = self._hook.cycles if self._clock.serving is None else self._clock.serving

    def preempted(self, frame: int) -> None:
        """See :class:`ExceptionWatcher`."""
        super().preempted(frame)
        self._begin_cycles = self._hook.cycles
        self._interrupted = self._contexts.current()

    def entered(self, number: int, handler: int) -> None:
        """See :class:`ExceptionWatcher`."""
        now = self._hook.cycles
        super().entered(number, handler)
        latency = max(0, now - self._pended.pop(number, self._begin_cycles))
        self._open.append(_Open(number, self._begin_cycles, latency))
        if self._interrupted >= 0:
            key = (number, self._interrupted)
            self.preempted_contexts[key] = self.preempted_contexts.get(key, 0) + 1

    def ending(self) -> None:
        """See :class:`ExceptionWatcher`."""
        super().ending()
        self._begin_cycles = self._hook.cycles

    def chained(self) -> None:
        """See :class:`ExceptionWatcher`."""
        super().chained()
        self._close(self._begin_cycles)
        self._interrupted = -1

    def returned(self, frame: int, pc: int, stack_pointer: int) -> None:
        """See :class:`ExceptionWatcher`."""
        super().returned(frame, pc, stack_pointer)
        self._close(self._hook.cycles)
        if frame:
            self._open.clear()

    def _close(self, end_cycles: int) -> None:
        if not self._open:  # it began before the log did
            return
        done = self._open.pop()
        whole = end_cycles - done.begin_cycles
        if self._open:
            self._open[-1].nested_cycles += whole
        own = whole - done.nested_cycles
        sums = self.handlers.setdefault(done.number, Handlers(best_latency_cycles=done.latency_cycles))
        sums.count += 1
        sums.cycles += own
        sums.worst_cycles = max(sums.worst_cycles, own)
        sums.worst_latency_cycles = max(sums.worst_latency_cycles, done.latency_cycles)
        sums.best_latency_cycles = min(sums.best_latency_cycles, done.latency_cycles)
        if len(self.handled) < MOST_ENTRIES:
            self.handled.append(Handled(done.number, done.begin_cycles, end_cycles, done.latency_cycles))
