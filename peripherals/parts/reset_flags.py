"""Flags that say why the system was reset, and stay until firmware clears them.

Whoever resets the system sets the signal of its cause (:func:`emulator.device.reset_cause`); it is
high while the devices reset. A vendor's device adds which bits each cause sets; its register
keeps them over the reset, so it calls :func:`flags_after_reset` with what it held before.
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.device import POWER_ON, Signals, reset_cause


def flags_after_reset(
    signals: Signals, flags: int, causes: Mapping[str, int], clears: tuple[str, ...] = (POWER_ON,)
) -> int:
    """Give a reset-status register's flags after a reset.

    ``flags``: those before it. ``causes``: the flags that each cause sets. ``clears``: causes
    that clear what was there. A reset of which no cause is known is a power-on.
    """
    named = [cause for cause in causes if signals.get(reset_cause(cause))] or [POWER_ON]
    for cause in named:
        flags = (0 if cause in clears else flags) | causes.get(cause, 0)
    return flags
