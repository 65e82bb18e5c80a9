"""What serial ports send while a run is recorded: text, and a mark for each line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.clock.clock import Clock
from emulator.engine.hook import BlockHook
from emulator.links.endpoint import SerialEndpoint
from emulator.recording.model import Mark

NEWLINE = b"\n"
MOST_LINES = 20_000
MOST_BYTES = 4 << 20


@dataclass(slots=True)
class _Line:
    begin_cycles: int
    text: bytearray


class SerialLog:
    """Follows a machine's ports. A character's time is that of the event that sent it, or of its block."""

    def __init__(self, ports: Mapping[str, SerialEndpoint], hook: BlockHook, clock: Clock) -> None:
        self._hook = hook
        self._clock = clock
        self._open: dict[str, _Line] = {}
        self._texts: dict[str, bytearray] = {}
        self._marks: list[Mark] = []
        self._listeners: list[tuple[SerialEndpoint, Callable[[bytes], None]]] = []
        for port in ports.values():
            listener = self._listener(port.name)
            port.subscribe(listener)
            self._listeners.append((port, listener))

    def close(self) -> None:
        """Follow no more."""
        for port, listener in self._listeners:
            port.unsubscribe(listener)

    def clear(self) -> None:
        """A window begins."""
        self._open.clear()
        self._texts.clear()
        self._marks.clear()

    def text(self, port: str) -> str:
        """What a port sent in the window."""
        return self._texts.get(port, bytearray()).decode("utf-8", errors="replace")

    def marks(self) -> list[Mark]:
        """A mark for each line, in cycles of the clock; one that goes on ends at its last character."""
        going_on = [
            self._mark(port, line, self._hook.cycles) for port, line in self._open.items() if line.text
        ]
        return [*self._marks, *going_on]

    def _listener(self, port: str) -> Callable[[bytes], None]:
        def listen(data: bytes) -> None:
            now = self._hook.cycles if self._clock.serving is None else self._clock.serving
            text = self._texts.setdefault(port, bytearray())
            if len(text) < MOST_BYTES:
                text += data
            for piece in data.splitlines(keepends=True):
                line = self._open.setdefault(port, _Line(now, bytearray()))
                line.text += piece
                if piece.endswith(NEWLINE):
                    del self._open[port]
                    if len(self._marks) < MOST_LINES:
                        self._marks.append(self._mark(port, line, now))

        return listen

    def _mark(self, port: str, line: _Line, end_cycles: int) -> Mark:
        text = bytes(line.text).decode("utf-8", errors="replace").rstrip("\r\n")
        return Mark("uart", text, line.begin_cycles, end_cycles, port)
