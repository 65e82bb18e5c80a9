"""RSTC of SAM D5x/E5x (datasheet DS60001507, chapter 17): why the chip was reset."""

from __future__ import annotations

from peripherals.microchip.reset_causes import POWERED_ON, cause_of_reset
from peripherals.register_device import RegisterDevice, read_only


class Rstc(RegisterDevice):
    """The reset controller; RCAUSE and BKUPEXIT share a word."""

    REGISTERS = (read_only(0x00, "RCAUSE", POWERED_ON),)

    def reset(self) -> None:
        """RCAUSE says why."""
        super().reset()
        self.values["RCAUSE"] = cause_of_reset(self.context.signals)
