"""UART and UARTE of nRF52 and nRF53: one device, two ways to use it (chapters "UART" and "UARTE").

ENABLE 4 is the UART of byte registers: TXD sends, RXD gives the oldest of up to six characters. ENABLE 8
is the UARTE, whose EasyDMA moves characters between the wires and memory: STARTTX sends a buffer, STARTRX
fills one, pointers are double-buffered (a pointer counts from its STARTED event on), and the shortcut
ENDRX_STARTRX goes on in the next buffer. A character that finds no buffer waits in the FIFO. STOPRX ends
the buffer in use, then comes RXTO, after which FLUSHRX empties the FIFO into memory.

A bit lasts floor(2^32 / BAUDRATE) clocks of 16 MHz: that gives the actual rates of the manuals' tables.
RXTO comes five characters after STOPRX (guess: the FIFO takes up to four). CTS is always granted. Framing
errors and breaks never happen. EasyDMA takes no time on the bus, and reaches RAM alone, as on the chip:
a buffer elsewhere is reported.
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import DeviceContext, NothingAnswers
from peripherals.nordic.easy_dma import BUFFERS, NO_MEMORY
from peripherals.nordic.event_device import EventDevice, Short
from peripherals.nordic.power_clock import PERIPHERAL_CLOCK
from peripherals.parts.paced_deadline import PacedDeadline
from peripherals.parts.uart import EVEN_PARITY, NO_PARITY, ODD_PARITY, Frame, Uart, UartSetting
from peripherals.register_device import Register, read_only

BYTE_REGISTERS, EASY_DMA = 4, 8
FIFO_CHARACTERS, DMA_FIFO_CHARACTERS, TIMEOUT_CHARACTERS = 6, 4, 5
OVERRUN, ERRORS = 1 << 0, 0xF
PARITY, TWO_STOP_BITS, ODD = 0xE, 1 << 4, 1 << 8
BIT_SCALE = 1 << 32
NOT_CONNECTED = 1 << 31
RAM = range(0x20000000, 0x40000000)


class Uarte(EventDevice):
    """One of them; with byte registers where it is UARTE0 of an nRF52."""

    TASKS: ClassVar = {
        "STARTRX": 0x000, "STOPRX": 0x004, "STARTTX": 0x008, "STOPTX": 0x00C, "SUSPEND": 0x01C,
        "FLUSHRX": 0x02C,
    }  # fmt: skip
    EVENTS: ClassVar = {
        "CTS": 0x100, "NCTS": 0x104, "RXDRDY": 0x108, "ENDRX": 0x110, "TXDRDY": 0x11C, "ENDTX": 0x120,
        "ERROR": 0x124, "RXTO": 0x144, "RXSTARTED": 0x14C, "TXSTARTED": 0x150, "TXSTOPPED": 0x158,
    }  # fmt: skip
    SHORTCUTS = (
        Short(3, "CTS", "STARTRX"),
        Short(4, "NCTS", "STOPRX"),
        Short(5, "ENDRX", "STARTRX"),
        Short(6, "ENDRX", "STOPRX"),
    )
    REGISTERS = (
        Register(0x480, "ERRORSRC", writable=0, w1c=ERRORS),
        Register(0x500, "ENABLE", writable=0xF, on_write="enabled_changed"),
        Register(0x508, "PSEL_RTS", 0xFFFFFFFF),
        Register(0x50C, "PSEL_TXD", 0xFFFFFFFF),
        Register(0x510, "PSEL_CTS", 0xFFFFFFFF),
        Register(0x514, "PSEL_RXD", 0xFFFFFFFF, on_write="setting_changed"),
        read_only(0x518, "RXD", on_read="receive_data"),
        Register(0x51C, "TXD", writable=0xFF, on_write="data_written"),
        Register(0x524, "BAUDRATE", 0x04000000, on_write="setting_changed"),
        *BUFFERS,
        Register(0x56C, "CONFIG", writable=0x11F, on_write="setting_changed"),
    )
    STATE = ("_sending", "_receiving", "_tx_next", "_tx_left", "_rx_next", "_rx_left", "_rx_amount", "_last")
    PARTS = ("_uart",)
    has_serial = True

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._uart = Uart(context, on_sent=self._sent, on_received=self._received)
        self._timeout = PacedDeadline(context, "rxto", PERIPHERAL_CLOCK, self._receiver_stopped)
        self._sending = self._receiving = False
        self._tx_next = self._tx_left = self._rx_next = self._rx_amount = self._last = 0
        self._rx_left: int | None = None  # None: no buffer is being filled
        context.clocks.on_change(self._configure)

    # -- RegisterDevice ----------------------------------------------------------------------
    def reset(self) -> None:
        """Off, with nothing on the wires."""
        super().reset()
        self._stop_all()

    def send_held(self) -> None:
        """See :class:`emulator.device.SerialDevice`."""
        self._uart.send_held()

    # -- tasks -------------------------------------------------------------------------------
    def task_starttx(self) -> None:
        """Send: the buffer of TXD.PTR, or what is written to TXD."""
        mode = self.values["ENABLE"]
        if mode not in (BYTE_REGISTERS, EASY_DMA):
            return
        self._sending = True
        self._configure()
        if mode == EASY_DMA:
            self._tx_next, self._tx_left = self.values["TXD_PTR"], self.values["TXD_MAXCNT"]
            self.values["TXD_AMOUNT"] = 0
            self._check_buffer("TXD_PTR", self._tx_left)
            self.fire("TXSTARTED")
            self._send_next()

    def task_stoptx(self) -> None:
        """Stop behind the character on the wire."""
        self._sending = False
        self._uart.to_send.clear()
        self._tx_left = 0
        if self.values["ENABLE"] == EASY_DMA and not self._uart.sending:
            self.fire("TXSTOPPED")

    def task_startrx(self) -> None:
        """Receive: into the buffer of RXD.PTR, or for reads of RXD."""
        mode = self.values["ENABLE"]
        if mode not in (BYTE_REGISTERS, EASY_DMA):
            return
        self._timeout.disarm()
        self._receiving = True
        self._configure()
        if mode == EASY_DMA:
            self._begin_buffer()
            self.fire("RXSTARTED")
            self._move_received()

    def task_stoprx(self) -> None:
        """End the buffer; characters that come before RXTO go to the FIFO."""
        if not self._receiving:
            return
        if self.values["ENABLE"] == EASY_DMA:
            self._end_buffer()
        character = self._frame().half_bits * self._bit_clocks() // 2
        self._timeout.arm(max(1, TIMEOUT_CHARACTERS * character))

    def task_flushrx(self) -> None:
        """The FIFO goes to memory; ENDRX comes whatever was in it."""
        self._begin_buffer()
        self._move_received(flushing=True)
        self._end_buffer()

    def task_suspend(self) -> None:
        """Both directions stop (UART only)."""
        self._sending = self._receiving = False
        self._configure()

    # -- effects -----------------------------------------------------------------------------
    def enabled_changed(self, _written: int, old: int) -> None:
        """ENABLE: off abandons what is under way."""
        if self.values["ENABLE"] != old and self.values["ENABLE"] not in (BYTE_REGISTERS, EASY_DMA):
            self._stop_all()

    def setting_changed(self, _written: int, _old: int) -> None:
        """BAUDRATE, CONFIG, PSEL.RXD."""
        self._configure()

    def data_written(self, written: int, _old: int) -> None:
        """TXD: a character to send, once STARTTX was triggered."""
        if self.values["ENABLE"] == BYTE_REGISTERS and self._sending:
            self._uart.write(written & 0xFF)

    def receive_data(self) -> int:
        """RXD: the oldest character; another one makes RXDRDY again."""
        data = self._uart.take()
        if data is not None:
            self._last = data
            self.context.consumed()
            if self._uart.received:
                self.fire("RXDRDY")
        return self._last

    # -- the wires ---------------------------------------------------------------------------
    def _sent(self, finished: bool) -> None:
        dma = self.values["ENABLE"] == EASY_DMA
        if dma:
            self.values["TXD_AMOUNT"] += 1
        self.fire("TXDRDY")
        if dma and not self._sending:
            self.fire("TXSTOPPED")
        elif dma and finished:
            self._send_next()

    def _send_next(self) -> None:
        if not self._tx_left:
            self.fire("ENDTX")
            return
        try:
            character = self.context.memory.read(self._tx_next, 1)
        except NothingAnswers:
            character = 0
        self._tx_next, self._tx_left = self._tx_next + 1, self._tx_left - 1
        self._uart.write(character)

    def _received(self, _character: int, no_room: bool) -> None:
        if no_room:
            self.set_bits("ERRORSRC", OVERRUN)
            self.fire("ERROR")
            return
        if self.values["ENABLE"] == EASY_DMA:
            self.fire("RXDRDY")
            self._move_received()
        elif len(self._uart.received) == 1:
            self.fire("RXDRDY")

    def _move_received(self, *, flushing: bool = False) -> None:
        """From the FIFO to memory, as far as there is a buffer."""
        while self._rx_left and self._uart.received:
            self._store(self._uart.take() or 0)
            self._rx_next, self._rx_left = self._rx_next + 1, self._rx_left - 1
            self._rx_amount += 1
            if not self._rx_left and not flushing:
                self._end_buffer()  # which may begin another, and move what is left there
                return

    def _store(self, character: int) -> None:
        try:
            self.context.memory.write(self._rx_next, 1, character)
        except NothingAnswers:
            self.report("RXD_PTR", "write", NO_MEMORY)

    def _begin_buffer(self) -> None:
        self._rx_next, self._rx_left, self._rx_amount = self.values["RXD_PTR"], self.values["RXD_MAXCNT"], 0
        self._check_buffer("RXD_PTR", self._rx_left)

    def _end_buffer(self) -> None:
        if self._rx_left is None:
            return
        self._rx_left = None
        self.values["RXD_AMOUNT"] = self._rx_amount
        self.fire("ENDRX")

    def _receiver_stopped(self) -> None:
        self._receiving = False
        self._configure()
        self.fire("RXTO")

    # -- inside ------------------------------------------------------------------------------
    def _check_buffer(self, register: str, count: int) -> None:
        if count and self.values[register] not in RAM:
            self.report(register, "write", "EasyDMA outside RAM")

    def _stop_all(self) -> None:
        self._uart.stop()
        self._timeout.disarm()
        self._sending = self._receiving = False
        self._tx_left = 0
        self._rx_left = None

    def _frame(self) -> Frame:
        config = self.values["CONFIG"]
        parity = NO_PARITY
        if config & PARITY:
            parity = ODD_PARITY if config & ODD else EVEN_PARITY
        return Frame(parity=parity, half_stop_bits=4 if config & TWO_STOP_BITS else 2)

    def _bit_clocks(self) -> int:
        return BIT_SCALE // self.values["BAUDRATE"] if self.values["BAUDRATE"] else 0

    def _configure(self) -> None:
        dma = self.values["ENABLE"] == EASY_DMA
        on = dma or self.values["ENABLE"] == BYTE_REGISTERS
        connected = not self.values["PSEL_RXD"] & NOT_CONNECTED
        self._uart.configure(
            UartSetting(
                send_on=on and (self._sending or self._uart.sending),
                receive_on=on and self._receiving and connected,
                frame=self._frame(),
                clock_hz=self.context.clocks.hz(PERIPHERAL_CLOCK),
                bit_clocks=self._bit_clocks(),
                depth=DMA_FIFO_CHARACTERS if dma else FIFO_CHARACTERS,
            )
        )
