"""Lends characters that wait for a receiver to the hook for the length of a slice. Twin: input.h.

The devices are the truth: what the hook did with the characters is told to the device before anything
else in Python looks at it or changes anything (a store, a deadline, the end of the slice).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from emulator.bus.bus import Bus
from emulator.bus.register_access import RegisterAccesses
from emulator.clock.clock import Clock
from emulator.device import Device, LendsInput, OrdinaryInput
from emulator.engine.engine import Engine
from emulator.engine.lent_input import MOST_CHARACTERS
from emulator.system.exception_table import FIRST_EXTERNAL

LEAST_CHARACTERS = 2
"""Fewer are not worth it."""


class InputLending:
    """Lends the input of one device at a time.

    ``some_wait``: characters do, for one of the devices perhaps. ``is_lending``: now. ``is_asleep``: the
    core went to sleep meanwhile, and nothing has woken it. ``on_taken(check_at)``: characters have come
    meanwhile; a waiting loop is to be looked for at that cycle.
    """

    def __init__(
        self, engine: Engine, clock: Clock, bus: Bus, accesses: RegisterAccesses, devices: Iterable[Device]
    ) -> None:
        self._accesses = accesses
        self._hook = engine.hook
        self._exceptions = engine.exceptions
        self._outside = engine.outside
        self._input = engine.input
        self._clock = clock
        self._bus = bus
        lenders = devices if engine.hook.takes_input else ()
        self._lenders = [device for device in lenders if isinstance(device, LendsInput)]
        self.some_wait = True  # characters, for one of them perhaps
        for device in self._lenders:
            if device.context.serial is not None:
                device.context.serial.on_waiting(self._characters_wait)
        self._lender: LendsInput | None = None
        self.is_lending = self.is_asleep = False
        self.on_taken: Callable[[int], None] = lambda _check_at: None

    def _characters_wait(self) -> None:
        self.some_wait = True

    def lend(self, slice_end: int, check_at: int, quiet_cycles: Callable[[], int]) -> None:
        """A slice begins, between two blocks; for whoever has seen that :attr:`some_wait`."""
        if self._exceptions.left_to_python or not self._hook.serves_exceptions:
            return
        if self._bus.flipped or self._bus.journal is not None:  # somebody is told of each access
            return
        self.some_wait = False
        for device in self._lenders:
            waiting = device.characters_waiting()
            self.some_wait = self.some_wait or waiting > 0
            if waiting >= LEAST_CHARACTERS:
                offered = device.lend_input(MOST_CHARACTERS)
                if offered is not None:
                    self._lend(device, offered, slice_end, check_at, quiet_cycles())
                    return

    def _lend(
        self, device: LendsInput, offered: OrdinaryInput, slice_end: int, check_at: int, quiet_cycles: int
    ) -> None:
        lent, base = self._input, device.context.base
        line = device.context.interrupts.get(offered.line)
        lent.at, lent.character_cycles = offered.at_cycles, offered.character_cycles
        lent.other_deadline, lent.slice_end, lent.check_at = self._clock.next_cycles(), slice_end, check_at
        lent.quiet_cycles, lent.slept_cycles = quiet_cycles, 0
        lent.data_address, lent.status_address = base + offered.data_offset, base + offered.status_offset
        lent.clear_address = base + offered.clear_offset
        lent.empty_status, lent.full_status, lent.sticky = offered.empty, offered.full, offered.sticky
        lent.exception = 0 if line is None else FIRST_EXTERNAL + getattr(line, "number")  # noqa: B009
        lent.is_held, lent.data = int(offered.held is not None), offered.held or 0
        lent.last = offered.last
        lent.count, lent.taken = len(offered.characters), 0
        lent.busy, lent.follows = offered.busy, int(device.characters_waiting() > lent.count)
        lent.characters[: lent.count] = offered.characters
        lent.is_lent, lent.is_asleep = 1, 0
        self.is_lending = True
        self._lender, self._accesses.lent = device, range(base, base + device.size_bytes)
        self._accesses.taken_back = self.take_back

    def take_back(self) -> None:
        """Tell the device what became of its input; nothing when none is lent."""
        device, self._lender = self._lender, None
        if device is None:
            return
        self._accesses.lent = None
        lent = self._input
        lent.is_lent = 0
        self.is_lending, self.is_asleep = False, bool(lent.is_asleep)
        held = lent.data if lent.is_held else None
        device.take_back_input(lent.taken, held=held, last=lent.last, at_cycles=lent.at)
        self._outside.sleep_cycles += lent.slept_cycles
        if lent.taken:
            self.on_taken(lent.check_at)
