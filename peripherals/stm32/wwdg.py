"""Window watchdog (RM0432, chapter "System window watchdog"); same in all families.

A 7-bit counter of pclk/4096/prescaler. It resets the system when it falls below 0x40, or
is written while still above the window. Early wake-up interrupt at 0x40: line ``global``.
Parameters: ``clock`` ("pclk1") and ``prescaler_shift`` (7 or 11) with ``prescaler_width``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from emulator.device import ClockedParameters, ClockName, DeviceContext
from emulator.schema.table import about
from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.parts.watchdog import Watchdog
from peripherals.register_device import Register

CR_WDGA, COUNTER_MASK, LOWEST = 1 << 7, 0x7F, 0x40
CFR_WINDOW, CFR_EWI_SHIFT = 0x7F, 9
SR_EWIF = 1 << 0
CLOCKS_A_COUNT = 4096


class WwdgParameters(ClockedParameters, frozen=True):
    """What it counts, and where its prescaler is."""

    clock: ClockName = "pclk1"
    prescaler_shift: Annotated[Literal[7, 11], about("Lowest bit of CFR's prescaler field.", example=11)] = 7
    prescaler_width: Annotated[
        Literal[2, 3], about("Width of CFR's prescaler field.", unit="bits", example=3)
    ] = 2


class Wwdg(InterruptDevice):
    """The window watchdog."""

    PARAMETERS = WwdgParameters
    parameters: WwdgParameters
    REGISTERS = (
        Register(0x00, "CR", 0x7F, writable=0, on_read="counter", on_write="counter_written"),
        Register(0x04, "CFR", 0x7F),
        Register(0x08, "SR", writable=0, w0c=SR_EWIF),
    )
    INTERRUPTS = (Interrupt("global", "SR", "CFR", SR_EWIF, enable_shift=CFR_EWI_SHIFT),)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        clock = self.parameters.clock
        self._dog = Watchdog(
            context, clock, cause="wwdg", title="the window watchdog", on_early=self._nearly_starved
        )

    def reset(self) -> None:
        """Stop: only a system reset can."""
        super().reset()
        self._dog.stop()

    def counter_written(self, written: int, _old: int) -> None:
        """CR: reload, and start."""
        was_on = self.values["CR"] & CR_WDGA
        if was_on and self._count() > self.values["CFR"] & CFR_WINDOW:
            self._dog.bite("was fed before its window")
            return
        self.values["CR"] = (written & COUNTER_MASK) | was_on | (written & CR_WDGA)
        if not self.values["CR"] & CR_WDGA:
            return
        value = written & COUNTER_MASK
        if value < LOWEST:
            self._dog.bite("was set to its end")
            return
        counts = value - LOWEST
        self._dog.feed((counts + 1) * self._clocks_a_count(), early_ticks=counts * self._clocks_a_count())

    def counter(self) -> int:
        """CR: the running count."""
        if not self.values["CR"] & CR_WDGA:
            return self.values["CR"]
        self.context.touch()
        return CR_WDGA | self._count()

    def _clocks_a_count(self) -> int:
        shift = self.parameters.prescaler_shift
        width = self.parameters.prescaler_width
        return CLOCKS_A_COUNT << (self.values["CFR"] >> shift & (1 << width) - 1)

    def _count(self) -> int:
        left = -(-self._dog.ticks_left() // self._clocks_a_count())
        return LOWEST - 1 + left

    def _nearly_starved(self) -> None:
        self.raise_flags("SR", SR_EWIF)
