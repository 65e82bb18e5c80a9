"""USBD of nRF52840 and nRF5340 (product specifications, chapter "USBD"): storage, and no host.

Firmware that waits for no host goes on; what it prints over USB is lost, which is told once. Ready as soon as
it is on, as the board's TOML says.
"""

from __future__ import annotations

from peripherals.quiet import Quiet

ENABLE = 0x500
NO_HOST = (
    "a USB device that no host sees: a console on USB prints nowhere; build the firmware with its console"
    " on a UART or over RTT"
)


class Usbd(Quiet):
    """The controller."""

    STATE = ("_told",)
    _told = False

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._told = False

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store; switching it on is told by name."""
        super().write(offset, size_bytes, value)
        if offset == ENABLE and value & 1 and not self._told:
            self._told = True
            self.context.unmodelled(offset, "write", NO_HOST)
