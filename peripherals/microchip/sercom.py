"""SERCOM of SAM D21 (DS40001882, chapters 25 to 28) and of SAM D5x/E5x (DS60001507, chapters 33 to 36).

A USART, or a master of SPI or I2C with nobody on its wires (:mod:`peripherals.microchip.sercom_masters`).

The baud rate comes from the core's generic clock: arithmetic (65536 - BAUD parts of it) or fractional, 16, 8
or 3 samples a bit. Two received characters are kept beside the shift register. The slow clock, LIN, IrDA, the
start of frame and collisions are not modelled. A slave of SPI or I2C is told when it is enabled: nobody ever
asks it, and its flags never rise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from emulator.device import ClockedParameters, ClockName, DeviceContext
from emulator.schema.table import about
from peripherals.microchip.sercom_masters import (
    DATA_EMPTY,
    DEPTH,
    ERROR,
    OVERFLOW,
    RECEIVED,
    SENT,
    STATUS_SHIFT,
    I2cMaster,
    SpiMaster,
)
from peripherals.parts.dma_requests import DmaRequests
from peripherals.parts.uart import EVEN_PARITY, NO_PARITY, ODD_PARITY, Frame, Uart, UartSetting
from peripherals.register_device import Register, RegisterDevice, read_only

SOFTWARE_RESET, ENABLE = 1 << 0, 1 << 1
USART_MODES = (0, 1)
SPI_MASTER, I2C_MASTER = 3, 5
SLAVE_NAMES = {2: "SPI slave", 4: "I2C slave"}
CLEARABLE = 0xBA
SET_SHIFT = 16
TX_ENABLE, RX_ENABLE, TWO_STOP_BITS, ODD = 1 << 16, 1 << 17, 1 << 6, 1 << 13
DATA_BITS = {0: 8, 1: 9, 5: 5, 6: 6, 7: 7}
SAMPLES = (16, 16, 8, 8, 3)
FRACTIONAL = (1, 3)
COMMAND_SHIFT, COMMAND = 16, 3 << 16
CTRLB_OFFSET = 0x04
WORDS_OF_DATA = 1 << 24


class SercomParameters(ClockedParameters, frozen=True):
    """The core's generic clock, and what is on a pin."""

    clock: Annotated[ClockName, about("Its GCLK.", names_a="clock", example="sercom5")] = "core"
    miso: Annotated[
        int,
        about("The level that a master of SPI reads, which nobody drives.", at_least=0, at_most=1, example=0),
    ] = 1


class Sercom(RegisterDevice):
    """One SERCOM. Bytes that share a word are one register here: INTFLAG and STATUS, say."""

    PARAMETERS = SercomParameters
    parameters: SercomParameters
    LINES: ClassVar[tuple[str, ...]] = ("global",)
    LINE_FLAGS: ClassVar[Mapping[str, int]] = {"global": 0xFF}
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "CTRLA", writable=0x7FF3E19F, on_write="control_changed"),
        Register(0x04, "CTRLB", writable=0x7E747, on_write="changed"),
        Register(0x0C, "BAUD", writable=0xFFFFFF, on_write="changed"),
        Register(0x14, "INTEN", writable=0, on_read="enables", on_write="enables_written"),
        Register(0x18, "INTFLAG", writable=0, w1c=CLEARABLE | 0x3F << STATUS_SHIFT, on_read="flags",
                 on_write="flags_written"),
        read_only(0x1C, "SYNCBUSY"),
        Register(0x24, "ADDR", writable=0xFFE7FF, on_write="address_written"),
        Register(0x28, "DATA", writable=0, on_read="character_taken", on_write="character_written"),
        Register(0x30, "DBGCTRL", writable=0x1),
    )  # fmt: skip
    STATE = ("_enables",)
    PARTS = ("_uart", "_spi", "_i2c")
    has_serial = True

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._enables = 0
        self._requests = DmaRequests(context, context.name)
        self._uart = Uart(
            context, on_sent=self._sent, on_received=self._received, on_loaded=lambda: self.moved(0, 0)
        )
        self._spi = SpiMaster(
            context,
            self.parameters.clock,
            self.parameters.miso,
            value=lambda name: self.values[name],
            flag=lambda bits: self.set_bits("INTFLAG", bits),
            moved=lambda: self.moved(0, 0),
        )
        self._i2c = I2cMaster(
            context,
            self.parameters.clock,
            value=lambda name: self.values[name],
            flag=lambda bits: self.set_bits("INTFLAG", bits),
            moved=lambda: self.moved(0, 0),
        )
        context.clocks.on_change(self._configure)

    def reset(self) -> None:
        """Off and empty."""
        super().reset()
        self._enables = 0
        self._stop()
        self.moved(0, 0)

    def send_held(self) -> None:
        """Let what is to be sent leave at once."""
        self._uart.send_held()

    # -- effects ---------------------------------------------------------------------------
    def control_changed(self, written: int, old: int) -> None:
        """CTRLA: reset, enable, mode, how baud and frames are made."""
        if written & SOFTWARE_RESET:
            self.reset()
            return
        mode = self.field("CTRLA", 2, 3)
        if self.values["CTRLA"] & ENABLE and not old & ENABLE:
            if mode not in (*USART_MODES, SPI_MASTER, I2C_MASTER):
                what = SLAVE_NAMES.get(mode, "mode 6 or 7")
                self.report("CTRLA", "write", f"a SERCOM as {what}: nothing moves")
            elif mode == I2C_MASTER:
                self._i2c.start()
        if old & ENABLE and not self.values["CTRLA"] & ENABLE:
            self._stop()
        self.changed(0, 0)

    def changed(self, written: int, _old: int) -> None:
        """CTRLB, BAUD."""
        if self._is_on(I2C_MASTER):
            self.clear_bits("CTRLB", COMMAND)
            if self.access_offset == CTRLB_OFFSET:
                self._i2c.command(written >> COMMAND_SHIFT & 3)
        self._configure()
        self.moved(0, 0)

    def enables(self) -> int:
        """INTENCLR and INTENSET both read the enables."""
        return self._enables | self._enables << SET_SHIFT

    def enables_written(self, written: int, _old: int) -> None:
        """INTENCLR below, INTENSET above."""
        self._enables = (self._enables & ~written | written >> SET_SHIFT) & 0xFF
        self.moved(0, 0)

    def flags(self) -> int:
        """INTFLAG and STATUS."""
        value = self.values["INTFLAG"]
        if self._is_on(I2C_MASTER):
            return value | self._i2c.flags()
        if self._is_on(SPI_MASTER):
            return value | self._spi.flags()
        if self._is_on() and self.values["CTRLB"] & TX_ENABLE and not self._uart.to_send:
            value |= DATA_EMPTY
        return value | (RECEIVED if self._uart.received else 0)

    def flags_written(self, written: int, _old: int) -> None:
        """INTFLAG, STATUS."""
        if self._is_on(I2C_MASTER):
            self._i2c.flags_written(written)
        self.moved(0, 0)

    def address_written(self, _written: int, _old: int) -> None:
        """ADDR: a master of I2C begins."""
        if self._is_on(I2C_MASTER):
            self._i2c.address()
            self.moved(0, 0)

    def character_taken(self) -> int:
        """DATA: the oldest received character."""
        self.context.consumed()
        data = self._spi.take() if self._is_on(SPI_MASTER) else self._uart.take()
        if data is not None:
            self.values["DATA"] = data
        self.moved(0, 0)
        return self.values["DATA"]

    def character_written(self, written: int, _old: int) -> None:
        """DATA: a character to send."""
        if self._is_on(I2C_MASTER):
            self._i2c.byte()
        elif self._is_on(SPI_MASTER):
            self.clear_bits("INTFLAG", SENT)
            self._spi.write(written & 0x1FF)
        elif self._is_on():
            self.clear_bits("INTFLAG", SENT)
            self._uart.write(written & 0x1FF)
        self.moved(0, 0)

    def moved(self, _written: int, _old: int) -> None:
        """Whatever has changed: line and DMA requests follow."""
        flags = self.flags()
        for line, mask in self.LINE_FLAGS.items():
            self.line(line).set_level(bool(flags & self._enables & mask))
        self._requests.exchange(self._wanted)

    # -- inside ----------------------------------------------------------------------------
    def _is_on(self, *modes: int) -> bool:
        """On as one of these, a USART if there are none."""
        return bool(self.values["CTRLA"] & ENABLE) and self.field("CTRLA", 2, 3) in (modes or USART_MODES)

    def _wanted(self) -> tuple[bool, bool]:
        """Whether DMA is asked to fetch what came, and for more to send."""
        if self._is_on(I2C_MASTER):
            return False, False  # MB is no request: nothing is ever to be sent or fetched
        flags = self.flags()
        return bool(flags & RECEIVED), bool(flags & DATA_EMPTY)

    def _stop(self) -> None:
        self._uart.stop()
        self._spi.stop()
        self._i2c.stop()

    def _configure(self) -> None:
        control, on = self.values["CTRLB"], self._is_on()
        parity = NO_PARITY
        if self.field("CTRLA", 24, 4) in (1, 5):
            parity = ODD_PARITY if control & ODD else EVEN_PARITY
        frame = Frame(
            data_bits=DATA_BITS.get(control & 7, 8),
            parity=parity,
            half_stop_bits=4 if control & TWO_STOP_BITS else 2,
        )
        clocks, parts = self._bit_clocks()
        setting = UartSetting(
            send_on=on and bool(control & TX_ENABLE),
            receive_on=on and bool(control & RX_ENABLE),
            frame=frame,
            clock_hz=self.clock_hz(),
            bit_clocks=clocks,
            bit_parts=parts,
            depth=DEPTH,
        )
        self._uart.configure(setting)

    def _bit_clocks(self) -> tuple[int, int]:
        """Clocks of a bit as a fraction (25.6.2.3)."""
        rate = min(self.field("CTRLA", 13, 3), len(SAMPLES) - 1)
        baud = self.values["BAUD"] & 0xFFFF
        if rate in FRACTIONAL:
            return SAMPLES[rate] * (8 * (baud & 0x1FFF) + (baud >> 13)), 8
        return SAMPLES[rate] << 16, (1 << 16) - baud

    def _sent(self, finished: bool) -> None:
        if finished:
            self.set_bits("INTFLAG", SENT)
        self.moved(0, 0)

    def _received(self, _data: int, no_room: bool) -> None:
        if no_room:
            self.set_bits("INTFLAG", OVERFLOW << STATUS_SHIFT | ERROR)
        self.moved(0, 0)


class SercomD51(Sercom):
    """One of SAM D5x/E5x: four lines, CTRLC and what ISO 7816 needs, which is kept."""

    LINES = ("line0", "line1", "line2", "line3")
    LINE_FLAGS = {"line0": DATA_EMPTY, "line1": SENT, "line2": RECEIVED, "line3": 0xF8}  # noqa: RUF012
    REGISTERS = (
        *Sercom.REGISTERS,
        Register(0x08, "CTRLC", writable=0x0F732F07, on_write="words_changed"),
        Register(0x20, "RXERRCNT", writable=0x01FF0000),
    )

    def words_changed(self, _written: int, _old: int) -> None:
        """CTRLC."""
        if self.values["CTRLC"] & WORDS_OF_DATA:
            self.report("CTRLC", "write", "four bytes in an access to DATA")
