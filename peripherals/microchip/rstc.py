"""RSTC of SAM D5x/E5x (datasheet DS60001507, chapter 17): why the chip was reset."""

from __future__ import annotations

from emulator.device import POWER_ON, RESET_PIN, SOFTWARE, reset_cause
from peripherals.register_device import RegisterDevice, read_only

CAUSES = {POWER_ON: 1 << 0, RESET_PIN: 1 << 4, "wdt": 1 << 5, SOFTWARE: 1 << 6}


class Rstc(RegisterDevice):
    """The reset controller; RCAUSE and BKUPEXIT share a word."""

    REGISTERS = (read_only(0x00, "RCAUSE", CAUSES[POWER_ON]),)

    def reset(self) -> None:
        """RCAUSE says why."""
        super().reset()
        signals = self.context.signals
        causes = [bit for cause, bit in CAUSES.items() if signals.get(reset_cause(cause))]
        self.values["RCAUSE"] = causes[0] if causes else CAUSES[POWER_ON]
