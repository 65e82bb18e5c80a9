"""A serial port of an emulated device, as a test's channel."""

from __future__ import annotations

from collections.abc import Callable

from emulator.links.endpoint import SerialEndpoint
from emulator.machine.awaited_text import text_outputs
from emulator.machine.execution import StopReason
from emulator.machine.machine import Machine
from emulator.testing.channel import Channel
from emulator.testing.modelled_time import TimedRuns


class MachineChannel(Channel):
    """While a test waits, the machine runs; else time stands still."""

    def __init__(self, machine: Machine, endpoint: SerialEndpoint, runs: TimedRuns) -> None:
        super().__init__(endpoint.name)
        self._machine = machine
        self._endpoint = endpoint
        self._runs = runs
        self._is_new = False
        endpoint.subscribe(self._came)

    def _came(self, data: bytes) -> None:
        self.hear(data)
        self._is_new = True

    def _send(self, data: bytes) -> None:
        self._endpoint.feed(data)

    def _look_for_more(self) -> None:
        """It has been added as it came."""

    def _receive(self, found: Callable[[], bool], timeout_s: float) -> str:
        def finished() -> bool:
            is_new, self._is_new = self._is_new, False
            return is_new and found()

        self._is_new = False
        reason = self._runs.run(timeout_s, finished)
        if reason is StopReason.EXIT:
            return f"the firmware ended itself with exit code {self._machine.exit_code}"
        return f"{timeout_s:g} s of modelled time have passed"

    def _elsewhere(self) -> str:
        ports = text_outputs(self._machine)
        others = [port.name for port in ports if port.sent and port is not self._endpoint]
        return f'; the firmware talks on {others[0]}, too: dut.serial("{others[0]}")' if others else ""

    def _where(self) -> str:
        return self._machine.where()
