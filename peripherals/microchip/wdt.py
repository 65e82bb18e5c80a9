"""WDT of SAM D21 (datasheet DS40001882, chapter 18) and SAM D5x/E5x (DS60001507, chapter 20).

It resets the system unless it is cleared in time. A period is 8 << PER of its clocks; a clear with another
key than A5h, or in the closed window, resets, too. The early warning is its interrupt.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from emulator.device import ClockedParameters, ClockName, DeviceContext
from emulator.schema.table import about
from peripherals.parts.watchdog import Watchdog
from peripherals.register_device import Register, RegisterDevice, read_only

ENABLE, WINDOW, ALWAYS_ON = 1 << 1, 1 << 2, 1 << 7
KEY = 0xA5
EARLY_SHIFT, FLAG_SHIFT = 16, 16


class WdtParameters(ClockedParameters, frozen=True):
    """The generic clock that it counts."""

    clock: Annotated[ClockName, about("Its GCLK.", names_a="clock", example="wdt")] = "core"


CONTROL = Register(0x00, "CTRL", 0x000BBB00, writable=0x000FFF86, on_write="control_written")
FLAG = Register(0x04, "INTFLAG", writable=0, w1c=1 << FLAG_SHIFT, on_read="flags", on_write="enables_written")


class Wdt(RegisterDevice):
    """The watchdog. Bytes that share a word are one register here."""

    PARAMETERS = WdtParameters
    parameters: WdtParameters
    LINES = ("global",)
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        CONTROL,
        FLAG,
        Register(0x08, "CLEAR", writable=0, on_write="cleared"),
    )
    STATE = ("_enabled", "_opens_cycles")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._enabled = 0
        self._opens_cycles = 0
        self._dog = Watchdog(
            context, self.parameters.clock, cause="wdt", title="the watchdog", on_early=self._early
        )

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._enabled = self._opens_cycles = 0
        self._dog.stop()

    def control_written(self, _written: int, old: int) -> None:
        """CTRL, CONFIG, EWCTRL."""
        control = self.values["CTRL"]
        if old & ALWAYS_ON:
            self.values["CTRL"] = control = control | ENABLE | ALWAYS_ON
        on = control & (ENABLE | ALWAYS_ON)
        if on and not old & (ENABLE | ALWAYS_ON):
            self._feed()
        elif not on:
            self._dog.stop()

    def flags(self) -> int:
        """INTENCLR, INTENSET, INTFLAG."""
        return self.values["INTFLAG"] | self._enabled | self._enabled << 8

    def enables_written(self, written: int, _old: int) -> None:
        """INTENCLR below, INTENSET above it."""
        self._enabled = self._enabled & ~written & 1 | written >> 8 & 1
        self._refresh()

    def cleared(self, written: int, _old: int) -> None:
        """CLEAR: feed it."""
        if not self.values["CTRL"] & (ENABLE | ALWAYS_ON):
            return
        if written & 0xFF != KEY:
            self._dog.bite("was cleared with a wrong key")
        elif self.values["CTRL"] & WINDOW and self.context.clock.now() < self._opens_cycles:
            self._dog.bite("was cleared too early")
        else:
            self._feed()

    def _feed(self) -> None:
        ticks = 8 << self.field("CTRL", 8, 4)
        closed = 8 << self.field("CTRL", 12, 4) if self.values["CTRL"] & WINDOW else 0
        hz = self.context.clocks.hz(self.parameters.clock)
        self._opens_cycles = self.context.clock.now()
        if closed and hz:
            self._opens_cycles += self.context.clock.cycles_for(closed, hz)
        self._dog.feed(closed + ticks, min(8 << self.field("CTRL", EARLY_SHIFT, 4), closed + ticks))

    def _early(self) -> None:
        self.set_bits("INTFLAG", 1 << FLAG_SHIFT)
        self._refresh()

    def _refresh(self) -> None:
        self.line("global").set_level(bool(self.values["INTFLAG"] >> FLAG_SHIFT & self._enabled))


class WdtD51(Wdt):
    """That of SAM D5x/E5x."""

    REGISTERS = (
        CONTROL,
        FLAG,
        read_only(0x08, "SYNCBUSY"),
        Register(0x0C, "CLEAR", writable=0, on_write="cleared"),
    )
