"""Power control of STM32F4 (RM0090) and F7 (RM0385), chapters "Power controller"."""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice

VOSRDY, BRR, BRE = 1 << 14, 1 << 3, 1 << 9
CR1_ODEN, CR1_ODSWEN = 1 << 16, 1 << 17
CSR1_ODRDY, CSR1_ODSWRDY = 1 << 16, 1 << 17


class PwrF4(RegisterDevice):
    """PWR of STM32F405/F407: the regulator is always ready."""

    REGISTERS = (
        Register(0x00, "CR", 0x4000, writable=0x43F3),
        Register(0x04, "CSR", writable=0x0300, on_read="status"),
    )

    def status(self) -> int:
        """CSR: voltage scaling ready; the backup regulator follows its enable bit."""
        value = self.values["CSR"]
        return value | VOSRDY | (BRR if value & BRE else 0)


class PwrF7(RegisterDevice):
    """PWR of STM32F746: over-drive is ready as soon as it is enabled."""

    REGISTERS = (
        Register(0x00, "CR1", 0xC000, writable=0xFEFF3),
        Register(0x04, "CSR1", writable=0x0300, on_read="status"),
        Register(0x08, "CR2", writable=0x3F00),
        Register(0x0C, "CSR2", writable=0x3F00),
    )

    def status(self) -> int:
        """CSR1: voltage scaling ready; over-drive follows its enable bits."""
        control, value = self.values["CR1"], self.values["CSR1"] | VOSRDY
        value |= BRR if value & BRE else 0
        value |= CSR1_ODRDY if control & CR1_ODEN else 0
        return value | (CSR1_ODSWRDY if control & CR1_ODSWEN else 0)
