"""The protocol's channel to an emulated machine in the same process.

Nothing here waits on the host's clock: bytes are fed, the machine runs until a line has
come, and silence is measured in modelled time. Same image, same bytes: same totals.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from benches.protocol.host import Line, ProtocolTimeout, Stamp

NEWLINE = 0x0A
NEWLINE_ALONE = bytes([NEWLINE])


class CountsLike(Protocol):
    """Totals of a machine."""

    @property
    def instructions(self) -> int:
        """Retired instructions since reset."""

    @property
    def cycles(self) -> int:
        """Core cycles since reset."""


class PortLike(Protocol):
    """The host's end of a serial port."""

    def subscribe(
        self, listener: Callable[[bytes], None], heeds: Callable[[], bytes | None] | None = None
    ) -> None:
        """Call ``listener`` with every piece that the device sends; ``heeds()``: what it heeds at once."""

    def feed(self, data: bytes) -> None:
        """Queue bytes for the device."""


class ClockLike(Protocol):
    """The part of the clock that turns seconds into cycles."""

    @property
    def core_hz(self) -> int:
        """The core's frequency now."""


class MachineLike(Protocol):
    """What the channel needs of :class:`emulator.machine.machine.Machine`."""

    @property
    def console(self) -> PortLike:
        """The board's console."""

    @property
    def serial_ports(self) -> Mapping[str, PortLike]:
        """Every serial port, the console among them."""

    @property
    def counts(self) -> CountsLike:
        """Totals so far."""

    @property
    def time_read(self) -> CountsLike | None:
        """Totals when the firmware last read a running timer."""

    @property
    def clock(self) -> ClockLike:
        """The one clock."""

    def run(
        self,
        until: bytes | str | None = None,
        *,
        max_cycles: int | None = None,
        wall_limit: float | None = None,
        quiet_seconds: float = 1.0,
    ) -> object:
        """Run; the reason is a StopReason ("until", "idle", "interrupted", ...)."""

    def interrupt(self) -> None:
        """End the current run soon."""


class MachineChannel:
    """Feeds the machine and collects its lines, each with its moments.

    The conversation is on the serial port that completes a line first: energy images talk to
    the interface board's port, not to the console. ``lines_came``: so many have in all, each of which
    ended a run of the machine.
    """

    def __init__(self, machine: MachineLike, *, wall_limit_s: float | None = None) -> None:
        self._machine = machine
        self._wall_limit_s = wall_limit_s
        self._lines: deque[Line] = deque()
        self.lines_came = 0
        self._port: PortLike | None = None
        for port in machine.serial_ports.values():
            _LineCollector(machine, port, self._line_came)

    def send(self, data: bytes) -> None:
        """Queue ``data``; the machine takes it, paced at its baud rate, while it runs."""
        (self._port or self._machine.console).feed(data)

    def receive_line(self, patience_s: float) -> Line:
        """Run until a whole line is there; ``patience_s`` is modelled time."""
        deadline = self._machine.counts.cycles + int(patience_s * self._machine.clock.core_hz)
        while not self._lines:
            left = deadline - self._machine.counts.cycles
            if left <= 0:
                raise ProtocolTimeout(f"{patience_s:g} s of modelled time passed without a line")
            reason = self._machine.run(
                max_cycles=left,
                wall_limit=self._wall_limit_s,
                quiet_seconds=patience_s,  # firmware may delay for seconds, and that is not silence
            )
            if not self._lines:
                self._explain_silence(str(getattr(reason, "value", reason)))
        return self._lines.popleft()

    def _explain_silence(self, reason: str) -> None:
        """Raise when the machine stopped for good; return when it may go on."""
        words = {
            "idle": "the firmware waits for input and has nothing more to say",
            "exit": "the firmware ended itself",
            "wall_limit": f"{self._wall_limit_s or 0:g} s of the host's time passed",
        }
        if reason == "interrupted":
            raise KeyboardInterrupt
        if reason in words:
            raise ProtocolTimeout(words[reason])

    def _line_came(self, port: PortLike, line: Line) -> None:
        self._port = self._port or port
        if port is self._port:
            self._lines.append(line)
            self.lines_came += 1
            self._machine.interrupt()


class _LineCollector:
    """Cuts one port's output into lines."""

    def __init__(
        self, machine: MachineLike, port: PortLike, on_line: Callable[[PortLike, Line], None]
    ) -> None:
        self._machine = machine
        self._port = port
        self._on_line = on_line
        self._partial = bytearray()
        self._began: Stamp | None = None
        self._time_read: Stamp | None = None
        self._host_s = 0.0
        port.subscribe(self._collect, self._heeds)

    def _heeds(self) -> bytes | None:
        return NEWLINE_ALONE if self._began is not None else None

    def _collect(self, data: bytes) -> None:
        while data:
            if self._began is None:
                self._began = _stamp(self._machine.counts)
                self._time_read = _stamp(self._machine.time_read)
                self._host_s = time.perf_counter()
            piece, newline, data = data.partition(NEWLINE_ALONE)
            self._partial += piece
            if newline:
                text = self._partial.decode("ascii", "replace").strip("\r")
                ended = _stamp(self._machine.counts)
                line = Line(text, self._began, ended, self._time_read, self._host_s)
                self._partial.clear()
                self._began = None
                self._on_line(self._port, line)


def _stamp(counts: CountsLike | None) -> Stamp | None:
    return None if counts is None else Stamp(counts.instructions, counts.cycles)
