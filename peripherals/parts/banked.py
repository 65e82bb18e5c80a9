"""A device that holds the same registers several times over, such as counters, ports or channels.

A vendor's device adds the rows of one copy, repeated with the copy's prefix in their names, and
how far the copies lie apart.
"""

from __future__ import annotations

from typing import ClassVar

from peripherals.register_device import RegisterDevice


class BankedDevice(RegisterDevice):
    """Copies lie ``BANK_BYTES`` apart from ``FIRST_BANK`` on; effects find in ``bank`` which one is meant."""

    BANK_BYTES: ClassVar[int] = 0x40
    FIRST_BANK: ClassVar[int] = 0

    @property
    def bank(self) -> int:
        """Which copy the access in progress is to."""
        return self.bank_of(self.access_offset)

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
