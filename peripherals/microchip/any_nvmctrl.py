"""What the flash controllers of SAM D21 (DS40001882, chapter 22) and SAM D5x/E5x (DS60001507, 25) share.

Stores to flash fill the buffer of a page; programming makes a one of no zero. Bytes are as new as soon as an
operation begins, READY comes back when its time is over.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from emulator.clock.clock import PICOSECONDS_PER_SECOND
from emulator.device import DeviceContext
from peripherals.parts.interrupts import InterruptDevice
from peripherals.parts.timed_deadline import TimedDeadline

KEY = 0xA5
MICROSECOND = PICOSECONDS_PER_SECOND // 1_000_000
ERASED = 0xFF


class AnyNvmctrl(InterruptDevice):
    """A chip adds its registers, commands and times, and which addresses take stores (:meth:`stored`).

    ``READY``, ``DONE``: flags of INTFLAG at the end of an operation.
    """

    PAGE_BYTES: ClassVar[int]
    READY: ClassVar[int]
    DONE: ClassVar[int] = 0
    PROGRAM_US: ClassVar[int]
    ERASE_US: ClassVar[int]
    STATE = ("_buffer",)
    PARTS = ("_busy",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._buffer: dict[int, int] = {}  # bytes of the page, by their place in it
        self._busy = TimedDeadline(context, "busy", self._done, is_work=True)

    def reset(self) -> None:
        """Ready; the page buffer empty."""
        super().reset()
        self._buffer = {}
        self._busy.arm(None)
        self.tuned(0, 0)

    # -- a chip's own ----------------------------------------------------------------------
    @abstractmethod
    def tuned(self, _written: int, _old: int) -> None:
        """Tell the memory model what the registers say."""

    @abstractmethod
    def buffered(self, address: int, size_bytes: int) -> None:
        """A store has come to the buffer."""

    # -- for subclasses ----------------------------------------------------------------------
    def stored(self, address: int, size_bytes: int, value: int) -> bool:
        """A store fills the buffer; bytes go out as halfwords or words."""
        if size_bytes == 1:
            return False
        for n in range(size_bytes):
            self._buffer[(address + n) % self.PAGE_BYTES] = value >> 8 * n & 0xFF
        self.buffered(address, size_bytes)
        return True

    def forget_buffer(self) -> None:
        """What was stored is not programmed."""
        self._buffer = {}

    def erase(self, address: int, size_bytes: int) -> None:
        """Erase the row, page or block in which an address lies."""
        self.context.flash.put(address & -size_bytes, bytes([ERASED]) * size_bytes)
        self._begin(self.ERASE_US)

    def program(self, address: int, size_bytes: int) -> None:
        """Program the page, or the part of it, in which an address lies."""
        first = address & -size_bytes
        new = bytes(
            self.context.memory.read(first + n, 1) & self._buffer.get((first + n) % self.PAGE_BYTES, ERASED)
            for n in range(size_bytes)
        )
        self.context.flash.put(first, new)
        self.forget_buffer()
        self._begin(self.PROGRAM_US)

    # -- inside ----------------------------------------------------------------------------
    def _begin(self, microseconds: int) -> None:
        self.clear_bits("INTFLAG", self.READY)
        self._busy.arm(self.context.clock.picoseconds() + microseconds * MICROSECOND)

    def _done(self) -> None:
        self.raise_flags("INTFLAG", self.READY | self.DONE)
