"""Power control of STM32G0 (RM0444, chapter "Power control"): storage and ready flags."""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice, read_only

CR1_LPR = 1 << 14
SR2_FLASH_RDY, SR2_REGLPS, SR2_REGLPF = 1 << 7, 1 << 8, 1 << 9
PORTS = "ABCDEF"


class PwrG0(RegisterDevice):
    """PWR of STM32G0B1 and relatives; regulator changes are done at once."""

    REGISTERS = (
        Register(0x00, "CR1", 0x0208, writable=0x473F),
        Register(0x04, "CR2"),
        Register(0x08, "CR3", 0x8000),
        Register(0x0C, "CR4"),
        read_only(0x10, "SR1"),
        read_only(0x14, "SR2", SR2_FLASH_RDY | SR2_REGLPS, on_read="status"),
        Register(0x18, "SCR", writable=0),
        *(Register(0x20 + 8 * i, f"PUCR{port}", writable=0xFFFF) for i, port in enumerate(PORTS)),
        *(Register(0x24 + 8 * i, f"PDCR{port}", writable=0xFFFF) for i, port in enumerate(PORTS)),
    )

    def status(self) -> int:
        """SR2: the low-power regulator's flag follows LPR, VOSF is never busy."""
        low_power = bool(self.values["CR1"] & CR1_LPR)
        return SR2_FLASH_RDY | SR2_REGLPS | (SR2_REGLPF if low_power else 0)
