"""CMSDK AHB GPIO (Arm DDI 0479, "AHB GPIO"): 16 pins as signals ``NAME:PIN``.

Modelled: data in and out, output enables, masked accesses. Interrupts are stored only and
are reported when they are enabled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.device import DeviceContext
from peripherals.arm.identity import identity_rows
from peripherals.parts.pins import Pins
from peripherals.register_device import Register, RegisterDevice, clears, sets

PINS = range(16)
ALL_PINS = 0xFFFF
MASKED_LOW, MASKED_HIGH, MASKED_END = 0x400, 0x800, 0xC00
PART = 0x820


def _pair(offset: int, name: str, on_write: str = "") -> tuple[Register, ...]:
    """One register behind two: a SET that sets its bits and a CLR that clears them; both read it."""
    held = f"{name}SET"
    return (
        sets(offset, held, held, ALL_PINS, on_write=on_write),
        clears(offset + 4, f"{name}CLR", held, shows=held, on_write=on_write),
    )


class CmsdkGpio(RegisterDevice):
    """One port of 16 pins."""

    REGISTERS = (
        Register(0x00, "DATA", writable=0, on_read="levels", on_write="data_written"),
        Register(0x04, "DATAOUT", writable=ALL_PINS, on_write="pins_changed"),
        *_pair(0x10, "OUTEN", "pins_changed"),
        *_pair(0x18, "ALTFUNC"),
        *_pair(0x20, "INTEN", "interrupts_enabled"),
        Register(0x28, "INTTYPESET"),
        Register(0x2C, "INTTYPECLR", writable=0),
        Register(0x30, "INTPOLSET"),
        Register(0x34, "INTPOLCLR", writable=0),
        Register(0x38, "INTSTATUS", writable=0),
        *identity_rows(PART),
    )
    PARTS = ("_pins",)
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._pins = Pins(context.signals, self.pins(context.name, context.parameters))

    @classmethod
    def pins(cls, name: str, parameters: Mapping[str, Any]) -> Sequence[str]:  # noqa: ARG003
        """The port's name and the pin's number."""
        return tuple(f"{name}:{pin}" for pin in PINS)

    def reset(self) -> None:
        """Let go of every pin."""
        super().reset()
        self._drive()

    def read(self, offset: int, size_bytes: int) -> int:
        """Load; the masked windows show the masked half of the data."""
        if MASKED_LOW <= offset < MASKED_HIGH:
            return self.levels() & (offset - MASKED_LOW) >> 2
        if MASKED_HIGH <= offset < MASKED_END:
            return self.levels() & (offset - MASKED_HIGH) >> 2 << 8
        return super().read(offset, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store; the masked windows change the masked half of the output."""
        if MASKED_LOW <= offset < MASKED_END:
            high = offset >= MASKED_HIGH
            mask = (offset - MASKED_HIGH) >> 2 << 8 if high else (offset - MASKED_LOW) >> 2
            self.values["DATAOUT"] = (self.values["DATAOUT"] & ~mask) | (value & mask)
            self._drive()
            return
        super().write(offset, size_bytes, value)

    # -- effects ---------------------------------------------------------------------------
    def levels(self) -> int:
        """DATA: what is on the pins."""
        return sum(self._pins.level(pin) << pin for pin in PINS)

    def data_written(self, written: int, _old: int) -> None:
        """DATA: the same as DATAOUT when written."""
        self.values["DATAOUT"] = written & ALL_PINS
        self._drive()

    def pins_changed(self, _written: int, _old: int) -> None:
        """DATAOUT, OUTENSET, OUTENCLR: drive what is an output now."""
        self._drive()

    def interrupts_enabled(self, _written: int, _old: int) -> None:
        """INTENSET, INTENCLR: storage; pin interrupts are not modelled."""
        if self.values["INTENSET"]:
            self.report("INTENSET", "write", "pin interrupts")

    # -- inside ----------------------------------------------------------------------------
    def _drive(self) -> None:
        for pin in PINS:
            is_output = self.values["OUTENSET"] >> pin & 1
            self._pins.drive(pin, self.values["DATAOUT"] >> pin & 1 if is_output else None)
