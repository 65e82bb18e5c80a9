"""What STM32's SPI interfaces have in common: a master that exchanges frames with nobody.

RM0008, RM0090, RM0351 and RM0433, chapter "Serial peripheral interface (SPI)". Every frame takes its time and
reads the level of a MISO pin that nobody drives: ``miso``, by default high, as a pull-up makes it.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

from emulator.device import ClockedParameters, DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.dma_requests import DmaRequests
from peripherals.parts.paced_deadline import PacedDeadline
from peripherals.register_device import RegisterDevice


class SpiParameters(ClockedParameters, frozen=True):
    """Of every SPI."""

    miso: Annotated[
        int,
        about("The level that a master reads where nobody drives MISO.", at_least=0, at_most=1, example=0),
    ] = 1
    dma: Annotated[
        str,
        about(
            "What its DMA requests are called: the signals dma:NAME_RX and dma:NAME_TX.",
            by_default="the device's name in capitals",
            example="SPI1",
        ),
    ] = ""


class AnySpi(RegisterDevice):
    """The mechanics; a subclass gives the registers, and says when a frame goes out and what it brings.

    ``_to_send`` and ``_received`` are its two FIFOs, frame by frame. Interrupt line ``global``.
    """

    PARAMETERS: ClassVar[type[DeviceParameters]] = SpiParameters
    parameters: SpiParameters
    LINES = ("global",)
    STATE: ClassVar[tuple[str, ...]] = ("_to_send", "_received", "_sends")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._requests = DmaRequests(context, self.parameters.dma or context.name.upper())
        self._to_send: list[int] = []
        self._received: list[int] = []
        self._sends = False  # the frame on the wires came out of what is to send
        self._frame = PacedDeadline(context, "frame", self.parameters.clock, self._ended, is_work=True)

    def reset(self) -> None:
        """Off and empty."""
        super().reset()
        self._stop()
        self._received.clear()
        self._refresh()

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store, let the effect happen, then frames, line and requests follow."""
        super().write(offset, size_bytes, value)
        self._next()
        self._refresh()

    # -- for subclasses ----------------------------------------------------------------------
    @abstractmethod
    def _frame_bits(self) -> int:
        """Bits of a frame."""

    @abstractmethod
    def _divider(self) -> int:
        """Ticks of its clock in a bit."""

    @abstractmethod
    def _may_begin(self) -> bool:
        """A master that is on has a frame to exchange now."""

    @abstractmethod
    def _takes_from_fifo(self) -> bool:
        """The frame that begins is one that was written."""

    @abstractmethod
    def _frame_came(self, frame: int) -> None:
        """A frame has ended, and brought this."""

    @abstractmethod
    def _asserts(self) -> bool:
        """An enabled flag is set."""

    @abstractmethod
    def _wanted(self) -> tuple[bool, bool]:
        """Whether DMA is asked to fetch what came, and for more to send."""

    def _next(self) -> None:
        """Let the next frame begin, if there is one and the wires are free."""
        if self._frame.armed or not self._may_begin():
            return
        self._sends = self._takes_from_fifo()
        if self._sends:
            self._to_send.pop(0)
        self._frame.arm(max(1, self._frame_bits() * self._divider()))

    def _stop(self) -> None:
        """Break off, and forget what was to be sent."""
        self._frame.disarm()
        self._to_send.clear()
        self._sends = False

    def _refresh(self) -> None:
        self.line("global").set_level(self._asserts())
        self._requests.exchange(self._wanted)

    def _split(self, written: int, count: int) -> list[int]:
        """Frames that one access writes, the first one lowest."""
        bits = self._frame_bits()
        step = -(-bits // 8) * 8 if count > 1 else 0
        return [written >> step * n & (1 << bits) - 1 for n in range(count)]

    def _joined(self, count: int) -> int:
        """Frames that one access reads, the first one lowest; nothing where there is none."""
        step = -(-self._frame_bits() // 8) * 8
        value = 0
        for place in range(min(count, len(self._received))):
            value |= self._received.pop(0) << step * place
        return value

    # -- inside ------------------------------------------------------------------------------
    def _ended(self) -> None:
        self._frame_came((1 << self._frame_bits()) - 1 if self.parameters.miso else 0)
        self._next()
        self._refresh()
