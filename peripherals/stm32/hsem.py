"""Hardware semaphores of STM32H7 (RM0433 and RM0399, chapter "Hardware semaphore (HSEM)").

Modelled: locking by a write and a read back, locking by one read, unlocking by who locked, unlocking all by
the key, interrupts of freed semaphores. One core is there, so that nobody else holds any.
"""

from __future__ import annotations

from functools import partial

from emulator.device import DeviceContext
from peripherals.register_device import Register, RegisterDevice, read_only

SEMAPHORES = 32
LOCK = 1 << 31
CORE_ID = 3 << 8
"""Of the Cortex-M7 (RM0399 table "Authorized AHB bus master IDs")."""
CORE, PROCESS = 0xF << 8, 0xFF
KEY = 0xFFFF << 16


class Hsem(RegisterDevice):
    """The semaphores, as the Cortex-M7 sees them."""

    LINES = ("global",)
    REGISTERS = (
        *(Register(4 * i, f"R{i}", writable=0, on_write=f"semaphore_{i}_written") for i in range(SEMAPHORES)),
        *(read_only(0x80 + 4 * i, f"RLR{i}", on_read=f"semaphore_{i}_taken") for i in range(SEMAPHORES)),
        Register(0x100, "IER", on_write="interrupts_changed"),
        Register(0x104, "ICR", writable=0, on_write="flags_cleared"),
        read_only(0x108, "ISR"),
        read_only(0x10C, "MISR", on_read="masked_flags"),
        Register(0x140, "CR", writable=0, on_write="all_freed"),
        Register(0x144, "KEYR", writable=KEY),
    )

    def __init__(self, context: DeviceContext) -> None:
        for number in range(SEMAPHORES):
            setattr(self, f"semaphore_{number}_written", partial(self._written, number))
            setattr(self, f"semaphore_{number}_taken", partial(self._taken, number))
        super().__init__(context)

    # -- effects -----------------------------------------------------------------------------
    def interrupts_changed(self, _written: int, _old: int) -> None:
        """IER."""
        self._settle()

    def flags_cleared(self, written: int, _old: int) -> None:
        """ICR: ones clear."""
        self.clear_bits("ISR", written)
        self._settle()

    def masked_flags(self) -> int:
        """MISR."""
        return self.values["ISR"] & self.values["IER"]

    def all_freed(self, written: int, _old: int) -> None:
        """CR: with the key, all that the named core holds."""
        if written & KEY != self.values["KEYR"] & KEY:
            return
        for number in range(SEMAPHORES):
            if self.values[f"R{number}"] & CORE == written & CORE:
                self._free(number)

    # -- inside ------------------------------------------------------------------------------
    def _written(self, number: int, written: int, _old: int) -> None:
        """R: locks a free one, frees one's own."""
        name = f"R{number}"
        held, who = self.values[name], written & (CORE | PROCESS)
        if who & CORE != CORE_ID:
            return
        if written & LOCK and not held & LOCK:
            self.values[name] = LOCK | who
        elif not written & LOCK and held == LOCK | who:
            self._free(number)

    def _taken(self, number: int) -> int:
        """RLR: locks a free one for process 0; who finds another there has not got it."""
        name = f"R{number}"
        if not self.values[name] & LOCK:
            self.values[name] = LOCK | CORE_ID
        return self.values[name]

    def _free(self, number: int) -> None:
        if self.values[f"R{number}"] & LOCK:
            self.values[f"R{number}"] = 0
            self.set_bits("ISR", 1 << number)
            self._settle()

    def _settle(self) -> None:
        if "global" in self.context.interrupts:
            self.line("global").set_level(bool(self.masked_flags()))
