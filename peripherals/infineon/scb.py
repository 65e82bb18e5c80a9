"""Serial communication block of PSoC 6 as a UART (registers TRM CY8C6xxA, chapter "SCB").

Modelled: standard UART mode with oversampling, FIFOs with trigger levels, flags that stay
until cleared and rise again while their cause lasts, interrupts. Not modelled, and reported:
SPI and I2C modes, smartcard, IrDA and LIN. Parameter ``clock``: the peripheral clock's name.
"""

from __future__ import annotations

from emulator.device import ClockedParameters, DeviceContext
from peripherals.infineon.interrupt_rows import interrupt_rows
from peripherals.parts.uart import EVEN_PARITY, NO_PARITY, ODD_PARITY, Frame, Uart, UartSetting
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
EXTERNALLY_CLOCKED = (("INTR_I2C_EC", 0xE80), ("INTR_SPI_EC", 0xEC0))


def _externally_clocked_rows(name: str, base: int) -> tuple[Register, ...]:
    """Flags that no UART raises; they have no register that sets them."""
    return tuple(row for row in interrupt_rows(base, name, 0xF) if not row.target)


class Scb(RegisterDevice):
    """One block. Interrupt line ``global``; serial port of its name."""

    PARAMETERS = ClockedParameters
    parameters: ClockedParameters
    LINES = ("global",)
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
        *(row for name, base in EXTERNALLY_CLOCKED for row in _externally_clocked_rows(name, base)),
        *interrupt_rows(0xF00, "INTR_M", 0x317),
        *interrupt_rows(0xF40, "INTR_S", 0xFFF),
        *interrupt_rows(0xF80, "INTR_TX", 0x7F3, on_write="flags_changed"),
        *interrupt_rows(0xFC0, "INTR_RX", 0xFED, on_write="flags_changed"),
    )
    PARTS = ("_uart",)
    has_serial = True
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._uart = Uart(context, on_received=self._character_received, on_sent=self._sent)
        context.clocks.on_change(self._configure)

    # -- RegisterDevice ------------------------------------------------------------------
    def reset(self) -> None:
        """Stop, empty both FIFOs and clear every register."""
        super().reset()
        self._uart.stop()
        self._configure()
        self._refresh()

    def send_held(self) -> None:
        """Let what is to be sent leave at once."""
        self._uart.send_held()

    # -- effects -------------------------------------------------------------------------
    def control_changed(self, _written: int, old: int) -> None:
        """CTRL: enabling, mode, oversampling, FIFO width."""
        control = self.values["CTRL"]
        if old & CTRL_ENABLED and not control & CTRL_ENABLED:
            self._uart.stop()
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
        """TX_FIFO_CTRL, RX_FIFO_CTRL: trigger levels, clearing, freezing."""
        if self.values["TX_FIFO_CTRL"] & FIFO_CLEAR:
            self._uart.to_send.clear()
        if self.values["RX_FIFO_CTRL"] & FIFO_CLEAR:
            self._uart.received.clear()
        self._configure()
        self._refresh()

    def flags_changed(self, _written: int, _old: int) -> None:
        """INTR_TX, INTR_RX, what sets them, and their masks: what still holds rises again."""
        self._refresh()

    def character_written(self, written: int, _old: int) -> None:
        """TX_FIFO_WR: queue a character; a full FIFO loses it, one that is being cleared, too."""
        cleared = self.values["TX_FIFO_CTRL"] & FIFO_CLEAR
        if not cleared and not self._uart.write(written, overwrites=False):
            self.set_bits("INTR_TX", TX_OVERFLOW)
        self._refresh()

    def take_received(self) -> int:
        """RX_FIFO_RD: the oldest received character, all ones when there is none."""
        data = self._uart.take()
        if data is None:
            self.set_bits("INTR_RX", RX_UNDERFLOW)
            self._refresh()
            return NO_DATA
        self.context.consumed()
        self._refresh()
        return data

    def peek_received(self) -> int:
        """RX_FIFO_RD_SILENT: the same without taking it."""
        return self._uart.received[0] if self._uart.received else NO_DATA

    def send_status(self) -> int:
        """TX_FIFO_STATUS: entries used, shifter busy."""
        return len(self._uart.to_send) | (SHIFTER_BUSY if self._uart.sending else 0)

    def receive_status(self) -> int:
        """RX_FIFO_STATUS: entries used, shifter busy."""
        return len(self._uart.received) | (SHIFTER_BUSY if self._uart.receiving else 0)

    def causes(self) -> int:
        """INTR_CAUSE: which of the two directions interrupts."""
        return (CAUSE_TX if self._pending("INTR_TX") else 0) | (CAUSE_RX if self._pending("INTR_RX") else 0)

    # -- inside --------------------------------------------------------------------------
    def _enabled(self) -> bool:
        control = self.values["CTRL"]
        return bool(control & CTRL_ENABLED) and control >> CTRL_MODE_SHIFT & 3 == MODE_UART

    def _depth(self) -> int:
        return FIFO_BYTES if self.values["CTRL"] & CTRL_BYTE_MODE else FIFO_BYTES // 2

    def _frame(self) -> Frame:
        control = self.values["UART_TX_CTRL"]
        parity = NO_PARITY
        if control & PARITY_ENABLED:
            parity = ODD_PARITY if control & PARITY_ODD else EVEN_PARITY
        return Frame((self.values["TX_CTRL"] & 0xF) + 1, parity, (control & STOP_BITS) + 1)

    def _configure(self) -> None:
        enabled = self._enabled()
        self._uart.configure(
            UartSetting(
                send_on=enabled and not self.values["TX_FIFO_CTRL"] & FIFO_FREEZE,
                receive_on=enabled,
                frame=self._frame(),
                clock_hz=self.clock_hz(),
                bit_clocks=(self.values["CTRL"] & CTRL_OVERSAMPLING) + 1,
                depth=self._depth(),
                receive_drops=bool(self.values["RX_FIFO_CTRL"] & FIFO_FREEZE),
            )
        )

    def _sent(self, finished: bool) -> None:
        if finished:
            self.set_bits("INTR_TX", TX_UART_DONE)
        self._refresh()

    def _character_received(self, _data: int, no_room: bool) -> None:
        if no_room:
            self.set_bits("INTR_RX", RX_OVERFLOW)
        self._refresh()

    def _pending(self, flags: str) -> int:
        return self.values[flags] & self.values[flags + "_MASK"]

    def _refresh(self) -> None:
        """Let flags rise whose cause holds, and bring the interrupt line up to date."""
        if self._enabled():
            used, got, depth = len(self._uart.to_send), len(self._uart.received), self._depth()
            send = TX_TRIGGER if used < self.values["TX_FIFO_CTRL"] & FIFO_LEVEL else 0
            send |= (TX_NOT_FULL if used < depth else 0) | (0 if used else TX_EMPTY)
            receive = RX_TRIGGER if got > self.values["RX_FIFO_CTRL"] & FIFO_LEVEL else 0
            receive |= (RX_NOT_EMPTY if got else 0) | (RX_FULL if got >= depth else 0)
            self.set_bits("INTR_TX", send)
            self.set_bits("INTR_RX", receive)
        self.line("global").set_level(bool(self._pending("INTR_TX") or self._pending("INTR_RX")))
