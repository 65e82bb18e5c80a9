"""Packets of GDB's remote serial protocol: ``$payload#checksum``, with escapes, and their answers.

Source: GDB manual, appendix E "Remote Serial Protocol", sections "Overview" and "Packet Acknowledgment".
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

START, END, ESCAPE, REPEAT = b"$", b"#", 0x7D, 0x2A
ESCAPE_BIT = 0x20
INTERRUPT, ACKNOWLEDGE, AGAIN = 0x03, ord("+"), ord("-")
MUST_ESCAPE = frozenset(b"$#}*")
CHECKSUM_DIGITS = 2
MOST_PAYLOAD_BYTES = 0x8000
"""Of a packet that is taken; longer ones are no GDB's, which is told of half as much."""


class Signal(Enum):
    """What comes between packets."""

    INTERRUPT = "interrupt"
    ACKNOWLEDGED = "acknowledged"
    AGAIN = "again"
    DAMAGED = "damaged"


def escaped(data: bytes) -> bytes:
    """Binary data as a payload holds it."""
    found = bytearray()
    for byte in data:
        if byte in MUST_ESCAPE:
            found += bytes((ESCAPE, byte ^ ESCAPE_BIT))
        else:
            found.append(byte)
    return bytes(found)


def unescaped(payload: bytes) -> bytes:
    """The data of a payload with escapes."""
    found = bytearray()
    following = iter(payload)
    for byte in following:
        found.append(next(following, 0) ^ ESCAPE_BIT if byte == ESCAPE else byte)
    return bytes(found)


def framed(payload: bytes) -> bytes:
    """A packet; ``payload`` has its escapes already."""
    return START + payload + END + b"%02x" % (sum(payload) & 0xFF)


class PacketReader:
    """Takes packets out of a stream of bytes."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes | Signal]:
        """What has come: payloads (escapes still in them) and what stands between packets."""
        self._data += data
        while (item := self._next()) is not None:
            yield item

    def _next(self) -> bytes | Signal | None:
        while self._data:
            first = self._data[0]
            if first == START[0]:
                return self._packet()
            del self._data[0]
            if first == INTERRUPT:
                return Signal.INTERRUPT
            if first == ACKNOWLEDGE:
                return Signal.ACKNOWLEDGED
            if first == AGAIN:
                return Signal.AGAIN
        return None

    def _packet(self) -> bytes | Signal | None:
        end = self._data.find(END)
        if end < 0 or len(self._data) < end + 1 + CHECKSUM_DIGITS:
            if len(self._data) > MOST_PAYLOAD_BYTES:
                self._data.clear()
                return Signal.DAMAGED
            return None
        payload, digits = bytes(self._data[1:end]), bytes(self._data[end + 1 : end + 1 + CHECKSUM_DIGITS])
        del self._data[: end + 1 + CHECKSUM_DIGITS]
        try:
            told = int(digits, 16)
        except ValueError:
            return Signal.DAMAGED
        return payload if told == sum(payload) & 0xFF else Signal.DAMAGED
