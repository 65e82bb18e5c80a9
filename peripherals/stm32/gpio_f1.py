"""General-purpose I/O port of STM32F1 (RM0008, chapter "General-purpose and alternate-function I/Os").

Four bits a pin say mode and configuration, in CRL and CRH; ODR says which way an input is pulled. An
output pin drives the signal of its name ("PC13"); an input reads it. A pin that nothing drives high reads
1 with its pull-up on. Alternate functions are stored only.
"""

from __future__ import annotations

from peripherals.register_device import Register, clears, read_only
from peripherals.stm32.gpio import PINS, Port

FLOATING_INPUTS = 0x44444444
MODE, CNF_OPEN_DRAIN, CNF_ALTERNATE = 0x3, 0x4, 0x8
"""MODE is 0 for an input; of an output, CNF says open-drain, and that an alternate function drives it."""
INPUT_WITH_PULL = 0x8


class GpioF1(Port):
    """One port of 16 pins."""

    REGISTERS = (
        Register(0x00, "CRL", FLOATING_INPUTS, on_write="pins_changed"),
        Register(0x04, "CRH", FLOATING_INPUTS, on_write="pins_changed"),
        read_only(0x08, "IDR", on_read="input_levels"),
        Register(0x0C, "ODR", writable=0xFFFF, on_write="pins_changed"),
        Register(0x10, "BSRR", writable=0, on_write="set_or_reset"),
        clears(0x14, "BRR", "ODR", 0xFFFF),
        Register(0x18, "LCKR", writable=0x1FFFF),
    )

    def pulled_up(self, pin: int) -> bool:
        """By CNF, and ODR, which says which way."""
        return self._setting(pin) == INPUT_WITH_PULL and self.values["ODR"] >> pin & 1 == 1

    def output(self, pin: int) -> tuple[bool, bool]:
        """By MODE and CNF."""
        setting = self._setting(pin)
        return bool(setting & MODE and not setting & CNF_ALTERNATE), bool(setting & CNF_OPEN_DRAIN)

    def _setting(self, pin: int) -> int:
        """CNF and MODE of a pin."""
        return self.values["CRL" if pin < len(PINS) // 2 else "CRH"] >> 4 * (pin % 8) & 0xF
