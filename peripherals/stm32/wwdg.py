"""Window watchdog (RM0432, chapter "System window watchdog"); same in all families.

A 7-bit counter of pclk/4096/prescaler. It resets the system when it falls below 0x40, or
is written while still above the window. Early wake-up interrupt at 0x40: line ``global``.
Parameters: ``clock`` ("pclk1") and ``prescaler_shift`` (7 or 11) with ``prescaler_width``.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.parts.paced_deadline import PacedDeadline
from peripherals.register_device import Register, RegisterDevice

CR_WDGA, COUNTER_MASK, LOWEST = 1 << 7, 0x7F, 0x40
CFR_WINDOW, CFR_EWI = 0x7F, 1 << 9
CLOCKS_A_COUNT = 4096


class Wwdg(RegisterDevice):
    """The window watchdog."""

    REGISTERS = (
        Register(0x00, "CR", 0x7F, writable=0, on_read="counter", on_write="counter_written"),
        Register(0x04, "CFR", 0x7F, on_write="configured"),
        Register(0x08, "SR", writable=0, w0c=1, on_write="flag_cleared"),
    )

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        clock = str(context.parameters.get("clock", "pclk1"))
        self._early = PacedDeadline(context, "early", clock, self._nearly_starved)
        self._expiry = PacedDeadline(context, "expiry", clock, self._starved)

    def reset(self) -> None:
        """Stop: only a system reset can."""
        super().reset()
        self._early.disarm()
        self._expiry.disarm()

    def counter_written(self, written: int, _old: int) -> None:
        """CR: reload, and start."""
        was_on = self.values["CR"] & CR_WDGA
        if was_on and self._count() > self.values["CFR"] & CFR_WINDOW:
            self._starved()
            return
        self.values["CR"] = (written & COUNTER_MASK) | was_on | (written & CR_WDGA)
        if not self.values["CR"] & CR_WDGA:
            return
        value = written & COUNTER_MASK
        if value < LOWEST:
            self._starved()
            return
        self._expiry.arm((value - LOWEST + 1) * self._clocks_a_count())
        if value > LOWEST:
            self._early.arm((value - LOWEST) * self._clocks_a_count())

    def counter(self) -> int:
        """CR: the running count."""
        if not self.values["CR"] & CR_WDGA:
            return self.values["CR"]
        self.context.touch()
        return CR_WDGA | self._count()

    def configured(self, _written: int, _old: int) -> None:
        """CFR: window, prescaler, early interrupt."""
        self._refresh()

    def flag_cleared(self, _written: int, _old: int) -> None:
        """SR: the early wake-up flag."""
        self._refresh()

    def _clocks_a_count(self) -> int:
        shift = int(self.context.parameters.get("prescaler_shift", 7))
        width = int(self.context.parameters.get("prescaler_width", 2))
        return CLOCKS_A_COUNT << (self.values["CFR"] >> shift & (1 << width) - 1)

    def _count(self) -> int:
        left = -(-self._expiry.ticks_left() // self._clocks_a_count())
        return LOWEST - 1 + left

    def _nearly_starved(self) -> None:
        self.set_bits("SR", 1)
        self._refresh()

    def _starved(self) -> None:
        self.context.signals.set("reset_cause:wwdg", 1)
        self.context.request_reset(f"{self.context.name}: the window watchdog was not served in its window")

    def _refresh(self) -> None:
        self.line("global").set_level(bool(self.values["SR"] & 1 and self.values["CFR"] & CFR_EWI))
