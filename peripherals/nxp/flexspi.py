"""FlexSPI of i.MX RT1060: commands to a serial flash chip, and what its execution in place costs.

IMXRT1060RM, chapter "FlexSPI". A sequence of the lookup table is carried out instruction by instruction; an
IP command takes the clocks that its bits take on its lines. One chip is there, on port A1, or none, which
reads as ones. For execution in place, a line of the core's cache costs what the read sequence of FLSHA1CR2
takes: its command, address and dummy clocks before the first data (``bus_cycles``), then eight bytes after
eight (``wait_states``). Not modelled: the AHB buffers that read ahead, writes through AHB, DMA (told),
parallel mode.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import ClockedParameters, DeviceContext
from emulator.schema.table import about
from emulator.schema.table import address as address_of
from peripherals.nxp.flexspi_sequence import Instruction, Operation, decoded, lead_clocks
from peripherals.parts.qspi_flash import QspiFlash
from peripherals.register_device import Register, RegisterDevice, read_only

LUT, LUT_WORDS, SEQUENCE_WORDS = 0x200, 64, 4
RECEIVE_FIFO, SEND_FIFO, FIFO_WORDS = 0x100, 0x180, 32
FIFO_BYTES, ENTRY_BYTES, WORD_BYTES = 128, 8, 4
SOFTWARE_RESET, CLEAR_FIFO, DMA_ON = 1 << 0, 1 << 0, 1 << 1
DONE, RECEIVED, ROOM = 1 << 0, 1 << 5, 1 << 6
STICKY = 0xF9F
IDLE, LOCKED = 0x3, 0x3 | 0x3 << 16
READ_BYTES, BYTE_BITS, MOST_CYCLES = 8, 8, 255
CHIPS = ("A1", "A2", "B1", "B2")
NOTHING = 0xFF


class FlexspiParameters(ClockedParameters, frozen=True):
    """The flash chip behind it, and what stands before the chip's memory."""

    flash: Annotated[int, address_of("Where the flash chip's memory is.", example=0x60000000)] = 0x60000000
    flash_bytes: Annotated[
        int,
        about(
            "Size of the flash chip; 0: none is there.", unit="bytes", at_least=0, at_most=1 << 24,
            example=0x200000,
        ),
    ] = 0  # fmt: skip
    accelerator: Annotated[
        str,
        about('The accelerator before it; "": none.', names_a="accelerator", example="flexspi"),
    ] = ""


class Flexspi(RegisterDevice):
    """The controller. Parameter ``clock``: its root clock, the serial clock."""

    PARAMETERS = FlexspiParameters
    parameters: FlexspiParameters
    LINES = ("global",)
    REGISTERS = (
        Register(0x00, "MCR0", 0xFFFF80C2, on_write="module_written"),
        Register(0x04, "MCR1", 0xFFFFFFFF),
        Register(0x08, "MCR2", 0x200081F7),
        Register(0x0C, "AHBCR", 0x18),
        Register(0x10, "INTEN", writable=0xFFF, on_write="enables_written"),
        Register(0x14, "INTR", writable=0, w1c=STICKY, on_read="flags", on_write="flags_written"),
        Register(0x18, "LUTKEY", 0x5AF05AF0),
        Register(0x1C, "LUTCR", 0x2, writable=0x3),
        *(Register(0x20 + 4 * n, f"AHBRXBUF{n}CR0", 0x80000020 | n << 16) for n in range(4)),
        *(Register(0x60 + 4 * n, f"FLSH{name}CR0", 0x10000) for n, name in enumerate(CHIPS)),
        *(Register(0x70 + 4 * n, f"FLSHCR1{name}", 0x63) for n, name in enumerate(CHIPS)),
        *(
            Register(0x80 + 4 * n, f"FLSHCR2{name}", writable=0x7FFFFFFF, on_write="read_sequence_changed")
            for n, name in enumerate(CHIPS)
        ),
        Register(0x94, "FLSHCR4"),
        Register(0xA0, "IPCR0"),
        Register(0xA4, "IPCR1"),
        Register(0xB0, "IPCMD", writable=0, on_write="triggered"),
        Register(0xB8, "IPRXFCR", writable=0x3E, on_write="fifo_cleared"),
        Register(0xBC, "IPTXFCR", writable=0x3E, on_write="fifo_cleared"),
        Register(0xC0, "DLLCRA", 0x100),
        Register(0xC4, "DLLCRB", 0x100),
        read_only(0xE0, "STS0", on_read="idle"),
        read_only(0xE4, "STS1"),
        read_only(0xE8, "STS2", LOCKED),
        read_only(0xEC, "AHBSPNDSTS"),
        read_only(0xF0, "IPRXFSTS", on_read="received_entries"),
        read_only(0xF4, "IPTXFSTS", on_read="sent_entries"),
        *(read_only(RECEIVE_FIFO + 4 * n, f"RFDR{n}", on_read="received_word") for n in range(FIFO_WORDS)),
        *(Register(SEND_FIFO + 4 * n, f"TFDR{n}") for n in range(FIFO_WORDS)),
        *(Register(LUT + 4 * n, f"LUT{n}", on_write="read_sequence_changed") for n in range(LUT_WORDS)),
    )
    STATE = ("_received", "_to_send", "_waits")
    PARTS = ("_chip",)
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._received: list[int] = []
        self._to_send: list[int] = []
        self._waits = False  # a command was triggered whose data is not there yet
        size = self.parameters.flash_bytes
        self._chip = QspiFlash(context, self.parameters.flash, size or 1)
        self._ends = context.clock.deadline(f"{context.name}:command", self._command_ends, is_work=True)
        context.clocks.on_change(self._tune)

    def reset(self) -> None:
        """No command."""
        super().reset()
        self._chip.reset()
        self._stop()

    # -- effects -----------------------------------------------------------------------------
    def module_written(self, written: int, _old: int) -> None:
        """MCR0: a software reset is over at once."""
        if written & SOFTWARE_RESET:
            self.clear_bits("MCR0", SOFTWARE_RESET)
            self._stop()

    def enables_written(self, _written: int, _old: int) -> None:
        """INTEN."""
        self._line()

    def flags(self) -> int:
        """INTR; while a command waits for what it sends, the FIFO empties as it fills."""
        received = len(self._received) >= self._mark("IPRXFCR")
        room = self._waits or FIFO_BYTES - len(self._to_send) >= self._mark("IPTXFCR")
        return self.values["INTR"] | (RECEIVED if received else 0) | (ROOM if room else 0)

    def flags_written(self, written: int, _old: int) -> None:
        """INTR: clearing a FIFO's flag takes a mark's worth of words off, or sends them on their way."""
        if written & RECEIVED:
            self.context.consumed()
            del self._received[: self._mark("IPRXFCR")]
        if written & ROOM:
            words = (self.values[f"TFDR{n}"] for n in range(self._mark("IPTXFCR") // WORD_BYTES))
            self._to_send += b"".join(word.to_bytes(WORD_BYTES, "little") for word in words)
            self._begin()
        self._line()

    def read_sequence_changed(self, _written: int, _old: int) -> None:
        """LUT, FLSHCR2: how a line is read."""
        self._tune()

    def triggered(self, written: int, _old: int) -> None:
        """IPCMD: carry out the sequence of IPCR1, as soon as its data is there."""
        if written & 1 and self._ends.at_cycles is None:
            self._waits = True
            self._begin()

    def fifo_cleared(self, written: int, _old: int) -> None:
        """IPRXFCR, IPTXFCR."""
        name = self.register_name(self.access_offset)
        if written & CLEAR_FIFO:
            (self._received if name == "IPRXFCR" else self._to_send).clear()
        if written & DMA_ON:
            self.report(name, "write", "DMA to or from FlexSPI's FIFOs")
        self._line()

    def idle(self) -> int:
        """STS0."""
        return 0 if self._waits or self._ends.at_cycles is not None else IDLE

    def received_entries(self) -> int:
        """IPRXFSTS: entries of eight bytes."""
        return min(FIFO_BYTES // ENTRY_BYTES, -(-len(self._received) // ENTRY_BYTES))

    def sent_entries(self) -> int:
        """IPTXFSTS."""
        return min(FIFO_BYTES // ENTRY_BYTES, -(-len(self._to_send) // ENTRY_BYTES))

    def received_word(self) -> int:
        """RFDRn: the FIFO from its head on."""
        place = self.access_offset - RECEIVE_FIFO
        return int.from_bytes(bytes(self._received[place : place + WORD_BYTES]), "little")

    # -- commands ------------------------------------------------------------------------------
    def _mark(self, register: str) -> int:
        """The watermark, in bytes."""
        return (self.field(register, 2, 4) + 1) * ENTRY_BYTES

    def _sequence(self, number: int) -> tuple[Instruction, ...]:
        first = number * SEQUENCE_WORDS
        return decoded([self.values[f"LUT{n}"] for n in range(first, first + SEQUENCE_WORDS)])

    def _command(self) -> tuple[Instruction, ...]:
        number = self.field("IPCR1", 16, 4)
        count = self.field("IPCR1", 24, 3) + 1
        return tuple(one for n in range(count) for one in self._sequence((number + n) % 16))

    def _begin(self) -> None:
        """Carry a triggered command out, once all that it sends is there."""
        if not self._waits:
            return
        size = self.field("IPCR1", 0, 16)
        steps = self._command()
        if any(step.operation is Operation.WRITE for step in steps) and len(self._to_send) < size:
            return
        self._waits = False
        clocks = sum(self._carry_out(step, size) for step in steps)
        hz = self.clock_hz() or self.context.clock.core_hz
        self._ends.arm_in(max(1, -(-clocks * self.context.clock.core_hz // hz)))

    def _carry_out(self, step: Instruction, size: int) -> int:
        """One instruction at the chip; gives its clocks."""
        if step.operation is Operation.READ:
            count = size or step.operand
            self._received += [self._exchange(NOTHING) for _ in range(count)]
        elif step.operation is Operation.WRITE:
            count = size or step.operand
            for byte in self._to_send[:count]:
                self._exchange(byte)
            del self._to_send[: -(-count // ENTRY_BYTES) * ENTRY_BYTES]
        else:
            count = 0
            for byte in step.bytes_out(self.values["IPCR0"]):
                self._exchange(byte)
        return step.clocks(count)

    def _exchange(self, byte: int) -> int:
        return self._chip.exchange(byte) if self.parameters.flash_bytes else NOTHING

    def _command_ends(self) -> None:
        self._chip.deselect()
        self.set_bits("INTR", DONE)
        self._line()

    def _stop(self) -> None:
        self._received, self._to_send, self._waits = [], [], False
        self._ends.disarm()
        self._line()

    def _line(self) -> None:
        self.line("global").set_level(bool(self.flags() & self.values["INTEN"]))

    # -- execution in place --------------------------------------------------------------------
    def _tune(self) -> None:
        """Tell the memory model what the first data, and eight bytes more, cost."""
        hz, core_hz = self.clock_hz(), self.context.clock.core_hz
        steps = self._sequence(self.field("FLSHCR2A1", 0, 4))
        read = next((step for step in steps if step.operation is Operation.READ), None)
        if not self.parameters.accelerator or not hz or read is None:
            return
        lead = -(-lead_clocks(steps) * core_hz // hz)
        data = -(-READ_BYTES * BYTE_BITS * core_hz // (read.lanes * hz))
        divider = max(1, -(-max(lead, data) // MOST_CYCLES))
        self.context.tuning.configure(
            self.parameters.accelerator,
            bus_divider=divider,
            bus_cycles=-(-lead // divider),
            wait_states=max(0, -(-data // divider) - 1),
        )
