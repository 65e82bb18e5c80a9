"""BOOTRAM of RP2350 (datasheet 4.3): a kilobyte of memory, write-once words, boot locks.

No instructions are fetched from it here. Its last word is where the boot ROM of this package says why it
starts no image.
"""

from __future__ import annotations

from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register

MEMORY_BYTES = 0x400
DIAGNOSTIC = MEMORY_BYTES - 4
LOCKS = range(8)
LOCK0 = 0x80C
ALL_LOCKS = 0xFF
DIAGNOSES = {
    1: "the boot ROM found no image definition (a block loop with IMAGE_DEF) in the first 4 KB of flash: it"
    " waits for a program on USB (BOOTSEL). Build the firmware with pico-sdk 2 for RP2350",
    2: "the image is for RP2350's RISC-V cores, which are not emulated: build it with"
    " PICO_PLATFORM=rp2350-arm-s",
    3: "the image definition is for another chip than RP2350",
    5: "the image is for the non-secure state, which the boot ROM starts only behind a secure one",
    6: "the image's block loop is broken: an item or a link points outside the image",
    7: "the firmware rebooted into BOOTSEL: the boot ROM waits for a program on USB",
    8: "the image is signed: without secure boot its signature is not checked, here nor on a chip",
}


class BootRam(AtomicRegisters):
    """Memory, and what guards the boot ROM's resources."""

    REGISTERS = (
        *(Register(4 * n, f"WORD{n}", on_write="told" if 4 * n == DIAGNOSTIC else "")
          for n in range(MEMORY_BYTES // 4)),
        Register(0x800, "WRITE_ONCE0", writable=0, on_write="written_once"),
        Register(0x804, "WRITE_ONCE1", writable=0, on_write="written_once"),
        Register(0x808, "BOOTLOCK_STAT", ALL_LOCKS, writable=ALL_LOCKS),
        *(Register(LOCK0 + 4 * n, f"BOOTLOCK{n}", writable=0, on_read="lock_taken", on_write="lock_freed")
          for n in LOCKS),
    )  # fmt: skip

    def told(self, written: int, _old: int) -> None:
        """The last word: the boot ROM says something."""
        if written in DIAGNOSES:
            self.report(f"WORD{DIAGNOSTIC // 4}", "write", DIAGNOSES[written])

    def written_once(self, written: int, _old: int) -> None:
        """WRITE_ONCEn: ones stay."""
        self.values[f"WRITE_ONCE{(self.access_offset - 0x800) // 4}"] |= written

    def lock_taken(self) -> int:
        """BOOTLOCKn: not 0 when it was free, and is taken now."""
        bit = 1 << (self.access_offset - LOCK0) // 4
        if not self.values["BOOTLOCK_STAT"] & bit:
            return 0
        self.context.consumed()
        self.clear_bits("BOOTLOCK_STAT", bit)
        return bit

    def lock_freed(self, _written: int, _old: int) -> None:
        """BOOTLOCKn: whatever is written."""
        self.set_bits("BOOTLOCK_STAT", 1 << (self.access_offset - LOCK0) // 4)
