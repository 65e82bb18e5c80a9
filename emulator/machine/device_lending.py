"""What lending a device's characters to the hook takes, whichever way they go: see :mod:`.lending`.

The devices are the truth: what the hook did is told to the device before anything else in Python looks at
it or changes anything (a store, a deadline, the end of the slice).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from emulator.bus.bus import Bus
from emulator.bus.register_access import RegisterAccesses
from emulator.clock.clock import Clock
from emulator.device import LendsInput, LendsOutput
from emulator.engine.engine import Engine
from emulator.engine.lent_input import LentInput
from emulator.engine.lent_output import LentOutput

Lender = TypeVar("Lender", bound=LendsInput | LendsOutput)
Lent = TypeVar("Lent", bound=LentInput | LentOutput)


class DeviceLending(ABC, Generic[Lender, Lent]):
    """Lends one device at a time, for the length of a slice. ``is_lending``: now."""

    def __init__(
        self, engine: Engine, clock: Clock, bus: Bus, accesses: RegisterAccesses, lent: Lent
    ) -> None:
        self._accesses = accesses
        self._hook = engine.hook
        self._exceptions = engine.exceptions
        self._outside = engine.outside
        self._clock = clock
        self._bus = bus
        self._lent = lent
        self._lender: Lender | None = None
        self.is_lending = False

    def _may_lend(self) -> bool:
        if self._exceptions.left_to_python or not self._hook.serves_exceptions:
            return False
        return not self._bus.flipped and self._bus.journal is None  # else somebody is told of each access

    def _begin(self, device: Lender) -> None:
        """The hook serves a device from here on."""
        base = device.context.base
        self._lent.is_lent = 1
        self.is_lending = True
        self._lender, self._accesses.lent = device, range(base, base + device.size_bytes)
        self._accesses.taken_back = self.take_back

    def _end(self) -> Lender | None:
        """The hook serves it no longer: the device, None when there was none."""
        device, self._lender = self._lender, None
        if device is not None:
            self._accesses.lent = None
            self._lent.is_lent = 0
            self.is_lending = False
        return device

    @abstractmethod
    def take_back(self) -> None:
        """Tell the device what the hook did; nothing when none is lent."""
