"""A PLL (RP2040 datasheet 2.18): reference / REFDIV * FBDIV / (POSTDIV1 * POSTDIV2).

It tells CLOCKS its frequency on the signal ``clock:NAME``. It locks as soon as it and its oscillator are
powered: the datasheet says no time.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register

LOCK, BYPASS = 1 << 31, 1 << 8
POWER_DOWN, POST_DIVIDERS_DOWN, OSCILLATOR_DOWN = 1 << 0, 1 << 3, 1 << 5
LEAST_FEEDBACK, MOST_FEEDBACK = 16, 320
REFERENCE = "clock:xosc"


class Pll(AtomicRegisters):
    """PLL_SYS or PLL_USB, whose reference is the crystal."""

    REGISTERS = (
        Register(0x00, "CS", 0x1, writable=0x13F, on_write="changed"),
        Register(0x04, "PWR", 0x2D, writable=0x2D, on_write="changed"),
        Register(0x08, "FBDIV_INT", writable=0xFFF, on_write="changed"),
        Register(0x0C, "PRIM", 0x77000, writable=0x77000, on_write="changed"),
    )

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        context.signals.watch(REFERENCE, lambda _hz: self.changed(0, 0))

    def reset(self) -> None:
        """Off."""
        super().reset()
        self.changed(0, 0)

    def changed(self, _written: int, _old: int) -> None:
        """Any register: lock, and tell the frequency."""
        power, reference_hz = self.values["PWR"], self.context.signals.get(REFERENCE)
        feedback = self.values["FBDIV_INT"]
        running = not power & (POWER_DOWN | OSCILLATOR_DOWN) and LEAST_FEEDBACK <= feedback <= MOST_FEEDBACK
        self.put_bits("CS", LOCK, running and reference_hz > 0)
        self.context.signals.set(f"clock:{self.context.name}", self._hz(reference_hz))

    def _hz(self, reference_hz: int) -> int:
        if self.values["CS"] & BYPASS:
            return reference_hz
        if not self.values["CS"] & LOCK or self.values["PWR"] & POST_DIVIDERS_DOWN:
            return 0
        divider = max(1, self.field("CS", 0, 6))
        divider *= max(1, self.field("PRIM", 16, 3)) * max(1, self.field("PRIM", 12, 3))
        return reference_hz * self.values["FBDIV_INT"] // divider
