"""What both generations of the STM32 USART have in common: CR1 to CR3, frames, pace, interrupts, DMA.

RM0090 and RM0432, chapters on the USART. The flags PE to TXE have the same places in SR of the
older block and ISR of the newer one, and CR1 to CR3 the same meaning as far as the older goes.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Annotated, ClassVar

from emulator.device import ClockedParameters, DeviceContext, DeviceParameters, OrdinaryOutput
from emulator.schema.table import about
from peripherals.parts.dma_requests import DmaRequests
from peripherals.parts.uart import EVEN_PARITY, NO_PARITY, ODD_PARITY, Frame, Uart, UartSetting
from peripherals.register_device import RegisterDevice

CR2_STOP_SHIFT = 12
CHARACTER = 0x1FF
HALF_STOP_BITS = (2, 1, 4, 3)


class Cr1:
    """Bits of CR1 that both blocks have in the same place."""

    RE, TE, IDLEIE, RXNEIE, TCIE, TXEIE, PEIE, PS, PCE = (1 << n for n in range(2, 11))
    M0, OVER8 = 1 << 12, 1 << 15
    LINE = RE | TE | PS | PCE | M0 | OVER8
    """What the pace and the state of the two wires depend on."""


class Cr3:
    """Bits of CR3 that both blocks have in the same place."""

    EIE, DMAR, DMAT = 1 << 0, 1 << 6, 1 << 7


class Flag:
    """Flags that SR and ISR have in the same place."""

    PE, FE, NE, ORE, IDLE, RXNE, TC, TXE = (1 << n for n in range(8))


class UsartParameters(ClockedParameters, frozen=True):
    """Of every USART."""

    dma: Annotated[
        str,
        about(
            "What its DMA requests are called: the signals dma:NAME_RX and dma:NAME_TX.",
            by_default="the device's name in capitals",
            example="USART2",
        ),
    ] = ""


class AnyUsart(RegisterDevice):
    """The mechanics; a subclass gives the register layout, how flags are cleared, and its own extras.

    Interrupt line ``global``; serial port of its name.
    """

    PARAMETERS: ClassVar[type[DeviceParameters]] = UsartParameters
    parameters: UsartParameters
    LINES = ("global",)
    STATUS: ClassVar[str] = ""  # the register that holds the sticky flags
    STATUS_OFFSET: ClassVar[int] = 0
    READ_CHANGES: ClassVar[int] = 0  # flags for which a read of it has an effect
    SEND: ClassVar[str] = ""  # the register that keeps the last character written, if one does
    OUTPUT_OFFSET: ClassVar[int] = 0
    CR1_UE: ClassVar[int] = 0
    CR1_LINE: ClassVar[int] = Cr1.LINE
    FLAG_ENABLES: ClassVar[tuple[tuple[int, str, int], ...]] = ()
    """Flags, and the register and the bits (all of them) with which they assert the interrupt."""
    UNMODELLED: ClassVar[Mapping[str, Mapping[int, str]]] = {
        "CR2": {1 << 11: "synchronous mode", 1 << 14: "LIN mode"},
        "CR3": {1 << 1: "IrDA mode", 1 << 3: "half-duplex mode", 1 << 5: "smartcard mode"},
    }
    PARTS = ("_uart",)
    has_serial = True

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._requests = DmaRequests(context, self.parameters.dma or context.name.upper())
        self._enables: tuple[int, int] | None = None  # CR1 and CR3 that _asserting belongs to
        self._asserting = 0
        self._uart = Uart(
            context, on_received=self._character_received, on_sent=self._sent, on_quiet=self._line_idle
        )
        context.clocks.on_change(self._configure)

    # -- RegisterDevice ------------------------------------------------------------------
    def reset(self) -> None:
        """Stop, empty both buffers and clear every register."""
        super().reset()
        self._uart.stop()
        self._refresh()

    def send_held(self) -> None:
        """Let what is to be sent leave at once."""
        self._uart.send_held()

    # -- effects -------------------------------------------------------------------------
    def control_changed(self, _written: int, old: int) -> None:
        """CR1: enabling, disabling, word length."""
        if old & self.CR1_UE and not self.values["CR1"] & self.CR1_UE:
            self._uart.stop()
            self.values[self.STATUS] = Flag.TC
        if (old ^ self.values["CR1"]) & self.CR1_LINE:
            self._configure()
        self._refresh()

    def mode_changed(self, _written: int, _old: int) -> None:
        """CR2, CR3, BRR, PRESC: pace, stop bits, DMA, interrupt enables."""
        for register, modes in self.unmodelled_modes().items():
            for bit, what in modes.items():
                if self.values[register] & bit:
                    self.report(register, "write", what)
        self._configure()
        self._refresh()

    # -- output that the engine serves for a while -------------------------------------------
    def lend_output(self) -> OrdinaryOutput | None:
        """A data register alone, no DMA, no interrupt: then TXE is all that changes."""
        if not self._uart.sending or self.values["CR3"] & Cr3.DMAT:
            return None
        if self._enabled_flags() & (Flag.TXE | Flag.TC) or self.values[self.STATUS] & self.READ_CHANGES:
            return None
        status = self.flags() & ~Flag.TXE
        return self._uart.lend_output(
            status_offset=self.STATUS_OFFSET,
            data_offset=self.OUTPUT_OFFSET,
            full=status,
            ready=status | Flag.TXE,
            data=self.values[self.SEND] if self.SEND else 0,
            writable=CHARACTER,
        )

    def take_back_output(self, *, sending: int, held: int | None, data: int, at_cycles: int) -> None:
        """Go on where the engine has stopped."""
        if self.SEND:
            self.values[self.SEND] = data
        self._uart.take_back_output(sending, held, at_cycles)

    # -- for subclasses ------------------------------------------------------------------
    def unmodelled_modes(self) -> Mapping[str, Mapping[int, str]]:
        """Give bits that turn on what is not modelled, by register, with what it is."""
        return self.UNMODELLED

    @abstractmethod
    def flags(self) -> int:
        """The sticky flags, and those that follow the buffers."""
        raise NotImplementedError

    def setting(self) -> UartSetting:
        """What the registers say of the line; a subclass adds what the older block lacks."""
        divider, parts = self.values["BRR"], 1
        if self.values["CR1"] & Cr1.OVER8:
            divider, parts = (divider & 0xFFF0) | (divider & 7) << 1, 2
        return UartSetting(
            send_on=self.enabled(Cr1.TE),
            receive_on=self.enabled(Cr1.RE),
            frame=self._frame(),
            clock_hz=self.clock_hz(),
            bit_clocks=divider,
            bit_parts=parts,
        )

    def word_bits(self) -> int:
        """Length of a word, its parity bit included."""
        return 9 if self.values["CR1"] & Cr1.M0 else 8

    def enabled(self, direction: int) -> bool:
        """Whether the block and one of its directions are on."""
        return self.values["CR1"] & (self.CR1_UE | direction) == self.CR1_UE | direction

    def send(self, register: str, character: int) -> None:
        """A character was written to ``register``; a full buffer loses its newest one."""
        if not self.enabled(Cr1.TE):
            self.report(register, "write", "the transmitter is off, the character is lost")
            return
        self._uart.write(character)
        self.clear_bits(self.STATUS, Flag.TC)
        self._refresh()

    # -- inside --------------------------------------------------------------------------
    def _frame(self) -> Frame:
        control = self.values["CR1"]
        stop = HALF_STOP_BITS[self.values["CR2"] >> CR2_STOP_SHIFT & 3]
        if not control & Cr1.PCE:
            return Frame(self.word_bits(), NO_PARITY, stop)
        parity = ODD_PARITY if control & Cr1.PS else EVEN_PARITY
        return Frame(self.word_bits() - 1, parity, stop, shows_parity=True)

    def _configure(self) -> None:
        if self.values["CR1"] & self.CR1_UE:
            self._uart.configure(self.setting())

    def _sent(self, finished: bool) -> None:
        if finished:
            self.set_bits(self.STATUS, Flag.TC)
        self._refresh()

    def _character_received(self, _data: int, no_room: bool) -> None:
        if no_room:
            self.set_bits(self.STATUS, Flag.ORE)
        self._refresh()

    def _line_idle(self) -> None:
        self.set_bits(self.STATUS, Flag.IDLE)
        self._refresh()

    def _enabled_flags(self) -> int:
        """The flags that assert the interrupt line, for CR1 and CR3 as they are."""
        enables = self.values["CR1"], self.values["CR3"]
        if enables != self._enables:
            self._enables = enables
            chosen = (f for f, register, bits in self.FLAG_ENABLES if self.values[register] & bits == bits)
            self._asserting = reduce(or_, chosen, 0)
        return self._asserting

    def _refresh(self) -> None:
        """Bring the interrupt line and the DMA requests up to date."""
        flags = self.flags()
        self.line("global").set_level(bool(flags & self._enabled_flags()))
        wants = self.values["CR3"] if self.values["CR1"] & self.CR1_UE else 0
        self._requests.set(
            receive=bool(wants & Cr3.DMAR and flags & Flag.RXNE),
            send=bool(wants & Cr3.DMAT and flags & Flag.TXE),
        )
