"""Peripheral and component identification words of Arm's devices."""

from __future__ import annotations

from peripherals.register_device import Register, read_only

NAMES = (*(f"PID{n}" for n in (4, 5, 6, 7, 0, 1, 2, 3)), *(f"CID{n}" for n in range(4)))
COMPONENT = (0x0D, 0xF0, 0x05, 0xB1)
FIRST = 0xFD0


def identity_rows(part: int) -> tuple[Register, ...]:
    """Make the rows at 0xFD0-0xFFC for a CMSDK part number such as 0x821 (DDI 0479)."""
    values = (0x04, 0, 0, 0, part & 0xFF, 0xB0 | part >> 8, 0x1B, 0, *COMPONENT)
    return tuple(read_only(FIRST + 4 * i, name, values[i]) for i, name in enumerate(NAMES))
