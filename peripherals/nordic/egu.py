"""EGU, the event generator of nRF52 and nRF53 (chapter "EGU"): TRIGGER[n] makes the event TRIGGERED[n]."""

from __future__ import annotations

from peripherals.nordic.event_device import EventDevice, numbered

CHANNELS = 16


class Egu(EventDevice):
    """One unit, which is the software interrupt of its number, too."""

    TASKS = numbered("TRIGGER", CHANNELS, 0x000)
    EVENTS = numbered("TRIGGERED", CHANNELS, 0x100)

    def task_trigger(self, channel: int) -> None:
        """TRIGGER[n]."""
        self.fire(f"TRIGGERED{channel}")
