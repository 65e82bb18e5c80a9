"""ECB, AES-128 of nRF52 by EasyDMA (product specifications, chapter "ECB"): a key, a block in, a block out.

ECBDATAPTR is where the three lie behind each other. A block takes 7.2 us (electrical specification: typical).
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import DeviceContext, NothingAnswers
from peripherals.nordic.event_device import EventDevice
from peripherals.nordic.power_clock import PERIPHERAL_CLOCK, TICKS_A_US
from peripherals.parts.aes import BLOCK_BYTES, encrypt
from peripherals.parts.paced_deadline import PacedDeadline
from peripherals.register_device import Register

BLOCK_TICKS = TICKS_A_US * 72 // 10


class Ecb(EventDevice):
    """The block."""

    TASKS: ClassVar = {"STARTECB": 0x000, "STOPECB": 0x004}
    EVENTS: ClassVar = {"ENDECB": 0x100, "ERRORECB": 0x104}
    REGISTERS = (Register(0x504, "ECBDATAPTR"),)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._block = PacedDeadline(context, "block", PERIPHERAL_CLOCK, self._ended)

    def reset(self) -> None:
        """Nothing is encrypted."""
        super().reset()
        self._block.disarm()

    def task_startecb(self) -> None:
        """Encrypt a block."""
        self._block.arm(BLOCK_TICKS)

    def task_stopecb(self) -> None:
        """What was not encrypted is an error."""
        if self._block.armed:
            self._block.disarm()
            self.fire("ERRORECB")

    def _ended(self) -> None:
        base, memory = self.values["ECBDATAPTR"], self.context.memory
        try:
            given = bytes(memory.read(base + n, 1) for n in range(2 * BLOCK_BYTES))
            result = encrypt(given[:BLOCK_BYTES], given[BLOCK_BYTES:])
            memory.write_all(base + 2 * BLOCK_BYTES, result)
        except NothingAnswers:
            self.fire("ERRORECB")
            return
        self.fire("ENDECB")
