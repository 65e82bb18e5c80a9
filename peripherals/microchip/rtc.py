"""RTC of SAM D21 (datasheet DS40001882, chapter 18)."""

from __future__ import annotations

from peripherals.microchip.any_rtc import AnyRtc
from peripherals.register_device import Register


class Rtc(AnyRtc):
    """The counter. CTRL and READREQ, EVCTRL and the enables, INTFLAG and STATUS are words here."""

    COMPARES, MASK = ("COMP0",), "MASK"
    FLAGS, READY, OVERFLOW = 0xC3, 1 << 6, 1 << 7
    CLEAR_SHIFT, SET_SHIFT = 16, 24
    REGISTERS = (
        Register(0x00, "CTRL", writable=0x40000FCE, on_write="control_changed"),
        Register(0x04, "EVCTRL", writable=0xC3FF, on_read="enables", on_write="enables_written"),
        Register(0x08, "INTFLAG", writable=0, w1c=FLAGS, on_read="flags", on_write="moved"),
        Register(0x0C, "FREQCORR", writable=0xFF),
        Register(0x10, "COUNT", on_read="count", on_write="count_written"),
        Register(0x14, "PER", writable=0xFFFF, on_write="changed"),
        Register(0x18, "COMP0", on_write="changed"),
        Register(0x1C, "MASK", writable=0x7, on_write="changed"),
    )

    def divisor(self) -> int:
        """CTRL.PRESCALER."""
        return 1 << min(self.field("CTRL", 8, 4), 10)

    def enables(self) -> int:
        """EVCTRL, INTENCLR, INTENSET."""
        return self.values["EVCTRL"] | super().enables()
