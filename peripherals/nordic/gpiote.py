"""GPIOTE of nRF52 and nRF53 (chapter "GPIOTE"): eight pins as events or tasks, and the ports' DETECT.

A channel in event mode makes IN[n] at the edge of its polarity; in task mode it drives its pin, by the tasks
OUT[n] (as its polarity says), SET[n] and CLR[n]. PORT happens when a port's DETECT rises
(:mod:`peripherals.nordic.gpio`). An event takes no time here; on the chip it is one of PCLK16M's periods.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, ClassVar

import msgspec

from emulator.device import DeviceContext
from emulator.schema.table import about
from peripherals.nordic.event_device import EventDevice, EventParameters, numbered
from peripherals.register_device import Register

CHANNELS, CONFIG0 = 8, 0x510
EVENT, TASK = 1, 3
RISING, FALLING, TOGGLE = 1, 2, 3
OUTPUT_STARTS_HIGH = 1 << 20


class GpioteParameters(EventParameters, frozen=True):
    """Whose DETECT it hears."""

    ports: Annotated[
        list[str], about("The ports whose DETECT makes PORT.", names_a="device", example=["p0", "p1"])
    ] = msgspec.field(default_factory=lambda: ["p0"])


class Gpiote(EventDevice):
    """The eight channels."""

    PARAMETERS = GpioteParameters
    parameters: GpioteParameters
    TASKS: ClassVar = {
        **numbered("OUT", CHANNELS, 0x000),
        **numbered("SET", CHANNELS, 0x030),
        **numbered("CLR", CHANNELS, 0x060),
    }
    EVENTS: ClassVar = {**numbered("IN", CHANNELS, 0x100), "PORT": 0x17C}
    REGISTERS = (
        Register(0x504, "LATENCY", 1, writable=1),
        *(
            Register(CONFIG0 + 4 * i, f"CONFIG{i}", writable=0x133F03, on_write="configured")
            for i in range(CHANNELS)
        ),
    )

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._watched: set[str] = set()  # pins, for good
        for port in self.parameters.ports:
            context.signals.watch(f"detect:{port}", self._detected)

    def load(self, state: Any) -> None:
        """Put a saved state back, and watch the pins that it needs."""
        super().load(state)
        self._watch()

    # -- tasks -------------------------------------------------------------------------------
    def task_out(self, channel: int) -> None:
        """As the polarity says."""
        polarity = self._polarity(channel)
        if polarity == TOGGLE:
            self._drive(channel, 1 - self.context.signals.get(self._pin(channel)))
        elif polarity:
            self._drive(channel, int(polarity == RISING))

    def task_set(self, channel: int) -> None:
        """High."""
        self._drive(channel, 1)

    def task_clr(self, channel: int) -> None:
        """Low."""
        self._drive(channel, 0)

    # -- effects -----------------------------------------------------------------------------
    def configured(self, _written: int, old: int) -> None:
        """CONFIG[n]: a channel that becomes a task drives its pin's first level."""
        channel = (self.access_offset - CONFIG0) // 4
        now = self.values[f"CONFIG{channel}"]
        if now != old:
            self._drive(channel, int(bool(now & OUTPUT_STARTS_HIGH)))
        self._watch()

    # -- inside ------------------------------------------------------------------------------
    def _mode(self, channel: int) -> int:
        return self.values[f"CONFIG{channel}"] & 3

    def _polarity(self, channel: int) -> int:
        return self.field(f"CONFIG{channel}", 16, 2)

    def _pin(self, channel: int) -> str:
        return f"P{self.field(f'CONFIG{channel}', 13, 1)}_{self.field(f'CONFIG{channel}', 8, 5)}"

    def _drive(self, channel: int, level: int) -> None:
        if self._mode(channel) == TASK:
            self.context.signals.set(self._pin(channel), level)

    def _watch(self) -> None:
        for channel in range(CHANNELS):
            pin = self._pin(channel)
            if self._mode(channel) == EVENT and pin not in self._watched:
                self._watched.add(pin)
                self.context.signals.watch(pin, partial(self._moved, pin))

    def _moved(self, pin: str, level: int) -> None:
        edge = RISING if level else FALLING
        for channel in range(CHANNELS):
            if self._mode(channel) == EVENT and self._pin(channel) == pin and self._polarity(channel) & edge:
                self.fire(f"IN{channel}")

    def _detected(self, level: int) -> None:
        if level:
            self.fire("PORT")
