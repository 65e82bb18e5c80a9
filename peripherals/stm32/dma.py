"""DMA controller with channels, and the request multiplexer in front of it.

RM0432 chapters "Direct memory access controller" and "DMA request multiplexer"; the
same blocks are in STM32G0/G4/WB. Modelled: peripheral requests by level, memory-to-memory,
circular mode, half and full transfer flags and interrupts. A transfer takes no modelled
time, and priorities therefore don't matter; that is reported when a channel is first enabled. Not
modelled, and reported: request generators, synchronisation. Not modelled: transfer errors.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec

from emulator.device import TIMING, DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.register_device import Register, RegisterDevice, read_only

CCR_EN, CCR_TCIE, CCR_HTIE, CCR_TEIE = 1 << 0, 1 << 1, 1 << 2, 1 << 3
CCR_DIR, CCR_CIRC, CCR_PINC, CCR_MINC = 1 << 4, 1 << 5, 1 << 6, 1 << 7
CCR_PSIZE_SHIFT, CCR_MSIZE_SHIFT, CCR_MEM2MEM = 8, 10, 1 << 14
FLAG_GLOBAL, FLAG_COMPLETE, FLAG_HALF, FLAG_ERROR = 1, 2, 4, 8
CXCR_SE, RGXCR_GE, GENERATORS = 1 << 16, 1 << 16, 4
CHANNEL_BYTES, FIRST_CHANNEL = 0x14, 0x08


class DmaParameters(DeviceParameters, frozen=True):
    """How many channels it has, and where their requests come from."""

    channels: Annotated[int, about("Its channels.", unit="channels", at_least=1, at_most=8, example=5)] = 7
    first_request: Annotated[
        int,
        about(
            "Number of the request multiplexer's output that serves channel 1.",
            at_least=0,
            at_most=31,
            example=7,
        ),
    ] = 0

    def highest_line(self) -> int:
        """A line is named for its channels."""
        return self.channels


class DmaMuxParameters(DeviceParameters, frozen=True):
    """Which requests can reach which channels."""

    channels: Annotated[int, about("Its outputs.", unit="channels", at_least=1, at_most=16, example=12)] = 14
    requests: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=0, le=127)]],
        about("Number of each request, by the name of its signal without dma:.", example={"USART2_RX": 26}),
    ] = msgspec.field(default_factory=dict)


class Dma(RegisterDevice):
    """One controller. A line may serve several channels: ``channel2_3``."""

    PARAMETERS = DmaParameters
    parameters: DmaParameters
    LINES = ("channel#", "channel#_#")
    REGISTERS = (read_only(0x00, "ISR"), Register(0x04, "IFCR", writable=0, on_write="flags_cleared"))
    STATE = ("_at", "_reload")

    def __init__(self, context: DeviceContext) -> None:
        self._serving = self._told = False
        super().__init__(context)
        self._count = self.parameters.channels
        self._at: dict[int, list[int]] = {}  # channel -> [peripheral address, memory address]
        self._reload: dict[int, int] = {}
        first = self.parameters.first_request
        self._requests = {n: f"dma_request:{first + n - 1}" for n in range(1, self._count + 1)}
        for number, signal in self._requests.items():
            context.signals.watch(signal, partial(self._requested, number))

    def register_table(self) -> tuple[Register, ...]:
        """Add each channel's four registers; all channels share the writing method."""
        rows = list(self.REGISTERS)
        for number in range(1, self.parameters.channels + 1):
            offset = FIRST_CHANNEL + CHANNEL_BYTES * (number - 1)
            rows.append(Register(offset, f"CCR{number}", writable=0x7FFF, on_write="channels_changed"))
            rows.append(Register(offset + 4, f"CNDTR{number}", writable=0x3FFFF))
            rows.append(Register(offset + 8, f"CPAR{number}"))
            rows.append(Register(offset + 12, f"CMAR{number}"))
        return tuple(rows)

    def reset(self) -> None:
        """Stop every channel."""
        super().reset()
        self._at.clear()
        self._reload.clear()

    # -- effects ---------------------------------------------------------------------------
    def flags_cleared(self, written: int, _old: int) -> None:
        """IFCR: clear flags; the global bit clears all of its channel."""
        for number in range(1, self._count + 1):
            bits = written >> 4 * (number - 1) & 0xF
            self._clear_flags(number, 0xF if bits & FLAG_GLOBAL else bits)
        self._refresh()

    def channels_changed(self, _written: int, _old: int) -> None:
        """CCR: start or stop channels, and serve what is already requested."""
        for number in self._requests:
            enabled = self.values[f"CCR{number}"] & CCR_EN
            if enabled and number not in self._at:
                self._start(number)
                if not self._told:
                    self._told = True
                    self.report(f"CCR{number}", TIMING, "transfers take no time and hold no bus")
            elif not enabled:
                self._at.pop(number, None)
        self._serve()
        self._refresh()

    # -- inside ----------------------------------------------------------------------------
    def _requested(self, _number: int, level: int) -> None:
        if level:
            self._serve()

    def _start(self, number: int) -> None:
        self._at[number] = [self.values[f"CPAR{number}"], self.values[f"CMAR{number}"]]
        self._reload[number] = self.values[f"CNDTR{number}"]

    def _serve(self) -> None:
        """Move data while any enabled channel is requested."""
        if self._serving:
            return
        self._serving = True
        try:
            while number := next((n for n in self._requests if self._wants(n)), 0):
                self._transfer(number)
        finally:
            self._serving = False
        self._refresh()

    def _wants(self, number: int) -> bool:
        if number not in self._at or not self.values[f"CNDTR{number}"]:
            return False
        if self.values[f"CCR{number}"] & CCR_MEM2MEM:
            return True
        return self.context.signals.get(self._requests[number]) != 0

    def _transfer(self, number: int) -> None:
        control, at = self.values[f"CCR{number}"], self._at[number]
        sizes = [1 << (control >> shift & 3) for shift in (CCR_PSIZE_SHIFT, CCR_MSIZE_SHIFT)]
        source, target = (1, 0) if control & CCR_DIR else (0, 1)
        value = self.context.memory.read(at[source], sizes[source])
        self.context.memory.write(at[target], sizes[target], value)
        if control & CCR_PINC:
            at[0] += sizes[0]
        if control & CCR_MINC:
            at[1] += sizes[1]
        self.values[f"CNDTR{number}"] -= 1
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
        for name, line in self.context.interrupts.items():
            first, _, last = name.removeprefix("channel").partition("_")
            numbers = range(int(first), int(last or first) + 1)
            line.set_level(any(self._pending(n) for n in numbers if n <= self._count))


class DmaMux(RegisterDevice):
    """Connects peripherals' request signals to DMA channels.

    Drives the signals ``dma_request:N``.
    """

    PARAMETERS = DmaMuxParameters
    parameters: DmaMuxParameters

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._count = self.parameters.channels
        self._names = {number: name for name, number in self.parameters.requests.items()}
        for name in self._names.values():
            context.signals.watch(f"dma:{name}", self._source_changed)

    def register_table(self) -> tuple[Register, ...]:
        """One control register a channel, and the status registers."""
        rows = [
            Register(4 * n, f"C{n}CR", on_write="routing_changed") for n in range(self.parameters.channels)
        ]
        rows += [read_only(0x80, "CSR"), Register(0x84, "CFR", writable=0)]
        rows += [
            Register(0x100 + 4 * n, f"RG{n}CR", on_write="generators_changed") for n in range(GENERATORS)
        ]
        rows += [read_only(0x140, "RGSR"), Register(0x144, "RGCFR", writable=0)]
        return tuple(rows)

    def reset(self) -> None:
        """Connect nothing."""
        super().reset()
        self._route()

    def routing_changed(self, _written: int, _old: int) -> None:
        """CxCR: another request for a channel."""
        for channel in range(self._count):
            if self.values[f"C{channel}CR"] & CXCR_SE:
                self.report(f"C{channel}CR", "write", "synchronised requests")
        self._route()

    def generators_changed(self, _written: int, _old: int) -> None:
        """RGxCR: a generator is on."""
        for number in range(GENERATORS):
            if self.values[f"RG{number}CR"] & RGXCR_GE:
                self.report(f"RG{number}CR", "write", "request generators")

    def _source_changed(self, _level: int) -> None:
        self._route()

    def _route(self) -> None:
        for channel in range(self._count):
            name = self._names.get(self.values[f"C{channel}CR"] & 0x7F)
            level = self.context.signals.get(f"dma:{name}") if name else 0
            if self.context.signals.get(f"dma_request:{channel}") != level:
                self.context.signals.set(f"dma_request:{channel}", level)
