"""Hardware semaphores of STM32H7 (RM0433 and RM0399, chapter "Hardware semaphore (HSEM)").

Modelled: locking by a write and a read back, locking by one read, unlocking by who locked, unlocking all by
the key, interrupts of freed semaphores. One core is there, so that nobody else holds any.
"""

from __future__ import annotations

from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.register_device import Register, clears, read_only

SEMAPHORES, WORD_BYTES = 32, 4
LOCK = 1 << 31
CORE_ID = 3 << 8
"""Of the Cortex-M7 (RM0399 table "Authorized AHB bus master IDs")."""
CORE, PROCESS = 0xF << 8, 0xFF
KEY = 0xFFFF << 16


class Hsem(InterruptDevice):
    """The semaphores, as the Cortex-M7 sees them."""

    REGISTERS = (
        *(Register(4 * i, f"R{i}", writable=0, on_write="semaphore_written") for i in range(SEMAPHORES)),
        *(read_only(0x80 + 4 * i, f"RLR{i}", on_read="semaphore_taken") for i in range(SEMAPHORES)),
        Register(0x100, "IER"),
        clears(0x104, "ICR", "ISR"),
        read_only(0x108, "ISR"),
        Register(0x10C, "MISR", writable=0, shows="ISR", under="IER"),
        Register(0x140, "CR", writable=0, on_write="all_freed"),
        Register(0x144, "KEYR", writable=KEY),
    )
    INTERRUPTS = (Interrupt("global", "ISR", "IER"),)

    # -- effects -----------------------------------------------------------------------------
    def semaphore_written(self, written: int, _old: int) -> None:
        """R: locks a free one, frees one's own."""
        number = self.access_offset // WORD_BYTES
        name = f"R{number}"
        held, who = self.values[name], written & (CORE | PROCESS)
        if who & CORE != CORE_ID:
            return
        if written & LOCK and not held & LOCK:
            self.values[name] = LOCK | who
        elif not written & LOCK and held == LOCK | who:
            self._free(number)

    def semaphore_taken(self) -> int:
        """RLR: locks a free one for process 0; who finds another there has not got it."""
        name = f"R{self.access_offset // WORD_BYTES % SEMAPHORES}"
        if not self.values[name] & LOCK:
            self.values[name] = LOCK | CORE_ID
        return self.values[name]

    def all_freed(self, written: int, _old: int) -> None:
        """CR: with the key, all that the named core holds."""
        if written & KEY != self.values["KEYR"] & KEY:
            return
        for number in range(SEMAPHORES):
            if self.values[f"R{number}"] & CORE == written & CORE:
                self._free(number)

    # -- inside ------------------------------------------------------------------------------
    def _free(self, number: int) -> None:
        if self.values[f"R{number}"] & LOCK:
            self.values[f"R{number}"] = 0
            self.raise_flags("ISR", 1 << number)
