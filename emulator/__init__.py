"""Boardless's engine: images, machine, exceptions, clock, timing.

``from boardless import Machine`` is the way in for users; nothing heavy is imported before it is
asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.engine.counts import Counts
    from emulator.machine.execution import StopReason
    from emulator.machine.machine import Machine

__all__ = ["Counts", "Machine", "StopReason"]
__version__ = "0.1.0"

_HOMES = {
    "Counts": "emulator.engine.counts",
    "Machine": "emulator.machine.machine",
    "StopReason": "emulator.machine.execution",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
