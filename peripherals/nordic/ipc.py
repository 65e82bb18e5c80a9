"""IPC and MUTEX of nRF5340 (chapters "IPC", "MUTEX"), without the network core at the other end.

SEND[n] signals the channels of SEND_CNF[n]; RECEIVE[n] happens when a channel of RECEIVE_CNF[n] is signalled,
which only the network core would do: a signal goes nowhere, and is reported.
"""

from __future__ import annotations

from peripherals.nordic.event_device import EventDevice, numbered
from peripherals.register_device import Register, RegisterDevice

CHANNELS = 16


class Ipc(EventDevice):
    """The application core's end."""

    TASKS = numbered("SEND", CHANNELS, 0x000)
    EVENTS = numbered("RECEIVE", CHANNELS, 0x100)
    REGISTERS = (
        *(Register(0x510 + 4 * i, f"SEND_CNF{i}", writable=0xFFFF) for i in range(CHANNELS)),
        *(Register(0x590 + 4 * i, f"RECEIVE_CNF{i}", writable=0xFFFF) for i in range(CHANNELS)),
        *(Register(0x610 + 4 * i, f"GPMEM{i}") for i in range(2)),
    )

    def task_send(self, number: int) -> None:
        """SEND[n]: nobody is there."""
        if self.values[f"SEND_CNF{number}"]:
            self.report(f"TASKS_SEND{number}", "write", "a signal to the network core, which is not emulated")


class Mutex(RegisterDevice):
    """Sixteen locks: a read takes one and says whether it was taken; writing 0 gives it back."""

    REGISTERS = tuple(Register(0x400 + 4 * i, f"MUTEX{i}", writable=1) for i in range(16))
    size_bytes = 0x1000

    def read(self, offset: int, size_bytes: int) -> int:
        """Take it."""
        value = super().read(offset, size_bytes)
        if offset in self._rows and not value:
            self.values[self._rows[offset].name] = 1
            self.context.consumed()
        return value

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Give it back; writing 1 changes nothing."""
        if not value & 1:
            super().write(offset, size_bytes, value)
