"""PM of SAM D21 (datasheet DS40001882, chapter 16): dividers, masks of bus clocks, why the chip was reset.

Masks are kept, and no device's registers stop answering. Sleep modes are the core's sleep.
"""

from __future__ import annotations

from peripherals.microchip.reset_causes import POWERED_ON, cause_of_reset
from peripherals.register_device import Register, RegisterDevice, read_only

CLOCK_READY = 1 << 16
ENABLE_CLEAR, ENABLE_SET = 0, 8


class Pm(RegisterDevice):
    """The power manager. Bytes that share a word are one register here."""

    LINES = ("global",)
    REGISTERS = (
        Register(0x00, "CTRL", writable=0x0300),
        Register(0x08, "CPUSEL", writable=0x07070707, on_write="divided"),
        Register(0x14, "AHBMASK", 0x7F, writable=0x7F),
        Register(0x18, "APBAMASK", 0x7F, writable=0x7F),
        Register(0x1C, "APBBMASK", 0x7F, writable=0x7F),
        Register(0x20, "APBCMASK", 0x10000, writable=0x1F3FFF),
        Register(0x34, "INTFLAG", CLOCK_READY, writable=0, w1c=CLOCK_READY, on_write="enabled"),
        read_only(0x38, "RCAUSE", POWERED_ON),
    )

    def reset(self) -> None:
        """Undivided; RCAUSE says why."""
        super().reset()
        self.values["RCAUSE"] = cause_of_reset(self.context.signals)
        self.context.signals.set("divider:cpu", 0)

    def divided(self, _written: int, _old: int) -> None:
        """CPUSEL, APBnSEL: at once."""
        self.context.signals.set("divider:cpu", self.field("CPUSEL", 0, 3))
        self.set_bits("INTFLAG", CLOCK_READY)

    def enabled(self, written: int, _old: int) -> None:
        """INTENCLR, INTENSET: bytes of INTFLAG's word."""
        if written & 1 << ENABLE_SET:
            self.values["INTFLAG"] |= 0x0101
        if written & 1 << ENABLE_CLEAR:
            self.values["INTFLAG"] &= ~0x0101
        flags = self.values["INTFLAG"]
        self.line("global").set_level(bool(flags & CLOCK_READY and flags & 1))
