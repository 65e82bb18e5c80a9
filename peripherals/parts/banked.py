"""A device that holds the same registers several times over, such as counters, ports or channels.

A vendor's device adds the rows of one copy, repeated with the copy's prefix in their names, and
how far the copies lie apart.
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import DeviceContext
from peripherals.register_device import RegisterDevice


class BankedDevice(RegisterDevice):
    """Remembers in ``bank`` which copy the access in progress is to, for the effects.

    Copies lie ``BANK_BYTES`` apart, from ``FIRST_BANK`` on.
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


class Bank:
    """One copy: its registers by their names without the prefix."""

    def __init__(self, device: RegisterDevice, prefix: str) -> None:
        self.device = device
        self.prefix = prefix

    def value(self, register: str) -> int:
        """A register's stored value."""
        return self.device.values[self.prefix + register]

    def put(self, register: str, value: int) -> None:
        """Change a register's stored value."""
        self.device.values[self.prefix + register] = value

    def set_bits(self, register: str, mask: int) -> None:
        """Set bits of a register."""
        self.device.set_bits(self.prefix + register, mask)

    def clear_bits(self, register: str, mask: int) -> None:
        """Clear bits of a register."""
        self.device.clear_bits(self.prefix + register, mask)

    def report(self, register: str, access: str, what: str) -> None:
        """Report a use of a register that the model does not cover."""
        self.device.report(self.prefix + register, access, what)
