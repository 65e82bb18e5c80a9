"""A real board behind a serial port: the same tests, for what a board can do."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.board.model import Board
from emulator.errors import LinkError, NotOnABoard, UsageError
from emulator.testing.channel import Channel
from emulator.testing.dut import Dut, Firmware
from emulator.testing.failure import last_lines

POLL_S = 0.02
"""A read comes back after so long without a character."""
LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Wiring:
    """How a board is reached. ``load``, ``reset``: commands; {image}, {base}, {port} and {board} in them."""

    port: str
    baud: int
    load: str | None = None
    reset: str | None = None


class PortChannel(Channel):
    """An open serial port. What has come while nobody waited is read when somebody does."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(wiring.port)
        import serial  # noqa: PLC0415 -- emulated boards do without

        self._errors = (serial.SerialException, OSError)
        self.transcript = bytearray()
        try:
            self._port: Any = serial.serial_for_url(wiring.port, baudrate=wiring.baud, timeout=POLL_S)
        except (serial.SerialException, OSError, ValueError) as error:
            raise LinkError(
                f"can't be opened: {error}", where=wiring.port, next_step="is the board plugged in, and free?"
            ) from error

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def forget(self) -> None:
        """Drop all that has come until now."""
        self._read()
        self.unread.clear()
        self.transcript.clear()

    def _read(self) -> bool:
        try:
            data: bytes = self._port.read(max(1, self._port.in_waiting))
        except self._errors as error:
            raise LinkError(f"the port has gone: {error}", where=self.name) from error
        self.hear(data)
        self.transcript += data
        return bool(data)

    def _look_for_more(self) -> None:
        while self._read():
            pass

    def _send(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except self._errors as error:
            raise LinkError(f"the port has gone: {error}", where=self.name) from error

    def _receive(self, found: Callable[[], bool], timeout_s: float) -> str:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if self._read() and found():
                break
        return f"{timeout_s:g} s have passed"

    def _where(self) -> str:
        return self.name


class WiredBoard:
    """The board for a session of tests: its port stays open, and it knows what is in its flash."""

    def __init__(self, board: Board, wiring: Wiring) -> None:
        self.board = board
        self.wiring = wiring
        self.channel = PortChannel(wiring)
        self._holds: Firmware | None = None

    def load(self, firmware: Firmware) -> None:
        """Put an image into the board, where another is, or start the one that is there anew; boot it."""
        if self.wiring.load is None:
            raise NotOnABoard(
                f"the test loads {firmware.path.name}, and nobody has said how",
                next_step="give --dut-load COMMAND with {image} in it",
            )
        if firmware.files or firmware.start is not None:
            raise NotOnABoard(
                f"the test loads {firmware.path.name} with further files or another start,"
                " and --dut-load puts one image into a board",
                next_step="run this test without --dut-port",
            )
        self.channel.forget()
        if self._holds == firmware and self.wiring.reset is not None:
            self._command(self.wiring.reset, firmware)
        else:
            self._holds = None
            self._command(self.wiring.load, firmware)
            self._holds = firmware
        if firmware.boot is not None:
            self.channel.expect_exact(firmware.boot, firmware.timeout_s)

    def reset(self) -> None:
        """Reset by a command."""
        if self.wiring.reset is None:
            raise NotOnABoard("the test resets the board, and nobody has said how",
                              next_step="give --dut-reset COMMAND")  # fmt: skip
        self._command(self.wiring.reset, self._holds)

    def _command(self, command: str, firmware: Firmware | None) -> None:
        names = {"port": self.wiring.port, "board": self.board.name, "image": "", "base": ""}
        if firmware is not None:
            base = "" if firmware.base is None else hex(firmware.base)
            names |= {"image": str(firmware.path.resolve()), "base": base}
        try:
            words = [word.format_map(names) for word in shlex.split(command)]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
        except (OSError, KeyError, ValueError, IndexError) as error:
            raise UsageError(
                f"can't be run: {error}",
                where=command,
                next_step="{image}, {base}, {port} and {board} are known",
            ) from error
        if done.returncode:
            said = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[-LINES_SHOWN:])
            raise LinkError(f"ended with code {done.returncode}", where=shlex.join(words), next_step=said)


class WiredDut(Dut):
    """For one test."""

    def __init__(self, wired: WiredBoard) -> None:
        self._wired = wired
        self.board = wired.board
        self.console: Channel = wired.channel
        wired.channel.forget()
        wired.channel.be_quiet()

    def load_firmware(self, firmware: Firmware) -> None:
        """By the user's command."""
        self._wired.load(firmware)
        self.image = firmware.path

    def reset(self) -> None:
        """By the user's command."""
        self._wired.reset()

    def close(self) -> None:
        """The port stays open."""

    def sections(self) -> list[tuple[str, str]]:
        """The console."""
        text = last_lines(bytes(self._wired.channel.transcript))
        return [(f"{self.board.name} on {self._wired.wiring.port}: console", text)] if text else []
