"""Power control of STM32U5 (RM0456) and U3 (RM0487), chapters "Power control".

Storage and ready flags: regulators, boosters and voltage scaling are ready at once.
"""

from __future__ import annotations

from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import Register, read_only
from peripherals.stm32.pulls import pull_rows

CR3_REGSEL, SVMSR_REGS = 1 << 1, 1 << 1
SUPPLIES_READY = 0xF << 24
U5_VOS, U5_BOOSTEN = (1 << 16, 1 << 17), 1 << 18
U5_BOOSTRDY, U5_VOSRDY, U5_ACTVOSRDY = 1 << 14, 1 << 15, 1 << 15
U3_RANGES, U3_BOOSTEN = (1 << 0, 1 << 1), 1 << 8
U3_READY_SHIFT = 16

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
    read_only(0x40, "BDSR"),
    read_only(0x44, "WUSR"),
    Register(0x48, "WUSCR", writable=0),
    Register(0x4C, "APCR"),
    *pull_rows(0x50, "ABCDEFGHI"),
)
REGULATOR = Ready("SVMSR", SVMSR_REGS, "CR3", CR3_REGSEL)


class PwrU5(ReadyDevice):
    """PWR of STM32U575 and U585: actual scaling and regulator are the selected ones."""

    REGISTERS = (
        *COMMON,
        Register(0x0C, "VOSR", U5_VOSRDY, writable=sum(U5_VOS) | U5_BOOSTEN),
        read_only(0x3C, "SVMSR", U5_ACTVOSRDY | SUPPLIES_READY),
    )
    READY = (
        Ready("VOSR", U5_BOOSTRDY, "VOSR", U5_BOOSTEN),
        *(Ready("SVMSR", bit, "VOSR", bit) for bit in U5_VOS),
        REGULATOR,
    )


class PwrU3(ReadyDevice):
    """PWR of STM32U375 and U385: each range and the booster has a ready bit of its own."""

    REGISTERS = (
        *COMMON,
        Register(0x0C, "VOSR", 0x2, writable=sum(U3_RANGES) | U3_BOOSTEN),
        read_only(0x3C, "SVMSR", SUPPLIES_READY),
    )
    READY = (
        *(Ready("VOSR", bit << U3_READY_SHIFT, "VOSR", bit) for bit in (*U3_RANGES, U3_BOOSTEN)),
        REGULATOR,
    )
