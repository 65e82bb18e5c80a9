"""CMSDK AHB GPIO (Arm DDI 0479, "AHB GPIO"): 16 pins as signals ``NAME:PIN``.

Modelled: data in and out, output enables, masked accesses. Interrupts are stored only and
are reported when they are enabled.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.arm.identity import identity_rows
from peripherals.register_device import Register, RegisterDevice

PINS = range(16)
ALL_PINS = 0xFFFF
MASKED_LOW, MASKED_HIGH, MASKED_END = 0x400, 0x800, 0xC00
PART = 0x820


def _pair(offset: int, name: str, effect: str) -> tuple[Register, ...]:
    return (
        Register(offset, f"{name}SET", writable=0, on_write=f"{effect}_set"),
        Register(offset + 4, f"{name}CLR", writable=0, on_read=f"{effect}_read", on_write=f"{effect}_clear"),
    )


class CmsdkGpio(RegisterDevice):
    """One port of 16 pins."""

    REGISTERS = (
        Register(0x00, "DATA", writable=0, on_read="levels", on_write="data_written"),
        Register(0x04, "DATAOUT", writable=ALL_PINS, on_write="pins_changed"),
        *_pair(0x10, "OUTEN", "outputs"),
        *_pair(0x18, "ALTFUNC", "alternates"),
        *_pair(0x20, "INTEN", "interrupts"),
        Register(0x28, "INTTYPESET"),
        Register(0x2C, "INTTYPECLR", writable=0),
        Register(0x30, "INTPOLSET"),
        Register(0x34, "INTPOLCLR", writable=0),
        Register(0x38, "INTSTATUS", writable=0),
        *identity_rows(PART),
    )
    STATE = ("_driven",)
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._driven: dict[int, int] = {}

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
        signals = (self._driven.get(pin, self.context.signals.get(self._signal(pin))) for pin in PINS)
        return sum((level != 0) << pin for pin, level in enumerate(signals))

    def data_written(self, written: int, _old: int) -> None:
        """DATA: the same as DATAOUT when written."""
        self.values["DATAOUT"] = written & ALL_PINS
        self._drive()

    def pins_changed(self, _written: int, _old: int) -> None:
        """DATAOUT: drive."""
        self._drive()

    def outputs_set(self, written: int, _old: int) -> None:
        """OUTENSET: more outputs."""
        self.set_bits("OUTENSET", written & ALL_PINS)
        self._drive()

    def outputs_clear(self, written: int, _old: int) -> None:
        """OUTENCLR: fewer outputs."""
        self.clear_bits("OUTENSET", written)
        self._drive()

    def outputs_read(self) -> int:
        """OUTENCLR: reads as OUTENSET."""
        return self.values["OUTENSET"]

    def alternates_set(self, written: int, _old: int) -> None:
        """ALTFUNCSET: storage."""
        self.set_bits("ALTFUNCSET", written & ALL_PINS)

    def alternates_clear(self, written: int, _old: int) -> None:
        """ALTFUNCCLR: storage."""
        self.clear_bits("ALTFUNCSET", written)

    def alternates_read(self) -> int:
        """ALTFUNCCLR: reads as ALTFUNCSET."""
        return self.values["ALTFUNCSET"]

    def interrupts_set(self, written: int, _old: int) -> None:
        """INTENSET: storage; pin interrupts are not modelled."""
        self.set_bits("INTENSET", written & ALL_PINS)
        if written & ALL_PINS:
            self.report("INTENSET", "write", "pin interrupts")

    def interrupts_clear(self, written: int, _old: int) -> None:
        """INTENCLR: storage."""
        self.clear_bits("INTENSET", written)

    def interrupts_read(self) -> int:
        """INTENCLR: reads as INTENSET."""
        return self.values["INTENSET"]

    # -- inside ----------------------------------------------------------------------------
    def _signal(self, pin: int) -> str:
        return f"{self.context.name}:{pin}"

    def _drive(self) -> None:
        for pin in PINS:
            level = self.values["DATAOUT"] >> pin & 1
            if not self.values["OUTENSET"] >> pin & 1:
                self._driven.pop(pin, None)
            elif self._driven.get(pin) != level:
                self._driven[pin] = level
                self.context.signals.set(self._signal(pin), level)
