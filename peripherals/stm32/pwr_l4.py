"""Power control of STM32L4+ (RM0432, chapter "Power control").

Modelled: register storage, the backup-domain bit, the voltage range with a scaling flag
that never stays busy, and the low-power-run flag. Not modelled: stop, standby, shutdown.
"""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice, read_only

CR1_LPR = 1 << 14
SR2_REGLPS, SR2_REGLPF, SR2_VOSF = 1 << 8, 1 << 9, 1 << 10
PORTS = "ABCDEFGHI"


class PwrL4Plus(RegisterDevice):
    """PWR of STM32L4R5 and relatives; regulator changes are done at once."""

    REGISTERS = (
        Register(0x00, "CR1", 0x0200, writable=0x471F),
        Register(0x04, "CR2", writable=0x7FF),
        Register(0x08, "CR3", 0x8000, writable=0x8D1F),
        Register(0x0C, "CR4", writable=0x331F),
        read_only(0x10, "SR1"),
        read_only(0x14, "SR2", SR2_REGLPS, on_read="status"),
        Register(0x18, "SCR", writable=0),
        *(Register(0x20 + 8 * i, f"PUCR{port}", writable=0xFFFF) for i, port in enumerate(PORTS)),
        *(Register(0x24 + 8 * i, f"PDCR{port}", writable=0xFFFF) for i, port in enumerate(PORTS)),
        Register(0x80, "CR5", 0x0100, writable=0x0100),
    )

    def status(self) -> int:
        """SR2: the low-power regulator's flag follows LPR, VOSF is never busy."""
        low_power = bool(self.values["CR1"] & CR1_LPR)
        return SR2_REGLPS | (SR2_REGLPF if low_power else 0)
