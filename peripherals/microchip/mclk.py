"""MCLK of SAM D5x/E5x (datasheet DS60001507, chapter 15): the core's divider, masks of bus clocks.

Masks are kept, and no device's registers stop answering. A divider is in force at once.
"""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice

READY_SHIFT, SET_SHIFT, CLEAR_SHIFT = 24, 16, 8
CPU_SHIFT = 8


class Mclk(RegisterDevice):
    """The main clock controller. Bytes that share a word are one register here."""

    LINES = ("global",)
    REGISTERS = (
        Register(0x00, "INTFLAG", 1 << READY_SHIFT, writable=0, w1c=1 << READY_SHIFT, on_read="flags",
                 on_write="enabled"),
        Register(0x04, "CPUDIV", 0x0101, writable=0xFF00, on_write="divided"),
        Register(0x10, "AHBMASK", 0x00FFFFFF),
        Register(0x14, "APBAMASK", 0x000007FF),
        Register(0x18, "APBBMASK", 0x00018056),
        Register(0x1C, "APBCMASK", 0x00002000),
        Register(0x20, "APBDMASK"),
    )  # fmt: skip
    STATE = ("_enabled",)
    _enabled = 0

    def reset(self) -> None:
        """Undivided."""
        super().reset()
        self._enabled = 0
        self.context.signals.set("divider:cpu", 0)

    def flags(self) -> int:
        """INTENCLR, INTENSET, INTFLAG."""
        return self.values["INTFLAG"] | self._enabled << CLEAR_SHIFT | self._enabled << SET_SHIFT

    def enabled(self, written: int, _old: int) -> None:
        """INTENCLR, INTENSET."""
        self._enabled = self._enabled & ~(written >> CLEAR_SHIFT) & 1 | written >> SET_SHIFT & 1
        self._refresh()

    def divided(self, _written: int, _old: int) -> None:
        """CPUDIV: one bit of it is set, which is the divisor."""
        divides = self.field("CPUDIV", CPU_SHIFT, 8)
        self.context.signals.set("divider:cpu", max(divides, 1).bit_length() - 1)
        self.set_bits("INTFLAG", 1 << READY_SHIFT)
        self._refresh()

    def _refresh(self) -> None:
        self.line("global").set_level(bool(self.values["INTFLAG"] >> READY_SHIFT & self._enabled))
