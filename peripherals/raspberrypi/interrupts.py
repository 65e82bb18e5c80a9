"""The four interrupt registers that most blocks of RP2040 have: INTR, INTE, INTF, INTS.

Source: RP2040 datasheet, their descriptions in each chapter: INTS, "interrupt status after masking and
forcing", is (INTR and INTE) or INTF. A device adds the rows of ``INTERRUPTS``.
"""

from __future__ import annotations

from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register, read_only


def interrupt_rows(offset: int, mask: int, *, latched: int = 0) -> tuple[Register, ...]:
    """Make the rows from INTR's offset on; ``latched``: its bits that are cleared by writing 1."""
    return (
        Register(offset, "INTR", writable=0, w1c=latched),
        Register(offset + 4, "INTE", writable=mask),
        Register(offset + 8, "INTF", writable=mask),
        read_only(offset + 12, "INTS", on_read="status"),
    )


def interrupt(line: str, mask: int) -> Interrupt:
    """Make a row of ``INTERRUPTS``: the bits of INTS that assert a line."""
    return Interrupt(line, "INTR", "INTE", mask)


class ForcedInterrupts(AtomicRegisters, InterruptDevice):
    """Interrupts can be forced besides."""

    def status(self) -> int:
        """INTS: what is enabled or forced of INTR."""
        return self.values["INTR"] & self.values["INTE"] | self.values["INTF"]

    def pending(self, row: Interrupt) -> int:
        """The bits of a row that are enabled or forced."""
        return self.status() & row.mask
