"""Power control of STM32H7A3/7B3 (RM0455, chapter "Power control"): storage and ready flags."""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice

VOS_MASK, ACTVOSRDY, VOSRDY = 3 << 14, 1 << 13, 1 << 13
CR3_USBREGEN, CR3_USB33RDY, CR3_SMPSEXTRDY = 1 << 25, 1 << 26, 1 << 16


class PwrH7A3(RegisterDevice):
    """PWR: supply and voltage scaling are ready at once."""

    REGISTERS = (
        Register(0x00, "CR1", 0xF000C000),
        Register(0x04, "CSR1", ACTVOSRDY, writable=0, on_read="status"),
        Register(0x08, "CR2", writable=0x11),
        Register(0x0C, "CR3", 0x46, writable=0x030003FF, on_read="supply"),
        Register(0x10, "CPUCR", writable=0xA05),
        Register(0x18, "SRDCR", writable=VOS_MASK, on_read="scaling"),
        Register(0x20, "WKUPCR", writable=0),
        Register(0x24, "WKUPFR", writable=0),
        Register(0x28, "WKUPEPR"),
    )

    def status(self) -> int:
        """CSR1: the actual scaling is the selected one."""
        return (self.values["SRDCR"] & VOS_MASK) | ACTVOSRDY

    def scaling(self) -> int:
        """SRDCR: the selection, always ready."""
        return self.values["SRDCR"] | VOSRDY

    def supply(self) -> int:
        """CR3: the USB regulator follows its enable bit; an external supply is ready."""
        value = self.values["CR3"] | CR3_SMPSEXTRDY
        return value | (CR3_USB33RDY if value & CR3_USBREGEN else 0)
