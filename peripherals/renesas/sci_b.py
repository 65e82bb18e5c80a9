"""SCI of RA8D1 as a UART (R01UH0995, chapter "Serial Communications Interface", registers of SCI_B).

Characters move at the pace of CCR2: TCLK through CKS, BRR, oversampling (BGDM, ABCS, ABCSE) and bit rate
modulation (MDDR); TCLK is SCICLK, or PCLKA with CCR3.BPEN. With CCR3.FM both directions have FIFOs of 16,
else a data register each. Events: RXI, TXI, TEI, ERI, in this order. Clock synchronous, simple I2C and SPI,
smart card, Manchester, flow control, address match and noise are not modelled, and told as far as firmware
selects them.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import ClockName, DeviceContext
from emulator.schema.table import about
from peripherals.parts.uart import EVEN_PARITY, NO_PARITY, ODD_PARITY, Frame, Uart, UartSetting
from peripherals.register_device import Register, read_only
from peripherals.renesas.stoppable import StoppableDevice, StoppableParameters

RECEIVE_ON, SEND_ON, RECEIVE_EVENTS, SEND_EVENTS, END_EVENTS = 1 << 0, 1 << 4, 1 << 16, 1 << 20, 1 << 21
PARITY_ON, ODD = 1 << 8, 1 << 9
DOUBLE_RATE, HALF_SAMPLES, SIX_SAMPLES, MODULATED = 1 << 4, 1 << 5, 1 << 6, 1 << 16
BYPASS, TWO_STOP_BITS, FIFOS = 1 << 7, 1 << 14, 1 << 20
LINE_IS_IDLE = 1 << 15
OVERRUN, EMPTY, ENDED, FULL = 1 << 24, 1 << 29, 1 << 30, 1 << 31
ERRORS = OVERRUN | 1 << 27 | 1 << 28
TIMED_OUT, TO_ERROR_EVENT = 1 << 0, 1 << 0
RESET_SEND_FIFO, RESET_RECEIVE_FIFO = 1 << 15, 1 << 23
RXI, TXI, TEI, ERI = range(4)
DEPTH = 16
SAMPLES = 32
"""Clocks of a bit at BRR 0 and CKS 0, without DOUBLE_RATE and HALF_SAMPLES."""
WHOLE = 256
DATA_BITS = {0: 9, 1: 9, 2: 8, 3: 7}


class SciParameters(StoppableParameters, frozen=True):
    """Its two clocks."""

    clock: Annotated[ClockName, about("TCLK.", names_a="clock", example="sciclk")] = "sciclk"
    bypass_clock: Annotated[ClockName, about("TCLK under CCR3.BPEN.", names_a="clock", example="pclka")] = (
        "pclka"
    )


class SciB(StoppableDevice):
    """One channel."""

    PARAMETERS = SciParameters
    parameters: SciParameters
    REGISTERS = (
        read_only(0x00, "RDR", on_read="character_taken"),
        Register(0x04, "TDR", 0xFFFFFFFF, on_write="character_written"),
        Register(0x08, "CCR0", writable=0x01310711, on_write="switched"),
        Register(0x0C, "CCR1", 0x10, writable=0x17113333, on_write="shaped"),
        Register(0x10, "CCR2", 0xFF00FF04, writable=0xFF31FF77, on_write="shaped"),
        Register(0x14, "CCR3", 0x1203, writable=0x333FF383, on_write="shaped"),
        Register(0x18, "CCR4"),
        read_only(0x1C, "CESR", on_read="internal_states"),
        Register(0x20, "ICR"),
        Register(0x24, "FCR", 0x1F1F0000, writable=0x1F1F1F01, on_write="fifos_set"),
        Register(0x2C, "MCR"),
        Register(0x30, "DCR"),
        Register(0x34, "XCR0"),
        Register(0x38, "XCR1"),
        Register(0x3C, "XCR2"),
        read_only(0x48, "CSR", on_read="status"),
        read_only(0x4C, "ISR"),
        read_only(0x50, "FRSR", on_read="receive_fifo"),
        read_only(0x54, "FTSR", on_read="send_fifo"),
        read_only(0x58, "MSR"),
        read_only(0x5C, "XSR0"),
        read_only(0x60, "XSR1"),
        Register(0x68, "CFCLR", writable=0, on_write="flags_cleared"),
        Register(0x6C, "ICFCLR", writable=0),
        Register(0x70, "FFCLR", writable=0, on_write="timeout_cleared"),
        Register(0x74, "MFCLR", writable=0),
        Register(0x78, "XFCLR", writable=0),
    )
    STATE = ("_flags", "_timed_out")
    PARTS = ("_uart",)
    has_serial = True
    size_bytes = 0x100

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._flags = EMPTY
        self._timed_out = 0
        self._uart = Uart(
            context,
            on_sent=self._sent,
            on_received=self._received,
            on_loaded=self._loaded,
            on_quiet=self._quiet,
        )
        context.clocks.on_change(self._configure)

    def reset(self) -> None:
        """Off and empty."""
        super().reset()
        self._flags, self._timed_out = EMPTY, 0
        self._uart.stop()
        self._configure()

    def send_held(self) -> None:
        """Let what is to be sent leave at once."""
        self._uart.send_held()

    # -- effects -----------------------------------------------------------------------------
    def switched(self, _written: int, old: int) -> None:
        """CCR0: directions and events."""
        now = self.values["CCR0"]
        self._configure()
        asks = SEND_ON | SEND_EVENTS
        if now & asks == asks and old & asks != asks and self._flags & EMPTY:
            self.raise_event(TXI)
        self._hold_end()

    def shaped(self, _written: int, _old: int) -> None:
        """CCR1 to CCR3: the frame and its pace."""
        if self.field("CCR3", 16, 3):
            self.report("CCR3", "write", "another mode than asynchronous")
        self._configure()

    def fifos_set(self, written: int, _old: int) -> None:
        """FCR: triggers; both FIFOs are emptied by a bit each."""
        if written & RESET_SEND_FIFO:
            self._uart.to_send.clear()
            self._flags |= EMPTY
        if written & RESET_RECEIVE_FIFO:
            self._uart.received.clear()
            self._flags &= ~FULL
        self._hold_end()

    def internal_states(self) -> int:
        """CESR: both directions follow their enables at once."""
        return self.values["CCR0"] & (RECEIVE_ON | SEND_ON)

    def character_written(self, written: int, _old: int) -> None:
        """TDR."""
        if not self.values["CCR0"] & SEND_ON:
            return
        self._uart.write(written & 0x1FF)
        if len(self._uart.to_send) > self._send_trigger():
            self._flags &= ~EMPTY
        self._hold_end()

    def character_taken(self) -> int:
        """RDR: the oldest character, with the errors' flags above."""
        self.context.consumed()
        data = self._uart.take()
        if data is not None:
            self.values["RDR"] = data
        if len(self._uart.received) < self._receive_trigger():
            self._flags &= ~FULL
        return self.values["RDR"] | self._flags & ERRORS

    def status(self) -> int:
        """CSR."""
        return self._flags | LINE_IS_IDLE | (ENDED if self._has_ended() else 0)

    def receive_fifo(self) -> int:
        """FRSR: how many wait."""
        return len(self._uart.received) << 8 | self._timed_out

    def send_fifo(self) -> int:
        """FTSR: how many are to be sent."""
        return len(self._uart.to_send)

    def flags_cleared(self, written: int, _old: int) -> None:
        """CFCLR: each 1 clears its flag of CSR."""
        if not self._has_ended():
            self._flags &= ~(written & EMPTY)
        self._flags &= ~(written & (FULL | ERRORS))
        self._configure()

    def timeout_cleared(self, written: int, _old: int) -> None:
        """FFCLR: the receive FIFO's time-out."""
        self._timed_out &= ~written

    # -- inside ------------------------------------------------------------------------------
    def _has_fifos(self) -> bool:
        return bool(self.values["CCR3"] & FIFOS)

    def _send_trigger(self) -> int:
        return self.field("FCR", 8, 5) if self._has_fifos() else 0

    def _receive_trigger(self) -> int:
        return max(1, self.field("FCR", 16, 5)) if self._has_fifos() else 1

    def _has_ended(self) -> bool:
        return not self._uart.sending and not self._uart.to_send

    def _configure(self) -> None:
        control, format_ = self.values["CCR0"], self.values["CCR3"]
        parity = NO_PARITY
        if self.values["CCR1"] & PARITY_ON:
            parity = ODD_PARITY if self.values["CCR1"] & ODD else EVEN_PARITY
        names = self.parameters
        clocks, parts = self._bit_clocks()
        setting = UartSetting(
            send_on=bool(control & SEND_ON),
            receive_on=bool(control & RECEIVE_ON),
            frame=Frame(
                data_bits=DATA_BITS[format_ >> 8 & 3],
                parity=parity,
                half_stop_bits=4 if format_ & TWO_STOP_BITS else 2,
            ),
            clock_hz=self.context.clocks.hz(names.bypass_clock if format_ & BYPASS else names.clock),
            bit_clocks=clocks,
            bit_parts=parts,
            depth=DEPTH if self._has_fifos() else 1,
            receive_drops=bool(self._flags & OVERRUN),
        )
        self._uart.configure(setting)

    def _bit_clocks(self) -> tuple[int, int]:
        """Clocks of a bit as a fraction."""
        rate = self.values["CCR2"]
        samples = SAMPLES >> bool(rate & DOUBLE_RATE) >> bool(rate & HALF_SAMPLES)
        if rate & SIX_SAMPLES:
            samples = 6
        clocks = samples * ((rate >> 8 & 0xFF) + 1) << 2 * (rate >> 20 & 3)
        if not rate & MODULATED:
            return clocks, 1
        return clocks * WHOLE, max(1, rate >> 24)

    def _loaded(self) -> None:
        if len(self._uart.to_send) > self._send_trigger():
            return
        if not self._has_fifos() or not self._flags & EMPTY:
            self._flags |= EMPTY
            if self.values["CCR0"] & SEND_EVENTS:
                self.raise_event(TXI)

    def _sent(self, _finished: bool) -> None:
        self._hold_end()

    def _hold_end(self) -> None:
        asks = self.values["CCR0"] & SEND_ON and self.values["CCR0"] & END_EVENTS
        self.hold_event(TEI, bool(asks) and self._has_ended())

    def _received(self, _data: int, no_room: bool) -> None:
        events = bool(self.values["CCR0"] & RECEIVE_EVENTS)
        if no_room:
            self._flags |= OVERRUN
            self._configure()
            if events:
                self.raise_event(ERI)
        elif len(self._uart.received) >= self._receive_trigger() and not self._flags & FULL:
            self._flags |= FULL
            if events:
                self.raise_event(RXI)

    def _quiet(self) -> None:
        """Nothing has come for a while: what is below the trigger is told, too."""
        if self._has_fifos() and self._uart.received and not self._flags & FULL:
            self._timed_out |= TIMED_OUT
            if self.values["CCR0"] & RECEIVE_EVENTS:
                self.raise_event(ERI if self.values["FCR"] & TO_ERROR_EVENT else RXI)
