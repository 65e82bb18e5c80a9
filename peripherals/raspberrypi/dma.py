"""The DMA controller (RP2040 datasheet 2.5, RP2350 12.6): channels, four windows each, chains, rings, timers.

A write of a window's last register starts its channel; one of zero there does not, and with IRQ_QUIET
raises its interrupt. Which number a device's request has is the board's matter; a request of a block that
is not modelled never comes, which is told. The queue of requests that a channel has credit for, priorities
and the time that a bus takes are not modelled.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.crc import reverse_bits
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.raspberrypi.dma_channel import (
    ERRORS,
    FIRST_TIMER,
    RP2040,
    RP2350,
    TIMERS,
    Channel,
    Layout,
)
from peripherals.raspberrypi.dma_sniffer import sniffed, swapped
from peripherals.register_device import ALL_BITS, Register, read_only

CHANNEL_BYTES, INTS0 = 0x40, 0x40C
CONTROL, READ, WRITE, COUNT = "CTRL", "READ_ADDR", "WRITE_ADDR", "TRANS_COUNT"
WINDOWS = (
    (READ, WRITE, COUNT, CONTROL), (CONTROL, READ, WRITE, COUNT), (CONTROL, COUNT, READ, WRITE),
    (CONTROL, WRITE, COUNT, READ),
)  # fmt: skip
"""Registers of each window; the last one starts the channel (2.5.2.1)."""
SNIFF_ENABLE, SNIFF_SWAP, OUT_REVERSED, OUT_INVERTED = 1 << 0, 1 << 9, 1 << 10, 1 << 11


class ChannelsParameters(DeviceParameters, frozen=True):
    """How many channels there are, and the devices' requests."""

    channels: Annotated[int, about("Channels.", at_least=1, at_most=16, example=12)] = 12
    requests: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=0, le=FIRST_TIMER - 1)]],
        about("The number of each device's request (DREQ), by its wire.", example={"uart0_TX": 20}),
    ] = msgspec.field(default_factory=dict)


def _rows(number: int) -> tuple[Register, ...]:
    rows = []
    for window, names in enumerate(WINDOWS):
        for place, name in enumerate(names):
            label = f"AL{window}_" if window else ""
            ending = "_TRIG" if place == len(names) - 1 else ""
            rows.append(
                Register(
                    CHANNEL_BYTES * number + 0x10 * window + 4 * place,
                    f"CH{number}_{label}{name}{ending}",
                    writable=0,
                    w1c=ERRORS if name == CONTROL else 0,
                    on_read="channel_read",
                    on_write="channel_written",
                )
            )
    return tuple(rows)


class Dma(AtomicRegisters):
    """The controller."""

    PARAMETERS = ChannelsParameters
    parameters: ChannelsParameters
    LINES: ClassVar[tuple[str, ...]] = ("irq0", "irq1")
    LAYOUT: ClassVar[Layout] = RP2040
    PARTS = ("_channels",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._wires = {number: f"dma:{wire}" for wire, number in self.parameters.requests.items()}
        self._channels = [Channel(self, n, self._channel_ended) for n in range(self.parameters.channels)]
        for number, wire in self._wires.items():
            context.signals.watch(wire, lambda _level, number=number: self._asked(number))  # type: ignore[misc]

    def register_table(self) -> tuple[Register, ...]:
        """As many channels as the chip has."""
        every = (1 << self.parameters.channels) - 1
        interrupts = (
            row
            for n in range(len(self.LINES))
            for row in (
                Register(0x400 + 0x10 * n, f"INTR{n or ''}", writable=0, w1c=every, on_read="raw",
                         on_write="cleared"),
                Register(0x404 + 0x10 * n, f"INTE{n}", writable=every, on_write="moved"),
                Register(0x408 + 0x10 * n, f"INTF{n}", writable=every, on_write="moved"),
                Register(INTS0 + 0x10 * n, f"INTS{n}", writable=0, w1c=every, on_read="status",
                         on_write="cleared"),
            )
        )  # fmt: skip
        base = 0x400 + 0x10 * len(self.LINES)
        return (
            *(row for n in range(self.parameters.channels) for row in _rows(n)),
            *interrupts,
            *(Register(base + 4 * n, f"TIMER{n}", on_write="timers_written") for n in range(TIMERS)),
            Register(base + 0x10, "MULTI_CHAN_TRIGGER", writable=0, on_write="several_triggered"),
            Register(base + 0x14, "SNIFF_CTRL", writable=0xFFF),
            Register(base + 0x18, "SNIFF_DATA", on_read="sniff_data"),
            read_only(base + 0x20, "FIFO_LEVELS"),
            Register(base + 0x24, "CHAN_ABORT", writable=0, on_write="aborted"),
            read_only(base + 0x28, "N_CHANNELS", self.parameters.channels),
        )

    def reset(self) -> None:
        """Every channel off."""
        super().reset()
        for channel in self._channels:
            channel.reset()

    def stored(self, offset: int) -> int:
        """What an alias changes: of a channel, its register behind the window."""
        if offset < CHANNEL_BYTES * len(self._channels):
            channel, name, _starts = self._place(offset)
            return self._value(channel, name)
        return super().stored(offset)

    # -- channels ----------------------------------------------------------------------------
    def channel_read(self) -> int:
        """A register of a channel, in any window."""
        channel, name, _starts = self._place(self.access_offset)
        if channel.busy:
            self.context.touch()
        return self._value(channel, name)

    def channel_written(self, written: int, _old: int) -> None:
        """A register of a channel; a window's last one starts it."""
        channel, name, starts = self._place(self.access_offset)
        if name == READ:
            channel.read_address = written
        elif name == WRITE:
            channel.write_address = written
        elif name == COUNT:
            channel.reload = written
        else:
            channel.set_control(written)
        if starts and written & (self.LAYOUT.writable if name == CONTROL else ALL_BITS):
            self._start(channel)
        elif starts and channel.control & self.LAYOUT.irq_quiet:
            self._raise(channel.number)
        else:
            channel.wake()

    def several_triggered(self, written: int, _old: int) -> None:
        """MULTI_CHAN_TRIGGER."""
        for channel in self._channels:
            if written >> channel.number & 1:
                self._start(channel)

    def aborted(self, written: int, _old: int) -> None:
        """CHAN_ABORT: over at once."""
        for channel in self._channels:
            if written >> channel.number & 1:
                channel.abort()

    def timers_written(self, _written: int, _old: int) -> None:
        """TIMERn: channels that it paces go on."""
        for channel in self._channels:
            if FIRST_TIMER <= channel.request < FIRST_TIMER + TIMERS:
                channel.wake()

    def wanted(self, request: int) -> int:
        """How many transfers a device asks for."""
        wire = self._wires.get(request)
        return self.context.signals.get(wire) if wire else 0

    # -- the sniffer -------------------------------------------------------------------------
    def sniff(self, number: int, data: int, size_bytes: int) -> None:
        """A channel with SNIFF_EN has read a datum."""
        control = self.values["SNIFF_CTRL"]
        if control & SNIFF_ENABLE and control >> 1 & 15 == number:
            data = swapped(data, size_bytes) if control & SNIFF_SWAP else data
            seen = sniffed(control >> 5 & 15, self.values["SNIFF_DATA"], data, size_bytes)
            self.values["SNIFF_DATA"] = seen

    def sniff_data(self) -> int:
        """SNIFF_DATA as SNIFF_CTRL shows it."""
        value, control = self.values["SNIFF_DATA"], self.values["SNIFF_CTRL"]
        value = reverse_bits(value, 32) if control & OUT_REVERSED else value
        return value ^ ALL_BITS if control & OUT_INVERTED else value

    # -- interrupts --------------------------------------------------------------------------
    def raw(self) -> int:
        """INTR, INTR1."""
        return self.values["INTR"]

    def cleared(self, written: int, _old: int) -> None:
        """INTR, INTSn: flags written 1 are cleared."""
        self.clear_bits("INTR", written)
        self.moved(0, 0)

    def status(self) -> int:
        """INTSn."""
        return self._status((self.access_offset - INTS0) // 0x10)

    def moved(self, _written: int, _old: int) -> None:
        """INTEn, INTFn: the lines follow."""
        for n in range(len(self.LINES)):
            self.line(f"irq{n}").set_level(bool(self._status(n)))

    # -- inside ------------------------------------------------------------------------------
    def _place(self, offset: int) -> tuple[Channel, str, bool]:
        number, rest = divmod(offset, CHANNEL_BYTES)
        names = WINDOWS[rest >> 4]
        return self._channels[number], names[rest >> 2 & 3], rest >> 2 & 3 == len(names) - 1

    def _value(self, channel: Channel, name: str) -> int:
        if name == READ:
            return channel.read_address
        if name == WRITE:
            return channel.write_address
        return channel.shown_count if name == COUNT else channel.control

    def _start(self, channel: Channel) -> None:
        known = channel.request in self._wires or channel.request >= FIRST_TIMER
        if not known and not channel.busy:
            what = f"channel {channel.number} waits for request {channel.request}, which no model makes"
            self.report("MULTI_CHAN_TRIGGER", "write", what)
        channel.trigger()

    def _asked(self, request: int) -> None:
        for channel in self._channels:
            if channel.request == request:
                channel.wake()

    def _channel_ended(self, number: int) -> None:
        channel = self._channels[number]
        if not channel.control & self.LAYOUT.irq_quiet:
            self._raise(number)
        if channel.chain_to != number and channel.chain_to < len(self._channels):
            self._start(self._channels[channel.chain_to])

    def _raise(self, number: int) -> None:
        self.set_bits("INTR", 1 << number)
        self.moved(0, 0)

    def _status(self, n: int) -> int:
        return self.values["INTR"] & self.values[f"INTE{n}"] | self.values[f"INTF{n}"]


class Rp2350Dma(Dma):
    """RP2350's: four lines, other fields of CTRL, modes of counts. Security and the MPU are kept alone."""

    LINES = ("irq0", "irq1", "irq2", "irq3")
    LAYOUT = RP2350

    def register_table(self) -> tuple[Register, ...]:
        """What RP2040's has, and who may use it."""
        return (
            *super().register_table(),
            *(Register(0x480 + 4 * n, f"SECCFG_CH{n}", 0x3, writable=0x7) for n in range(16)),
            *(Register(0x4C0 + 4 * n, f"SECCFG_IRQ{n}", 0x3, writable=0x3) for n in range(4)),
            Register(0x4D0, "SECCFG_MISC", 0x3FF, writable=0x3FF),
            Register(0x500, "MPU_CTRL", writable=0xE),
            *(
                row
                for n in range(8)
                for row in (
                    Register(0x504 + 8 * n, f"MPU_BAR{n}", writable=0xFFFFFFE0),
                    Register(0x508 + 8 * n, f"MPU_LAR{n}", writable=0xFFFFFFE7),
                )
            ),
        )
