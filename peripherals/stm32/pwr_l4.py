"""Power control of STM32L4+ (RM0432), L4 (RM0351) and G0 (RM0444), chapters "Power control".

Modelled: register storage, the backup-domain bit, the voltage range with a scaling flag
that never stays busy, and the low-power-run flag. Not modelled: stop, standby, shutdown.
"""

from __future__ import annotations

from peripherals.parts.ready import Ready, ReadyDevice
from peripherals.register_device import Register, read_only
from peripherals.stm32.pulls import pull_rows

CR1_LPR = 1 << 14
SR2_FLASH_RDY, SR2_REGLPS, SR2_REGLPF = 1 << 7, 1 << 8, 1 << 9
LOW_POWER_RUN = Ready("SR2", SR2_REGLPF, "CR1", CR1_LPR)


class PwrL4Plus(ReadyDevice):
    """PWR of STM32L4R5 and relatives; regulator changes are done at once."""

    REGISTERS = (
        Register(0x00, "CR1", 0x0200, writable=0x471F),
        Register(0x04, "CR2", writable=0x7FF),
        Register(0x08, "CR3", 0x8000, writable=0x8D1F),
        Register(0x0C, "CR4", writable=0x331F),
        read_only(0x10, "SR1"),
        read_only(0x14, "SR2", SR2_REGLPS),
        Register(0x18, "SCR", writable=0),
        *pull_rows(0x20, "ABCDEFGHI"),
        Register(0x80, "CR5", 0x0100, writable=0x0100),
    )
    READY = (LOW_POWER_RUN,)


class PwrL4(ReadyDevice):
    """PWR of STM32L475/L476 and relatives: as L4+, without its boost mode."""

    REGISTERS = (*(row for row in PwrL4Plus.REGISTERS if row.name not in ("CR5", "PUCRI", "PDCRI")),)
    READY = (LOW_POWER_RUN,)


class PwrG0(ReadyDevice):
    """PWR of STM32G0B1 and relatives; regulator changes are done at once."""

    REGISTERS = (
        Register(0x00, "CR1", 0x0208, writable=0x473F),
        Register(0x04, "CR2"),
        Register(0x08, "CR3", 0x8000),
        Register(0x0C, "CR4"),
        read_only(0x10, "SR1"),
        read_only(0x14, "SR2", SR2_FLASH_RDY | SR2_REGLPS),
        Register(0x18, "SCR", writable=0),
        *pull_rows(0x20, "ABCDEF"),
    )
    READY = (LOW_POWER_RUN,)
