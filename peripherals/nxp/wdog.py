"""WDOG1 and WDOG2 of i.MX RT1060 (IMXRT1060RM, chapter "Watchdog Timer (WDOG1-2)"): 16-bit registers.

Counts half seconds from WT down once WDE is set, which only a reset can undo; 0x5555 and 0xAAAA to WSR feed
it. Clearing SRS resets the system. The interrupt comes WICT half seconds before the end. The power-down
counter (WMCR) is off once firmware clears PDE; it is not modelled, as it drives a pin alone.
"""

from __future__ import annotations

from emulator.device import ClockedParameters, DeviceContext, reset_cause
from peripherals.parts.watchdog import Watchdog
from peripherals.register_device import Register, RegisterDevice

ENABLE, NO_SOFTWARE_RESET = 1 << 2, 1 << 4
SERVICE = (0x5555, 0xAAAA)
HALF_SECOND_TICKS = 16_384
UPPER_HALF = 16
TIMEOUT_FLAG, POWER_FLAG = 1 << 1, 1 << 4
INTERRUPT_FLAG, INTERRUPT_ON = 1 << 30, 1 << 31


class Wdog(RegisterDevice):
    """One watchdog. Parameter ``clock``: of 32,768 Hz."""

    PARAMETERS = ClockedParameters
    parameters: ClockedParameters
    LINES = ("global",)
    REGISTERS = (
        Register(0x00, "WCR", 0x30, writable=0xFFFF, on_write="lower_written"),
        Register(0x04, "WRSR", 0x4 << UPPER_HALF | POWER_FLAG, writable=0x80FF0000, w1c=INTERRUPT_FLAG,
                 on_write="interrupt_written"),
        Register(0x08, "WMCR", 0x1, writable=0x1),
    )  # fmt: skip
    STATE = ("_service",)
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._service = 0  # of the feeding sequence, so much was written
        self._half = 0
        self._dog = Watchdog(
            context, self.parameters.clock, cause="wdog", title="the watchdog", on_early=self._warns
        )

    def reset(self) -> None:
        """Off; the flags say why the system was reset."""
        flags = POWER_FLAG
        if self.context.signals.get(reset_cause("wdog")):
            flags = TIMEOUT_FLAG
        super().reset()
        self.values["WRSR"] = self.values["WRSR"] & ~0x1F | flags
        self._service = 0
        self._dog.stop()

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store; which half of a word it is to matters."""
        self._half = offset & 2
        super().write(offset, size_bytes, value)

    def register_name(self, offset: int) -> str:
        """The 16-bit registers' names."""
        names = ("WCR", "WSR", "WRSR", "WICR", "WMCR")
        return names[offset >> 1] if offset >> 1 < len(names) else super().register_name(offset)

    # -- effects -----------------------------------------------------------------------------
    def lower_written(self, written: int, old: int) -> None:
        """WCR; WSR in the upper half."""
        if self._half:
            self._fed(written >> UPPER_HALF)
            return
        control = self.values["WCR"]
        if not control & NO_SOFTWARE_RESET:
            self.set_bits("WCR", NO_SOFTWARE_RESET)
            self._dog.bite("was asked for a reset")
        if old & ENABLE:
            self.set_bits("WCR", ENABLE)
        elif control & ENABLE:
            self._feed()

    def interrupt_written(self, _written: int, _old: int) -> None:
        """WICR."""
        self._line()

    # -- inside ------------------------------------------------------------------------------
    def _fed(self, value: int) -> None:
        self._service = self._service + 1 if value == SERVICE[self._service] else int(value == SERVICE[0])
        if self._service == len(SERVICE):
            self._service = 0
            if self.values["WCR"] & ENABLE:
                self._feed()

    def _feed(self) -> None:
        """WT + 1 half seconds from now."""
        ticks = (self.field("WCR", 8, 8) + 1) * HALF_SECOND_TICKS
        warning = self.field("WRSR", UPPER_HALF, 8) * HALF_SECOND_TICKS
        self._dog.feed(ticks, max(1, ticks - warning))

    def _warns(self) -> None:
        self.set_bits("WRSR", INTERRUPT_FLAG)
        self._line()

    def _line(self) -> None:
        both = INTERRUPT_FLAG | INTERRUPT_ON
        self.line("global").set_level(self.values["WRSR"] & both == both)
