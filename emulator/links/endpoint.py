"""The far side of a UART: bytes for the device, and what the device sent.

A test feeds and reads an endpoint directly; a link (PTY, TCP ...) does the same for a
host outside. An endpoint belongs to the thread that runs its machine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

DEFAULT_HISTORY_BYTES = 16 << 20
CHARACTERS = 256
Heeds = Callable[[], bytes | None]


class SerialEndpoint:
    """Implements :class:`emulator.device.SerialPort`, and the host's side of it.

    ``output`` keeps the last ``history_bytes`` of what the device sent (half of it is
    dropped when it is full, so memory stays flat); ``sent`` counts all of it. Listeners are told of
    what comes behind the first ``heard`` of them: whoever goes back in time sets it, so that nobody
    hears anything twice. ``on_fed(data)`` hears what hosts send, None when :meth:`forget_waiting` drops it.
    """

    def __init__(self, name: str = "console", *, history_bytes: int = DEFAULT_HISTORY_BYTES) -> None:
        self.name = name
        self.baud = 0
        self.output = bytearray()
        self.sent = 0
        self.history_bytes = history_bytes
        self.heard = 0
        self.on_output: Callable[[bytes], None] | None = None
        self.on_fed: Callable[[bytes | None], None] | None = None
        self._listeners: list[Callable[[bytes], None]] = []
        self._heeds: dict[Callable[[bytes], None], Heeds | None] = {}
        self._taken = 0
        self._waiting: deque[int] = deque()
        self._on_waiting: list[Callable[[], None]] = []

    # -- the host's side -----------------------------------------------------------------
    def feed(self, data: bytes | bytearray | str) -> None:
        """Queue bytes (text: as UTF-8) for the device; its UART takes them at its baud rate."""
        if isinstance(data, str):
            data = data.encode()
        if not data:
            return
        if self.on_fed is not None:
            self.on_fed(bytes(data))
        was_empty = not self._waiting
        self._waiting.extend(data)
        if was_empty:
            for callback in self._on_waiting:
                callback()

    def forget_waiting(self) -> None:
        """Drop what was fed and the device has not taken: its sender is gone."""
        if self.on_fed is not None and self._waiting:
            self.on_fed(None)
        self._waiting.clear()

    def take(self) -> bytes:
        """Everything that the device sent since the last take (as far as it is kept)."""
        start = max(0, len(self.output) - (self.sent - self._taken))
        self._taken = self.sent
        return bytes(self.output[start:])

    def subscribe(self, listener: Callable[[bytes], None], heeds: Heeds | None = None) -> None:
        """Call ``listener`` with every piece that the device sends.

        ``heeds()``: the characters for which it is called at the very cycle at which they leave; others may
        come with the next of these, in one piece. Without it all are. None of it: all are for now.
        """
        self._listeners.append(listener)
        self._heeds[listener] = heeds

    def unsubscribe(self, listener: Callable[[bytes], None]) -> None:
        """Stop calling ``listener``; nothing happens when it is not subscribed."""
        if listener in self._listeners:
            self._listeners.remove(listener)
            del self._heeds[listener]

    # -- the device's side ---------------------------------------------------------------
    def transmit(self, data: int) -> None:
        """Take a character from the device."""
        if len(self.output) >= self.history_bytes:
            del self.output[: self.history_bytes // 2 + 1]
        self.output.append(data & 0xFF)
        self.sent += 1
        if self.sent <= self.heard:
            return
        piece = bytes((data & 0xFF,))
        if self.on_output is not None:
            self.on_output(piece)
        for listener in tuple(self._listeners):  # one may leave, or come, meanwhile
            listener(piece)

    def transmit_all(self, data: bytes) -> None:
        """Take a piece of output at once (instruments send lines, not characters)."""
        self.output += data
        if len(self.output) > self.history_bytes:
            del self.output[: len(self.output) - self.history_bytes // 2]
        self.sent += len(data)
        data = data[max(0, len(data) - max(0, self.sent - self.heard)) :]
        if not data:
            return
        if self.on_output is not None:
            self.on_output(data)
        for listener in tuple(self._listeners):  # one may leave, or come, meanwhile
            listener(data)

    def heeded(self) -> bytes | None:
        """See :class:`emulator.device.SerialPort`."""
        if self.on_output is not None:
            return None
        found = bytearray(CHARACTERS)
        for heeds in self._heeds.values():
            characters = heeds() if heeds is not None else None
            if characters is None:
                return None
            for character in characters:
                found[character] = 1
        return bytes(found)

    def next_received(self) -> int | None:
        """Give the device its next character, None when none waits."""
        return self._waiting.popleft() if self._waiting else None

    def upcoming(self, most: int) -> list[int]:
        """See :class:`emulator.device.SerialPort`."""
        return list(islice(self._waiting, most))

    def skip(self, characters: int) -> None:
        """See :class:`emulator.device.SerialPort`."""
        for _ in range(characters):
            self._waiting.popleft()

    def waiting(self) -> int:
        """Count the characters that wait for the device."""
        return len(self._waiting)

    def on_waiting(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when characters start to wait where none did."""
        self._on_waiting.append(callback)

    def configured(self, baud: int) -> None:
        """Remember the baud rate that the device set."""
        self.baud = baud

    # -- snapshots -----------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        """State for a snapshot: the bytes on their way and the output so far."""
        return {
            "waiting": bytes(self._waiting),
            "output": bytes(self.output),
            "sent": self.sent,
            "taken": self._taken,
            "baud": self.baud,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put a saved state back; listeners and callbacks stay."""
        self._waiting = deque(state["waiting"])
        self.output[:] = state["output"]
        self.sent = state["sent"]
        self._taken = state["taken"]
        self.baud = state["baud"]
