"""Energy mode's instruments around a booted machine: interface board and power monitor."""

from __future__ import annotations

import importlib
import time

from emulator.cli.desk_options import DeskOptions
from emulator.cli.interface_desk import HISTORY_BYTES, InterfaceDesk
from emulator.device import POWER_ON
from emulator.errors import UsageError
from emulator.links import Link, SerialEndpoint
from emulator.machine.machine import Machine

POWER_MONITOR = ("peripherals.instruments.power_monitor", "PowerMonitor")
READ_LIMIT_S = 5.0
SETTLE_S = 0.05
"""A host's two reading threads hand a line on in this time."""


class EnergyDesk:
    """The device's UART goes to the interface board, its time-stamp pin to the power monitor.

    ``interface`` and ``power`` are the instruments' endpoints towards the host. Call
    :meth:`advance` as modelled time passes.
    """

    def __init__(self, machine: Machine, device_port: SerialEndpoint, options: DeskOptions) -> None:
        self.meter = machine.energy_meter()
        self._desk = InterfaceDesk(machine, options, device_port, before_ready=self._samples_first)
        pin = self._desk.pins["timestamp"]
        if not pin:
            raise UsageError(
                "the board does not say which pin the time stamps are on",
                where=f"{machine.board.file}: energy.timestamp_pin",
                next_step="name the pin whose rising edge starts and stops a measurement",
            )
        self.interface = self._desk.port
        self.power = SerialEndpoint("power", history_bytes=HISTORY_BYTES)
        monitor_class = getattr(importlib.import_module(POWER_MONITOR[0]), POWER_MONITOR[1])
        self._monitor = monitor_class(self.power, self.meter, power_comes=self._restart)
        self._machine = machine
        self._power_link: Link | None = None
        self._event_came = False
        machine.signals.watch(pin, self._pin_changed)

    @property
    def is_playing(self) -> bool:
        """Whether a sound is played, so that modelled time goes on."""
        return self._desk.is_playing

    def host_reads_power_on(self, link: Link) -> None:
        """Name the power monitor's link: the end of a measurement waits until it has been read."""
        self._power_link = link

    def advance(self) -> None:
        """Account for the energy so far and send the samples that are due."""
        self.meter.update()
        self._monitor.advance()

    def _pin_changed(self, level: int) -> None:
        if level:
            self._monitor.event()
            self._event_came = True

    def _restart(self) -> None:
        """The host switched the board's power off and on."""
        self._desk.device_restarts()
        self._machine.request_reset("power cycle", POWER_ON)

    def _samples_first(self) -> None:
        """Hold ``m-ready`` back until the host has the samples: it looks at them right after."""
        if not self._event_came or self._power_link is None:
            return
        self._event_came = False
        self.advance()
        self._power_link.wait_until_read(READ_LIMIT_S)
        time.sleep(SETTLE_S)
