"""eDMA of i.MX RT1060: 32 channels by their descriptors.

IMXRT1060RM, chapter "Enhanced Direct Memory Access". A request moves a minor loop; what a request is,
DMAMUX says on ``edma_request:CHANNEL``. Modelled: offsets, modulos, minor loop mapping, links, scatter and
gather, half and major interrupts, errors of the bus. A minor loop takes two cycles of the core a transfer,
which is a guess; priorities, bandwidth control and cancelled transfers are not modelled.
"""

from __future__ import annotations

from functools import partial

from emulator.device import DeviceContext, NothingAnswers
from peripherals.nxp.edma_descriptor import TCD_BYTES, Descriptor
from peripherals.register_device import Register, RegisterDevice

CHANNELS, LINES_SHARED = 32, 16
FIRST_TCD, COMMANDS, PRIORITIES = 0x1000, 0x18, 0x100
ALL = 1 << 6
NOP = 1 << 7
MINOR_LOOP_MAPPING = 1 << 7
BUS_ERRORS = {"source": 1 << 1, "destination": 1 << 0}
VALID = 1 << 31
CYCLES_A_TRANSFER = 2
MOST_AT_ONCE = 1 << 16
"""Minor loops that one request is served at most: its wire does not fall."""


class Edma(RegisterDevice):
    """The controller."""

    LINES = ("channel#", "error")
    REGISTERS = (
        Register(0x00, "CR", 0x400),
        Register(0x04, "ES", writable=0),
        Register(0x0C, "ERQ", on_write="requests_enabled"),
        Register(0x14, "EEI", on_write="lines_moved"),
        Register(0x24, "INT", writable=0, w1c=0xFFFFFFFF, on_write="lines_moved"),
        Register(0x2C, "ERR", writable=0, w1c=0xFFFFFFFF, on_write="lines_moved"),
        Register(0x34, "HRS", writable=0, on_read="requested"),
        Register(0x44, "EARS"),
        *(Register(PRIORITIES + 4 * n, f"DCHPRI{4 * n}", 0x00010203 + 0x04040404 * n) for n in range(8)),
    )
    PARTS = ("_channels",)
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._channels = [Descriptor() for _ in range(CHANNELS)]
        self._due = [
            context.clock.deadline(f"{context.name}:channel{n}", partial(self._now_due, n))
            for n in range(CHANNELS)
        ]
        for n in range(CHANNELS):
            context.signals.watch(f"edma_request:{n}", partial(self._wake, n))

    def reset(self) -> None:
        """Every channel off."""
        super().reset()
        for channel, due in zip(self._channels, self._due, strict=True):
            channel.clear()
            due.disarm()

    def read(self, offset: int, size_bytes: int) -> int:
        """Load; descriptors are memory."""
        if offset >= FIRST_TCD:
            number, place = divmod(offset - FIRST_TCD, TCD_BYTES)
            return self._channels[number].load_bytes(place, size_bytes) if number < CHANNELS else 0
        return super().read(offset, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store; descriptors are memory, and the bytes from 0x18 on commands."""
        if offset >= FIRST_TCD:
            number, place = divmod(offset - FIRST_TCD, TCD_BYTES)
            if number < CHANNELS:
                self._channels[number].store_bytes(place, size_bytes, value)
                self._started(number)
        elif COMMANDS <= offset < COMMANDS + 8:
            for n in range(size_bytes):
                self._commanded(offset + n, value >> 8 * n & 0xFF)
        else:
            super().write(offset, size_bytes, value)

    def register_name(self, offset: int) -> str:
        """Descriptors by their fields' places."""
        if offset >= FIRST_TCD:
            number, place = divmod(offset - FIRST_TCD, TCD_BYTES)
            return f"TCD{number}+0x{place:02x}"
        return super().register_name(offset)

    # -- effects -----------------------------------------------------------------------------
    def requests_enabled(self, _written: int, _old: int) -> None:
        """ERQ: what has been asked for is served."""
        for number in range(CHANNELS):
            self._wake(number)

    def lines_moved(self, _written: int, _old: int) -> None:
        """INT, ERR, EEI."""
        for number in range(LINES_SHARED):
            both = self.values["INT"] >> number | self.values["INT"] >> number + LINES_SHARED
            self.line(f"channel{number}").set_level(bool(both & 1))
        self.line("error").set_level(bool(self.values["ERR"] & self.values["EEI"]))

    def requested(self) -> int:
        """HRS."""
        return sum(1 << n for n in range(CHANNELS) if self._wanted(n))

    # -- inside ------------------------------------------------------------------------------
    def _commanded(self, offset: int, value: int) -> None:
        """CEEI, SEEI, CERQ, SERQ, CDNE, SSRT, CERR, CINT: of a channel, or of all."""
        if value & NOP:
            return
        numbers = range(CHANNELS) if value & ALL else range(value & 31, (value & 31) + 1)
        mask = sum(1 << n for n in numbers)
        command = offset - COMMANDS
        if command in (0, 1):
            self.put_bits("EEI", mask, command == 1)
        elif command in (2, 3):
            self.put_bits("ERQ", mask, command == 3)
            self.requests_enabled(0, 0)
        elif command in (6, 7):
            self.clear_bits("ERR" if command == 6 else "INT", mask)
        else:
            for number in numbers:
                if command == 4:
                    self._channels[number].done = False
                else:
                    self._start(number)
        self.lines_moved(0, 0)

    def _wanted(self, number: int) -> int:
        return self.context.signals.get(f"edma_request:{number}")

    def _start(self, number: int) -> None:
        """START by software, or by a link."""
        self._channels[number].start = True
        self._started(number)

    def _started(self, number: int) -> None:
        if self._channels[number].start and self._due[number].at_cycles is None:
            self._due[number].arm_in(self._cycles(number))

    def _wake(self, number: int, _level: int = 0) -> None:
        if self.values["ERQ"] >> number & 1 and self._wanted(number) and self._due[number].at_cycles is None:
            self._due[number].arm_in(self._cycles(number))

    def _cycles(self, number: int) -> int:
        return max(1, CYCLES_A_TRANSFER * self._channels[number].transfers(self._maps()))

    def _maps(self) -> bool:
        return bool(self.values["CR"] & MINOR_LOOP_MAPPING)

    def _now_due(self, number: int) -> None:
        channel = self._channels[number]
        if channel.start:
            channel.start = False
            self._minor_loop(number)
            self._wake(number)
            return
        for _ in range(MOST_AT_ONCE):
            if not self.values["ERQ"] >> number & 1 or not self._wanted(number):
                return
            self._minor_loop(number)

    def _minor_loop(self, number: int) -> None:
        channel = self._channels[number]
        channel.done = False
        failed = channel.move(self.context.memory, mapped=self._maps())
        if failed:
            self._failed(number, failed)
            return
        link = channel.minor_link
        if channel.count_down():
            if channel.interrupts_half():
                self._raise(number)
            if link is not None:
                self._start(link)
            return
        self._major_ended(number)

    def _major_ended(self, number: int) -> None:
        channel = self._channels[number]
        wants_interrupt, link = channel.interrupts_major, channel.major_link
        if channel.disables_request:
            self.clear_bits("ERQ", 1 << number)
        try:
            channel.finish(self.context.memory)
        except NothingAnswers:
            self._failed(number, "source")
            return
        self._started(number)
        if wants_interrupt:
            self._raise(number)
        if link is not None:
            self._start(link)

    def _raise(self, number: int) -> None:
        self.set_bits("INT", 1 << number)
        self.lines_moved(0, 0)

    def _failed(self, number: int, side: str) -> None:
        self.values["ES"] = VALID | number << 8 | BUS_ERRORS[side]
        self.set_bits("ERR", 1 << number)
        self.clear_bits("ERQ", 1 << number)
        self.lines_moved(0, 0)
