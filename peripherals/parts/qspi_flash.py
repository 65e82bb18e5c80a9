"""A serial flash chip as its host sees it: commands in, bytes out, busy while it programs and erases.

Commands and times (typical): Winbond W25Q16JV datasheet, revision H, 6.1 and 9.6 (AC characteristics).
What it holds are the bytes of the memory region at ``base``. Status register writes are kept; protection,
suspend and the security registers are not modelled.
"""

from __future__ import annotations

from typing import Any

from emulator.clock.clock import PICOSECONDS_PER_SECOND
from emulator.device import DeviceContext

MICROSECOND = PICOSECONDS_PER_SECOND // 1_000_000
PAGE_BYTES, BYTE_BITS = 256, 8
ERASES = {0x20: (0x1000, 45_000), 0x52: (0x8000, 120_000), 0xD8: (0x10000, 150_000)}
"""Command: (bytes, microseconds): tSE, tBE1, tBE2."""
CHIP_ERASES, CHIP_ERASE_US = (0x60, 0xC7), 5_000_000
PAGE_PROGRAMS, PAGE_PROGRAM_US = (0x02, 0x32), 400
"""The second one takes its data on four lines, which is its host's matter."""
WRITE_STATUS = {0x01: 0, 0x31: 1, 0x11: 2}
WRITE_STATUS_US = 10_000
READ_STATUS = {0x05: 0, 0x35: 1, 0x15: 2}
READ, FAST_READ, JEDEC_ID, UNIQUE_ID = 0x03, 0x0B, 0x9F, 0x4B
WRITE_ENABLE, VOLATILE_ENABLE, WRITE_DISABLE = 0x06, 0x50, 0x04
ADDRESS_BYTES, UNIQUE_DUMMIES = 3, 4
READS = {READ: 0, FAST_READ: 1, 0x3B: 1, 0x6B: 1, 0xBB: 1, 0xEB: 3}
"""Command: bytes between address and data, mode bits and dummy clocks, on as many lines as these have."""
BUSY, WRITES = 1 << 0, 1 << 1
MANUFACTURER, MEMORY_TYPE = 0xEF, 0x40
UNIQUE = bytes.fromhex("e6605481db2c8a36")
"""Of the model: every chip has another."""
ERASED = 0xFF


class QspiFlash:
    """One chip of ``size_bytes``, a power of two."""

    def __init__(self, context: DeviceContext, base: int, size_bytes: int) -> None:
        self._context = context
        self._base = base
        self._size = size_bytes
        self._command: list[int] = []  # what came since it was selected
        self._writes = False
        self._status = [0, 0, 0]
        self._busy_until = 0  # picoseconds

    def reset(self) -> None:
        """The host is reset: it is not selected; what it does goes on."""
        self._command = []

    def exchange(self, byte: int) -> int:
        """A byte goes in, and the one that is shifted out meanwhile comes back."""
        self._command.append(byte)
        answer = self._answer(self._command[0], len(self._command) - 2)
        return answer & 0xFF

    def exchange_frame(self, frame: int, bits: int) -> int:
        """The bytes of so many bits, the most significant first; those that come back, too."""
        answer = 0
        for place in reversed(range(0, bits, BYTE_BITS)):
            answer = answer << BYTE_BITS | self.exchange(frame >> place & 0xFF)
        return answer

    def deselect(self) -> None:
        """The end of a command: programming and erasing begin."""
        command, self._command = self._command, []
        if not command or self._busy():
            return
        code = command[0]
        if code in (WRITE_ENABLE, VOLATILE_ENABLE):
            self._writes = True
        elif code == WRITE_DISABLE:
            self._writes = False
        elif self._writes:
            self._change(code, command[1:])

    def save(self) -> Any:
        """State for a snapshot."""
        return list(self._command), self._writes, list(self._status), self._busy_until

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        command, self._writes, status, self._busy_until = state
        self._command, self._status = list(command), list(status)

    # -- inside ----------------------------------------------------------------------------
    def _busy(self) -> bool:
        return self._context.clock.picoseconds() < self._busy_until

    def _address(self) -> int:
        return int.from_bytes(self._command[1 : 1 + ADDRESS_BYTES], "big") % self._size

    def _answer(self, code: int, place: int) -> int:
        """The byte behind so many others that follow the command; -1: the command itself."""
        if place < 0:
            return ERASED
        if code in READ_STATUS:
            number = READ_STATUS[code]
            first = (BUSY if self._busy() else 0) | (WRITES if self._writes else 0)
            return self._status[number] & ~3 | first if number == 0 else self._status[number]
        if self._busy():
            return ERASED
        if code == JEDEC_ID:
            return (MANUFACTURER, MEMORY_TYPE, self._size.bit_length() - 1)[place % 3]
        return self._read(code, place)

    def _read(self, code: int, place: int) -> int:
        """A byte of the chip's memory, or of its unique number."""
        if code == UNIQUE_ID and place >= UNIQUE_DUMMIES:
            return UNIQUE[(place - UNIQUE_DUMMIES) % len(UNIQUE)]
        skipped = ADDRESS_BYTES + READS.get(code, 0)
        if code in READS and place >= skipped:
            return self._context.memory.read(self._base + (self._address() + place - skipped) % self._size, 1)
        return ERASED

    def _change(self, code: int, rest: list[int]) -> None:
        address = int.from_bytes(bytes(rest[:ADDRESS_BYTES]), "big") % self._size
        if code in PAGE_PROGRAMS and len(rest) > ADDRESS_BYTES:
            self._program(address, rest[ADDRESS_BYTES:])
            self._finish(PAGE_PROGRAM_US)
        elif code in ERASES and len(rest) == ADDRESS_BYTES:
            size_bytes, microseconds = ERASES[code]
            self._put(address & -size_bytes, bytes([ERASED]) * size_bytes)
            self._finish(microseconds)
        elif code in CHIP_ERASES:
            self._put(0, bytes([ERASED]) * self._size)
            self._finish(CHIP_ERASE_US)
        elif code in WRITE_STATUS and rest:
            for number, value in enumerate(rest[: len(self._status)], WRITE_STATUS[code]):
                if number < len(self._status):
                    self._status[number] = value
            self._finish(WRITE_STATUS_US)

    def _program(self, address: int, data: list[int]) -> None:
        """Ones become zeros; behind the end of the page it goes on at its beginning."""
        page, place = address & -PAGE_BYTES, address % PAGE_BYTES
        old = [self._context.memory.read(self._base + page + n, 1) for n in range(PAGE_BYTES)]
        for n, byte in enumerate(data[-PAGE_BYTES:], max(0, len(data) - PAGE_BYTES)):
            old[(place + n) % PAGE_BYTES] &= byte
        self._put(page, bytes(old))

    def _put(self, address: int, data: bytes) -> None:
        self._context.flash.put(self._base + address, data)

    def _finish(self, microseconds: int) -> None:
        self._writes = False
        self._busy_until = self._context.clock.picoseconds() + microseconds * MICROSECOND
