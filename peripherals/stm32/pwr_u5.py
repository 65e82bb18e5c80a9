"""Power control of STM32U5 (RM0456) and U3 (RM0487), chapters "Power control".

Storage and ready flags: regulators, boosters and voltage scaling are ready at once.
"""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice, read_only

PORTS = "ABCDEFGHI"
CR3_REGSEL, SVMSR_REGS = 1 << 1, 1 << 1
SUPPLIES_READY = 0xF << 24
U5_VOS, U5_BOOSTEN = 3 << 16, 1 << 18
U5_BOOSTRDY, U5_VOSRDY, U5_ACTVOSRDY = 1 << 14, 1 << 15, 1 << 15
U3_RANGES, U3_BOOSTEN = 0x3, 1 << 8

COMMON = (
    Register(0x00, "CR1"),
    Register(0x04, "CR2"),
    Register(0x08, "CR3"),
    Register(0x10, "SVMCR"),
    Register(0x14, "WUCR1"),
    Register(0x18, "WUCR2"),
    Register(0x1C, "WUCR3"),
    Register(0x20, "BDCR1"),
    Register(0x24, "BDCR2"),
    Register(0x28, "DBPR", writable=1),
    Register(0x2C, "UCPDR"),
    Register(0x30, "SECCFGR"),
    Register(0x34, "PRIVCFGR"),
    Register(0x38, "SR", writable=0),
    read_only(0x3C, "SVMSR", on_read="supplies"),
    read_only(0x40, "BDSR"),
    read_only(0x44, "WUSR"),
    Register(0x48, "WUSCR", writable=0),
    Register(0x4C, "APCR"),
    *(Register(0x50 + 8 * i, f"PUCR{port}", writable=0xFFFF) for i, port in enumerate(PORTS)),
    *(Register(0x54 + 8 * i, f"PDCR{port}", writable=0xFFFF) for i, port in enumerate(PORTS)),
)


class PwrU5(RegisterDevice):
    """PWR of STM32U575 and U585."""

    REGISTERS = (*COMMON, Register(0x0C, "VOSR", writable=U5_VOS | U5_BOOSTEN, on_read="scaling"))

    def scaling(self) -> int:
        """VOSR: the selection is ready, and so is the booster when it is on."""
        value = self.values["VOSR"] | U5_VOSRDY
        return value | (U5_BOOSTRDY if value & U5_BOOSTEN else 0)

    def supplies(self) -> int:
        """SVMSR: actual scaling and regulator as selected, monitored supplies present."""
        actual = self.values["VOSR"] & U5_VOS
        regulator = SVMSR_REGS if self.values["CR3"] & CR3_REGSEL else 0
        return actual | U5_ACTVOSRDY | regulator | SUPPLIES_READY


class PwrU3(RegisterDevice):
    """PWR of STM32U375 and U385."""

    REGISTERS = (*COMMON, Register(0x0C, "VOSR", 0x2, writable=U3_RANGES | U3_BOOSTEN, on_read="scaling"))

    def scaling(self) -> int:
        """VOSR: ranges and booster are ready when they are enabled."""
        value = self.values["VOSR"]
        return value | (value & (U3_RANGES | U3_BOOSTEN)) << 16

    def supplies(self) -> int:
        """SVMSR: regulator as selected, monitored supplies present."""
        return (SVMSR_REGS if self.values["CR3"] & CR3_REGSEL else 0) | SUPPLIES_READY
