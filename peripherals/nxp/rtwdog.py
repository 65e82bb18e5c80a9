"""RTWDOG (WDOG3) of i.MX RT1060 (IMXRT1060RM, chapter "Watchdog Timer (WDOG3)").

It runs after reset; the boot ROM stops it. Unlocked by 0xD928C520 to CNT (or 0xC520, then 0xD928), fed by
0xB480A602 (or 0xA602, 0xB480). A change of a locked register, and a feed too early for WIN, reset the system.
CLK selects the bus clock, the 32 kHz clock (both others too: guess). The test mode is not modelled.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import DeviceContext, DeviceParameters, reset_cause
from emulator.schema.table import about
from peripherals.parts.watchdog import Watchdog
from peripherals.register_device import Register, RegisterDevice

UPDATE, ENABLE, UNLOCKED, SLOW, FLAG, WINDOW = (1 << n for n in (5, 7, 11, 12, 14, 15))
RECONFIGURED = 1 << 10
UNLOCK, FEED = 0xD928C520, 0xB480A602
SLOW_DIVIDER = 256


class RtwdogParameters(DeviceParameters, frozen=True):
    """What it counts."""

    low: Annotated[str, about("The 32 kHz clock.", names_a="clock", example="ckil")] = "ckil"


class Rtwdog(RegisterDevice):
    """The watchdog."""

    PARAMETERS = RtwdogParameters
    parameters: RtwdogParameters
    LINES = ("global",)
    REGISTERS = (
        Register(0x00, "CS", 0x2980, writable=0xB3FF, w1c=FLAG, on_write="configured"),
        Register(0x04, "CNT", writable=0, on_read="count", on_write="key_written"),
        Register(0x08, "TOVAL", 0x400, writable=0xFFFF, on_write="configured"),
        Register(0x0C, "WIN", writable=0xFFFF, on_write="configured"),
    )
    STATE = ("_first",)
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._first = 0  # the first half of a key
        self._dog = Watchdog(context, self.parameters.low, cause="wdog3", title="WDOG3")

    def reset(self) -> None:
        """It runs, and may be configured."""
        super().reset()
        self._first = 0
        self.set_bits("CS", UNLOCKED)
        self.put_bits("CS", FLAG, bool(self.context.signals.get(reset_cause("wdog3"))))
        self._feed()

    # -- effects -----------------------------------------------------------------------------
    def key_written(self, written: int, _old: int) -> None:
        """CNT: keys, whole or in halves."""
        key = written
        if self.access_bytes < 4:
            key = written << 16 | self._first
            self._first = 0 if self._first else written & 0xFFFF
        if key == UNLOCK:
            self._first = 0
            if self.values["CS"] & UPDATE:
                self.set_bits("CS", UNLOCKED)
        elif key == FEED:
            self._first = 0
            if self.values["CS"] & WINDOW and self._passed() < self.values["WIN"]:
                self._dog.bite("was fed before its window")
            self._feed()
        elif self.access_bytes == 4:
            self._dog.bite("got a wrong key")

    def configured(self, _written: int, old: int) -> None:
        """CS, TOVAL, WIN: with the lock open; CS is the last to be written, which closes it."""
        name = self.register_name(self.access_offset)
        if not self.values["CS"] & UNLOCKED and not (name == "CS" and old & UNLOCKED):
            self.values[name] = old
            self._dog.bite("was configured while it was locked")
            return
        if name == "CS":
            self.clear_bits("CS", UNLOCKED)
            self.set_bits("CS", RECONFIGURED)
            self._feed()

    def count(self) -> int:
        """CNT."""
        if not self.values["CS"] & ENABLE:
            return 0
        self.context.touch()
        return max(0, self._passed())

    # -- inside ------------------------------------------------------------------------------
    def _divider(self) -> int:
        return SLOW_DIVIDER if self.values["CS"] & SLOW else 1

    def _passed(self) -> int:
        """The count since it was fed."""
        return self.values["TOVAL"] - self._dog.ticks_left() // self._divider()

    def _feed(self) -> None:
        if self.values["CS"] & ENABLE:
            self._dog.feed(max(1, self.values["TOVAL"]) * self._divider())
        else:
            self._dog.stop()
