"""PL011 UART (Arm DDI 0183G): FIFOs of 32, fractional baud rate, interrupts, DMA requests.

The divider and the line control take effect when LCR_H is written. The receive timeout comes 32 bit
periods after the last character in the standard; here after a character's time. Modem lines stand still;
loop-back, breaks, IrDA and hardware flow control are told as not modelled. Parameter ``clock``: UARTCLK.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import ClockedParameters, DeviceContext
from emulator.schema.table import about
from peripherals.arm.identity import COMPONENT
from peripherals.parts.dma_requests import DmaRequests
from peripherals.parts.uart import EVEN_PARITY, NO_PARITY, ODD_PARITY, Frame, Uart, UartSetting
from peripherals.register_device import Register, RegisterDevice, read_only

RX_EMPTY, TX_FULL, RX_FULL, TX_EMPTY, BUSY = 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 3
UART_ENABLE, SEND_ENABLE, RECEIVE_ENABLE = 1 << 0, 1 << 8, 1 << 9
LOOP_BACK, INFRARED, FLOW_CONTROL = 1 << 7, 3 << 1, 3 << 14
BREAK, PARITY_ENABLE, EVEN, TWO_STOP, FIFO_ENABLE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
RECEIVE, SEND, TIMEOUT, OVERRUN = 1 << 4, 1 << 5, 1 << 6, 1 << 10
INTERRUPTS = 0x7FF
DR_OVERRUN, RSR_OVERRUN = 1 << 11, 1 << 3
DMA_RECEIVE, DMA_SEND = 1 << 0, 1 << 1
STEPS = 64
"""The baud rate divisor is 16 bits and a fraction of 6; a bit is 16 clocks of it."""
FILLS = (1 / 8, 1 / 4, 1 / 2, 3 / 4, 7 / 8)
IDENTITY = (0x11, 0x10, 0x34, 0x00, *COMPONENT)
NAMES = (*(f"PERIPHID{n}" for n in range(4)), *(f"PCELLID{n}" for n in range(4)))


class Pl011Parameters(ClockedParameters, frozen=True):
    """Its clock, and how deep its FIFOs are."""

    fifo: Annotated[
        int,
        about("Entries of each FIFO: 16 up to r1p4, 32 from r1p5 on.", at_least=1, at_most=64, example=32),
    ] = 32


class Pl011(RegisterDevice):
    """The UART. Requests to a DMA controller are ``dma:NAME_RX`` and ``dma:NAME_TX``."""

    PARAMETERS = Pl011Parameters
    parameters: Pl011Parameters
    LINES = ("global",)
    REGISTERS = (
        Register(0x000, "DR", writable=0, on_read="take_received", on_write="character_written"),
        Register(0x004, "RSR", writable=0, on_write="errors_cleared"),
        read_only(0x018, "FR", on_read="flags"),
        Register(0x020, "ILPR", writable=0xFF),
        Register(0x024, "IBRD", writable=0xFFFF),
        Register(0x028, "FBRD", writable=0x3F),
        Register(0x02C, "LCR_H", writable=0xFF, on_write="line_control_written"),
        Register(0x030, "CR", 0x300, writable=0xFF87, on_write="control_written"),
        Register(0x034, "IFLS", 0x12, writable=0x3F, on_write="levels_written"),
        Register(0x038, "IMSC", writable=INTERRUPTS, on_write="mask_written"),
        read_only(0x03C, "RIS", on_read="raw_interrupts"),
        read_only(0x040, "MIS", on_read="masked_interrupts"),
        Register(0x044, "ICR", writable=0, on_write="interrupts_cleared"),
        Register(0x048, "DMACR", writable=0x7, on_write="dma_written"),
        *(read_only(0xFE0 + 4 * n, name, IDENTITY[n]) for n, name in enumerate(NAMES)),
    )
    STATE = ("_divider", "_latched", "_send_low", "_lost")
    PARTS = ("_uart",)
    has_serial = True
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._divider = 0  # in 1/64, as LCR_H has taken it
        self._latched = 0  # timeout, overrun, and of what was cleared
        self._send_low = 0  # SEND: the FIFO has fallen to its level, or ICR has cleared that
        self._lost = False  # a character: the next one that is taken says so
        self._uart = Uart(context, on_sent=lambda _finished: self._moved(), on_received=self._came,
                          on_loaded=self._loaded, on_quiet=self._quiet)  # fmt: skip
        self._dma = DmaRequests(context, context.name)
        context.clocks.on_change(self._configure)

    def reset(self) -> None:
        """Stop and empty both FIFOs."""
        super().reset()
        self._divider = self._latched = self._send_low = 0
        self._lost = False
        self._uart.stop()
        self._configure()
        self._moved()

    def send_held(self) -> None:
        """Let what is to be sent leave at once."""
        self._uart.send_held()

    # -- effects ---------------------------------------------------------------------------
    def take_received(self) -> int:
        """DR: the oldest received character."""
        self.context.consumed()
        data = self._uart.take()
        if data is not None:
            self.values["DR"] = data | (DR_OVERRUN if self._lost else 0)
            self.put_bits("RSR", RSR_OVERRUN, self._lost)
            self._lost = False
        if not self._uart.received:
            self._latched &= ~TIMEOUT
        self._moved()
        return self.values["DR"]

    def character_written(self, written: int, _old: int) -> None:
        """DR: a character to send; with a full FIFO it is lost."""
        self._uart.write(written & 0xFF, overwrites=False)
        if len(self._uart.to_send) > self._send_level():
            self._send_low = 0
        self._moved()

    def errors_cleared(self, _written: int, _old: int) -> None:
        """ECR: a write of anything clears the error flags."""
        self.values["RSR"] = 0

    def flags(self) -> int:
        """FR."""
        sends, received, depth = self._uart.to_send, self._uart.received, self._depth()
        value = 0 if received else RX_EMPTY
        value |= RX_FULL if len(received) >= depth else 0
        value |= TX_FULL if len(sends) >= depth else 0
        value |= 0 if sends else TX_EMPTY
        return value | (BUSY if sends or self._uart.sending else 0)

    def line_control_written(self, written: int, _old: int) -> None:
        """LCR_H: the frame; the divisor takes effect."""
        if written & BREAK:
            self.report("LCR_H", "write", "a break")
        self._divider = self.values["IBRD"] * STEPS + self.values["FBRD"]
        self._configure()
        self._moved()

    def control_written(self, written: int, _old: int) -> None:
        """CR: enables."""
        for bits, what in (
            (LOOP_BACK, "loop-back"),
            (INFRARED, "IrDA"),
            (FLOW_CONTROL, "hardware flow control"),
        ):
            if written & bits:
                self.report("CR", "write", what)
        self._configure()
        self._moved()

    def levels_written(self, _written: int, _old: int) -> None:
        """IFLS: at which fill the interrupts come."""
        self._moved()

    def mask_written(self, _written: int, _old: int) -> None:
        """IMSC: which interrupts reach the line."""
        self._moved()

    def raw_interrupts(self) -> int:
        """RIS."""
        receive = RECEIVE if len(self._uart.received) >= self._receive_level() else 0
        return self._latched | self._send_low | receive

    def masked_interrupts(self) -> int:
        """MIS."""
        return self.raw_interrupts() & self.values["IMSC"]

    def interrupts_cleared(self, written: int, _old: int) -> None:
        """ICR: a level that is still reached asserts its interrupt again with the next character."""
        self._latched &= ~written
        self._send_low &= ~written
        self._moved()

    def dma_written(self, _written: int, _old: int) -> None:
        """DMACR: requests."""
        self._moved()

    # -- inside ----------------------------------------------------------------------------
    def _depth(self) -> int:
        return self.parameters.fifo if self.values["LCR_H"] & FIFO_ENABLE else 1

    def _fill(self, shift: int) -> int:
        depth = self._depth()
        level = min(self.field("IFLS", shift, 3), len(FILLS) - 1)
        return int(depth * FILLS[level]) if depth > 1 else 0

    def _send_level(self) -> int:
        """The interrupt comes when the FIFO falls to so many."""
        return self._fill(0)

    def _receive_level(self) -> int:
        return max(1, self._fill(3))

    def _configure(self) -> None:
        control, line = self.values["CR"], self.values["LCR_H"]
        on = control & UART_ENABLE
        parity = NO_PARITY if not line & PARITY_ENABLE else EVEN_PARITY if line & EVEN else ODD_PARITY
        frame = Frame(5 + (line >> 5 & 3), parity, 4 if line & TWO_STOP else 2)
        self._uart.configure(
            UartSetting(
                send_on=bool(on and control & SEND_ENABLE),
                receive_on=bool(on and control & RECEIVE_ENABLE),
                frame=frame,
                clock_hz=self.clock_hz(),
                bit_clocks=16 * self._divider,
                bit_parts=STEPS,
                depth=self._depth(),
            )
        )

    def _loaded(self) -> None:
        if len(self._uart.to_send) <= self._send_level():
            self._send_low = SEND

    def _came(self, _data: int, no_room: bool) -> None:
        if no_room:
            self._latched |= OVERRUN
            self._lost = True
        self._moved()

    def _quiet(self) -> None:
        if self._uart.received:
            self._latched |= TIMEOUT
            self._moved()

    def _moved(self) -> None:
        """Line and requests follow."""
        self.line("global").set_level(bool(self.masked_interrupts()))
        dma = self.values["DMACR"]
        room = self._depth() - len(self._uart.to_send)
        self._dma.set(
            receive=bool(dma & DMA_RECEIVE and self._uart.received),
            send=bool(dma & DMA_SEND and room > 0 and self.values["CR"] & UART_ENABLE),
        )
