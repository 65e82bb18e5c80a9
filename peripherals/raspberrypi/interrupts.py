"""The four interrupt registers that most blocks of RP2040 have: INTR, INTE, INTF, INTS.

Source: RP2040 datasheet, their descriptions in each chapter: INTS, "interrupt status after masking and
forcing", is (INTR and INTE) or INTF. A device adds :attr:`ForcedInterrupts.LINE_OF` and, where raw
interrupts follow the block's state, overrides :meth:`ForcedInterrupts.raw`.
"""

from __future__ import annotations

from typing import ClassVar

from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register, read_only


def interrupt_rows(offset: int, mask: int, *, latched: int = 0) -> tuple[Register, ...]:
    """Make the rows from INTR's offset on; ``latched``: its bits that are cleared by writing 1."""
    return (
        Register(offset, "INTR", writable=0, w1c=latched, on_read="raw"),
        Register(offset + 4, "INTE", writable=mask),
        Register(offset + 8, "INTF", writable=mask),
        read_only(offset + 12, "INTS", on_read="status"),
    )


class ForcedInterrupts(AtomicRegisters):
    """Brings its lines up to date after each write."""

    LINE_OF: ClassVar[dict[str, int]] = {}
    """Interrupt lines, and the bits of INTS that assert each."""

    def __init_subclass__(cls) -> None:
        """The table names the lines that a board may connect."""
        super().__init_subclass__()
        if cls.LINE_OF:
            cls.LINES = tuple(cls.LINE_OF)

    def raw(self) -> int:
        """INTR: what asks for an interrupt."""
        return self.values["INTR"]

    def status(self) -> int:
        """INTS: what is enabled or forced of it."""
        return self.raw() & self.values["INTE"] | self.values["INTF"]

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store, let the effect happen, then the lines follow."""
        super().write(offset, size_bytes, value)
        self.refresh_lines()

    def refresh_lines(self) -> None:
        """Assert each line that a bit of INTS asks for; release the others."""
        status = self.status()
        for name, mask in self.LINE_OF.items():
            self.line(name).set_level(bool(status & mask))
