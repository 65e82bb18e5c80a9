"""RTC of SAM D5x/E5x (datasheet DS60001507, chapter 21).

Of the calendar's two alarms the first one is modelled. Every reset resets it, not that of the
power alone.
"""

from __future__ import annotations

from peripherals.microchip.any_rtc import AnyRtc
from peripherals.register_device import Register, read_only


class RtcD51(AnyRtc):
    """The counter. CTRLA and CTRLB, the enables, and INTFLAG with DBGCTRL are words here."""

    COMPARES, MASK = ("COMP0", "COMP1"), "COMP1"
    FLAGS, OVERFLOW, MATCH_SHIFT = 0xFFFF, 1 << 15, 8
    SET_SHIFT = 16
    REGISTERS = (
        Register(0x00, "CTRL", writable=0xFFF7EFCE, on_write="control_changed"),
        Register(0x04, "EVCTRL"),
        Register(0x08, "INTEN", writable=0, on_read="enables", on_write="enables_written"),
        Register(0x0C, "INTFLAG", writable=0x10000, w1c=FLAGS, on_read="flags", on_write="moved"),
        read_only(0x10, "SYNCBUSY"),
        Register(0x14, "FREQCORR", writable=0xFF),
        Register(0x18, "COUNT", on_read="count", on_write="count_written"),
        Register(0x1C, "PER", writable=0xFFFF, on_write="changed"),
        Register(0x20, "COMP0", on_write="changed"),
        Register(0x24, "COMP1", on_write="changed"),
        Register(0x28, "ALARM1"),
        Register(0x2C, "MASK1"),
        *(Register(0x40 + 4 * n, f"GP{n}") for n in range(4)),
        Register(0x60, "TAMPCTRL"),
        read_only(0x64, "TIMESTAMP"),
        Register(0x68, "TAMPID", writable=0),
        *(Register(0x80 + 4 * n, f"BKUP{n}") for n in range(8)),
    )

    def divisor(self) -> int:
        """CTRLA.PRESCALER; 0: none, as 1."""
        return 1 << max(min(self.field("CTRL", 8, 4), 11) - 1, 0)
