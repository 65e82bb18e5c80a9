"""PPI of nRF52: channels from events to tasks, by their registers' addresses (chapter "PPI").

A channel's event end point is the address of an EVENTS register, its task end points (a second one is its
fork's) are addresses of TASKS registers: PPI writes 1 to them. Channel groups are switched on and off by
tasks, which other channels may trigger. Channels 20 to 31 have fixed ends, of the radio with TIMER0 and
RTC0: they are not modelled, and reported when they are switched on.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from emulator.device import DeviceContext, NothingAnswers
from peripherals.register_device import Register, RegisterDevice, clears, sets

CHANNELS, PROGRAMMABLE, GROUPS = 32, 20, 6
RADIO_CHANNELS = 0xFFF00000


class Ppi(RegisterDevice):
    """The interconnect."""

    REGISTERS = (
        *(Register(8 * i, f"TASKS_CHG{i}_EN", writable=0) for i in range(GROUPS)),
        *(Register(8 * i + 4, f"TASKS_CHG{i}_DIS", writable=0) for i in range(GROUPS)),
        Register(0x500, "CHEN", on_write="channels_changed"),
        sets(0x504, "CHENSET", "CHEN", shows="CHEN"),
        clears(0x508, "CHENCLR", "CHEN", shows="CHEN"),
        *(Register(0x510 + 8 * i, f"CH{i}_EEP", on_write="channels_changed") for i in range(PROGRAMMABLE)),
        *(Register(0x514 + 8 * i, f"CH{i}_TEP") for i in range(PROGRAMMABLE)),
        *(Register(0x800 + 4 * i, f"CHG{i}") for i in range(GROUPS)),
        *(Register(0x910 + 4 * i, f"FORK{i}_TEP") for i in range(CHANNELS)),
    )
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._heard: set[int] = set()  # addresses of events that are watched, for good

    # -- RegisterDevice ----------------------------------------------------------------------
    def reset(self) -> None:
        """No channel is on."""
        super().reset()
        self._listen()

    def load(self, state: Any) -> None:
        """Put a saved state back, and watch the events that it needs."""
        super().load(state)
        self._listen()

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """A group's tasks, or a store."""
        if offset < 8 * GROUPS:
            if value & 1:
                self._switch_group(offset >> 3, on=not offset & 4)
            return
        super().write(offset, size_bytes, value)

    # -- effects -----------------------------------------------------------------------------
    def channels_changed(self, _written: int, old: int) -> None:
        """CHEN, CH[n].EEP."""
        if self.values["CHEN"] & ~old & RADIO_CHANNELS:
            self.report("CHEN", "write", "channels with fixed ends, which are the radio's")
        self._listen()

    # -- inside ------------------------------------------------------------------------------
    def _switch_group(self, group: int, *, on: bool) -> None:
        old = self.values["CHEN"]
        self.put_bits("CHEN", self.values[f"CHG{group}"], on)
        self.channels_changed(0, old)

    def _listen(self) -> None:
        """Tell each event's device whether anybody hears it."""
        wanted = {self.values[f"CH{i}_EEP"] for i in range(PROGRAMMABLE) if self.values["CHEN"] >> i & 1}
        wanted.discard(0)
        for address in wanted - self._heard:
            self._heard.add(address)
            self.context.signals.watch(f"event:{address:08x}", partial(self._happened, address))
        for address in self._heard:
            self.context.signals.set(f"listens:{address:08x}", int(address in wanted))

    def _happened(self, address: int, _level: int) -> None:
        on = [i for i in range(PROGRAMMABLE) if self.values["CHEN"] >> i & 1]
        from_it = [i for i in on if self.values[f"CH{i}_EEP"] == address]
        ends = [self.values[name] for i in from_it for name in (f"CH{i}_TEP", f"FORK{i}_TEP")]
        for task in filter(None, ends):
            try:
                self.context.memory.write(task, 4, 1)
            except NothingAnswers:
                self.report("CHEN", "write", f"a task at 0x{task:08x}, where nothing answers")
