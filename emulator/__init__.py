"""Boardless's engine: images, machine, exceptions, clock, timing.

``from boardless import Machine`` is the way in for users; nothing heavy is imported before it is
asked for.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # type checkers take it for true; typing itself takes longer than all of this
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


# a type checker knows the names from above, and would take every other name for one of Any
if not TYPE_CHECKING:

    def __getattr__(name):
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(_HOMES[name]), name)
