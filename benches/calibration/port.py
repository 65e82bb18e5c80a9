"""A board's serial port: one whole pass of what the calibration firmware prints there."""

from __future__ import annotations

import time
from typing import Protocol

import serial

from benches.calibration.counts import BEGIN, END, parse_counts
from emulator.errors import LimitReached, UsageError

QUIET_S = 0.2
"""How long one read waits."""
MOST_BYTES = 4 << 20
"""More than hundreds of passes; a port that sends other things without end is none of ours."""


class Port(Protocol):
    """What is needed of pyserial's ports."""

    def read(self, size: int = ...) -> bytes:
        """Bytes that are there, or none after a while."""


def read_port(device: str, baud: int, seconds: float) -> str:
    """Open a port by its name (or pyserial's URL) and read a pass. Raises UsageError, LimitReached."""
    try:
        with serial.serial_for_url(device, baudrate=baud, timeout=QUIET_S) as port:
            return read_pass(port, device, seconds)
    except (serial.SerialException, OSError, ValueError) as error:
        raise UsageError(
            f"the port can't be read: {error}", where=device, next_step="which ports are there: "
            "python -m serial.tools.list_ports"
        ) from error  # fmt: skip


def read_pass(port: Port, device: str, seconds: float) -> str:
    """Everything from the first `begin` to the next `end`; passes that were damaged are passed over."""
    text = ""
    until = time.monotonic() + seconds
    problem = f"no line `{BEGIN}` came"
    while time.monotonic() < until and len(text) < MOST_BYTES:
        text += port.read(4096).decode("ascii", "replace")
        begin = text.find(BEGIN)
        end = text.find(END, begin)
        if begin < 0 or end < 0 or "\n" not in text[end:]:
            continue
        behind = text.index("\n", end) + 1
        try:
            parse_counts(text[begin:behind], device)
        except UsageError as error:
            problem = error.what
            text = text[behind:]
            continue
        return text[begin:behind]
    raise LimitReached(
        f"{problem} in {seconds:g} s",
        where=device,
        next_step="is the firmware of `boardless build calibration` on the board, and the baud rate its own?",
    )
