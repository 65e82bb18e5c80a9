"""OSC32KCTRL of SAM D5x/E5x (datasheet DS60001507, chapter 29): slow oscillators, and what the RTC counts.

OSCULP32K always runs; the crystal is ready as soon as it is on. The watchdog counts OSCULP32K's 1024 Hz.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.device import DeviceContext
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.register_device import Register, clears, read_only, sets

ENABLE, EN32K, EN1K = 1 << 1, 1 << 3, 1 << 4
READY = 1 << 0
SLOW_HZ, KILOHERTZ = 32_768, 1_024
FROM_CRYSTAL, FAST = 4, 1
"""RTCCTRL.RTCSEL: bits of it."""


class Osc32kctrl(InterruptDevice):
    """The controller of 32.768 kHz."""

    REGISTERS = (
        clears(0x00, "INTENCLR", "INTENSET", 0x5, shows="INTENSET"),
        sets(0x04, "INTENSET", "INTENSET", 0x5),
        Register(0x08, "INTFLAG", writable=0, w1c=0x5),
        read_only(0x0C, "STATUS"),
        Register(0x10, "RTCCTRL", writable=0x7, on_write="changed"),
        Register(0x14, "XOSC32K", 0x2080, writable=0x010777DE, on_write="changed"),
        Register(0x1C, "OSCULP32K", writable=0xBF06),
    )
    INTERRUPTS = (Interrupt("global", "INTFLAG", "INTENSET"),)
    PARTS = ("_outputs",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._outputs = ClockOutputs(context.clocks)

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """Those that no generator makes."""
        return ("rtc", "wdt")

    def reset(self) -> None:
        """The crystal off, the RTC at 1024 Hz."""
        super().reset()
        self._outputs.forget()
        self.changed(0, 0)

    def changed(self, _written: int, _old: int) -> None:
        """XOSC32K, RTCCTRL."""
        crystal = self.values["XOSC32K"]
        on = bool(crystal & ENABLE)
        rising = READY if on and not self.values["STATUS"] & READY else 0
        self.values["STATUS"] = READY if on else 0
        self.raise_flags("INTFLAG", rising)
        selected = self.values["RTCCTRL"]
        rtc = SLOW_HZ if selected & FAST else KILOHERTZ
        if selected & FROM_CRYSTAL and not (on and crystal & (EN32K if selected & FAST else EN1K)):
            rtc = 0
        self._outputs.publish({"rtc": rtc, "wdt": KILOHERTZ})
        self.context.signals.set("clock:osculp32k", SLOW_HZ)
        self.context.signals.set("clock:xosc32k", SLOW_HZ if on and crystal & EN32K else 0)
