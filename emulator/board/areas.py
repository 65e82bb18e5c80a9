"""Areas of Arm's memory map in which a board has no memories of its own.

ARMv7-M ARM (DDI 0403E) B3.1: peripherals, private peripheral bus. Cortex-M3 TRM 4.2, Cortex-M4 TRM 3.4:
bit-band aliases, of the lowest megabyte of SRAM and of peripherals.
"""

from __future__ import annotations

ALIAS_BYTES = 0x2000000
PERIPHERALS = range(0x40000000, 0x60000000)
PRIVATE = range(0xE0000000, 0xE0100000)
SRAM_ALIAS = range(0x22000000, 0x22000000 + ALIAS_BYTES)
PERIPHERAL_ALIAS = range(0x42000000, 0x42000000 + ALIAS_BYTES)
MAY_HAVE_BIT_BAND = {"cortex-m3", "cortex-m4"}
"""Cores that a chip's maker may build with bit-band aliases."""


def areas_of(core: str) -> dict[str, range]:
    """The areas by what they are, for boards with this core."""
    areas = {"the peripherals' area": PERIPHERALS, "the core's own registers": PRIVATE}
    if core in MAY_HAVE_BIT_BAND:
        areas["the bit-band alias of SRAM"] = SRAM_ALIAS
    return areas
