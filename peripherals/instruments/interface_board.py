"""The benchmark's interface board: commands for the device, its lines back, sounds, and what its pins did.

On a desk it is a STM32H573I-DK with the benchmark's interface firmware; level shifters let
the device run at 1.8 V. Commands end with ``%``, replies with ``m-ready``. Source of the
commands, byte for byte: mlcommons/tiny benchmark/interface (``InterfaceMenu.cpp``, ``Menu.cpp``), 2026-05.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from emulator.clock.clock import Clock
from emulator.errors import UsageError
from peripherals.instruments.edge_recorder import EdgeRecorder
from peripherals.instruments.host_port import CommandPort, HostPort
from peripherals.instruments.sound_player import SoundPlayer
from peripherals.instruments.wave_file import parse_wave

NAME = "tinyML Enhanced Interface Board"
DUT_BAUD = 9600
BAUD_TOLERANCE = 0.05
NEWLINE = 0x0A
READY = "m-ready"
COMMANDS = (
    "dut", "name", "ls", "play", "setbaud", "checkbaud", "record_detections", "print_detections",
    "print_dutycycle",
)  # fmt: skip
"""The first one that a command begins with is taken; behind it comes nothing, or a blank and an argument."""
NOT_PLAYED = "Error playing file. Check that the file exists and is a 2-channel wav file.\n"


class DeviceUart(Protocol):
    """The device's UART, from the interface board's side."""

    @property
    def baud(self) -> int:
        """Its baud rate as far as it is known, else 0."""

    def feed(self, data: bytes) -> None:
        """Queue bytes for the device."""

    def subscribe(self, listener: Callable[[bytes], None]) -> None:
        """Call ``listener`` with every piece that the device sends."""


class NoUart:
    """Implements :class:`DeviceUart` for a device whose UART goes elsewhere."""

    baud = 0

    def feed(self, data: bytes) -> None:
        """Nobody hears it."""

    def subscribe(self, listener: Callable[[bytes], None]) -> None:
        """Nothing will come."""


class SdCard(Protocol):
    """The card in the board's slot."""

    def names(self) -> Sequence[str]:
        """Its files."""

    def read(self, name: str) -> bytes:
        """A file's content. Raises UsageError when it is not there."""


class EmptySlot:
    """Implements :class:`SdCard` where there is none."""

    def names(self) -> Sequence[str]:
        """Nothing."""
        return ()

    def read(self, name: str) -> bytes:
        """Raise UsageError, always."""
        raise UsageError(
            "the interface board has no SD card", where=name, next_step="give one: --sd-card DIR"
        )


class InterfaceBoard:
    """One interface board between a host's port and a device's UART.

    ``before_ready`` is called before the device's ``m-ready`` goes to the host: what other
    instruments measured until then is to reach the host first. ``told`` is given the reason for which a
    file was not played, which the board itself keeps to itself.
    What a device says while it boots is not passed on (it would be taken for an answer), and
    commands for it wait until it is ready. A device that talks at another baud rate than
    ``setbaud`` named is not understood, either way, as with wires. While a sound is played, commands wait.
    """

    def __init__(
        self,
        port: HostPort,
        device: DeviceUart,
        *,
        before_ready: Callable[[], None] = lambda: None,
        card: SdCard | None = None,
        player: SoundPlayer | None = None,
        edges: EdgeRecorder | None = None,
        told: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        self.baud = DUT_BAUD
        self._before_ready = before_ready
        self._device = device
        self._card = card or EmptySlot()
        self._player = player
        self._edges = edges or EdgeRecorder(Clock(1))
        self._told = told
        self._line = bytearray()
        self._booting = False
        self._held: list[bytes] = []
        self._later: list[str] = []
        self._host = CommandPort(port, b"%", self._command)
        device.subscribe(self._device_sent)

    def device_restarts(self) -> None:
        """Hear that the device's power comes back: it boots, up to its ``m-ready``."""
        self._booting = True
        self._held.clear()
        self._line.clear()

    @property
    def is_playing(self) -> bool:
        """Whether a sound is being played."""
        return self._player is not None and self._player.is_playing

    def _command(self, command: str) -> None:
        if self.is_playing:
            self._later.append(command)
            return
        word = next((word for word in COMMANDS if command.startswith(word)), "")
        rest = command[len(word) :]
        if word and rest and not (rest.startswith(" ") and len(rest) > 1):
            return  # the board says nothing to that
        answers: dict[str, Callable[[], None]] = {
            "dut": lambda: self._pass_through(rest[1:]),
            "name": lambda: self._reply(f"{NAME}\r\n"),
            "ls": lambda: self._reply("".join(f"{name}\r\n" for name in self._card.names())),
            "play": lambda: self._play(rest[1:]),
            "setbaud": lambda: self._set_baud(rest[1:]),
            "checkbaud": lambda: self._reply(f"baud is: {self.baud}\n"),
            "record_detections": self._record,
            "print_detections": lambda: self._reply(self._edges.detections_text()),
            "print_dutycycle": lambda: self._reply(self._edges.duty_cycle_text()),
        }
        answers.get(word, lambda: self._reply(""))()

    def _reply(self, text: str) -> None:
        self._host.write(f"{text}{READY}\r\n")

    def _set_baud(self, text: str) -> None:
        if not text.isdecimal() or not int(text):
            self._reply(f"e-[Invalid baud rate '{text}']\r\n")
            return
        self.baud = int(text)
        self._edges.restart()  # it resets itself
        self._reply(f"set baud to: {self.baud}\n")

    def _record(self) -> None:
        self._edges.restart()
        self._reply("Now recording detections\r\n")

    # -- sounds ------------------------------------------------------------------------------
    def _play(self, name: str) -> None:
        self._host.write(f"Attempting to play {name}\n")
        if self._player is None:
            self._reply(NOT_PLAYED)
            return
        try:
            sound = parse_wave(self._card.read(name), name)
        except UsageError as error:
            self._told(str(error))
            self._reply(NOT_PLAYED)
            return
        self._player.play(sound.samples, self._played)

    def _played(self) -> None:
        self._reply("succeeded.\n")
        waiting, self._later = self._later, []
        for command in waiting:
            self._command(command)

    # -- the device --------------------------------------------------------------------------
    def _pass_through(self, command: str) -> None:
        self._reply(f"m-dut-passthrough({command})\r\n")
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
                    f"e-[The device's UART is set to {self._device.baud} baud, this board to {self.baud}]\r\n"
                )
        self._held.clear()

    def _understood(self) -> bool:
        device = self._device.baud
        return not device or abs(device - self.baud) <= BAUD_TOLERANCE * self.baud
