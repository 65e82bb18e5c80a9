"""RTC of SAM D21 (datasheet DS40001882, chapter 18)."""

from __future__ import annotations

from peripherals.microchip.any_rtc import AnyRtc
from peripherals.register_device import Register

OVERFLOW, READY = 1 << 7, 1 << 6
FLAGS = 0xC3
CLEAR_SHIFT, SET_SHIFT = 16, 24


class Rtc(AnyRtc):
    """The counter. CTRL and READREQ, EVCTRL and the enables, INTFLAG and STATUS are words here."""

    COMPARES, MASK = ("COMP0",), "MASK"
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
    STATE = ("_enables",)
    _enables = 0

    def reset(self) -> None:
        """Off, nothing enabled."""
        super().reset()
        self._enables = 0

    def divisor(self) -> int:
        """CTRL.PRESCALER."""
        return 1 << min(self.field("CTRL", 8, 4), 10)

    def enables(self) -> int:
        """EVCTRL, INTENCLR, INTENSET."""
        return self.values["EVCTRL"] | self._enables << CLEAR_SHIFT | self._enables << SET_SHIFT

    def enables_written(self, written: int, _old: int) -> None:
        """INTENCLR, INTENSET."""
        self._enables = (self._enables & ~(written >> CLEAR_SHIFT) | written >> SET_SHIFT) & FLAGS
        self.moved(0, 0)

    def flags(self) -> int:
        """INTFLAG, which always says that registers are synchronized."""
        self.caught_up()
        return self.values["INTFLAG"] | READY

    def moved(self, _written: int, _old: int) -> None:
        """The line follows."""
        self.line("global").set_level(bool((self.values["INTFLAG"] | READY) & self._enables))

    def raise_events(self, matches: int, overflow: bool) -> None:
        """CMP0, CMP1 or ALARM0, OVF."""
        self.set_bits("INTFLAG", matches & 3 | (OVERFLOW if overflow else 0))
        self.moved(0, 0)
