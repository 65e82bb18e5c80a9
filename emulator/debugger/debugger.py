"""A machine with a GDB beside it, as a run sees it: it runs the machine when GDB lets it go on.

The machine's own session keeps its links, limits and end; it calls :meth:`Debugger.run` where it would run
the machine. Without a GDB that is what running it does. The one that comes stops it between two blocks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType

from emulator.debugger.connection import Address, Connection
from emulator.debugger.control import Action, Control, Resumption
from emulator.debugger.freertos import FreeRtos
from emulator.debugger.monitor import Monitor
from emulator.debugger.packets import Signal, framed
from emulator.debugger.server import Outcome, Parting, Server
from emulator.debugger.stops import AT_THE_BEGINNING, CRASHED, INTERRUPTED, SIGTERM, Stop, StopTable
from emulator.debugger.target import Target
from emulator.debugger.threads import Threads, ThreadSource
from emulator.debugger.timeline import Timeline
from emulator.debugger.zephyr import Zephyr
from emulator.errors import GuestFault, UsageError
from emulator.image.model import Image
from emulator.links.link import Interest
from emulator.machine.execution import RunLimits, StopReason
from emulator.machine.machine import Machine
from emulator.machine.stepping import Moment

Wait = Callable[[Callable[[], bool]], StopReason | None]
"""Waits for what holds then, or gives the reason for which the run ends meanwhile."""


class Debugger:
    """Serves one GDB at a time at ``address``. ``waits``: the machine does not run before one has come.

    Raises LinkError when the address can't be had.
    """

    check_every_s: float | None = None

    def __init__(self, machine: Machine, address: Address, *, waits: bool) -> None:
        self._machine = machine
        self._stepping = machine.stepping()
        self._connection = Connection(address)
        self.description = self._connection.description
        self._stops = StopTable()
        self._timeline = Timeline(machine, self._stepping)
        self._control = Control(machine, self._timeline, self._stops, lambda: self.is_wanted)
        self._monitor = Monitor(machine, self._timeline, self._control, self._moved)
        self._target = Target(machine, self._timeline.begin)
        self._server = Server(
            machine,
            self._target,
            self._stops,
            Threads(thread_source(machine.image, self._target)),
            self._monitor,
            self._show,
        )
        self._inbox: list[bytes | Signal] = []
        self._last_sent = b""
        self._resumption: Resumption | None = None if waits else Resumption(Action.CONTINUE)
        self._attached = False
        self._idle_at: tuple[Moment, int] | None = None  # and the characters that waited then

    # -- the session's calls -----------------------------------------------------------------
    @property
    def is_attached(self) -> bool:
        """A GDB is there."""
        return self._attached

    @property
    def is_wanted(self) -> bool:
        """A GDB has come or gone, or has something to say: the machine is to stop."""
        return bool(self._inbox) or self._attached is not self._connection.is_connected

    def interest(self) -> list[Interest]:
        """What to wait for."""
        return self._connection.interest()

    def pump(self) -> int:
        """Take what has come, send what waits; whether there is something to do."""
        if not self._attached:
            self._connection.accept()
        for item in self._connection.receive():
            if item is Signal.ACKNOWLEDGED:
                continue
            if item is Signal.AGAIN:
                self._connection.send(self._last_sent)
            elif item is Signal.DAMAGED:
                self._connection.send(b"-" if self._server.acknowledges else b"")
            else:
                if isinstance(item, bytes) and self._server.acknowledges:
                    self._connection.send(b"+")
                self._inbox.append(item)
        self._connection.flush()
        return int(self.is_wanted)

    def run(
        self, wait: Wait, *, max_cycles: int | None = None, wall_limit: float | None = None
    ) -> StopReason:
        """Run the machine as ``Machine.run`` does, but when and how GDB says. Raises GuestFault."""
        end_cycles = None if max_cycles is None else self._machine.hook.cycles + max_cycles
        end_s = None if wall_limit is None else time.monotonic() + wall_limit
        if not self._is_idle_still():
            self._timeline.anew()
        while True:
            self._follow_connection()
            if self._resumption is None:
                reason = wait(lambda: self.is_wanted)
                if reason is None:
                    reason = self._listen()
                if reason is not None:
                    return reason
                continue
            if self._inbox:  # Ctrl-C while the machine idles; packets of a GDB that awaits no answer
                self._stand(INTERRUPTED)
                continue
            if self._is_idle_still() and self._resumption.action is Action.CONTINUE:
                return StopReason.IDLE
            limits = RunLimits(
                None if end_cycles is None else max(0, end_cycles - self._machine.hook.cycles),
                None if end_s is None else end_s - time.monotonic(),
            )
            outcome = self._resume(limits)
            if isinstance(outcome, StopReason):
                self._idle_at = self._now() if outcome is StopReason.IDLE else None
                return outcome

    def finished(self, exit_code: int) -> None:
        """The run is over: tell GDB, and go."""
        if self._attached:
            self._send(b"W%02x" % (exit_code & 0xFF))
            self._connection.flush()

    def crashed(self) -> None:
        """The run is over by a crash that GDB has been told of."""
        if self._attached:
            self._send(b"X%02x" % SIGTERM)
            self._connection.flush()

    def close(self) -> None:
        """Leave the machine as it is."""
        self._connection.close()
        self._stepping.attach(False)

    def __enter__(self) -> Debugger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- a GDB comes and goes ----------------------------------------------------------------
    def _follow_connection(self) -> None:
        if self._connection.is_connected and not self._attached:
            self._attached = True
            self._stepping.finish_block()
            self._stepping.attach(True)
            self._timeline.begin()
            self._server.begin()
            self._monitor.forget_past()
            self._resumption = None
        elif self._attached and not self._connection.is_connected:
            self._inbox.clear()
            self._part()

    def _part(self) -> None:
        """GDB has gone: the machine goes on, from where nothing of the future is known."""
        self._connection.drop()
        self._attached = False
        self._timeline.end()
        self._stepping.attach(False)
        self._resumption = Resumption(Action.CONTINUE)

    # -- while it runs -----------------------------------------------------------------------
    def _resume(self, limits: RunLimits) -> Stop | StopReason | None:
        assert self._resumption is not None
        if not self._attached:
            return self._run_alone(limits)
        backwards = self._resumption.action in (Action.STEP_BACK, Action.CONTINUE_BACK)
        try:
            outcome = self._control.resume(self._resumption, limits)
        except GuestFault as fault:
            if self._server.last_stop == CRASHED and not backwards:
                raise
            self._show(f"{fault}\n{fault.report}\n")
            outcome = CRASHED
        except UsageError as error:  # what a snapshot does not hold stands in the way back
            if not backwards:
                raise
            self._show(f"{error}\n")
            outcome = AT_THE_BEGINNING
        if backwards:
            self._monitor.forget_past()
        if isinstance(outcome, Stop):
            self._stand(outcome)
        return outcome

    def _run_alone(self, limits: RunLimits) -> StopReason | None:
        self._stepping.finish_block()
        reason = self._machine.execution.go_on(limits, lambda: self.is_wanted)
        return None if reason is StopReason.UNTIL and self.is_wanted else reason

    def _stand(self, stop: Stop) -> None:
        """Stay where the machine has stopped, and tell GDB why: its Ctrl-C is answered by that."""
        self._resumption = None
        if stop == INTERRUPTED and self._inbox[:1] == [Signal.INTERRUPT]:
            del self._inbox[0]
        self._server.last_stop = stop
        self._send(self._server.stop_reply(stop))

    def _now(self) -> tuple[Moment, int]:
        return self._stepping.now(), sum(p.waiting() for p in self._machine.serial_ports.values())

    def _is_idle_still(self) -> bool:
        """Nothing has come since the machine was found idle, nor has it been moved."""
        return self._idle_at == self._now() and not self._machine.reset_requested

    def _moved(self) -> None:
        self._idle_at = None

    # -- while it stands ---------------------------------------------------------------------
    def _listen(self) -> StopReason | None:
        """Answer what has come, up to the packet that lets the machine go on, or ends the run."""
        while self._inbox and self._resumption is None:
            item = self._inbox.pop(0)
            if not isinstance(item, bytes):  # Ctrl-C of a core that stands already
                continue
            outcome = self._server.answer(item)
            if isinstance(outcome, bytes):
                self._send(outcome)
            elif isinstance(outcome, Resumption):
                self._resumption = outcome
            elif self._leave(item, outcome):
                return StopReason.INTERRUPTED
        return None

    def _leave(self, packet: bytes, outcome: Outcome) -> bool:
        """GDB detaches, or kills: True."""
        assert isinstance(outcome, Parting)
        if packet[:1] != b"k":  # which has no answer
            self._send(b"OK")
        self._connection.flush()
        self._inbox.clear()
        self._part()
        return outcome.kills

    def _show(self, text: str) -> None:
        self._send(b"O" + text.encode().hex().encode())

    def _send(self, payload: bytes) -> None:
        self._last_sent = framed(payload)
        self._connection.send(self._last_sent)


def thread_source(image: Image | None, target: Target) -> ThreadSource | None:
    """The RTOS that an image's symbols tell."""
    symbols: Mapping[str, tuple[int, int]] = {}
    if image is not None and image.debug is not None:
        symbols = {s.name: (s.address, s.size_bytes) for s in image.debug.symbols() if not s.is_function}
    if FreeRtos.is_in(symbols):
        return FreeRtos(symbols, target.word, target.read, has_armv8m=target.has_armv8m)
    if Zephyr.is_in(symbols):
        return Zephyr(symbols, target.word, target.read)
    return None
