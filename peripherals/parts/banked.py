"""A device that holds the same registers several times over, such as counters or ports."""

from __future__ import annotations

from typing import ClassVar

from emulator.device import DeviceContext
from peripherals.register_device import RegisterDevice


class BankedDevice(RegisterDevice):
    """Remembers in ``bank`` which copy the access in progress is to, for the effects.

    Copies lie ``BANK_BYTES`` apart, from ``FIRST_BANK`` on; ``names`` of rows end in the
    bank's number by the subclass's own rule.
    """

    BANK_BYTES: ClassVar[int] = 0x40
    FIRST_BANK: ClassVar[int] = 0

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self.bank = 0

    def read(self, offset: int, size_bytes: int) -> int:
        """Load from one copy."""
        self.bank = self.bank_of(offset)
        return super().read(offset, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store to one copy."""
        self.bank = self.bank_of(offset)
        super().write(offset, size_bytes, value)

    def bank_of(self, offset: int) -> int:
        """Which copy ``offset`` belongs to."""
        return (offset - self.FIRST_BANK) // self.BANK_BYTES
