"""A COM-port server on TCP (RFC 2217): the host's serial library sets baud rate and lines.

The telnet machinery is pyserial's ``PortManager``. What a host sets is accepted and
remembered; the device's own baud rate is what paces the bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from serial.rfc2217 import PortManager

from emulator.links.tcp import TcpLink

LONGEST_SUBNEGOTIATION_BYTES = 256
GARBAGE = (struct.error, ValueError, TypeError, KeyError, IndexError, AttributeError)
"""What PortManager raises on a malformed negotiation."""


@dataclass(slots=True)
class _LineSettings:
    """What PortManager needs of a serial port; nothing of it changes the device."""

    baudrate: int = 115200
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1
    rtscts: bool = False
    xonxoff: bool = False
    dtr: bool = True
    rts: bool = True
    break_condition: bool = False
    cts: bool = True
    dsr: bool = True
    ri: bool = False
    cd: bool = True

    def reset_input_buffer(self) -> None:
        """Do nothing: nothing is kept here that the host could not have read."""

    def reset_output_buffer(self) -> None:
        """Do nothing: what the host sent is the device's already."""


class Rfc2217Link(TcpLink):
    """Serves the endpoint to ``rfc2217://host:port`` clients."""

    kind = "rfc2217"
    scheme = "rfc2217"
    _manager: Any = None

    def connected(self) -> None:
        """Start a telnet session with fresh settings."""
        self._manager = PortManager(_LineSettings(), self)

    def write(self, data: bytes) -> None:
        """Send telnet bytes; PortManager calls it."""
        self.send_to_host(bytes(data))

    def encode(self, data: bytes) -> bytes:
        """Double the bytes that telnet would take for commands."""
        return b"".join(self._manager.escape(data))

    def decode(self, data: bytes) -> bytes:
        """Answer negotiations and give back the serial bytes; garbage is ignored."""
        found = bytearray()
        for byte in data:
            manager = self._manager
            try:
                for piece in manager.filter(bytes((byte,))):
                    found += piece
            except GARBAGE:
                _forget_subnegotiation(manager)
            if manager.suboption is not None and len(manager.suboption) > LONGEST_SUBNEGOTIATION_BYTES:
                _forget_subnegotiation(manager)
        return bytes(found)


def _forget_subnegotiation(manager: Any) -> None:
    manager.suboption = None
    manager.mode = 0  # between commands (serial.rfc2217.M_NORMAL)
