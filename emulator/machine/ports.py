"""A machine's serial ports: one for each UART and each channel of its debugger, and ITM stimulus port 0."""

from __future__ import annotations

from collections.abc import Callable

from emulator.board.console import ITM, RTT, ConsoleChoice, port_name, rtt_channels
from emulator.errors import UsageError
from emulator.links.endpoint import SerialEndpoint


class _ToldEndpoint(SerialEndpoint):
    """A serial endpoint that tells when a character passes."""

    def __init__(self, name: str, passed: Callable[[], None]) -> None:
        super().__init__(name)
        self._passed = passed

    def transmit(self, data: int) -> None:
        self._passed()
        super().transmit(data)

    def transmit_all(self, data: bytes) -> None:
        self._passed()
        super().transmit_all(data)

    def next_received(self) -> int | None:
        data = super().next_received()
        if data is not None:
            self._passed()
        return data


class SerialPorts:
    """The ports by the names of their devices; ``passed()`` is called as a character passes on any.

    ``rtt``: those of RTT's channels by their numbers, none when the console is another. What firmware
    says by semihosting comes out of the console, whatever that is.
    """

    def __init__(self, console: ConsoleChoice, passed: Callable[[], None]) -> None:
        self._passed = passed
        self.by_name: dict[str, SerialEndpoint] = {}
        self.itm: SerialEndpoint = _ToldEndpoint(ITM, passed)
        self._stimulus: dict[int, SerialEndpoint] = {0: self.itm}
        self.rtt: dict[int, SerialEndpoint] = {}
        self.console = self._console(console)

    def _console(self, choice: ConsoleChoice) -> SerialEndpoint:
        if choice.kind == RTT:
            self.rtt = {n: self.port_of(port_name(RTT, n)) for n in rtt_channels(choice.number)}
        elif choice.kind == ITM:
            if not choice.number:
                self.by_name[ITM] = self.itm
            self._stimulus[choice.number] = self.port_of(choice.port)
        return self.port_of(choice.port)

    def port_of(self, device: str) -> SerialEndpoint:
        """The port of a device, made when it is first asked for."""
        if device not in self.by_name:
            self.by_name[device] = _ToldEndpoint(device, self._passed)
        return self.by_name[device]

    def find(self, device: str, board: str) -> SerialEndpoint:
        """The port of a device of ``board`` that has one. Raises UsageError."""
        if device not in self.by_name:
            raise UsageError(
                f"{board} has no serial port {device!r}", next_step=f"use one of {', '.join(self.by_name)}"
            )
        return self.by_name[device]

    def talking(self) -> SerialEndpoint:
        """The console, or the port that the firmware has talked on instead.

        Energy images talk to the interface board's port and leave the console silent.
        """
        if self.console.sent:
            return self.console
        return next((port for port in self.by_name.values() if port.sent), self.console)

    def itm_output(self, stimulus_port: int, value: int) -> None:
        """The firmware wrote to the ITM."""
        port = self._stimulus.get(stimulus_port)
        if port is not None:
            port.transmit(value)

    def semihosting_output(self, data: bytes) -> None:
        """The firmware wrote by semihosting: that is shown on the console."""
        for byte in data:
            self.console.transmit(byte)
