"""The shape that every block of system registers has: words by absolute address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

WORD = 0xFFFFFFFF


class RegisterBlock(Protocol):
    """A hardware block of the Private Peripheral Bus.

    ``names`` maps each word's absolute address to its name in the Arm manuals. A narrow
    store reaches ``write_word`` with the bytes in place and ``mask`` covering them.
    """

    @property
    def names(self) -> Mapping[int, str]:
        """Names by absolute word address."""

    def reset(self) -> None:
        """Put every register to its reset value."""

    def read_word(self, address: int) -> int:
        """Read the word at ``address``, one of ``names``."""

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write the bytes of the word at ``address`` that ``mask`` covers."""

    def save(self) -> Any:
        """State for a snapshot (plain data)."""

    def load(self, state: Any) -> None:
        """Put a saved state back."""


def merge(old: int, value: int, mask: int) -> int:
    """``old`` with the bits of ``mask`` taken from ``value``."""
    return (old & ~mask) | (value & mask)


class StoredWords:
    """Registers that only remember: reset values and writable bits by address.

    A register that is not in ``writable`` is read-only.
    """

    def __init__(self, reset_values: Mapping[int, int], writable: Mapping[int, int]) -> None:
        self._reset_values = dict(reset_values)
        self._writable = dict(writable)
        self.words = dict(reset_values)

    def reset(self) -> None:
        """Put every word to its reset value."""
        self.words = dict(self._reset_values)

    def read(self, address: int) -> int:
        """The word at ``address``."""
        return self.words[address]

    def write(self, address: int, value: int, mask: int) -> None:
        """Write the writable bits of ``mask``."""
        bits = mask & self._writable.get(address, 0)
        self.words[address] = merge(self.words[address], value, bits)
