"""General-purpose I/O port of STM32F1 (RM0008, chapter "General-purpose and alternate-function I/Os").

Four bits a pin say mode and configuration, in CRL and CRH; ODR says which way an input is pulled. An
output pin drives the signal of its name ("PC13"); an input reads it. A pin that nothing drives high reads
1 with its pull-up on. Alternate functions are stored only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.device import DeviceContext
from peripherals.parts.pins import Pins
from peripherals.register_device import Register, RegisterDevice, clears, read_only
from peripherals.stm32.gpio import PINS, PortParameters, port_pins

FLOATING_INPUTS = 0x44444444
MODE, CNF_OPEN_DRAIN, CNF_ALTERNATE = 0x3, 0x4, 0x8
"""MODE is 0 for an input; of an output, CNF says open-drain, and that an alternate function drives it."""
INPUT_WITH_PULL = 0x8
LCKR_LCKK = 1 << 16


class GpioF1(RegisterDevice):
    """One port of 16 pins."""

    PARAMETERS = PortParameters
    parameters: PortParameters
    REGISTERS = (
        Register(0x00, "CRL", FLOATING_INPUTS, on_write="pins_changed"),
        Register(0x04, "CRH", FLOATING_INPUTS, on_write="pins_changed"),
        read_only(0x08, "IDR", on_read="input_levels"),
        Register(0x0C, "ODR", writable=0xFFFF, on_write="pins_changed"),
        Register(0x10, "BSRR", writable=0, on_write="set_or_reset"),
        clears(0x14, "BRR", "ODR", 0xFFFF),
        Register(0x18, "LCKR", writable=0x1FFFF),
    )
    PARTS = ("_pins",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._pins = Pins(context.signals, self.pins(context.name, context.parameters))

    @classmethod
    def pins(cls, name: str, parameters: Mapping[str, Any]) -> Sequence[str]:
        """PA0 to PA15 of port A."""
        return port_pins(name, parameters)

    def reset(self) -> None:
        """Let go of every pin."""
        super().reset()
        self._drive()

    # -- effects ---------------------------------------------------------------------------
    def pins_changed(self, _written: int, _old: int) -> None:
        """CRL, CRH, ODR, BRR: drive what is an output now."""
        self._drive()

    def set_or_reset(self, written: int, _old: int) -> None:
        """BSRR: low half sets, high half resets; set wins."""
        self.values["ODR"] = (self.values["ODR"] & ~(written >> 16)) | (written & 0xFFFF)
        self._drive()

    def input_levels(self) -> int:
        """IDR: what is on the pins, driven by this port or from outside."""
        levels = 0
        for pin in PINS:
            pulled_up = self._setting(pin) == INPUT_WITH_PULL and self.values["ODR"] >> pin & 1 == 1
            levels |= self._pins.level(pin, pulled_up=pulled_up) << pin
        return levels

    # -- inside ----------------------------------------------------------------------------
    def _setting(self, pin: int) -> int:
        """CNF and MODE of a pin."""
        return self.values["CRL" if pin < len(PINS) // 2 else "CRH"] >> 4 * (pin % 8) & 0xF

    def _drive(self) -> None:
        """Drive push-pull outputs both ways, open-drain outputs low only."""
        for pin in PINS:
            setting, level = self._setting(pin), self.values["ODR"] >> pin & 1
            is_output = setting & MODE and not setting & CNF_ALTERNATE
            drives = is_output and not (level and setting & CNF_OPEN_DRAIN)
            self._pins.drive(pin, level if drives else None)
