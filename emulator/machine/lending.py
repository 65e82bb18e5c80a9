"""Lends characters that wait for a receiver to the hook for the length of a slice. Twin: input.h."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from emulator.bus.bus import Bus
from emulator.bus.register_access import RegisterAccesses
from emulator.clock.clock import Clock
from emulator.device import Device, LendsInput, OrdinaryInput
from emulator.engine.engine import Engine
from emulator.engine.lent_input import MOST_CHARACTERS, LentInput
from emulator.machine.device_lending import DeviceLending
from emulator.system.exception_table import FIRST_EXTERNAL

LEAST_CHARACTERS = 2
"""Fewer are not worth it."""


class InputLending(DeviceLending[LendsInput, LentInput]):
    """Lends the input of one device at a time.

    ``some_wait``: characters do, for one of the devices perhaps. ``is_asleep``: the core went to sleep
    meanwhile, and nothing has woken it. ``on_taken(check_at)``: characters have come meanwhile; a waiting
    loop is to be looked for at that cycle.
    """

    def __init__(
        self, engine: Engine, clock: Clock, bus: Bus, accesses: RegisterAccesses, devices: Iterable[Device]
    ) -> None:
        super().__init__(engine, clock, bus, accesses, engine.input)
        lenders = devices if engine.hook.takes_input else ()
        self._lenders = [device for device in lenders if isinstance(device, LendsInput)]
        self.some_wait = True  # characters, for one of them perhaps
        for device in self._lenders:
            if device.context.serial is not None:
                device.context.serial.on_waiting(self._characters_wait)
        self.is_asleep = False
        self.on_taken: Callable[[int], None] = lambda _check_at: None

    def _characters_wait(self) -> None:
        self.some_wait = True

    def lend(self, slice_end: int, check_at: int, quiet_cycles: Callable[[], int]) -> None:
        """A slice begins, between two blocks; for whoever has seen that :attr:`some_wait`."""
        if not self._may_lend():
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
        lent, base = self._lent, device.context.base
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
        lent.is_asleep = 0
        self._begin(device)

    def take_back(self) -> None:
        """Tell the device what became of its input; nothing when none is lent."""
        device = self._end()
        if device is None:
            return
        lent = self._lent
        self.is_asleep = bool(lent.is_asleep)
        held = lent.data if lent.is_held else None
        device.take_back_input(lent.taken, held=held, last=lent.last, at_cycles=lent.at)
        self._outside.sleep_cycles += lent.slept_cycles
        if lent.taken:
            self.on_taken(lent.check_at)
