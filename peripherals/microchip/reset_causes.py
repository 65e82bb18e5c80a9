"""RCAUSE of SAM D21 (DS40001882, chapter 16) and SAM D5x/E5x (DS60001507, chapter 17): one bit says why."""

from __future__ import annotations

from emulator.device import POWER_ON, RESET_PIN, SOFTWARE, Signals
from peripherals.parts.reset_flags import flags_after_reset

POWERED_ON = 1 << 0
CAUSES = {SOFTWARE: 1 << 6, "wdt": 1 << 5, RESET_PIN: 1 << 4, POWER_ON: POWERED_ON}
"""Of several at once the last one is shown."""


def cause_of_reset(signals: Signals) -> int:
    """RCAUSE after a reset."""
    return flags_after_reset(signals, 0, CAUSES, clears=tuple(CAUSES))
