"""DMA controller with channels, and the request multiplexer in front of it.

RM0432 chapters "Direct memory access controller" and "DMA request multiplexer"; the
same blocks are in STM32G0/G4/WB. The controller without the multiplexer is F1's (RM0008) and L4's
(RM0351). Modelled: peripheral requests by level, memory-to-memory,
circular mode, half and full transfer and error flags and interrupts. A transfer takes no modelled
time, and priorities therefore don't matter; that is reported when a channel is first enabled. Not
modelled, and reported: request generators, synchronisation.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, ClassVar

import msgspec

from emulator.device import DeviceContext, DeviceParameters, NothingAnswers
from emulator.schema.table import about
from peripherals.parts.dma_requests import RequestWires, StreamRequest, until_flag
from peripherals.register_device import Register, RegisterDevice, read_only
from peripherals.stm32.any_dma import AnyDma
from peripherals.stm32.dma_requests import ChosenRequests, MultiplexedRequests, Places, Requests

CCR_EN, CCR_TCIE, CCR_HTIE, CCR_TEIE = 1 << 0, 1 << 1, 1 << 2, 1 << 3
CCR_DIR, CCR_CIRC, CCR_PINC, CCR_MINC = 1 << 4, 1 << 5, 1 << 6, 1 << 7
CCR_PSIZE_SHIFT, CCR_MSIZE_SHIFT, CCR_MEM2MEM = 8, 10, 1 << 14
FLAG_GLOBAL, FLAG_COMPLETE, FLAG_HALF, FLAG_ERROR = 1, 2, 4, 8
CXCR_SE, RGXCR_GE = 1 << 16, 1 << 16
CHANNEL_BYTES, FIRST_CHANNEL = 0x14, 0x08
REQUEST_MASK = 0x7F


class ChannelsParameters(DeviceParameters, frozen=True):
    """How many channels it has."""

    channels: Annotated[int, about("Its channels.", unit="channels", at_least=1, at_most=8, example=5)] = 7

    def highest_line(self) -> int:
        """A line is named for its channels."""
        return self.channels


class DmaParameters(ChannelsParameters, frozen=True):
    """Also where its channels' requests come from."""

    first_request: Annotated[
        int,
        about(
            "Number of the request multiplexer's output that serves channel 1.",
            at_least=0,
            at_most=31,
            example=7,
        ),
    ] = 0


class ChosenDmaParameters(ChannelsParameters, frozen=True):
    """Also what is wired to its channels."""

    requests: Places = msgspec.field(default_factory=dict)


class DmaMuxParameters(DeviceParameters, frozen=True):
    """Which requests can reach which channels."""

    channels: Annotated[int, about("Its outputs.", unit="channels", at_least=1, at_most=16, example=12)] = 14
    generators: Annotated[
        int, about("Its request generators.", unit="generators", at_least=0, at_most=8, example=8)
    ] = 4
    requests: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=0, le=127)]],
        about("Number of each request, by the name of its signal without dma:.", example={"USART2_RX": 26}),
    ] = msgspec.field(default_factory=dict)


class DmaChannels(AnyDma):
    """One controller. A line may serve several channels: ``channel2_3``."""

    PARAMETERS: ClassVar[type[DeviceParameters]] = ChannelsParameters
    parameters: ChannelsParameters
    LINES = ("channel#", "channel#_#")
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        read_only(0x00, "ISR"),
        Register(0x04, "IFCR", writable=0, on_write="flags_cleared"),
    )
    COUNT_MASK: ClassVar[int] = 0xFFFF

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._lines = [(line, self._channels_of(name)) for name, line in context.interrupts.items()]

    def register_table(self) -> tuple[Register, ...]:
        """Add each channel's four registers; all channels share the writing method."""
        rows = list(self.REGISTERS)
        for number in self._numbers():
            offset = FIRST_CHANNEL + CHANNEL_BYTES * (number - 1)
            rows.append(Register(offset, f"CCR{number}", writable=0x7FFF, on_write="channels_changed"))
            rows.append(Register(offset + 4, f"CNDTR{number}", writable=self.COUNT_MASK))
            rows.append(Register(offset + 8, f"CPAR{number}"))
            rows.append(Register(offset + 12, f"CMAR{number}"))
        return tuple(rows)

    def read(self, offset: int, size_bytes: int) -> int:
        """Load; a counter that is looked at is up to date."""
        if offset >= FIRST_CHANNEL and (offset - FIRST_CHANNEL) % CHANNEL_BYTES // 4 == 1:
            self._ask((offset - FIRST_CHANNEL) // CHANNEL_BYTES + 1)
        return super().read(offset, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store, after what is on its way to a channel has gone there."""
        if offset >= FIRST_CHANNEL:
            self._ask((offset - FIRST_CHANNEL) // CHANNEL_BYTES + 1)
        super().write(offset, size_bytes, value)

    # -- effects ---------------------------------------------------------------------------
    def flags_cleared(self, written: int, _old: int) -> None:
        """IFCR: clear flags; the global bit clears all of its channel."""
        for number in self._numbers():
            if bits := written >> 4 * (number - 1) & 0xF:
                self._clear_flags(number, 0xF if bits & FLAG_GLOBAL else bits)
        self._refresh()

    def channels_changed(self, _written: int, _old: int) -> None:
        """CCR: start or stop channels, and serve what is already requested."""
        for number in self._numbers():
            enabled = self.values[f"CCR{number}"] & CCR_EN
            if enabled and number not in self._at:
                self._start(number)
                self._report_timing(f"CCR{number}")
            elif not enabled:
                self._at.pop(number, None)
        self._serve()

    # -- inside ----------------------------------------------------------------------------
    def _numbers(self) -> range:
        return range(1, self.parameters.channels + 1)

    def _start(self, number: int) -> None:
        self._at[number] = [self.values[f"CPAR{number}"], self.values[f"CMAR{number}"]]
        self._reload[number] = self.values[f"CNDTR{number}"]

    def _room(self, number: int) -> int:
        if number not in self._at or self.values[f"CCR{number}"] & (CCR_DIR | CCR_MEM2MEM):
            return 0
        return until_flag(self.values[f"CNDTR{number}"], self._reload[number] // 2)

    def _wants(self, number: int) -> bool:
        if number not in self._at or not self.values[f"CNDTR{number}"]:
            return False
        if self.values[f"CCR{number}"] & CCR_MEM2MEM:
            return True
        return self._requests.wanted(number) != 0

    def _transfer(self, number: int) -> None:
        control, at = self.values[f"CCR{number}"], self._at[number]
        sizes = [1 << (control >> shift & 3) for shift in (CCR_PSIZE_SHIFT, CCR_MSIZE_SHIFT)]
        source, target = (1, 0) if control & CCR_DIR else (0, 1)
        stream = not control & (CCR_DIR | CCR_MEM2MEM | CCR_PINC) and control & CCR_MINC
        count = min(self._requests.wanted(number), self._room(number)) if stream else 1
        memory = self.context.memory
        try:
            if stream and sizes[0] == sizes[1] and count > 1:
                memory.write_all(at[1], memory.read_again(at[0], sizes[0], count))
            else:
                count = 1
                memory.write(at[target], sizes[target], memory.read(at[source], sizes[source]))
        except NothingAnswers:
            self.clear_bits(f"CCR{number}", CCR_EN)  # as the hardware does
            self._at.pop(number, None)
            self._set_flags(number, FLAG_ERROR)
            return
        if control & CCR_PINC:
            at[0] += sizes[0]
        if control & CCR_MINC:
            at[1] += sizes[1] * count
        self.values[f"CNDTR{number}"] -= count
        left = self.values[f"CNDTR{number}"]
        if left == self._reload[number] // 2:
            self._set_flags(number, FLAG_HALF)
        if left == 0:
            self._set_flags(number, FLAG_COMPLETE)
            if control & CCR_CIRC:
                self.values[f"CNDTR{number}"] = self._reload[number]
                self._start(number)

    def _set_flags(self, number: int, flags: int) -> None:
        self.set_bits("ISR", (flags | FLAG_GLOBAL) << 4 * (number - 1))

    def _clear_flags(self, number: int, flags: int) -> None:
        shift = 4 * (number - 1)
        left = self.values["ISR"] >> shift & 0xE & ~flags
        self.clear_bits("ISR", 0xF << shift)
        self.set_bits("ISR", (left | FLAG_GLOBAL if left else 0) << shift)

    def _pending(self, number: int) -> bool:
        flags = self.values["ISR"] >> 4 * (number - 1)
        return bool(flags & self.values[f"CCR{number}"] & (FLAG_COMPLETE | FLAG_HALF | FLAG_ERROR))

    def _refresh(self) -> None:
        some = self.values["ISR"]
        for line, numbers in self._lines:
            line.set_level(bool(some) and any(self._pending(n) for n in numbers))

    def _channels_of(self, line: str) -> range:
        """The channels that a line serves, by its name."""
        first, _, last = line.removeprefix("channel").partition("_")
        return range(int(first), min(int(last or first), self.parameters.channels) + 1)


class Dma(DmaChannels):
    """A controller behind a request multiplexer."""

    PARAMETERS = DmaParameters
    parameters: DmaParameters
    COUNT_MASK = 0x3FFFF

    def _connect(self) -> Requests:
        first = self.parameters.first_request
        outputs = {number: first + number - 1 for number in self._numbers()}
        return MultiplexedRequests(self.context.signals, outputs)


class WiredDma(DmaChannels):
    """A controller whose channels answer all that is wired to them: STM32F1 (RM0008), F0, F3, L1."""

    PARAMETERS = ChosenDmaParameters
    parameters: ChosenDmaParameters

    def _connect(self) -> Requests:
        return ChosenRequests(self.context.signals, self.parameters.requests, self._selection)

    def _selection(self, _number: int) -> int:
        return 0


class SelectingDma(WiredDma):
    """A controller that selects one of the requests wired to each channel: STM32L4 (RM0351)."""

    REGISTERS = (*WiredDma.REGISTERS, Register(0xA8, "CSELR", on_write="selection_changed"))

    def selection_changed(self, _written: int, _old: int) -> None:
        """CSELR: four bits a channel; another request may wait already."""
        self._serve()

    def _selection(self, number: int) -> int:
        return self.values["CSELR"] >> 4 * (number - 1) & 0xF


class DmaMux(RegisterDevice):
    """Connects peripherals' request signals to DMA channels.

    Drives the signals ``dma_request:N``, and back to the peripherals ``dma_room:NAME`` and
    ``dma_asked:NAME`` (:mod:`peripherals.parts.dma_requests`).
    """

    PARAMETERS = DmaMuxParameters
    parameters: DmaMuxParameters

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._count = self.parameters.channels
        self._names = {number: name for name, number in self.parameters.requests.items()}
        self._find_channels()
        self._inputs = {name: RequestWires(context.signals, f"dma:{name}") for name in self._names.values()}
        for name, wires in self._inputs.items():
            context.signals.watch(wires.name, partial(self._source_changed, name))
        self._outputs = [
            StreamRequest(
                context,
                f"dma_request:{channel}",
                room_changed=partial(self._room_changed, channel),
                asked=partial(self._asked, channel),
            )
            for channel in range(self._count)
        ]

    def register_table(self) -> tuple[Register, ...]:
        """One control register a channel, and the status registers."""
        rows = [
            Register(4 * n, f"C{n}CR", on_write="routing_changed") for n in range(self.parameters.channels)
        ]
        rows += [read_only(0x80, "CSR"), Register(0x84, "CFR", writable=0)]
        rows += [
            Register(0x100 + 4 * n, f"RG{n}CR", on_write="generators_changed")
            for n in range(self.parameters.generators)
        ]
        rows += [read_only(0x140, "RGSR"), Register(0x144, "RGCFR", writable=0)]
        return tuple(rows)

    def reset(self) -> None:
        """Connect nothing."""
        super().reset()
        self._find_channels()
        self._route()
        self._route_room()

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        super().load(state)
        self._find_channels()

    def routing_changed(self, _written: int, _old: int) -> None:
        """CxCR: another request for a channel."""
        for channel in range(self._count):
            if self.values[f"C{channel}CR"] & CXCR_SE:
                self.report(f"C{channel}CR", "write", "synchronised requests")
        self._find_channels()
        self._route()
        self._route_room()

    def generators_changed(self, _written: int, _old: int) -> None:
        """RGxCR: a generator is on."""
        for number in range(self.parameters.generators):
            if self.values[f"RG{number}CR"] & RGXCR_GE:
                self.report(f"RG{number}CR", "write", "request generators")

    def _source_changed(self, name: str, level: int) -> None:
        for channel in self._channels[name]:
            self._outputs[channel].want(level)

    def _room_changed(self, channel: int) -> None:
        if name := self._source(channel):
            self._tell_room(name)

    def _find_channels(self) -> None:
        """Which channels each request is routed to."""
        self._channels: dict[str, list[int]] = {name: [] for name in self._names.values()}
        for channel in range(self._count):
            if name := self._source(channel):
                self._channels[name].append(channel)

    def _asked(self, channel: int) -> None:
        if name := self._source(channel):
            self._inputs[name].ask()

    def _source(self, channel: int) -> str | None:
        return self._names.get(self.values[f"C{channel}CR"] & REQUEST_MASK)

    def _route(self) -> None:
        for channel, output in enumerate(self._outputs):
            name = self._source(channel)
            output.want(self._inputs[name].wanted if name else 0)

    def _route_room(self) -> None:
        """Tell each peripheral how much its channels take at once; 0 where it has none."""
        for name in self._names.values():
            self._tell_room(name)

    def _tell_room(self, name: str) -> None:
        self._inputs[name].make_room(sum(self._outputs[channel].room for channel in self._channels[name]))
