"""The interface board of energy mode: passes commands to the device, and its lines back.

On a desk it is a STM32H573I-DK with the benchmark's interface firmware; level shifters let
the device run at 1.8 V. Commands end with ``%``, replies with ``m-ready``. Source of the
commands: mlcommons/tiny benchmark/runner (host side), 2026-05.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from peripherals.instruments.host_port import CommandPort, HostPort

NAME = "Boardless simulated interface"
DUT_BAUD = 9600
BAUD_TOLERANCE = 0.05
NEWLINE = 0x0A
READY = "m-ready"
HELP = ("help", "name", "ls", "play FILE", "setbaud N", "dut COMMAND")


class DeviceUart(Protocol):
    """The device's UART, from the interface board's side."""

    baud: int

    def feed(self, data: bytes) -> None:
        """Queue bytes for the device."""

    def subscribe(self, listener: Callable[[bytes], None]) -> None:
        """Call ``listener`` with every piece that the device sends."""


class InterfaceBoard:
    """One interface board between a host's port and a device's UART.

    ``before_ready`` is called before the device's ``m-ready`` goes to the host: what other
    instruments measured until then is to reach the host first.
    What a device says while it boots is not passed on (it would be taken for an answer), and
    commands for it wait until it is ready. A device that talks at another baud rate than
    ``setbaud`` named is not understood, either way, as with wires.
    """

    def __init__(
        self, port: HostPort, device: DeviceUart, *, before_ready: Callable[[], None] = lambda: None
    ) -> None:
        self.baud = DUT_BAUD
        self._before_ready = before_ready
        self._device = device
        self._line = bytearray()
        self._booting = False
        self._held: list[bytes] = []
        self._host = CommandPort(port, b"%", self._command)
        device.subscribe(self._device_sent)

    def device_restarts(self) -> None:
        """Hear that the device's power comes back: it boots, up to its ``m-ready``."""
        self._booting = True
        self._held.clear()
        self._line.clear()

    def _command(self, command: str) -> None:
        word, _, rest = command.partition(" ")
        answers: dict[str, Callable[[], None]] = {
            "name": lambda: self._reply(f"m-name-interface-[{NAME}]"),
            "help": lambda: self._reply(*HELP),
            "ls": self._reply,
            "setbaud": lambda: self._set_baud(rest),
            "dut": lambda: self._pass_through(rest),
        }
        answer = answers.get(word)
        if answer is None:
            self._reply(f"e-[Unknown command: {command}]")
        else:
            answer()

    def _reply(self, *lines: str) -> None:
        for line in (*lines, READY):
            self._host.write_line(line)

    def _set_baud(self, text: str) -> None:
        if not text.isdecimal() or not int(text):
            self._reply(f"e-[Invalid baud rate '{text}']")
            return
        self.baud = int(text)
        self._reply(f"set baud to: {self.baud}")

    def _pass_through(self, command: str) -> None:
        self._reply(f"m-dut-passthrough({command})")
        self._held.append(f"{command}%".encode("ascii", "replace"))
        self._feed_held()

    def _device_sent(self, data: bytes) -> None:
        for byte in data:
            if byte != NEWLINE:
                self._line.append(byte)
                continue
            text = self._line.decode("ascii", "replace").strip("\r")
            self._line.clear()
            self._line_came(text)

    def _line_came(self, text: str) -> None:
        if self._booting:
            self._booting = text != READY
            self._feed_held()
        elif self._understood():
            if text == READY:
                self._before_ready()
            self._host.write_line(f"[dut]: {text}")

    def _feed_held(self) -> None:
        if self._booting:
            return
        for command in self._held:
            if self._understood():
                self._device.feed(command)
            else:
                self._reply(
                    f"e-[The device's UART is set to {self._device.baud} baud, this board to {self.baud}]"
                )
        self._held.clear()

    def _understood(self) -> bool:
        device = self._device.baud
        return not device or abs(device - self.baud) <= BAUD_TOLERANCE * self.baud
