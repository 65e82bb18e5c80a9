"""CMSDK APB timer (Arm DDI 0479, "APB timer"): 32 bits, counts down. Interrupt line ``global``.

The external input (CTRL bits 1 and 2) is not modelled and is reported. Parameter ``clock``.
"""

from __future__ import annotations

from emulator.device import ClockedParameters, DeviceContext
from peripherals.arm.identity import identity_rows
from peripherals.parts.down_counter import DownCounter
from peripherals.register_device import Register, RegisterDevice

CTRL_EN, CTRL_EXTERNAL, CTRL_IRQ_EN = 1 << 0, 3 << 1, 1 << 3
PART = 0x822


class CmsdkTimer(RegisterDevice):
    """The timer."""

    PARAMETERS = ClockedParameters
    parameters: ClockedParameters
    LINES = ("global",)
    REGISTERS = (
        Register(0x00, "CTRL", writable=0xF, on_write="control_changed"),
        Register(0x04, "VALUE", on_read="count", on_write="value_written"),
        Register(0x08, "RELOAD", on_write="reload_written"),
        Register(0x0C, "INTSTATUS", writable=0, w1c=1, on_read="interrupt", on_write="interrupt_cleared"),
        *identity_rows(PART),
    )
    PARTS = ("_counter",)
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._counter = DownCounter(context, "zero", self.parameters.clock, self._zero_reached)

    def reset(self) -> None:
        """Stop at 0."""
        super().reset()
        self._counter.reset(0, 0)

    def control_changed(self, written: int, _old: int) -> None:
        """CTRL: start, stop, interrupt enable."""
        if written & CTRL_EXTERNAL:
            self.report("CTRL", "write", "external input")
        self._refresh()
        self._counter.set(running=bool(self.values["CTRL"] & CTRL_EN))

    def count(self) -> int:
        """VALUE: the running count."""
        return self._counter.count()

    def value_written(self, written: int, _old: int) -> None:
        """VALUE: count on from here."""
        self._counter.set(count=written)

    def reload_written(self, written: int, _old: int) -> None:
        """RELOAD: also starts again from there."""
        self._counter.set(count=written, reload=written)

    def interrupt(self) -> int:
        """INTSTATUS, up to date."""
        self._counter.catch_up()
        return self.values["INTSTATUS"]

    def interrupt_cleared(self, _written: int, _old: int) -> None:
        """INTCLEAR: let the next zero ask again."""
        self._refresh()
        self._counter.plan()

    def _zero_reached(self) -> None:
        if self.values["CTRL"] & CTRL_IRQ_EN:
            self.set_bits("INTSTATUS", 1)
        self._refresh()

    def _refresh(self) -> None:
        silent = not self.values["CTRL"] & CTRL_IRQ_EN
        self._counter.options.pending = silent or bool(self.values["INTSTATUS"] & 1)
        self.line("global").set_level(bool(self.values["INTSTATUS"] & 1))
