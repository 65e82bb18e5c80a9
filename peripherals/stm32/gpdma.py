"""General-purpose DMA controller of STM32U5 and U3 (RM0456 chapter GPDMA).

Modelled: linear and linked-list transfers, hardware and software requests, by burst or by block, all
increments, padding, truncating, packing and byte exchanges between widths, suspend, resume and reset of a
channel, all flags and their interrupts, link step mode. A transfer takes no modelled time, and priorities,
ports and bursts therefore don't matter; that is reported when a channel is first enabled. Not modelled,
and reported: triggers, two-dimensional addressing and repeated blocks.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from emulator.device import TIMING, DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.banked import Bank, BankedDevice
from peripherals.parts.dma_requests import RequestWires
from peripherals.register_device import Register, read_only
from peripherals.stm32.gpdma_channel import CCR_STORED, CSR_CLEARABLE, CSR_IDLEF, GpdmaChannel

CHANNEL_BYTES, FIRST_CHANNEL = 0x80, 0x50
CBR1_OFFSET, CSAR_OFFSET, CDAR_OFFSET = 0x48, 0x4C, 0x50


class GpdmaParameters(DeviceParameters, frozen=True):
    """How many channels it has, and which requests reach them."""

    channels: Annotated[int, about("Its channels.", unit="channels", at_least=1, at_most=16, example=12)] = 16
    requests: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=0, le=127)]],
        about("Number of each request, by the name of its signal without dma:.", example={"USART2_RX": 26}),
    ] = msgspec.field(default_factory=dict)

    def highest_line(self) -> int:
        """A line is named for its channel."""
        return self.channels - 1


class Gpdma(BankedDevice):
    """One controller; channels count from 0, as their lines do."""

    PARAMETERS = GpdmaParameters
    parameters: GpdmaParameters
    LINES = ("channel#",)
    size_bytes = 0x1000
    BANK_BYTES = CHANNEL_BYTES
    FIRST_BANK = FIRST_CHANNEL
    REGISTERS = (
        Register(0x00, "SECCFGR", writable=0),  # the security extension is off
        Register(0x04, "PRIVCFGR", writable=0xFFFF),
        Register(0x08, "RCFGLOCKR", writable=0xFFFF),
        read_only(0x0C, "MISR", on_read="pending_channels"),
        read_only(0x10, "SMISR"),
    )
    PARTS = ("_channels",)

    def __init__(self, context: DeviceContext) -> None:
        self._serving = self._told = False
        super().__init__(context)
        requests = {
            number: RequestWires(context.signals, f"dma:{name}")
            for name, number in self.parameters.requests.items()
        }
        self._channels = Channels(
            [
                GpdmaChannel(Bank(self, f"C{n}"), context, requests, self._started)
                for n in range(self.parameters.channels)
            ]
        )
        self._lines = {int(name.removeprefix("channel")): line for name, line in context.interrupts.items()}
        for wires in requests.values():
            context.signals.watch(wires.name, self._requested)

    def register_table(self) -> tuple[Register, ...]:
        """Add each channel's registers; all channels share their effects."""
        rows = list(self.REGISTERS)
        for n in range(self.parameters.channels):
            at = FIRST_CHANNEL + CHANNEL_BYTES * n
            rows += [
                Register(at, f"C{n}LBAR", writable=0xFFFF0000),
                Register(at + 0x0C, f"C{n}FCR", writable=0, on_write="flags_cleared"),
                read_only(at + 0x10, f"C{n}SR", CSR_IDLEF),
                Register(at + 0x14, f"C{n}CR", writable=CCR_STORED, on_write="control_changed"),
                Register(at + 0x40, f"C{n}TR1", writable=0xCFFFBFFB),
                Register(at + 0x44, f"C{n}TR2", writable=0xC33FFE7F),
                Register(at + CBR1_OFFSET, f"C{n}BR1", writable=0xFFFFFFFF),
                Register(at + CSAR_OFFSET, f"C{n}SAR"),
                Register(at + CDAR_OFFSET, f"C{n}DAR"),
                Register(at + 0x54, f"C{n}TR3", writable=0x1FFF1FFF),
                Register(at + 0x58, f"C{n}BR2"),
                Register(at + 0x7C, f"C{n}LLR", writable=0xFE01FFFC),
            ]
        return tuple(rows)

    def reset(self) -> None:
        """Stop every channel."""
        super().reset()
        for channel in self._channels.all:
            channel.reset()

    def read(self, offset: int, size_bytes: int) -> int:
        """Load; counters and addresses that are looked at are up to date."""
        number, inside = divmod(offset - FIRST_CHANNEL, CHANNEL_BYTES)
        if offset >= FIRST_CHANNEL and CBR1_OFFSET <= inside & ~3 <= CDAR_OFFSET:
            self._channels.all[number].ask()
        return super().read(offset, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store, after what is on its way to a channel has gone there."""
        number = (offset - FIRST_CHANNEL) // CHANNEL_BYTES
        if offset >= FIRST_CHANNEL and number < len(self._channels.all):
            self._channels.all[number].ask()
        super().write(offset, size_bytes, value)

    # -- effects ---------------------------------------------------------------------------
    def flags_cleared(self, written: int, _old: int) -> None:
        """CxFCR: clear flags."""
        self.clear_bits(f"C{self.bank}SR", written & CSR_CLEARABLE)
        self._refresh()

    def control_changed(self, written: int, old: int) -> None:
        """CxCR: enable, suspend, resume, reset."""
        self._channels.all[self.bank].control_changed(written, old)
        self._serve()

    def pending_channels(self) -> int:
        """MISR: the channels whose interrupt is asserted."""
        return sum(channel.pending << n for n, channel in enumerate(self._channels.all))

    # -- inside ----------------------------------------------------------------------------
    def _started(self, channel: GpdmaChannel) -> None:
        if not self._told:
            self._told = True
            channel.report("CR", TIMING, "transfers take no time and hold no bus")

    def _requested(self, level: int) -> None:
        if level:
            self._serve()

    def _serve(self) -> None:
        """Move data while any channel has something to move."""
        if self._serving:
            return
        self._serving = True
        try:
            while channel := next((c for c in self._channels.all if c.wants), None):
                channel.transfer()
        finally:
            self._serving = False
        for channel in self._channels.all:
            channel.tell_room()
        self._refresh()

    def _refresh(self) -> None:
        for number, line in self._lines.items():
            line.set_level(self._channels.all[number].pending)


class Channels:
    """All channels, for a snapshot."""

    def __init__(self, channels: list[GpdmaChannel]) -> None:
        self.all = channels

    def save(self) -> list[object]:
        """State for a snapshot."""
        return [channel.save() for channel in self.all]

    def load(self, state: list[object]) -> None:
        """Put a saved state back."""
        for channel, saved in zip(self.all, state, strict=True):
            channel.load(saved)
