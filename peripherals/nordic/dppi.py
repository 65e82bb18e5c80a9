"""DPPIC of nRF53: switches the channels on which events are published and to which tasks subscribe.

Source: nRF5340 product specification, chapter "DPPI". What an event publishes and which tasks subscribe is
said by the devices' own registers (:mod:`peripherals.nordic.event_device`); a channel that is on is the
signal ``dppi_on:NUMBER``.
"""

from __future__ import annotations

from typing import ClassVar

from peripherals.nordic.event_device import EventDevice
from peripherals.register_device import Register, clears, sets

CHANNELS, GROUPS = 32, 6


class Dppic(EventDevice):
    """The controller; its tasks switch groups of channels."""

    LINES = ()
    TASKS: ClassVar = {
        **{f"ENABLE{i}": 8 * i for i in range(GROUPS)},
        **{f"DISABLE{i}": 8 * i + 4 for i in range(GROUPS)},
    }
    REGISTERS = (
        Register(0x500, "CHEN", on_write="channels_changed"),
        sets(0x504, "CHENSET", "CHEN", shows="CHEN"),
        clears(0x508, "CHENCLR", "CHEN", shows="CHEN"),
        *(Register(0x800 + 4 * i, f"CHG{i}") for i in range(GROUPS)),
    )

    def reset(self) -> None:
        """No channel is on."""
        super().reset()
        self._tell()

    def refresh_line(self) -> None:
        """It never interrupts."""

    def task_enable(self, group: int) -> None:
        """CHG[n].EN."""
        self.set_bits("CHEN", self.values[f"CHG{group}"])
        self._tell()

    def task_disable(self, group: int) -> None:
        """CHG[n].DIS."""
        self.clear_bits("CHEN", self.values[f"CHG{group}"])
        self._tell()

    def channels_changed(self, _written: int, _old: int) -> None:
        """CHEN."""
        self._tell()

    def _tell(self) -> None:
        for channel in range(CHANNELS):
            self.context.signals.set(f"dppi_on:{channel}", self.values["CHEN"] >> channel & 1)
