"""Bit-band aliases of Cortex-M3 and M4: a word for each bit of the lowest megabyte of SRAM and peripherals.

Arm Cortex-M3 TRM 4.2 (100165), Cortex-M4 TRM 3.4 (100166), ST PM0214 2.2.5: the access to the
bit's word, half-word or byte has the size of the access to the alias, and a write reads first.
Whether a chip has them is a fact of its board file: ``core_parameters.bit_band``.
"""

from __future__ import annotations

from emulator.board.areas import ALIAS_BYTES, MAY_HAVE_BIT_BAND, PERIPHERAL_ALIAS, SRAM_ALIAS
from emulator.board.model import Board
from emulator.board.register_map import RegisterMap
from emulator.device import Memory

WORD_BYTES = 4


class BitBand:
    """Loads and stores of alias words; addresses outside the aliases are the caller's to keep away."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    @staticmethod
    def covers(address: int) -> bool:
        """Whether ``address`` is an alias of a bit."""
        return address in SRAM_ALIAS or address in PERIPHERAL_ALIAS

    def read(self, address: int, size_bytes: int) -> int:
        """The bit, 0 or 1. Raises MemoryFault where the bit is in no memory."""
        target, bit = _target(address, size_bytes)
        return self._memory.read(target, size_bytes) >> bit & 1

    def write(self, address: int, size_bytes: int, value: int) -> None:
        """Set the bit to bit 0 of ``value``. Raises MemoryFault where the bit is in no memory."""
        target, bit = _target(address, size_bytes)
        old = self._memory.read(target, size_bytes)
        self._memory.write(target, size_bytes, old & ~(1 << bit) | (value & 1) << bit)


def alias_words(board: Board, address: int, names: RegisterMap | None = None) -> str:
    """What an address in an alias stands for on a chip that has aliases; empty for any other address.

    ``"bit-band alias of bit 3 of 0x20000010 in sram1"``, where the board has something there; by its name
    too when ``names`` has one.
    """
    if board.core not in MAY_HAVE_BIT_BAND or not BitBand.covers(address):
        return ""
    target, bit = _target(address, WORD_BYTES)
    region = board.region_at(target)
    device = next((d for d in board.devices if d.base <= target < d.base + d.size_bytes), None)
    if region is None and device is None:
        return ""
    owner = region.name if region is not None else device.name if device is not None else ""
    called = "" if names is None else names.bit_words(target, bit)
    return f"bit-band alias of bit {bit} of 0x{target:08x}{called} in {owner}"


def _target(address: int, size_bytes: int) -> tuple[int, int]:
    """Address and bit number of the access that one to the alias makes."""
    offset = address & (ALIAS_BYTES - 1)
    base = address - offset - ALIAS_BYTES
    return base + (offset >> 5 & -size_bytes), offset >> 2 & (8 * size_bytes - 1)
