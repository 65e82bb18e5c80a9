"""Boardless's engine: images, machine, exceptions, clock, timing.

``from emulator import Machine`` is the way in; nothing heavy is imported before it is asked
for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.engine.counts import Counts
    from emulator.machine.execution import StopReason
    from emulator.machine.machine import Machine

__all__ = ["Counts", "Machine", "StopReason"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "Machine":
        from emulator.machine.machine import Machine  # noqa: PLC0415

        return Machine
    if name == "Counts":
        from emulator.engine.counts import Counts  # noqa: PLC0415

        return Counts
    if name == "StopReason":
        from emulator.machine.execution import StopReason  # noqa: PLC0415

        return StopReason
    raise AttributeError(f"module 'emulator' has no attribute {name!r}")
