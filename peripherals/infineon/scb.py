"""Serial communication block of PSoC 6 as a UART (registers TRM CY8C6xxA, chapter "SCB").

Modelled: standard UART mode with oversampling, FIFOs with trigger levels, flags that stay
until cleared and rise again while their cause lasts, interrupts. Not modelled, and reported:
SPI and I2C modes, smartcard, IrDA and LIN. Parameter ``clock``: the peripheral clock's name.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.parts.serial_line import CharacterFormat, SerialLine
from peripherals.register_device import Register, RegisterDevice, read_only

CTRL_ENABLED, CTRL_BYTE_MODE, CTRL_MODE_SHIFT, CTRL_OVERSAMPLING = 1 << 31, 1 << 11, 24, 0xF
MODE_UART = 2
FIFO_BYTES = 128
STOP_BITS, PARITY_ODD, PARITY_ENABLED, LIN_MODE = 7, 1 << 4, 1 << 5, 1 << 12
FIFO_LEVEL, FIFO_CLEAR, FIFO_FREEZE = 0xFF, 1 << 16, 1 << 17
NO_DATA, SHIFTER_BUSY = 0xFFFFFFFF, 1 << 15
TX_TRIGGER, TX_NOT_FULL, TX_EMPTY, TX_OVERFLOW, TX_UART_DONE = 1 << 0, 1 << 1, 1 << 4, 1 << 5, 1 << 9
RX_TRIGGER, RX_NOT_EMPTY, RX_FULL, RX_OVERFLOW, RX_UNDERFLOW = 1 << 0, 1 << 2, 1 << 3, 1 << 5, 1 << 6
CAUSE_TX, CAUSE_RX = 1 << 2, 1 << 3
UNUSED_BLOCKS = (("I2C_EC", 0xE80), ("SPI_EC", 0xEC0), ("M", 0xF00), ("S", 0xF40))


class Scb(RegisterDevice):
    """One block. Interrupt line ``global``; serial port of its name."""

    REGISTERS = (
        Register(0x000, "CTRL", 0x0300000F, writable=0x83031F0F, on_write="control_changed"),
        read_only(0x004, "STATUS"),
        Register(0x008, "CMD_RESP_CTRL", writable=0x01FF01FF),
        read_only(0x00C, "CMD_RESP_STATUS"),
        Register(0x020, "SPI_CTRL", 0x03000000),
        read_only(0x024, "SPI_STATUS"),
        Register(0x040, "UART_CTRL", 0x03000000, writable=0x03010000, on_write="format_changed"),
        Register(0x044, "UART_TX_CTRL", 0x2, writable=0x137, on_write="format_changed"),
        Register(0x048, "UART_RX_CTRL", 0xA0002, writable=0xF3777, on_write="format_changed"),
        read_only(0x04C, "UART_RX_STATUS"),
        Register(0x050, "UART_FLOW_CTRL", writable=0x030100FF),
        Register(0x060, "I2C_CTRL", 0xFB88),
        read_only(0x064, "I2C_STATUS"),
        Register(0x068, "I2C_M_CMD", writable=0),
        Register(0x06C, "I2C_S_CMD", writable=0),
        Register(0x070, "I2C_CFG", 0x2A1013),
        Register(0x200, "TX_CTRL", 0x107, writable=0x1010F, on_write="format_changed"),
        Register(0x204, "TX_FIFO_CTRL", writable=0x300FF, on_write="levels_changed"),
        read_only(0x208, "TX_FIFO_STATUS", on_read="send_status"),
        Register(0x240, "TX_FIFO_WR", writable=0, on_write="character_written"),
        Register(0x300, "RX_CTRL", 0x107, writable=0x30F, on_write="format_changed"),
        Register(0x304, "RX_FIFO_CTRL", writable=0x300FF, on_write="levels_changed"),
        read_only(0x308, "RX_FIFO_STATUS", on_read="receive_status"),
        Register(0x310, "RX_MATCH", writable=0xFF00FF),
        read_only(0x340, "RX_FIFO_RD", on_read="take_received"),
        read_only(0x344, "RX_FIFO_RD_SILENT", on_read="peek_received"),
        read_only(0xE00, "INTR_CAUSE", on_read="causes"),
        *(
            row
            for name, base in UNUSED_BLOCKS
            for row in (
                Register(base, f"INTR_{name}", writable=0, w1c=0xFFFFFFFF),
                Register(base + 0x08, f"INTR_{name}_MASK", writable=0xFFF),
                read_only(base + 0x0C, f"INTR_{name}_MASKED"),
            )
        ),
        Register(0xF80, "INTR_TX", writable=0, w1c=0x7F3, on_write="flags_changed"),
        Register(0xF84, "INTR_TX_SET", writable=0, on_write="send_flags_set"),
        Register(0xF88, "INTR_TX_MASK", writable=0x7F3, on_write="flags_changed"),
        read_only(0xF8C, "INTR_TX_MASKED", on_read="send_masked"),
        Register(0xFC0, "INTR_RX", writable=0, w1c=0xFED, on_write="flags_changed"),
        Register(0xFC4, "INTR_RX_SET", writable=0, on_write="receive_flags_set"),
        Register(0xFC8, "INTR_RX_MASK", writable=0xFED, on_write="flags_changed"),
        read_only(0xFCC, "INTR_RX_MASKED", on_read="receive_masked"),
    )
    STATE = ("_to_send", "_received")
    PARTS = ("_line",)
    has_serial = True
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._to_send: list[int] = []
        self._received: list[int] = []
        self._line = SerialLine(context, on_received=self._character_received, on_sent=self._sent)
        context.clocks.on_change(self._configure)

    # -- RegisterDevice ------------------------------------------------------------------
    def reset(self) -> None:
        """Stop, empty both FIFOs and clear every register."""
        super().reset()
        self._stop()
        self._refresh()

    # -- effects -------------------------------------------------------------------------
    def control_changed(self, _written: int, old: int) -> None:
        """CTRL: enabling, mode, oversampling, FIFO width."""
        control = self.values["CTRL"]
        if old & CTRL_ENABLED and not control & CTRL_ENABLED:
            self._stop()
            self.values["INTR_TX"] = self.values["INTR_RX"] = 0
        if control & CTRL_ENABLED and control >> CTRL_MODE_SHIFT & 3 != MODE_UART:
            self.report("CTRL", "write", "SPI and I2C modes")
        self._configure()
        self._refresh()

    def format_changed(self, _written: int, _old: int) -> None:
        """UART_CTRL, UART_TX_CTRL, UART_RX_CTRL, TX_CTRL, RX_CTRL."""
        if self.values["UART_CTRL"] >> CTRL_MODE_SHIFT & 3 in (1, 2):
            self.report("UART_CTRL", "write", "smartcard and IrDA modes")
        if self.values["UART_RX_CTRL"] & LIN_MODE:
            self.report("UART_RX_CTRL", "write", "LIN mode")
        self._configure()

    def levels_changed(self, _written: int, _old: int) -> None:
        """TX_FIFO_CTRL, RX_FIFO_CTRL: trigger levels, clearing."""
        if self.values["TX_FIFO_CTRL"] & FIFO_CLEAR:
            self._to_send.clear()
        if self.values["RX_FIFO_CTRL"] & FIFO_CLEAR:
            self._received.clear()
        self._refresh()

    def flags_changed(self, _written: int, _old: int) -> None:
        """INTR_TX, INTR_RX and their masks: what still holds rises again."""
        self._refresh()

    def send_flags_set(self, written: int, _old: int) -> None:
        """INTR_TX_SET."""
        self.set_bits("INTR_TX", written & 0x7F3)
        self._refresh()

    def receive_flags_set(self, written: int, _old: int) -> None:
        """INTR_RX_SET."""
        self.set_bits("INTR_RX", written & 0xFED)
        self._refresh()

    def character_written(self, written: int, _old: int) -> None:
        """TX_FIFO_WR: queue a character; a full FIFO loses it."""
        if len(self._to_send) >= self._depth():
            self.set_bits("INTR_TX", TX_OVERFLOW)
        elif not self.values["TX_FIFO_CTRL"] & FIFO_CLEAR:
            self._to_send.append(written & (1 << (self.values["TX_CTRL"] & 0xF) + 1) - 1)
            self._load_shifter()
        self._refresh()

    def take_received(self) -> int:
        """RX_FIFO_RD: the oldest received character, all ones when there is none."""
        if not self._received:
            self.set_bits("INTR_RX", RX_UNDERFLOW)
            self._refresh()
            return NO_DATA
        self.context.consumed()
        data = self._received.pop(0)
        self._refresh()
        return data

    def peek_received(self) -> int:
        """RX_FIFO_RD_SILENT: the same without taking it."""
        return self._received[0] if self._received else NO_DATA

    def send_status(self) -> int:
        """TX_FIFO_STATUS: entries used, shifter busy."""
        return len(self._to_send) | (SHIFTER_BUSY if self._line.sending else 0)

    def receive_status(self) -> int:
        """RX_FIFO_STATUS: entries used, shifter busy."""
        return len(self._received) | (SHIFTER_BUSY if self._line.receiving else 0)

    def causes(self) -> int:
        """INTR_CAUSE: which of the two directions interrupts."""
        return (CAUSE_TX if self.send_masked() else 0) | (CAUSE_RX if self.receive_masked() else 0)

    def send_masked(self) -> int:
        """INTR_TX_MASKED."""
        return self.values["INTR_TX"] & self.values["INTR_TX_MASK"]

    def receive_masked(self) -> int:
        """INTR_RX_MASKED."""
        return self.values["INTR_RX"] & self.values["INTR_RX_MASK"]

    # -- inside --------------------------------------------------------------------------
    def _enabled(self) -> bool:
        control = self.values["CTRL"]
        return bool(control & CTRL_ENABLED) and control >> CTRL_MODE_SHIFT & 3 == MODE_UART

    def _depth(self) -> int:
        return FIFO_BYTES if self.values["CTRL"] & CTRL_BYTE_MODE else FIFO_BYTES // 2

    def _stop(self) -> None:
        self._line.stop()
        self._to_send.clear()
        self._received.clear()

    def _character(self) -> CharacterFormat | None:
        clock_hz = self.clock_hz()
        if not clock_hz:
            return None
        control = self.values["UART_TX_CTRL"]
        data_bits = (self.values["TX_CTRL"] & 0xF) + 1 + bool(control & PARITY_ENABLED)
        half_bits = 2 + 2 * data_bits + (control & STOP_BITS) + 1
        return CharacterFormat(half_bits, (self.values["CTRL"] & CTRL_OVERSAMPLING) + 1, 1, clock_hz)

    def _configure(self) -> None:
        if self._enabled():
            self._line.configure(self._character(), receiver_on=True)

    def _load_shifter(self) -> None:
        frozen = self.values["TX_FIFO_CTRL"] & FIFO_FREEZE
        if self._to_send and not self._line.sending and self._enabled() and not frozen:
            self._line.send(self._to_send.pop(0))

    def _sent(self) -> None:
        self._load_shifter()
        if not self._line.sending:
            self.set_bits("INTR_TX", TX_UART_DONE)
        self._refresh()

    def _character_received(self, data: int) -> None:
        data &= (1 << (self.values["RX_CTRL"] & 0xF) + 1) - 1
        if self.values["RX_FIFO_CTRL"] & FIFO_FREEZE:
            return
        if len(self._received) < self._depth():
            self._received.append(data)
        else:
            self.set_bits("INTR_RX", RX_OVERFLOW)
        self._refresh()

    def _refresh(self) -> None:
        """Let flags rise whose cause holds, and bring the interrupt line up to date."""
        if self._enabled():
            used, got, depth = len(self._to_send), len(self._received), self._depth()
            send = TX_TRIGGER if used < self.values["TX_FIFO_CTRL"] & FIFO_LEVEL else 0
            send |= (TX_NOT_FULL if used < depth else 0) | (0 if used else TX_EMPTY)
            receive = RX_TRIGGER if got > self.values["RX_FIFO_CTRL"] & FIFO_LEVEL else 0
            receive |= (RX_NOT_EMPTY if got else 0) | (RX_FULL if got >= depth else 0)
            self.set_bits("INTR_TX", send)
            self.set_bits("INTR_RX", receive)
        self.line("global").set_level(bool(self.send_masked() or self.receive_masked()))
