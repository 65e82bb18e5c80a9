"""The four registers that every PSoC 6 block has for its interrupts (registers TRM CY8C6xxA).

INTR holds the flags, which writing 1 clears; INTR_SET sets flags, and reads as INTR; INTR_MASK enables them;
INTR_MASKED reads those that are set and enabled.
"""

from __future__ import annotations

from peripherals.register_device import Register, sets

FROM_FLAGS_TO_SET, FROM_FLAGS_TO_MASK, FROM_FLAGS_TO_MASKED = 0x04, 0x08, 0x0C


def interrupt_rows(base: int, name: str, flags: int, *, on_write: str = "") -> tuple[Register, ...]:
    """Make the rows from ``base`` on; ``on_write`` follows a write to any of the first three."""
    mask = f"{name}_MASK"
    return (
        Register(base, name, writable=0, w1c=flags, on_write=on_write),
        sets(base + FROM_FLAGS_TO_SET, f"{name}_SET", name, flags, shows=name),
        Register(base + FROM_FLAGS_TO_MASK, mask, writable=flags, on_write=on_write),
        Register(base + FROM_FLAGS_TO_MASKED, f"{name}_MASKED", writable=0, shows=name, under=mask),
    )
