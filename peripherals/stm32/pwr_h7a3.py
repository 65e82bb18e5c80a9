"""Power control of STM32H7A3/7B3 and H743 (RM0455, RM0433, "Power control"): storage, ready flags."""

from __future__ import annotations

from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import Register

VOS, ACTVOSRDY, VOSRDY = (1 << 14, 1 << 15), 1 << 13, 1 << 13
CR3_USBREGEN, CR3_USB33RDY, CR3_SMPSEXTRDY = 1 << 25, 1 << 26, 1 << 16


class PwrH7A3(ReadyDevice):
    """PWR: supply and voltage scaling are ready at once, an external supply always."""

    REGISTERS = (
        Register(0x00, "CR1", 0xF000C000),
        Register(0x04, "CSR1", ACTVOSRDY, writable=0),
        Register(0x08, "CR2", writable=0x11),
        Register(0x0C, "CR3", 0x46 | CR3_SMPSEXTRDY, writable=0x030003FF),
        Register(0x10, "CPUCR", writable=0xA05),
        Register(0x18, "SRDCR", VOSRDY, writable=sum(VOS)),
        Register(0x20, "WKUPCR", writable=0),
        Register(0x24, "WKUPFR", writable=0),
        Register(0x28, "WKUPEPR"),
    )
    READY = (
        *(Ready("CSR1", bit, "SRDCR", bit) for bit in VOS),
        Ready("CR3", CR3_USB33RDY, "CR3", CR3_USBREGEN),
    )


class PwrH743(ReadyDevice):
    """PWR of H742/743/753/750: an LDO; VOS0 is VOS1 and SYSCFG_PWRCR.ODEN, and ready at once."""

    REGISTERS = (
        Register(0x00, "CR1", 0xF000C000),
        Register(0x04, "CSR1", 1 << 14 | ACTVOSRDY, writable=0),
        Register(0x08, "CR2", writable=0x11),
        Register(0x0C, "CR3", 0x6, writable=0x03000307),
        Register(0x10, "CPUCR", writable=0x0A6F),
        Register(0x18, "D3CR", 1 << 14 | VOSRDY, writable=sum(VOS)),
        Register(0x20, "WKUPCR", writable=0),
        Register(0x24, "WKUPFR", writable=0),
        Register(0x28, "WKUPEPR"),
    )
    READY = (
        *(Ready("CSR1", bit, "D3CR", bit) for bit in VOS),
        Ready("CR3", CR3_USB33RDY, "CR3", CR3_USBREGEN),
    )
