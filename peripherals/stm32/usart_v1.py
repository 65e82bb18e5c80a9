"""USART and UART with one status and one data register (STM32F1, F2, F4, L1).

RM0090, chapter "Universal synchronous asynchronous receiver transmitter". Modelled: paced
reception and transmission, the flags of plain asynchronous use, interrupts and DMA
requests. The error flags and IDLE are cleared by reading SR and then DR. Not modelled, and
reported: synchronous, smartcard, IrDA, LIN and half-duplex modes.

Parameters: ``clock`` and ``dma`` (prefix of the DMA request signals, by default the name).
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.parts.serial_line import CharacterFormat, SerialLine
from peripherals.register_device import Register, RegisterDevice

SR_ORE, SR_IDLE, SR_RXNE, SR_TC, SR_TXE = 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
SR_READ_CLEARS = 0x1F
CR1_RE, CR1_TE, CR1_IDLEIE, CR1_RXNEIE, CR1_TCIE, CR1_TXEIE = (1 << n for n in (2, 3, 4, 5, 6, 7))
CR1_PS, CR1_PCE, CR1_M, CR1_UE, CR1_OVER8 = 1 << 9, 1 << 10, 1 << 12, 1 << 13, 1 << 15
CR2_STOP_SHIFT = 12
CR3_EIE, CR3_DMAR, CR3_DMAT = 1 << 0, 1 << 6, 1 << 7
HALF_STOP_BITS = (2, 1, 4, 3)
UNMODELLED_CR2 = {11: "synchronous mode", 14: "LIN mode"}
UNMODELLED_CR3 = {1: "IrDA mode", 3: "half-duplex mode", 5: "smartcard mode"}


class UsartV1(RegisterDevice):
    """One USART or UART. Interrupt line ``global``; serial port of its name."""

    REGISTERS = (
        Register(0x00, "SR", SR_TC, writable=0, w0c=SR_TC, on_read="status", on_write="status_written"),
        Register(0x04, "DR", writable=0, on_read="take_received", on_write="character_written"),
        Register(0x08, "BRR", writable=0xFFFF, on_write="mode_changed"),
        Register(0x0C, "CR1", writable=0xFFFF, on_write="control_changed"),
        Register(0x10, "CR2", writable=0x7F6F, on_write="mode_changed"),
        Register(0x14, "CR3", writable=0x0FFF, on_write="mode_changed"),
        Register(0x18, "GTPR", writable=0xFFFF),
    )
    STATE = ("_to_send", "_received", "_status_was_read")
    PARTS = ("_line",)
    has_serial = True

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        dma = str(context.parameters.get("dma", context.name.upper()))
        self._dma_receive, self._dma_send = f"dma:{dma}_RX", f"dma:{dma}_TX"
        self._to_send: int | None = None
        self._received: int | None = None
        self._status_was_read = False
        self._line = SerialLine(
            context, on_received=self._character_received, on_sent=self._sent, on_quiet=self._line_idle
        )
        context.clocks.on_change(self._configure_line)

    # -- RegisterDevice ------------------------------------------------------------------
    def reset(self) -> None:
        """Stop and clear every register."""
        super().reset()
        self._line.stop()
        self._to_send = self._received = None
        self._status_was_read = False
        self._refresh()

    # -- effects -------------------------------------------------------------------------
    def status(self) -> int:
        """SR; the next read of DR clears the errors seen here."""
        self._status_was_read = bool(self.values["SR"] & SR_READ_CLEARS)
        flags = self.values["SR"]
        flags |= SR_RXNE if self._received is not None else 0
        return flags | (SR_TXE if self._to_send is None else 0)

    def status_written(self, written: int, _old: int) -> None:
        """SR: RXNE and TC are cleared by writing 0."""
        if not written & SR_RXNE:
            self._received = None
        self._refresh()

    def take_received(self) -> int:
        """DR: the received character."""
        self.context.consumed()
        if self._status_was_read:
            self.clear_bits("SR", SR_READ_CLEARS)
            self._status_was_read = False
        if self._received is not None:
            self.values["DR"], self._received = self._received, None
        self._refresh()
        return self.values["DR"]

    def character_written(self, written: int, _old: int) -> None:
        """DR: buffer a character; a full buffer is overwritten."""
        if not self._enabled(CR1_TE):
            self.report("DR", "write", "the transmitter is off, the character is lost")
            return
        self._to_send = written & 0x1FF
        self.clear_bits("SR", SR_TC)
        self._load_shifter()
        self._refresh()

    def control_changed(self, _written: int, old: int) -> None:
        """CR1: enabling, disabling, word length."""
        if old & CR1_UE and not self.values["CR1"] & CR1_UE:
            self._line.stop()
            self._to_send = self._received = None
            self.values["SR"] = SR_TC
        self._configure_line()
        self._load_shifter()
        self._refresh()

    def mode_changed(self, _written: int, _old: int) -> None:
        """CR2, CR3, BRR: stop bits, DMA, error interrupt, pace."""
        for register, modes in (("CR2", UNMODELLED_CR2), ("CR3", UNMODELLED_CR3)):
            for bit, what in modes.items():
                if self.values[register] & 1 << bit:
                    self.report(register, "write", what)
        self._configure_line()
        self._refresh()

    # -- inside --------------------------------------------------------------------------
    def _enabled(self, direction: int) -> bool:
        return self.values["CR1"] & (CR1_UE | direction) == CR1_UE | direction

    def _data_bits(self) -> int:
        return 9 if self.values["CR1"] & CR1_M else 8

    def _data_mask(self) -> int:
        return (1 << self._data_bits() - bool(self.values["CR1"] & CR1_PCE)) - 1

    def _character(self) -> CharacterFormat | None:
        divider, clock_hz, parts = self.values["BRR"], self.clock_hz(), 1
        if self.values["CR1"] & CR1_OVER8:
            divider, parts = (divider & 0xFFF0) | (divider & 7) << 1, 2
        if not divider or not clock_hz:
            return None
        half_bits = 2 + 2 * self._data_bits() + HALF_STOP_BITS[self.values["CR2"] >> CR2_STOP_SHIFT & 3]
        return CharacterFormat(half_bits, divider, parts, clock_hz)

    def _configure_line(self) -> None:
        if self.values["CR1"] & CR1_UE:
            self._line.configure(self._character(), receiver_on=self._enabled(CR1_RE))

    def _load_shifter(self) -> None:
        if self._to_send is not None and not self._line.sending and self._enabled(CR1_TE):
            self._line.send(self._to_send & self._data_mask())
            self._to_send = None

    def _sent(self) -> None:
        self._load_shifter()
        if not self._line.sending:
            self.set_bits("SR", SR_TC)
        self._refresh()

    def _character_received(self, data: int) -> None:
        data &= self._data_mask()
        if self.values["CR1"] & CR1_PCE:
            parity = (data.bit_count() & 1) ^ bool(self.values["CR1"] & CR1_PS)
            data |= parity << self._data_bits() - 1
        if self._received is None:
            self._received = data
        else:
            self.set_bits("SR", SR_ORE)
        self._refresh()

    def _line_idle(self) -> None:
        self.set_bits("SR", SR_IDLE)
        self._refresh()

    def _refresh(self) -> None:
        """Bring the interrupt line and the DMA requests up to date."""
        control, mode = self.values["CR1"], self.values["CR3"]
        has_received, can_take = self._received is not None, self._to_send is None
        overrun = bool(self.values["SR"] & SR_ORE)
        self.line("global").set_level(
            bool(control & CR1_RXNEIE and (has_received or overrun))
            or bool(control & CR1_TXEIE and can_take)
            or bool(control & CR1_TCIE and self.values["SR"] & SR_TC)
            or bool(control & CR1_IDLEIE and self.values["SR"] & SR_IDLE)
            or bool(mode & CR3_EIE and mode & CR3_DMAR and overrun)
        )
        enabled = bool(control & CR1_UE)
        self.context.signals.set(self._dma_receive, int(enabled and bool(mode & CR3_DMAR) and has_received))
        self.context.signals.set(self._dma_send, int(enabled and bool(mode & CR3_DMAT) and can_take))
