"""DMA controller with eight streams: the older and larger of ST's two (RM0455 chapter DMA).

The block of STM32H7, behind the same request multiplexer as in STM32L4+, and of F2/F4/F7, where CHSEL
chooses the request (RM0090). Modelled: peripheral requests by level, memory-to-memory, circular and
double-buffer mode, transfers whose length the peripheral need not end, packing and unpacking through the
FIFO, all increments, half, full, error and FIFO flags and interrupts. A transfer takes no modelled time,
and priorities and bursts therefore don't matter; that is reported when a stream is first enabled. Not
modelled, and reported: a peripheral that controls the flow.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from emulator.device import DeviceContext, DeviceParameters, NothingAnswers
from emulator.schema.table import about
from peripherals.parts.dma_requests import until_flag
from peripherals.register_device import Register, read_only
from peripherals.stm32.any_dma import AnyDma
from peripherals.stm32.dma_requests import ChosenRequests, MultiplexedRequests, Places, Requests

STREAMS = range(8)
STREAM_BYTES, FIRST_STREAM = 0x18, 0x10
NDTR_OFFSET = 0x04
CR_EN, CR_DMEIE, CR_TEIE, CR_HTIE, CR_TCIE, CR_PFCTRL = (1 << n for n in range(6))
CR_DIR_SHIFT, CR_CIRC, CR_PINC, CR_MINC = 6, 1 << 8, 1 << 9, 1 << 10
CR_PSIZE_SHIFT, CR_MSIZE_SHIFT, CR_PINCOS = 11, 13, 1 << 15
CR_DBM, CR_CT, CR_CHSEL_SHIFT = 1 << 18, 1 << 19, 25
TO_MEMORY, FROM_MEMORY, MEMORY_TO_MEMORY = 0, 1, 2
FCR_FTH, FCR_DMDIS, FCR_FS_EMPTY, FCR_FEIE = 0x3, 1 << 2, 4 << 3, 1 << 7
FCR_RESET = 0x21
FLAG_FIFO, FLAG_DIRECT, FLAG_ERROR, FLAG_HALF, FLAG_COMPLETE = 1 << 0, 1 << 2, 1 << 3, 1 << 4, 1 << 5
FLAG_SHIFTS = (0, 6, 16, 22)
FLAGS = 0x3D
ENABLES = ((CR_DMEIE, FLAG_DIRECT), (CR_TEIE, FLAG_ERROR), (CR_HTIE, FLAG_HALF), (CR_TCIE, FLAG_COMPLETE))
WORD_BYTES = 4


class AnyStreamsParameters(DeviceParameters, frozen=True):
    """Nothing of its own."""

    def highest_line(self) -> int:
        """A line is named for its stream."""
        return STREAMS[-1]


class DmaStreamsParameters(AnyStreamsParameters, frozen=True):
    """Where its requests come from."""

    first_request: Annotated[
        int,
        about(
            "Number of the request multiplexer's output that serves stream 0.",
            at_least=0,
            at_most=31,
            example=8,
        ),
    ] = 0


class ChosenStreamsParameters(AnyStreamsParameters, frozen=True):
    """What is wired to its streams."""

    requests: Places = msgspec.field(default_factory=dict)


class AnyStreams(AnyDma):
    """One controller."""

    PARAMETERS: ClassVar[type[DeviceParameters]] = AnyStreamsParameters
    parameters: AnyStreamsParameters
    LINES = ("stream#",)
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        read_only(0x00, "LISR"),
        read_only(0x04, "HISR"),
        Register(0x08, "LIFCR", writable=0, on_write="low_flags_cleared"),
        Register(0x0C, "HIFCR", writable=0, on_write="high_flags_cleared"),
    )
    STATE = (*AnyDma.STATE, "_packed")
    CR_WRITABLE: ClassVar[int] = 0x01FFFFFF

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._packed: dict[int, bytes] = {}  # bytes that wait for more, to fill an item of the target
        self._lines = {int(name.removeprefix("stream")): line for name, line in context.interrupts.items()}

    def register_table(self) -> tuple[Register, ...]:
        """Add each stream's six registers."""
        rows = list(self.REGISTERS)
        for n in STREAMS:
            offset = FIRST_STREAM + STREAM_BYTES * n
            rows += [
                Register(offset, f"S{n}CR", writable=self.CR_WRITABLE, on_write="streams_changed"),
                Register(offset + NDTR_OFFSET, f"S{n}NDTR", writable=0xFFFF),
                Register(offset + 0x08, f"S{n}PAR"),
                Register(offset + 0x0C, f"S{n}M0AR"),
                Register(offset + 0x10, f"S{n}M1AR"),
                Register(offset + 0x14, f"S{n}FCR", FCR_RESET, FCR_FTH | FCR_DMDIS | FCR_FEIE),
            ]
        return tuple(rows)

    def reset(self) -> None:
        """Stop every stream."""
        super().reset()
        self._packed.clear()

    def read(self, offset: int, size_bytes: int) -> int:
        """Load; a counter that is looked at is up to date."""
        if offset >= FIRST_STREAM and (offset - FIRST_STREAM) % STREAM_BYTES & ~3 == NDTR_OFFSET:
            self._ask((offset - FIRST_STREAM) // STREAM_BYTES)
        return super().read(offset, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store, after what is on its way to a stream has gone there; one that is on keeps its setting."""
        number, inside = divmod(offset - FIRST_STREAM, STREAM_BYTES)
        if offset >= FIRST_STREAM:
            self._ask(number)
            if number in self._at and inside & ~3 in (NDTR_OFFSET, 0x08):
                return  # write-protected while EN is set
        super().write(offset, size_bytes, value)

    # -- effects ---------------------------------------------------------------------------
    def low_flags_cleared(self, written: int, _old: int) -> None:
        """LIFCR: of streams 0 to 3."""
        self.clear_bits("LISR", written)
        self._refresh()

    def high_flags_cleared(self, written: int, _old: int) -> None:
        """HIFCR: of streams 4 to 7."""
        self.clear_bits("HISR", written)
        self._refresh()

    def streams_changed(self, _written: int, _old: int) -> None:
        """CR: start or stop streams, and serve what is already requested."""
        for number in STREAMS:
            enabled = self.values[f"S{number}CR"] & CR_EN
            if enabled and number not in self._at:
                self._start(number)
            elif not enabled and number in self._at:
                self._stop(number)
        self._serve()

    # -- inside ----------------------------------------------------------------------------
    def _numbers(self) -> range:
        return STREAMS

    def _direction(self, number: int) -> int:
        return self.values[f"S{number}CR"] >> CR_DIR_SHIFT & 3

    def _start(self, number: int) -> None:
        control = self.values[f"S{number}CR"]
        self._report_timing(f"S{number}CR")
        if control & CR_PFCTRL:
            self.report(f"S{number}CR", "write", "a peripheral that controls the flow")
        self._reload[number] = self.values[f"S{number}NDTR"]
        self._packed[number] = b""
        self._begin_buffer(number)

    def _begin_buffer(self, number: int) -> None:
        control = self.values[f"S{number}CR"]
        second = control & CR_DBM and control & CR_CT
        memory = self.values[f"S{number}M{1 if second else 0}AR"]
        self._at[number] = [self.values[f"S{number}PAR"], memory]

    def _stop(self, number: int) -> None:
        """EN was cleared: what the FIFO holds goes to memory, and the transfer counts as complete."""
        try:
            self._flush(number)
        except NothingAnswers:
            self._fail(number)
            return
        self._at.pop(number, None)
        self._set_flags(number, FLAG_COMPLETE)

    def _fail(self, number: int) -> None:
        """Nothing answers at one of its addresses: the hardware switches it off."""
        self._at.pop(number, None)
        self.clear_bits(f"S{number}CR", CR_EN)
        self._set_flags(number, FLAG_ERROR)

    def _wants(self, number: int) -> bool:
        if number not in self._at or not self.values[f"S{number}NDTR"]:
            return False
        return self._direction(number) == MEMORY_TO_MEMORY or self._requests.wanted(number) != 0

    def _room(self, number: int) -> int:
        if number not in self._at or self._direction(number) != TO_MEMORY:
            return 0
        return until_flag(self.values[f"S{number}NDTR"], self._reload[number] // 2)

    def _sizes(self, number: int) -> tuple[int, int]:
        """Bytes of an item at the peripheral and in memory: in direct mode both are the peripheral's."""
        control = self.values[f"S{number}CR"]
        size = 1 << (control >> CR_PSIZE_SHIFT & 3)
        direct = not self.values[f"S{number}FCR"] & FCR_DMDIS and self._direction(number) != MEMORY_TO_MEMORY
        return size, size if direct else 1 << (control >> CR_MSIZE_SHIFT & 3)

    def _transfer(self, number: int) -> None:
        try:
            self._move(number)
        except NothingAnswers:
            self._fail(number)

    def _move(self, number: int) -> None:
        to_memory = self._direction(number) != FROM_MEMORY
        count = self._to_memory(number) if to_memory else self._from_memory(number)
        self.values[f"S{number}NDTR"] -= count
        left = self.values[f"S{number}NDTR"]
        if left == self._reload[number] // 2:
            self._set_flags(number, FLAG_HALF)
        if left == 0:
            self._buffer_done(number)

    def _to_memory(self, number: int) -> int:
        """From the peripheral's address; memory to memory, that is a memory, too."""
        control, at = self.values[f"S{number}CR"], self._at[number]
        size, width = self._sizes(number)
        count, memory = 1, self.context.memory
        if not control & CR_PINC and self._direction(number) == TO_MEMORY:
            count = max(1, min(self._requests.wanted(number), self._room(number)))
            data = memory.read_again(at[0], size, count)
        else:
            data = memory.read(at[0], size).to_bytes(size, "little")
            at[0] += self._peripheral_step(control, size)
        data = self._packed[number] + data
        whole = len(data) // width * width
        self._packed[number] = data[whole:]
        if control & CR_MINC:
            if whole:
                memory.write_all(at[1], data[:whole])
            at[1] += whole
        else:
            for start in range(0, whole, width):
                memory.write(at[1], width, int.from_bytes(data[start : start + width], "little"))
        return count

    def _from_memory(self, number: int) -> int:
        control, at = self.values[f"S{number}CR"], self._at[number]
        size, width = self._sizes(number)
        memory, data = self.context.memory, self._packed[number]
        while len(data) < size:
            data += memory.read(at[1], width).to_bytes(width, "little")
            at[1] += width if control & CR_MINC else 0
        self._packed[number] = data[size:]
        memory.write(at[0], size, int.from_bytes(data[:size], "little"))
        at[0] += self._peripheral_step(control, size)
        return 1

    @staticmethod
    def _peripheral_step(control: int, size: int) -> int:
        if not control & CR_PINC:
            return 0
        return WORD_BYTES if control & CR_PINCOS else size

    def _flush(self, number: int) -> None:
        """Write what the FIFO still holds for memory."""
        data, self._packed[number] = self._packed.get(number, b""), b""
        if data and self._direction(number) != FROM_MEMORY:
            self.context.memory.write_all(self._at[number][1], data)

    def _buffer_done(self, number: int) -> None:
        control = self.values[f"S{number}CR"]
        self._flush(number)
        self._set_flags(number, FLAG_COMPLETE)
        if control & (CR_CIRC | CR_DBM) and self._direction(number) != MEMORY_TO_MEMORY:
            if control & CR_DBM:
                self.values[f"S{number}CR"] ^= CR_CT
            self.values[f"S{number}NDTR"] = self._reload[number]
            self._begin_buffer(number)
        else:
            self._at.pop(number, None)
            self.clear_bits(f"S{number}CR", CR_EN)

    @staticmethod
    def _flag_place(number: int) -> tuple[str, int]:
        return ("HISR" if number >= len(FLAG_SHIFTS) else "LISR"), FLAG_SHIFTS[number % len(FLAG_SHIFTS)]

    def _set_flags(self, number: int, flags: int) -> None:
        register, shift = self._flag_place(number)
        self.set_bits(register, flags << shift)

    def _pending(self, number: int) -> bool:
        register, shift = self._flag_place(number)
        flags, control = self.values[register] >> shift & FLAGS, self.values[f"S{number}CR"]
        return any(control & enable and flags & flag for enable, flag in ENABLES)

    def _refresh(self) -> None:
        for number, line in self._lines.items():
            line.set_level(self._pending(number))


class DmaStreams(AnyStreams):
    """A controller behind a request multiplexer: STM32H7."""

    PARAMETERS = DmaStreamsParameters
    parameters: DmaStreamsParameters

    def _connect(self) -> Requests:
        outputs = {n: self.parameters.first_request + n for n in STREAMS}
        return MultiplexedRequests(self.context.signals, outputs)


class SelectingStreams(AnyStreams):
    """A controller that selects a channel, one of the requests wired to each stream: STM32F2, F4, F7."""

    PARAMETERS = ChosenStreamsParameters
    parameters: ChosenStreamsParameters
    CR_WRITABLE = 0x1FFFFFFF  # CHSEL has four bits in F76x (RM0410), three in others

    def _connect(self) -> Requests:
        return ChosenRequests(self.context.signals, self.parameters.requests, self._selection)

    def _selection(self, number: int) -> int:
        return self.values[f"S{number}CR"] >> CR_CHSEL_SHIFT & 0xF
