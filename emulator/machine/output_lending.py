"""Lends a transmitter at work to the hook for the length of a slice. Twin: output.h.

What has left is told to whoever listens when the device is told. Characters that somebody heeds are not
among those: they leave in Python, at their own cycle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from emulator.bus.bus import Bus
from emulator.bus.register_access import RegisterAccesses
from emulator.clock.clock import Clock
from emulator.device import Device, LendsOutput, OrdinaryOutput
from emulator.engine.engine import Engine
from emulator.engine.lent_input import WATCHED_CYCLES
from emulator.engine.lent_output import LentOutput
from emulator.engine.overhead import OverheadAccount
from emulator.machine.device_lending import DeviceLending
from emulator.machine.requests import RunRequests
from emulator.machine.tick_lending import TickLending

ALL_HEEDED, NONE_HEEDED = bytes([1] * 256), bytes(256)


class OutputLending(DeviceLending[LendsOutput, LentOutput]):
    """Lends the output of one device at a time.

    ``skips``: turns of waiting loops may be skipped.
    ``on_taken_back(check_at, sent)``: a waiting loop is to be looked for at that cycle; so many characters
    have left meanwhile. ``on_waiting()``: somebody waits in a loop that is to be looked at.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        bus: Bus,
        accesses: RegisterAccesses,
        devices: Iterable[Device],
        overhead: OverheadAccount,
        requests: RunRequests,
        tick: TickLending,
    ) -> None:
        super().__init__(engine, clock, bus, accesses, engine.output)
        self._requests = requests
        self._tick = tick
        self._overhead = overhead
        lenders = devices if engine.hook.takes_input else ()
        self._lenders = [device for device in lenders if isinstance(device, LendsOutput)]
        self._by_data = {d.context.base + d.OUTPUT_OFFSET: d for d in self._lenders}
        if self._lenders:
            accesses.written_to = self.begun
        self._slice_end = self._check_at = 0
        self._may_begin = False
        self._sends: LendsOutput | None = None  # it does, perhaps
        self.skips = True
        self.on_taken_back: Callable[[int, int], None] = lambda _check_at, _sent: None
        self.on_waiting: Callable[[], None] = lambda: None

    def _may_lend(self) -> bool:
        if self._hook.contexts.enabled:  # a recording tells turns that are not run: the same with both hooks
            return False
        return not self._overhead.used and super()._may_lend()

    def lend(self, slice_end: int, check_at: int) -> int:
        """A slice begins, between two blocks.

        When a waiting loop is to be looked for then: whoever waits for a lent transmitter is seen natively.
        """
        self._slice_end, self._check_at, self._may_begin = slice_end, check_at, self._may_lend()
        device = self._sends
        if device is None or not self._may_begin or self._accesses.lent is not None:  # an input is lent
            return check_at
        offered = device.lend_output()
        if offered is None:
            self._sends = None
            return check_at
        self._lend(device, offered, slice_end, check_at)
        return self._lent.check_at

    def begun(self, address: int) -> None:
        """The firmware has stored to ``address``: the first character of some, perhaps."""
        device = self._by_data.get(address)
        if device is None or self.is_lending:
            return
        self._sends = device
        if not self._may_begin:
            return
        offered = device.lend_output()
        if offered is not None:
            self._lend(device, offered, self._slice_end, self._check_at)
            self._requests.slice_end = self._slice_end
            self._requests.next_deadline(self._lent.other_deadline)

    def _lend(self, device: LendsOutput, offered: OrdinaryOutput, slice_end: int, check_at: int) -> None:
        self._tick.take_back()
        lent, base = self._lent, device.context.base
        heeded = device.context.serial.heeded() if device.context.serial is not None else NONE_HEEDED
        lent.at, lent.character_cycles = offered.at_cycles, offered.character_cycles
        lent.other_deadline, lent.slice_end = self._clock.next_cycles(), slice_end
        lent.check_at = max(check_at, offered.at_cycles + WATCHED_CYCLES) if self.skips else check_at
        lent.skipped_cycles = lent.skipped_instructions = 0
        lent.data_address, lent.status_address = base + offered.data_offset, base + offered.status_offset
        lent.full_status, lent.ready_status = offered.full, offered.ready
        lent.writable, lent.mask, lent.data = offered.writable, offered.mask, offered.data
        lent.is_held, lent.held = int(offered.held is not None), offered.held or 0
        lent.sending, lent.count = offered.sending, 0
        lent.heed(ALL_HEEDED if heeded is None else heeded)
        lent.may_skip, lent.wants_look = int(self.skips), 0
        self._begin(device)

    def take_back(self) -> None:
        """Tell the device and the listeners what became of its output; nothing when none is lent."""
        device = self._end()
        if device is None:
            return
        lent = self._lent
        self._sends = device
        held = lent.held if lent.is_held else None
        device.take_back_output(sending=lent.sending, held=held, data=lent.data, at_cycles=lent.at)
        self._outside.skipped_cycles += lent.skipped_cycles
        self._outside.skipped_instructions += lent.skipped_instructions
        if lent.count and device.context.serial is not None:
            device.context.serial.transmit_all(bytes(lent.characters[: lent.count]))
        self.on_taken_back(lent.check_at, lent.count)
        if lent.wants_look:
            self.on_waiting()
