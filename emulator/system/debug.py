"""The debug registers that firmware looks at: DHCSR, DEMCR, and no debugger attached."""

from __future__ import annotations

from typing import Any

from emulator.system.features import Architecture, CoreFeatures
from emulator.system.registers import StoredWords

DFSR = 0xE000ED30
DHCSR = 0xE000EDF0
DCRSR = 0xE000EDF4
DCRDR = 0xE000EDF8
DEMCR = 0xE000EDFC
DAUTHCTRL = 0xE000EE04
DSCSR = 0xE000EE08

DEMCR_MON_EN = 1 << 16
DEMCR_MON_PEND = 1 << 17
DEMCR_TRCENA = 1 << 24
DFSR_BKPT = 1 << 1


class DebugControl:
    """DHCSR reads as "no debugger"; DEMCR gates DWT and ITM.

    ``trace_at_reset``: DEMCR.TRCENA is found set, as a debug probe leaves it that programmed
    the board: only a power-on clears it (Armv7-M ARM, DEMCR).
    """

    def __init__(self, core: CoreFeatures, *, trace_at_reset: bool = False) -> None:
        self._trace_at_reset = trace_at_reset
        self.names = {
            DFSR: "DFSR",
            DHCSR: "DHCSR",
            DCRSR: "DCRSR",
            DCRDR: "DCRDR",
            DEMCR: "DEMCR",
        }
        if core.architecture is Architecture.V8M:
            self.names |= {DAUTHCTRL: "DAUTHCTRL", DSCSR: "DSCSR"}
        writable = {DCRDR: 0xFFFFFFFF, DEMCR: 0x010F07F1 if core.is_mainline else 0x01000401}
        self._words = StoredWords(dict.fromkeys(self.names, 0), writable)

    @property
    def trace_enabled(self) -> bool:
        """DEMCR.TRCENA: DWT and ITM are powered."""
        return bool(self._words.words[DEMCR] & DEMCR_TRCENA)

    @property
    def monitor_enabled(self) -> bool:
        """DEMCR.MON_EN: debug events go to the DebugMonitor exception."""
        return bool(self._words.words[DEMCR] & DEMCR_MON_EN)

    def breakpoint_hit(self) -> None:
        """Note a BKPT in DFSR."""
        self._words.words[DFSR] |= DFSR_BKPT

    def reset(self) -> None:
        """Switch trace off, as a power-on does, or on, as the probe left it."""
        self._words.reset()
        if self._trace_at_reset:
            self._words.words[DEMCR] = DEMCR_TRCENA

    def read_word(self, address: int) -> int:
        """Read a debug register."""
        return self._words.read(address)

    def write_word(self, address: int, value: int, mask: int) -> None:
        """Write a debug register; DFSR bits are cleared by writing ones."""
        if address == DFSR:
            self._words.words[DFSR] &= ~(value & mask)
        else:
            self._words.write(address, value, mask)

    def save(self) -> Any:
        """State for a snapshot."""
        return dict(self._words.words)

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        self._words.words = dict(state)
