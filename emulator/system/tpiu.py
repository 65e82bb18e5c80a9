"""Trace Port Interface Unit: what trace set-up code wrote, and how long a byte takes by it.

ARMv7-M ARM C1.10: SPPR says whether the pin speaks Manchester or NRZ, as UARTs do; ACPR + 1 divides the
trace clock to its rate; CSPSR has the width of a parallel port. The trace clock is the core's (guess: some
chips have another). A byte has a start and a stop bit in NRZ, and 16 half bits in Manchester (guess: a
packet's start bit comes once).
"""

from __future__ import annotations

from typing import Any

from emulator.system.features import CoreFeatures
from emulator.system.registers import StoredWords

SSPSR = 0xE0040000
CSPSR = 0xE0040004
ACPR = 0xE0040010
SPPR = 0xE00400F0
FFSR = 0xE0040300
FFCR = 0xE0040304
DEVID = 0xE0040FC8
DEVTYPE = 0xE0040FCC


MANCHESTER, NRZ = 1, 2
PERIODS_A_BYTE = {MANCHESTER: 16, NRZ: 10}


class Tpiu:
    """Registers and the rate; bytes take the short way from the ITM to the host."""

    def __init__(self, core: CoreFeatures) -> None:
        self.names: dict[int, str] = {}
        if core.has_itm:
            self.names = {
                SSPSR: "TPIU_SSPSR",
                CSPSR: "TPIU_CSPSR",
                ACPR: "TPIU_ACPR",
                SPPR: "TPIU_SPPR",
                FFSR: "TPIU_FFSR",
                FFCR: "TPIU_FFCR",
                DEVID: "TPIU_DEVID",
                DEVTYPE: "TPIU_DEVTYPE",
            }
        resets = {CSPSR: 1, SSPSR: 0xB, SPPR: 1, FFSR: 8, FFCR: 0x102, DEVID: 0xCA1, DEVTYPE: 0x11, ACPR: 0}
        writable = {CSPSR: 0xFFFFFFFF, ACPR: 0x1FFF, SPPR: 3, FFCR: 0x142}
        self._words = StoredWords(resets, writable)

    def byte_cycles(self) -> int:
        """What a byte takes on the port, in cycles of the core."""
        words = self._words.words
        periods = PERIODS_A_BYTE.get(words[SPPR])
        if periods is None:
            return -(-8 // max(1, words[CSPSR].bit_length()))
        return periods * (words[ACPR] + 1)

    def reset(self) -> None:
        """Put every register to its reset value."""
        self._words.reset()

    def read_word(self, address: int) -> int:
        """Read a register."""
        return self._words.read(address)

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write a register."""
        self._words.write(address, value, mask)

    def save(self) -> Any:
        """State for a snapshot."""
        return dict(self._words.words)

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._words.words = dict(state)
