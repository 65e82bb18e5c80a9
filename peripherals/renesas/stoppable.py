"""A device behind a module stop bit (R01UH0995, chapter "Low Power Modes", MSTPCRn), and its events.

While its bit is set no register answers: reads give 0, writes change nothing. The bits' wires are
``mstp:B22`` and the like (:mod:`.mstp`). Events go out on ``event:NUMBER`` (:mod:`.icu`).
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import ClockedParameters
from emulator.schema.table import about
from peripherals.register_device import RegisterDevice


class StoppableParameters(ClockedParameters, frozen=True):
    """Its clock, its module stop bit, the first of its events."""

    stop: Annotated[str, about("Its module stop bit: the register's letter and the bit.", example="B22")] = ""
    events: Annotated[
        int,
        about("The number of its first event in IELSRn.", at_least=0, at_most=0x1FF, example=0x163),
    ] = 0


class StoppableDevice(RegisterDevice):
    """Answers while it is not stopped."""

    PARAMETERS = StoppableParameters
    parameters: StoppableParameters

    @property
    def is_stopped(self) -> bool:
        """Its module stop bit is set."""
        return bool(self.parameters.stop) and self.context.signals.get(f"mstp:{self.parameters.stop}") != 0

    def read(self, offset: int, size_bytes: int) -> int:
        """Nothing while it is stopped."""
        return 0 if self.is_stopped else super().read(offset, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Nothing while it is stopped."""
        if not self.is_stopped:
            super().write(offset, size_bytes, value)

    def raise_event(self, number: int) -> None:
        """A pulse of the event that is ``number`` behind its first."""
        name = f"event:{self.parameters.events + number}"
        self.context.signals.set(name, 1)
        self.context.signals.set(name, 0)

    def hold_event(self, number: int, level: bool) -> None:
        """An event that lasts while its condition does."""
        self.context.signals.set(f"event:{self.parameters.events + number}", int(level))
