"""A machine with hosts outside: run, pump its links, wait while it is idle, keep the pace."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from emulator.cli.ending import on_ending_signal
from emulator.errors import BoardlessError, LimitReached
from emulator.links import LinkSet
from emulator.links.text_watch import TextWatch
from emulator.machine.awaited_text import never_sent, text_outputs
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine

PUMP_EVERY_S = 0.02
SLICE_CYCLES = 2_000_000
PACE_SLICE_S = 0.01
BOOT_S = 1.0
"""Modelled time after which a device that never waits counts as booted all the same."""
PICOSECONDS_PER_SECOND = 10**12
Wait = Callable[[Callable[[], bool]], StopReason | None]
STOPPED_FROM_OUTSIDE = (StopReason.MAX_CYCLES, StopReason.WALL_LIMIT, StopReason.INTERRUPTED)
"""Ends of a run at which the firmware was at work: its UARTs may hold characters."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop. ``until``: text of a serial port, or of the ITM.

    ``wall_limit_s`` counts the host's clock, waiting included, from ``began_s`` on (a reading of
    ``time.monotonic``; None: from the run's begin).
    """

    until: bytes | None = None
    max_cycles: int | None = None
    wall_limit_s: float | None = None
    began_s: float | None = None

    def end_s(self) -> float | None:
        """The reading of ``time.monotonic`` at which the time is over, for what begins now."""
        if self.wall_limit_s is None:
            return None
        return (time.monotonic() if self.began_s is None else self.began_s) + self.wall_limit_s


class Pace:
    """Keeps modelled time from running ahead of the host's clock.

    Time spent idle is no debt and no credit: both clocks are compared from the moment at
    which the device last had something to do.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.restart()

    def restart(self) -> None:
        """Take both clocks' present readings as equal."""
        self._host_start_s = time.monotonic()
        self._modelled_start = self._machine.clock.picoseconds()

    def ahead_s(self) -> float:
        """Host seconds until the host's clock reaches modelled time; negative: behind."""
        modelled_s = (self._machine.clock.picoseconds() - self._modelled_start) / PICOSECONDS_PER_SECOND
        return modelled_s - (time.monotonic() - self._host_start_s)


class RunsMachine(Protocol):
    """Who runs a machine in a session's place: a debugger."""

    @property
    def is_attached(self) -> bool:
        """Somebody debugs: what is idle is not over."""

    @property
    def is_wanted(self) -> bool:
        """It has something to do, though the machine is idle."""

    def run(
        self, wait: Wait, *, max_cycles: int | None = None, wall_limit: float | None = None
    ) -> StopReason:
        """Run the machine as ``Machine.run`` does; ``wait(ends)`` while it stands still."""


class Session:
    """Runs one machine for hosts outside.

    ``on_progress`` is called about every 20 ms of the host's time while the device runs.
    ``realtime``: modelled time never outruns the host's clock. ``on_slice`` is called between
    all slices of emulation, before hosts get to read: instruments follow modelled time there.
    ``debugger`` runs the machine, and is among what the links wait for. ``is_busy``: whether an
    instrument is at work, so that modelled time goes on though the device waits.
    """

    def __init__(
        self,
        machine: Machine,
        links: LinkSet,
        *,
        realtime: bool = False,
        on_progress: Callable[[], None] = lambda: None,
        on_slice: Callable[[], None] = lambda: None,
        debugger: RunsMachine | None = None,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self.machine = machine
        self._debugger = debugger
        self._is_busy = is_busy
        self.links = links
        self._on_slice = on_slice
        self.busy_s = 0.0
        self._on_progress = on_progress
        self._pace = Pace(machine) if realtime else None
        self._next_pump_s = 0.0
        self._not_taken = 0  # characters that wait for a device which is idle all the same
        self._waiting = False
        self._interrupted = False
        self._booted = False

    def run(self, limits: Limits, *, stop_when_idle: bool = False) -> StopReason:
        """Run until the text, a limit, the firmware's end, an interrupt, or the host's end.

        When the device is idle, time stands still until the host sends something; after
        the host's end (or with ``stop_when_idle``) that is ``StopReason.IDLE``. What the serial
        ports hold when a run is stopped is sent first. Raises GuestFault. Ctrl-C is
        ``StopReason.INTERRUPTED``; a second one while the first has no effect raises
        KeyboardInterrupt.
        """
        machine = self.machine
        outputs = text_outputs(machine) if limits.until else ()
        watches = [TextWatch(output, limits.until or b"", machine.interrupt) for output in outputs]
        machine.execution.between_slices = self._between_slices
        slice_cycles = int(PACE_SLICE_S * machine.clock.core_hz) if self._pace else SLICE_CYCLES
        machine.execution.set_slice(min(slice_cycles, SLICE_CYCLES))
        try:
            with on_ending_signal(self._stop):
                reason = self._run_to_an_end(limits, watches, stop_when_idle=stop_when_idle)
                if reason in STOPPED_FROM_OUTSIDE:
                    machine.send_last_words()
                    self.links.pump()
        finally:
            machine.execution.between_slices = lambda: None
            for watch in watches:
                watch.close()
        return StopReason.UNTIL if any(watch.found for watch in watches) else reason

    def _run_to_an_end(self, limits: Limits, watches: list[TextWatch], *, stop_when_idle: bool) -> StopReason:
        start_cycles, end_s = self.machine.counts.cycles, limits.end_s()
        while True:
            used = self.machine.counts.cycles - start_cycles
            left = None if limits.max_cycles is None else max(0, limits.max_cycles - used)
            reason = self._run_once(left, None if end_s is None else end_s - time.monotonic())
            if any(watch.found for watch in watches):
                return StopReason.UNTIL
            if reason is not StopReason.IDLE or stop_when_idle:
                return reason
            waited = self._wait_for_host(end_s)
            if waited is not None:
                return waited

    def _run_once(self, max_cycles: int | None, wall_limit_s: float | None) -> StopReason:
        begin = time.monotonic()
        if self._pace is not None:
            self._pace.restart()
        try:
            if self._debugger is not None:
                end_s = None if wall_limit_s is None else begin + wall_limit_s
                wait = partial(self._wait_while_held, end_s)
                return self._debugger.run(wait, max_cycles=max_cycles, wall_limit=wall_limit_s)
            return self.machine.run(max_cycles=max_cycles, wall_limit=wall_limit_s)
        finally:
            self.busy_s += time.monotonic() - begin
            self._on_slice()
            self._not_taken = self._characters_waiting()
            self.links.pump()

    def _boot(self) -> None:
        self._booted = True
        self.links.device_has_booted()

    def _between_slices(self) -> None:
        self._on_slice()
        now = time.monotonic()
        if self._pace is not None:
            while (ahead := self._pace.ahead_s()) > 0 and not self._interrupted:
                self.links.wait(min(ahead, PUMP_EVERY_S), device_is_idle=False)
        if now < self._next_pump_s:
            return
        self._next_pump_s = now + PUMP_EVERY_S
        if not self._booted and self.machine.clock.seconds() >= BOOT_S:
            self._boot()
        self.links.pump()
        if self.links.hung_up:
            self.machine.interrupt()
        self._on_progress()

    def _wait_for_host(self, end_s: float | None) -> StopReason | None:
        """Wait until the device has something to do; a reason to stop, or None."""
        self._on_progress()
        if not self._booted:
            self._boot()
        try:
            self._waiting = True
            while not (self._characters_came() or self.machine.reset_requested or self._is_busy()):
                if self._interrupted:
                    return StopReason.INTERRUPTED
                if self._debugger is not None and self._debugger.is_wanted:
                    return None
                is_debugged = self._debugger is not None and self._debugger.is_attached
                if (self.links.finished and not is_debugged) or self.links.hung_up:
                    return StopReason.IDLE
                left_s = None if end_s is None else end_s - time.monotonic()
                if left_s is not None and left_s <= 0:
                    return StopReason.WALL_LIMIT
                self.links.wait(left_s)
        except KeyboardInterrupt:
            return StopReason.INTERRUPTED
        finally:
            self._waiting = False
        return None

    def _wait_while_held(self, end_s: float | None, ends: Callable[[], bool]) -> StopReason | None:
        """Wait until ``ends()``, the machine standing still; a reason to stop, or None."""
        self._on_progress()
        self.links.hold(True)
        try:
            self._waiting = True
            while not ends():
                if self._interrupted:
                    return StopReason.INTERRUPTED
                left_s = None if end_s is None else end_s - time.monotonic()
                if left_s is not None and left_s <= 0:
                    return StopReason.WALL_LIMIT
                self.links.wait(left_s, device_is_idle=False)
        except KeyboardInterrupt:
            return StopReason.INTERRUPTED
        finally:
            self._waiting = False
            self.links.hold(False)
        return None

    def _characters_came(self) -> bool:
        """Whether there are more characters for the device than it left, or than its host took along."""
        waiting = self._characters_waiting()
        came = waiting > self._not_taken
        self._not_taken = min(self._not_taken, waiting)
        return came

    def _characters_waiting(self) -> int:
        return sum(link.endpoint.waiting() for link in self.links.links)

    def _stop(self) -> None:
        """End the run between two slices, so that the counts are whole; at once the second time."""
        if self._waiting or self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True
        self.machine.interrupt()


def limit_error(reason: StopReason, limits: Limits) -> LimitReached | None:
    """Make the error for a run that a limit ended; None for any other reason."""
    if reason is StopReason.MAX_CYCLES:
        return LimitReached(
            f"stopped at the limit of {limits.max_cycles} cycles", next_step="give more with --max-cycles"
        )
    if reason is StopReason.WALL_LIMIT:
        return LimitReached(
            f"stopped at the limit of {limits.wall_limit_s:g} s", next_step="give more with --wall-limit"
        )
    return None


def goal_error(reason: StopReason, limits: Limits, machine: Machine) -> BoardlessError | None:
    """Make the error for a run that a limit ended, or that ended without the text that was waited for."""
    if reason in (StopReason.UNTIL, StopReason.INTERRUPTED):
        return None
    limited = limit_error(reason, limits)
    if limited is not None or limits.until is None:
        return limited
    return never_sent(machine, limits.until)
