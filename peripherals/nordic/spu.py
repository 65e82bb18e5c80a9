"""SPU of nRF5340 (chapter "SPU"): which memory, pin and device belongs to the secure side.

Storage: security attribution is not modelled, both sides always answer, so no access error happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from peripherals.nordic.event_device import EventDevice
from peripherals.register_device import Register, read_only

ALL_PINS, MEMORY_SECURE, TRUSTZONE = 0xFFFFFFFF, 0x17, 1
SPLIT, PRESENT = 0x12, 1 << 31


class Spu(EventDevice):
    """Its registers."""

    EVENTS: ClassVar = {"RAMACCERR": 0x100, "FLASHACCERR": 0x104, "PERIPHACCERR": 0x108}

    def register_table(self) -> tuple[Register, ...]:
        """Permissions of regions, pins and devices."""
        return (*super().register_table(), *self._permissions())

    @staticmethod
    def _permissions() -> Iterator[Register]:
        yield read_only(0x400, "CAP", TRUSTZONE)
        yield Register(0x404, "CPULOCK", writable=0x1F)
        yield Register(0x440, "EXTDOMAIN0_PERM", 2, writable=0x110)
        yield Register(0x480, "DPPI0_PERM", ALL_PINS)
        yield Register(0x484, "DPPI0_LOCK", writable=1)
        for port in range(2):
            yield Register(0x4C0 + 8 * port, f"GPIOPORT{port}_PERM", ALL_PINS)
            yield Register(0x4C4 + 8 * port, f"GPIOPORT{port}_LOCK", writable=1)
        for base, name in ((0x500, "FLASHNSC"), (0x540, "RAMNSC")):
            for i in range(2):
                yield Register(base + 8 * i, f"{name}{i}_REGION", writable=0x13F)
                yield Register(base + 8 * i + 4, f"{name}{i}_SIZE", writable=0x10F)
        for base, name in ((0x600, "FLASHREGION"), (0x700, "RAMREGION")):
            for i in range(64):
                yield Register(base + 4 * i, f"{name}{i}_PERM", MEMORY_SECURE, writable=0x117)
        for i in range(256):
            yield Register(0x800 + 4 * i, f"PERIPHID{i}_PERM", PRESENT | SPLIT, writable=0x130)
