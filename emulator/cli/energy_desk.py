"""Energy mode's instruments around a booted machine: interface board and power monitor."""

from __future__ import annotations

import importlib

from emulator.energy import EnergyMeter
from emulator.errors import UsageError
from emulator.links import SerialEndpoint
from emulator.machine import Machine

INTERFACE_BOARD = ("peripherals.instruments.interface_board", "InterfaceBoard")
POWER_MONITOR = ("peripherals.instruments.power_monitor", "PowerMonitor")
HISTORY_BYTES = 1 << 16


class EnergyDesk:
    """The device's UART goes to the interface board, its time-stamp pin to the power monitor.

    ``interface`` and ``power`` are the instruments' endpoints towards the host. Call
    :meth:`advance` as modelled time passes.
    """

    def __init__(self, machine: Machine, device_port: SerialEndpoint) -> None:
        self.meter = EnergyMeter(machine)
        pin = self.meter.facts.timestamp_pin
        if not pin:
            raise UsageError(
                "the board does not say which pin the time stamps are on",
                where=f"{machine.board.file}: energy.timestamp_pin",
                next_step="name the pin whose falling edge starts and stops a measurement",
            )
        self.interface = SerialEndpoint("interface", history_bytes=HISTORY_BYTES)
        self.power = SerialEndpoint("power", history_bytes=HISTORY_BYTES)
        board_class = getattr(importlib.import_module(INTERFACE_BOARD[0]), INTERFACE_BOARD[1])
        monitor_class = getattr(importlib.import_module(POWER_MONITOR[0]), POWER_MONITOR[1])
        self._board = board_class(self.interface, device_port)
        self._monitor = monitor_class(self.power, self.meter)
        machine.signals.watch(pin, self._pin_changed)

    def advance(self) -> None:
        """Account for the energy so far and send the samples that are due."""
        self.meter.update()
        self._monitor.advance()

    def _pin_changed(self, level: int) -> None:
        if not level:
            self._monitor.event()
