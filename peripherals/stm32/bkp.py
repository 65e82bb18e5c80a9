"""Backup registers of STM32F1 (RM0008, chapter "Backup registers"): ten or 42 halfwords, and storage.

They keep their contents through a system reset; a reset of the backup domain is not modelled.
"""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice

FIRST_DATA, SECOND_DATA = 0x04, 0x40
HALF = 0xFFFF


class Bkp(RegisterDevice):
    """BKP: data registers 1 to 42; those from 11 on are in large devices alone."""

    REGISTERS = (
        *(Register(FIRST_DATA + 4 * n, f"DR{n + 1}", writable=HALF) for n in range(10)),
        Register(0x2C, "RTCCR", writable=0x3FF),
        Register(0x30, "CR", writable=0x3),
        Register(0x34, "CSR", writable=0x4),
        *(Register(SECOND_DATA + 4 * n, f"DR{n + 11}", writable=HALF) for n in range(32)),
    )

    def reset(self) -> None:
        """A system reset leaves the data alone."""
        data = {name: value for name, value in self.values.items() if name.startswith("DR")}
        super().reset()
        self.values.update(data)
