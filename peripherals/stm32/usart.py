"""USART, UART and LPUART with separate status, clear and data registers.

RM0432 chapters "USART/UART" and "LPUART"; the same block, with or without FIFO
and prescaler, is in STM32F0/F3/F7/L0/L4/G0/G4/H7/U5/WB. Modelled: paced reception and
transmission, FIFO with thresholds, all flags of plain asynchronous use, interrupts and
DMA requests. Not modelled, and reported: synchronous, smartcard, IrDA, LIN and
half-duplex modes, auto-baud, receiver time-out. The idle frame sent when TE is set takes
no time. CTS reads as always asserted.

Parameters: ``clock`` (kernel clock's name), ``lpuart`` (divider of an LPUART), ``fifo``
(entries, 0 for none), ``dma`` (prefix of the DMA request signals, by default the name).
"""

from __future__ import annotations

from functools import reduce
from operator import or_

from emulator.device import DeviceContext
from peripherals.parts.serial_line import CharacterFormat, SerialLine
from peripherals.register_device import Register, RegisterDevice, read_only

CR1_UE, CR1_RE, CR1_TE = 1 << 0, 1 << 2, 1 << 3
CR1_IDLEIE, CR1_RXNEIE, CR1_TCIE, CR1_TXEIE = 1 << 4, 1 << 5, 1 << 6, 1 << 7
CR1_PEIE, CR1_PS, CR1_PCE, CR1_M0 = 1 << 8, 1 << 9, 1 << 10, 1 << 12
CR1_CMIE, CR1_OVER8, CR1_M1 = 1 << 14, 1 << 15, 1 << 28
CR1_FIFOEN, CR1_TXFEIE, CR1_RXFFIE = 1 << 29, 1 << 30, 1 << 31
CR1_LINE = CR1_UE | CR1_RE | CR1_TE | CR1_M0 | CR1_M1 | CR1_OVER8 | CR1_FIFOEN
"""What the pace and the state of the two wires depend on."""
CR2_STOP_SHIFT, CR2_ADD_SHIFT = 12, 24
CR3_EIE, CR3_DMAR, CR3_DMAT, CR3_OVRDIS = 1 << 0, 1 << 6, 1 << 7, 1 << 12
CR3_TXFTIE, CR3_RXFTCFG_SHIFT, CR3_RXFTIE, CR3_TXFTCFG_SHIFT = 1 << 23, 25, 1 << 28, 29
ISR_PE, ISR_FE, ISR_NE, ISR_ORE, ISR_IDLE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
ISR_RXNE, ISR_TC, ISR_TXE = 1 << 5, 1 << 6, 1 << 7
ISR_BUSY, ISR_CMF, ISR_TEACK, ISR_REACK = 1 << 16, 1 << 17, 1 << 21, 1 << 22
ISR_TXFE, ISR_RXFF, ISR_RXFT, ISR_TXFT = 1 << 23, 1 << 24, 1 << 26, 1 << 27
ICR_CLEARS = ISR_PE | ISR_FE | ISR_NE | ISR_ORE | ISR_IDLE | ISR_TC | ISR_CMF
RQR_RXFRQ, RQR_TXFRQ = 1 << 3, 1 << 4
HALF_STOP_BITS = (2, 1, 4, 3)
PRESCALERS = (1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256, 256, 256, 256, 256)
THRESHOLD_EIGHTHS = (1, 2, 4, 6, 7, 8, 8, 8)
UNMODELLED_CR2 = {
    1 << 11: "synchronous mode",
    1 << 14: "LIN mode",
    1 << 20: "auto baud rate",
    1 << 23: "receiver time-out",
}
UNMODELLED_CR3 = {1 << 1: "IrDA mode", 1 << 3: "half-duplex mode", 1 << 5: "smartcard mode"}
FLAG_ENABLES = (
    # flag, enable register, enable bit
    (ISR_RXNE | ISR_ORE, "CR1", CR1_RXNEIE),
    (ISR_TXE, "CR1", CR1_TXEIE),
    (ISR_TC, "CR1", CR1_TCIE),
    (ISR_IDLE, "CR1", CR1_IDLEIE),
    (ISR_PE, "CR1", CR1_PEIE),
    (ISR_CMF, "CR1", CR1_CMIE),
    (ISR_TXFE, "CR1", CR1_TXFEIE),
    (ISR_RXFF, "CR1", CR1_RXFFIE),
    (ISR_FE | ISR_NE | ISR_ORE, "CR3", CR3_EIE),
    (ISR_RXFT, "CR3", CR3_RXFTIE),
    (ISR_TXFT, "CR3", CR3_TXFTIE),
)


class Usart(RegisterDevice):
    """One USART, UART or LPUART. Interrupt line ``global``; serial port of its name."""

    REGISTERS = (
        Register(0x00, "CR1", on_write="control_changed"),
        Register(0x04, "CR2", on_write="mode_changed"),
        Register(0x08, "CR3", on_write="mode_changed"),
        Register(0x0C, "BRR", writable=0xFFFFF, on_write="mode_changed"),
        Register(0x10, "GTPR", writable=0xFFFF),
        Register(0x14, "RTOR"),
        Register(0x18, "RQR", writable=0, on_write="requested"),
        read_only(0x1C, "ISR", ISR_TC, on_read="status"),
        Register(0x20, "ICR", writable=0, on_write="flags_cleared"),
        read_only(0x24, "RDR", on_read="take_received"),
        Register(0x28, "TDR", writable=0x1FF, on_write="character_written"),
        Register(0x2C, "PRESC", writable=0xF, on_write="mode_changed"),
    )
    STATE = ("_to_send", "_received")
    PARTS = ("_line",)
    has_serial = True

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._fifo_entries = int(context.parameters.get("fifo", 0))
        self._is_lpuart = bool(context.parameters.get("lpuart", False))
        dma = str(context.parameters.get("dma", context.name.upper()))
        self._dma_receive, self._dma_send = f"dma:{dma}_RX", f"dma:{dma}_TX"
        self._to_send: list[int] = []
        self._received: list[int] = []
        self._enables: tuple[int, int] | None = None  # CR1 and CR3 that _asserting belongs to
        self._asserting = 0
        self._line = SerialLine(
            context, on_received=self._character_received, on_sent=self._sent, on_quiet=self._line_idle
        )
        context.clocks.on_change(self._configure_line)

    def register_table(self) -> tuple[Register, ...]:
        """Leave the prescaler out where the block has no FIFO version."""
        with_fifo = self.context.parameters.get("fifo", 0)
        return tuple(row for row in self.REGISTERS if with_fifo or row.name != "PRESC")

    # -- RegisterDevice ------------------------------------------------------------------
    def reset(self) -> None:
        """Stop, empty both FIFOs and clear every register."""
        super().reset()
        self._line.stop()
        self._to_send.clear()
        self._received.clear()
        self._refresh()

    # -- effects -------------------------------------------------------------------------
    def control_changed(self, _written: int, old: int) -> None:
        """CR1: enabling, disabling, word length."""
        if old & CR1_UE and not self.values["CR1"] & CR1_UE:
            self._line.stop()
            self._to_send.clear()
            self._received.clear()
            self.values["ISR"] = ISR_TC
        if (old ^ self.values["CR1"]) & CR1_LINE:
            self._configure_line()
            self._load_shifter()
        self._refresh()

    def mode_changed(self, _written: int, _old: int) -> None:
        """CR2, CR3, BRR, PRESC: pace, stop bits, DMA, interrupt enables."""
        if not self._is_lpuart:
            self._report_modes("CR2", UNMODELLED_CR2)
        self._report_modes("CR3", UNMODELLED_CR3)
        self._configure_line()
        self._refresh()

    def _report_modes(self, register: str, modes: dict[int, str]) -> None:
        value = self.values[register]
        for bit, what in modes.items():
            if value & bit:
                self.report(register, "write", what)

    def requested(self, written: int, _old: int) -> None:
        """RQR: flush what was received or is still to be sent."""
        if written & RQR_RXFRQ:
            self._received.clear()
        if written & RQR_TXFRQ:
            self._to_send.clear()
        self._refresh()

    def flags_cleared(self, written: int, _old: int) -> None:
        """ICR: clear sticky flags."""
        self.clear_bits("ISR", written & ICR_CLEARS)
        self._refresh()

    def character_written(self, _written: int, _old: int) -> None:
        """TDR: queue a character; a full register or FIFO loses its last entry."""
        if not self._enabled(CR1_TE):
            self.report("TDR", "write", "the transmitter is off, the character is lost")
            return
        if len(self._to_send) >= self._depth():
            self._to_send.pop()
        self._to_send.append(self.values["TDR"])
        self.clear_bits("ISR", ISR_TC)
        self._load_shifter()
        self._refresh()

    def take_received(self) -> int:
        """RDR: the oldest received character."""
        self.context.consumed()
        if self._received:
            self.values["RDR"] = self._received.pop(0)
            self._refresh()
        return self.values["RDR"]

    def status(self) -> int:
        """ISR: sticky flags and those that follow the FIFOs' levels."""
        flags = self.values["ISR"]
        control = self.values["CR1"]
        if self._line.receiving:
            flags |= ISR_BUSY
        if control & CR1_UE:
            flags |= ISR_TEACK if control & CR1_TE else 0
            flags |= ISR_REACK if control & CR1_RE else 0
        if self._received:
            flags |= ISR_RXNE
        if self._fifo_on():
            flags |= self._fifo_flags()
        elif not self._to_send:
            flags |= ISR_TXE
        return flags

    # -- inside --------------------------------------------------------------------------
    def _enabled(self, direction: int) -> bool:
        return self.values["CR1"] & (CR1_UE | direction) == CR1_UE | direction

    def _enabled_flags(self) -> int:
        """The flags that assert the interrupt line, for CR1 and CR3 as they are."""
        enables = self.values["CR1"], self.values["CR3"]
        if enables != self._enables:
            self._enables = enables
            chosen = (flags for flags, register, bit in FLAG_ENABLES if self.values[register] & bit)
            self._asserting = reduce(or_, chosen, 0)
        return self._asserting

    def _fifo_on(self) -> bool:
        return bool(self._fifo_entries and self.values["CR1"] & CR1_FIFOEN)

    def _depth(self) -> int:
        return self._fifo_entries if self._fifo_on() else 1

    def _fifo_flags(self) -> int:
        depth, control = self._fifo_entries, self.values["CR3"]
        receive_level = THRESHOLD_EIGHTHS[control >> CR3_RXFTCFG_SHIFT & 7] * depth // 8
        send_level = THRESHOLD_EIGHTHS[control >> CR3_TXFTCFG_SHIFT & 7] * depth // 8
        flags = ISR_TXFE if not self._to_send else 0
        flags |= ISR_TXE if len(self._to_send) < depth else 0
        flags |= ISR_RXFF if len(self._received) >= depth else 0
        flags |= ISR_RXFT if len(self._received) >= receive_level else 0
        flags |= ISR_TXFT if depth - len(self._to_send) >= send_level else 0
        return flags

    def _data_bits(self) -> int:
        control = self.values["CR1"]
        return 7 if control & CR1_M1 else 9 if control & CR1_M0 else 8

    def _character(self) -> CharacterFormat | None:
        divider, clock_hz = self.values["BRR"], self.clock_hz()
        if self._fifo_entries:
            clock_hz //= PRESCALERS[self.values["PRESC"]]
        parts = 1
        if self._is_lpuart:
            parts = 256
        elif self.values["CR1"] & CR1_OVER8:
            divider = (divider & 0xFFF0) | (divider & 7) << 1
            parts = 2
        if not divider or not clock_hz:
            return None
        half_bits = 2 + 2 * self._data_bits() + HALF_STOP_BITS[self.values["CR2"] >> CR2_STOP_SHIFT & 3]
        return CharacterFormat(half_bits, divider, parts, clock_hz)

    def _configure_line(self) -> None:
        if self.values["CR1"] & CR1_UE:
            self._line.configure(self._character(), receiver_on=self._enabled(CR1_RE))

    def _load_shifter(self) -> None:
        if self._to_send and not self._line.sending and self._enabled(CR1_TE):
            self._line.send(self._to_send.pop(0) & self._data_mask())

    def _data_mask(self) -> int:
        """Bits of a character that carry data: the parity bit does not reach the host."""
        return (1 << self._data_bits() - bool(self.values["CR1"] & CR1_PCE)) - 1

    def _with_parity(self, data: int) -> int:
        data &= self._data_mask()
        if not self.values["CR1"] & CR1_PCE:
            return data
        odd = bool(self.values["CR1"] & CR1_PS)
        return data | ((data.bit_count() & 1) ^ odd) << self._data_bits() - 1

    def _sent(self) -> None:
        self._load_shifter()
        if not self._line.sending:
            self.set_bits("ISR", ISR_TC)
        self._refresh()

    def _character_received(self, data: int) -> None:
        data = self._with_parity(data)
        if len(self._received) < self._depth():
            self._received.append(data)
        elif self.values["CR3"] & CR3_OVRDIS:
            self._received[-1] = data
        else:
            self.set_bits("ISR", ISR_ORE)
        if data == self.values["CR2"] >> CR2_ADD_SHIFT:
            self.set_bits("ISR", ISR_CMF)
        self._refresh()

    def _line_idle(self) -> None:
        self.set_bits("ISR", ISR_IDLE)
        self._refresh()

    def _refresh(self) -> None:
        """Bring the interrupt line and the DMA requests up to date."""
        flags = self.status()
        self.line("global").set_level(bool(flags & self._enabled_flags()))
        wants, signals = self.values["CR3"], self.context.signals
        enabled = self.values["CR1"] & CR1_UE
        signals.set(self._dma_receive, int(bool(enabled and wants & CR3_DMAR and flags & ISR_RXNE)))
        signals.set(self._dma_send, int(bool(enabled and wants & CR3_DMAT and flags & ISR_TXE)))
