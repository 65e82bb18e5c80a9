"""What the DMA controllers of SAM D21 (DS40001882, chapter 19) and SAM D5x/E5x (DS60001507, 22) share.

Data move when a trigger's last beat would be over, two cycles a beat, which no data sheet says. Which number
a device's trigger has is the board's matter; one of a block that is not modelled never comes, which is told.
Priorities, events, thresholds and the CRC are not modelled.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.microchip.dmac_channel import BUSY, PENDING, Channel
from peripherals.register_device import Register, RegisterDevice, read_only

RESET, ENABLE = 1 << 0, 1 << 1
SUSPEND, RESUME = 1, 2
FLAGS = 0x7
SET_SHIFT, FLAG_SHIFT, STATUS_SHIFT = 8, 16, 24
PEND_FLAG_SHIFT, PEND_BUSY, PEND_PENDING = 8, 1 << 14, 1 << 15


class DmacParameters(DeviceParameters, frozen=True):
    """The devices' triggers."""

    requests: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=1, le=127)]],
        about("The number of each device's trigger (TRIGSRC), by its wire.", example={"sercom0_RX": 1}),
    ] = msgspec.field(default_factory=dict)


class AnyDmac(RegisterDevice):
    """A chip adds how its channels' registers are reached, and which lines they raise."""

    PARAMETERS = DmacParameters
    parameters: DmacParameters
    CHANNELS: ClassVar[int]
    ID_MASK: ClassVar[int]
    PARTS = ("_channels",)
    SHARED = (
        Register(0x00, "CTRL", writable=0x000F0F06, on_write="controlled"),
        Register(0x04, "CRCDATAIN"),
        Register(0x08, "CRCCHKSUM"),
        Register(0x0C, "CRCSTATUS", writable=0, w1c=1),
        Register(0x10, "SWTRIGCTRL", writable=0, on_write="triggered"),
        Register(0x14, "PRICTRL0"),
        Register(0x20, "INTPEND", writable=0x1F, on_read="first_pending", on_write="pending_cleared"),
        read_only(0x24, "INTSTATUS", on_read="interrupting"),
        read_only(0x28, "BUSYCH", on_read="busy"),
        read_only(0x2C, "PENDCH", on_read="pending"),
        read_only(0x30, "ACTIVE"),
        Register(0x34, "BASEADDR"),
        Register(0x38, "WRBADDR"),
    )

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._wires = {number: f"dma:{wire}" for wire, number in self.parameters.requests.items()}
        self._channels = [Channel(self, n, self.moved) for n in range(self.CHANNELS)]
        for number, wire in self._wires.items():
            context.signals.watch(wire, lambda _level, number=number: self._asked(number))  # type: ignore[misc]

    def reset(self) -> None:
        """Every channel off."""
        super().reset()
        for channel in self._channels:
            channel.reset()
        self.moved()

    # -- the controller ----------------------------------------------------------------------
    def controlled(self, written: int, old: int) -> None:
        """CTRL, CRCCTRL: reset, on or off."""
        if written & RESET:
            self.reset()
            return
        if self.values["CTRL"] >> 16 and not old >> 16:
            self.report("CTRL", "write", "the CRC of the DMA controller: it stays 0")
        for channel in self._channels:
            channel.wake()

    def triggered(self, written: int, _old: int) -> None:
        """SWTRIGCTRL."""
        for channel in self._channels:
            if written >> channel.number & 1:
                channel.trigger()

    def wanted(self, source: int) -> int:
        """How many transfers a device asks for; none while the controller is off."""
        wire = self._wires.get(source)
        return self.context.signals.get(wire) if wire and self.values["CTRL"] & ENABLE else 0

    # -- channels ----------------------------------------------------------------------------
    def set_channel(self, channel: Channel, control: int) -> None:
        """CHCTRLA's reset and enable bits."""
        if control & RESET:
            channel.reset()
            return
        on = bool(control & ENABLE)
        if on and not channel.enabled and channel.source and channel.source not in self._wires:
            what = f"channel {channel.number} waits for trigger {channel.source}, which no model makes"
            self.report("CTRL", "write", what)
        channel.enable(on)

    def command(self, channel: Channel, command: int) -> None:
        """CHCTRLB.CMD."""
        if command == SUSPEND:
            channel.suspend()
        elif command == RESUME:
            channel.resume()

    def channel_interrupts(self, channel: Channel) -> int:
        """CHINTENCLR, CHINTENSET, CHINTFLAG, CHSTATUS."""
        self.context.touch()
        enables = channel.enables | channel.enables << SET_SHIFT
        return enables | channel.flags << FLAG_SHIFT | channel.status << STATUS_SHIFT

    def channel_interrupts_written(self, channel: Channel, written: int) -> None:
        """CHINTENCLR, CHINTENSET; CHINTFLAG is cleared by ones."""
        channel.enables = (channel.enables & ~written | written >> SET_SHIFT) & FLAGS
        channel.flags &= ~(written >> FLAG_SHIFT)
        self.moved()

    # -- of all channels ---------------------------------------------------------------------
    def interrupting(self) -> int:
        """INTSTATUS."""
        return sum(1 << channel.number for channel in self._channels if channel.flags & channel.enables)

    def busy(self) -> int:
        """BUSYCH."""
        return sum(1 << channel.number for channel in self._channels if channel.status & BUSY)

    def pending(self) -> int:
        """PENDCH."""
        return sum(1 << channel.number for channel in self._channels if channel.status & PENDING)

    def first_pending(self) -> int:
        """INTPEND: the lowest channel that interrupts, else the one that was written."""
        status = self.interrupting()
        lowest = (status & -status).bit_length() - 1
        number = lowest if status else self.values["INTPEND"] & self.ID_MASK
        channel = self._channels[min(number, self.CHANNELS - 1)]
        value = number | channel.flags << PEND_FLAG_SHIFT
        value |= PEND_BUSY if channel.status & BUSY else 0
        return value | (PEND_PENDING if channel.status & PENDING else 0)

    def pending_cleared(self, written: int, _old: int) -> None:
        """INTPEND: flags of the channel that it names."""
        channel = self._channels[min(written & self.ID_MASK, self.CHANNELS - 1)]
        channel.flags &= ~(written >> PEND_FLAG_SHIFT & FLAGS)
        self.moved()

    def moved(self) -> None:
        """Flags have changed: the lines follow."""
        status = self.interrupting()
        for line, mask in self.line_channels().items():
            self.line(line).set_level(bool(status & mask))

    @abstractmethod
    def line_channels(self) -> Mapping[str, int]:
        """Which channels raise a line."""

    def _asked(self, source: int) -> None:
        for channel in self._channels:
            if channel.source == source:
                channel.wake()
