"""LPUART of i.MX RT1060 and its relatives: FIFOs with watermarks, idle lines, interrupts, DMA requests.

IMXRT1060RM, chapter "Low Power Universal Asynchronous Receiver/Transmitter". A FIFO that is off holds one
character. Modelled: parity, seven to ten bits, one or two stop bits, RXIDEN (what is in the FIFO is told
when the line goes idle). Hardware flow control holds nobody up; break, address match, IrDA, loops and noise
are not modelled, and told. With one FIFO on, the other holds four characters, too. Parameter ``clock``: the
kernel clock.
"""

from __future__ import annotations

from emulator.device import ClockedParameters, DeviceContext
from peripherals.parts.dma_requests import DmaRequests
from peripherals.parts.uart import EVEN_PARITY, NO_PARITY, ODD_PARITY, Frame, Uart, UartSetting
from peripherals.register_device import Register, RegisterDevice, read_only

FIFO_DEPTH = 4
RESET_ALL = 1 << 1
TDMAE, RDMAE, SBNS, M10 = 1 << 23, 1 << 21, 1 << 13, 1 << 29
OVERRUN, IDLE, RDRF, TC, TDRE, RAF = 1 << 19, 1 << 20, 1 << 21, 1 << 22, 1 << 23, 1 << 24
STICKY = 0xC01FC000
PARITY_ODD, PARITY, NINE_BITS, SEVEN_BITS, LOOPS, BREAK = 1 << 0, 1 << 1, 1 << 4, 1 << 11, 1 << 7, 1 << 16
RECEIVE, SEND, ILIE, RIE, TCIE, TIE, ORIE = (1 << n for n in (18, 19, 20, 21, 22, 23, 27))
RX_FIFO, TX_FIFO, RXUFE, TXOFE = 1 << 3, 1 << 7, 1 << 8, 1 << 9
RX_FLUSH, TX_FLUSH, RXUF, TXOF = 1 << 14, 1 << 15, 1 << 16, 1 << 17
RX_EMPTY, TX_EMPTY = 1 << 22, 1 << 23
DATA_EMPTY = 1 << 12
CHARACTER = 0x3FF
MATCHES, INFRARED, FLOW_CONTROL = 3 << 30, 1 << 18, 0xF


class Lpuart(RegisterDevice):
    """One LPUART. Requests to a DMA controller are ``dma:NAME_RX`` and ``dma:NAME_TX``."""

    PARAMETERS = ClockedParameters
    parameters: ClockedParameters
    LINES = ("global",)
    REGISTERS = (
        read_only(0x00, "VERID", 0x04010003),
        read_only(0x04, "PARAM", 0x0202),
        Register(0x08, "GLOBAL", writable=RESET_ALL, on_write="reset_written"),
        Register(0x0C, "PINCFG", writable=0x3),
        Register(0x10, "BAUD", 0x0F000004, on_write="setting_written"),
        Register(0x14, "STAT", writable=0x3E000000, w1c=STICKY, on_read="status", on_write="status_written"),
        Register(0x18, "CTRL", on_write="control_written"),
        Register(0x1C, "DATA", writable=0, on_read="take_received", on_write="character_written"),
        Register(0x20, "MATCH", writable=0x03FF03FF),
        Register(0x24, "MODIR", writable=0x7033F, on_write="modem_written"),
        Register(
            0x28, "FIFO", 0x11, writable=0x1F88, w1c=RXUF | TXOF, on_read="fifos", on_write="fifo_written"
        ),
        Register(0x2C, "WATER", writable=0x30003, on_read="water", on_write="setting_written"),
    )
    STATE = ("_idle_word",)
    PARTS = ("_uart",)
    has_serial = True
    size_bytes = 0x4000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._idle_word = False  # the line has gone idle since what is in the FIFO came
        self._uart = Uart(context, on_sent=lambda _finished: self._moved(), on_received=self._came,
                          on_loaded=lambda: None, on_quiet=self._quiet)  # fmt: skip
        self._dma = DmaRequests(context, context.name)
        context.clocks.on_change(self._configure)

    def reset(self) -> None:
        """Stop and empty both FIFOs."""
        super().reset()
        self._idle_word = False
        self._uart.stop()
        self._configure()
        self._moved()

    def send_held(self) -> None:
        """Let what is to be sent leave at once."""
        self._uart.send_held()

    # -- effects ---------------------------------------------------------------------------
    def reset_written(self, _written: int, _old: int) -> None:
        """GLOBAL: everything but this register is reset."""
        if self.values["GLOBAL"] & RESET_ALL:
            self.reset()
            self.values["GLOBAL"] = RESET_ALL

    def setting_written(self, written: int, _old: int) -> None:
        """BAUD, WATER."""
        if self.register_name(self.access_offset) == "BAUD" and written & MATCHES:
            self.report("BAUD", "write", "address match")
        self._configure()
        self._moved()

    def control_written(self, written: int, _old: int) -> None:
        """CTRL: both directions, the frame, interrupt enables."""
        if written & BREAK:
            self.report("CTRL", "write", "a break")
        if written & LOOPS:
            self.report("CTRL", "write", "loop mode")
        self._configure()
        self._moved()

    def modem_written(self, written: int, _old: int) -> None:
        """MODIR."""
        if written & INFRARED:
            self.report("MODIR", "write", "IrDA")
        if written & FLOW_CONTROL:
            self.report("MODIR", "write", "hardware flow control")

    def status(self) -> int:
        """STAT."""
        value = self.values["STAT"] & ~(RDRF | TC | TDRE | RAF)
        value |= TDRE if self._send_low() else 0
        value |= 0 if self._uart.to_send or self._uart.sending else TC
        value |= RDRF if self._received_enough() else 0
        return value | (RAF if self._uart.receiving else 0)

    def status_written(self, _written: int, _old: int) -> None:
        """STAT: flags written 1 are cleared."""
        self._moved()

    def character_written(self, written: int, _old: int) -> None:
        """DATA: a character to send; with a full FIFO it is lost."""
        if not self._uart.write(written & CHARACTER, overwrites=not self._sends_from_fifo()):
            self.set_bits("FIFO", TXOF)
        self._moved()

    def take_received(self) -> int:
        """DATA: the oldest received character."""
        self.context.consumed()
        data = self._uart.take()
        if data is None:
            if self.values["CTRL"] & RECEIVE:
                self.set_bits("FIFO", RXUF)
            return DATA_EMPTY
        if not self._uart.received:
            self._idle_word = False
        self._moved()
        return data & CHARACTER

    def fifos(self) -> int:
        """FIFO: what is empty."""
        value = self.values["FIFO"]
        value |= 0 if self._uart.received else RX_EMPTY
        return value | (0 if self._uart.to_send else TX_EMPTY)

    def fifo_written(self, written: int, _old: int) -> None:
        """FIFO: on or off, flushed."""
        if written & RX_FLUSH:
            self._uart.received.clear()
            self._idle_word = False
        if written & TX_FLUSH:
            self._uart.to_send.clear()
        self._configure()
        self._moved()

    def water(self) -> int:
        """WATER: the counts beside the marks."""
        return self.values["WATER"] | len(self._uart.to_send) << 8 | len(self._uart.received) << 24

    # -- inside ----------------------------------------------------------------------------
    def _sends_from_fifo(self) -> bool:
        return bool(self.values["FIFO"] & TX_FIFO)

    def _send_low(self) -> bool:
        mark = self.field("WATER", 0, 2) if self._sends_from_fifo() else 0
        return len(self._uart.to_send) <= mark

    def _received_enough(self) -> bool:
        count = len(self._uart.received)
        mark = self.field("WATER", 16, 2) if self.values["FIFO"] & RX_FIFO else 0
        return count > mark or (self._idle_word and count > 0 and self.field("FIFO", 10, 3) != 0)

    def _frame(self) -> Frame:
        control, baud = self.values["CTRL"], self.values["BAUD"]
        bits = 10 if baud & M10 else 9 if control & NINE_BITS else 7 if control & SEVEN_BITS else 8
        parity = NO_PARITY
        if control & PARITY:
            bits -= 1
            parity = ODD_PARITY if control & PARITY_ODD else EVEN_PARITY
        return Frame(bits, parity, 4 if baud & SBNS else 2)

    def _configure(self) -> None:
        control, baud = self.values["CTRL"], self.values["BAUD"]
        oversampling = (baud >> 24 & 0x1F) + 1
        fifo = self.values["FIFO"]
        self._uart.configure(
            UartSetting(
                send_on=bool(control & SEND),
                receive_on=bool(control & RECEIVE),
                frame=self._frame(),
                clock_hz=self.clock_hz(),
                bit_clocks=(baud & 0x1FFF) * (oversampling if oversampling > 3 else 16),
                depth=FIFO_DEPTH if fifo & (RX_FIFO | TX_FIFO) else 1,
            )
        )

    def _came(self, _data: int, no_room: bool) -> None:
        if no_room:
            self.set_bits("STAT", OVERRUN)
        self._idle_word = False
        self._moved()

    def _quiet(self) -> None:
        self.set_bits("STAT", IDLE)
        self._idle_word = True
        self._moved()

    def _moved(self) -> None:
        """Line and requests follow."""
        status, control = self.status(), self.values["CTRL"]
        asked = (
            (TDRE, TIE), (TC, TCIE), (RDRF, RIE), (IDLE, ILIE), (OVERRUN, ORIE),
        )  # fmt: skip
        line = any(status & flag and control & enable for flag, enable in asked)
        fifo = self.values["FIFO"]
        line = line or bool(fifo & RXUF and fifo & RXUFE) or bool(fifo & TXOF and fifo & TXOFE)
        self.line("global").set_level(line)
        baud = self.values["BAUD"]
        self._dma.set(
            receive=bool(baud & RDMAE and status & RDRF),
            send=bool(baud & TDMAE and status & TDRE and control & SEND),
        )
