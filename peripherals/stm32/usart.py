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

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from emulator.device import DeviceContext, OrdinaryInput
from emulator.schema.table import about
from peripherals.parts.uart import UartSetting
from peripherals.register_device import Register, read_only
from peripherals.stm32.any_usart import AnyUsart, Cr1, Cr3, Flag, UsartParameters

UE = 1 << 0
CR1_CMIE, CR1_M1 = 1 << 14, 1 << 28
CR1_FIFOEN, CR1_TXFEIE, CR1_RXFFIE = 1 << 29, 1 << 30, 1 << 31
CR2_ADD_SHIFT = 24
CR3_OVRDIS = 1 << 12
CR3_TXFTIE, CR3_RXFTCFG_SHIFT, CR3_RXFTIE, CR3_TXFTCFG_SHIFT = 1 << 23, 25, 1 << 28, 29
ISR_BUSY, ISR_CMF, ISR_TEACK, ISR_REACK = 1 << 16, 1 << 17, 1 << 21, 1 << 22
ISR_TXFE, ISR_RXFF, ISR_RXFT, ISR_TXFT = 1 << 23, 1 << 24, 1 << 26, 1 << 27
ICR_CLEARS = Flag.PE | Flag.FE | Flag.NE | Flag.ORE | Flag.IDLE | Flag.TC | ISR_CMF
RQR_RXFRQ, RQR_TXFRQ = 1 << 3, 1 << 4
PRESCALERS = (1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256, 256, 256, 256, 256)
THRESHOLD_EIGHTHS = (1, 2, 4, 6, 7, 8, 8, 8)
ISR_OFFSET, ICR_OFFSET, RDR_OFFSET, TDR_OFFSET = 0x1C, 0x20, 0x24, 0x28
LPUART_BIT_PARTS = 256  # a bit lasts BRR / 256 clocks
NEWER_MODES = {1 << 20: "auto baud rate", 1 << 23: "receiver time-out"}


class NewerUsartParameters(UsartParameters, frozen=True):
    """Of the newer block, of which there are several builds."""

    fifo: Annotated[
        int,
        about(
            "Entries of each FIFO, 0 for a block without FIFOs and prescaler.",
            unit="entries",
            at_least=0,
            at_most=64,
            example=8,
        ),
    ] = 0
    lpuart: Annotated[
        bool, about("Whether it is an LPUART, whose divider counts 256ths of a bit.", example=True)
    ] = False


class Usart(AnyUsart):
    """One USART, UART or LPUART."""

    PARAMETERS = NewerUsartParameters
    parameters: NewerUsartParameters
    REGISTERS = (
        Register(0x00, "CR1", on_write="control_changed"),
        Register(0x04, "CR2", on_write="mode_changed"),
        Register(0x08, "CR3", on_write="mode_changed"),
        Register(0x0C, "BRR", writable=0xFFFFF, on_write="mode_changed"),
        Register(0x10, "GTPR", writable=0xFFFF),
        Register(0x14, "RTOR"),
        Register(0x18, "RQR", writable=0, on_write="requested"),
        read_only(0x1C, "ISR", Flag.TC, on_read="flags"),
        Register(0x20, "ICR", writable=0, on_write="flags_cleared"),
        read_only(0x24, "RDR", on_read="take_received"),
        Register(0x28, "TDR", writable=0x1FF, on_write="character_written"),
        Register(0x2C, "PRESC", writable=0xF, on_write="mode_changed"),
    )
    FLAG_ENABLES = (
        (Flag.RXNE | Flag.ORE, "CR1", Cr1.RXNEIE),
        (Flag.TXE, "CR1", Cr1.TXEIE),
        (Flag.TC, "CR1", Cr1.TCIE),
        (Flag.IDLE, "CR1", Cr1.IDLEIE),
        (Flag.PE, "CR1", Cr1.PEIE),
        (ISR_CMF, "CR1", CR1_CMIE),
        (ISR_TXFE, "CR1", CR1_TXFEIE),
        (ISR_RXFF, "CR1", CR1_RXFFIE),
        (Flag.FE | Flag.NE | Flag.ORE, "CR3", Cr3.EIE),
        (ISR_RXFT, "CR3", CR3_RXFTIE),
        (ISR_TXFT, "CR3", CR3_TXFTIE),
    )
    STATUS = "ISR"
    STATUS_OFFSET = ISR_OFFSET
    SEND = "TDR"
    OUTPUT_OFFSET = TDR_OFFSET
    CR1_UE = UE
    CR1_LINE = Cr1.LINE | UE | CR1_M1 | CR1_FIFOEN

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._fifo_entries = self.parameters.fifo
        self._is_lpuart = self.parameters.lpuart

    def register_table(self) -> tuple[Register, ...]:
        """Leave the prescaler out where the block has no FIFO version."""
        return tuple(row for row in self.REGISTERS if self.parameters.fifo or row.name != "PRESC")

    # -- effects -------------------------------------------------------------------------
    def requested(self, written: int, _old: int) -> None:
        """RQR: flush what was received or is still to be sent."""
        if written & RQR_RXFRQ:
            self._uart.received.clear()
        if written & RQR_TXFRQ:
            self._uart.to_send.clear()
        self._refresh()

    def flags_cleared(self, written: int, _old: int) -> None:
        """ICR: clear sticky flags."""
        self.clear_bits("ISR", written & ICR_CLEARS)
        self._refresh()

    def character_written(self, _written: int, _old: int) -> None:
        """TDR: queue a character."""
        self.send("TDR", self.values["TDR"])

    def take_received(self) -> int:
        """RDR: the oldest received character."""
        self.context.consumed()
        data = self._uart.take()
        if data is not None:
            self.values["RDR"] = data
            self._refresh()
        return self.values["RDR"]

    # -- input that the engine serves for a while ------------------------------------------
    def characters_waiting(self) -> int:
        """How many characters wait at the host."""
        return self.context.serial.waiting() if self.context.serial is not None else 0

    def lend_input(self, most: int) -> OrdinaryInput | None:
        """A data register alone, no DMA, no other interrupt: then RXNE and the line are all that changes."""
        if self._fifo_on() or not self.enabled(Cr1.RE) or self.values["CR3"] & Cr3.DMAR:
            return None
        empty, asserting = self.flags() & ~Flag.RXNE, self._enabled_flags()
        if empty & asserting:
            return None
        lent = self._uart.lend(most)
        if lent is None:
            return None
        at_cycles, character_cycles, characters = lent
        match = self.values["CR2"] >> CR2_ADD_SHIFT
        if match in characters:  # it sets CMF
            characters = characters[: characters.index(match)]
        return OrdinaryInput(
            status_offset=ISR_OFFSET,
            data_offset=RDR_OFFSET,
            clear_offset=ICR_OFFSET,
            empty=empty,
            full=empty | Flag.RXNE,
            busy=ISR_BUSY,
            sticky=self.values["ISR"] & ICR_CLEARS,
            line="global" if asserting & Flag.RXNE else "",
            held=self._uart.received[0] if self._uart.received else None,
            last=self.values["RDR"],
            characters=characters,
            at_cycles=at_cycles,
            character_cycles=character_cycles,
        )

    def take_back_input(self, received: int, *, held: int | None, last: int, at_cycles: int) -> None:
        """Go on where the engine has stopped."""
        self.values["RDR"] = last
        self._uart.take_back(received, held, at_cycles)

    # -- AnyUsart ------------------------------------------------------------------------
    def flags(self) -> int:
        """ISR: sticky flags and those that follow the buffers' levels."""
        flags, control, uart = self.values["ISR"], self.values["CR1"], self._uart
        if uart.receiving:
            flags |= ISR_BUSY
        if control & UE:
            flags |= (ISR_TEACK if control & Cr1.TE else 0) | (ISR_REACK if control & Cr1.RE else 0)
        if uart.received:
            flags |= Flag.RXNE
        if self._fifo_on():
            flags |= self._fifo_flags()
        elif not uart.to_send:
            flags |= Flag.TXE
        return flags

    def unmodelled_modes(self) -> Mapping[str, Mapping[int, str]]:
        """Add auto-baud and time-out; an LPUART's CR2 has none of these modes."""
        modes = self.UNMODELLED
        return {"CR2": {} if self._is_lpuart else {**modes["CR2"], **NEWER_MODES}, "CR3": modes["CR3"]}

    def setting(self) -> UartSetting:
        """Add the FIFO, the prescaler, the LPUART's divider, and reception without overrun."""
        setting = super().setting()
        clock_hz = setting.clock_hz
        if self._fifo_entries:
            clock_hz //= PRESCALERS[self.values["PRESC"]]
        if self._is_lpuart:
            setting = replace(setting, bit_clocks=self.values["BRR"], bit_parts=LPUART_BIT_PARTS)
        return replace(
            setting,
            clock_hz=clock_hz,
            depth=self._fifo_entries if self._fifo_on() else 1,
            receive_overwrites=bool(self.values["CR3"] & CR3_OVRDIS),
        )

    def word_bits(self) -> int:
        """Seven bits, too."""
        return 7 if self.values["CR1"] & CR1_M1 else super().word_bits()

    # -- inside --------------------------------------------------------------------------
    def _fifo_on(self) -> bool:
        return bool(self._fifo_entries and self.values["CR1"] & CR1_FIFOEN)

    def _fifo_flags(self) -> int:
        depth, control = self._fifo_entries, self.values["CR3"]
        to_send, received = len(self._uart.to_send), len(self._uart.received)
        receive_level = THRESHOLD_EIGHTHS[control >> CR3_RXFTCFG_SHIFT & 7] * depth // 8
        send_level = THRESHOLD_EIGHTHS[control >> CR3_TXFTCFG_SHIFT & 7] * depth // 8
        flags = ISR_TXFE if not to_send else 0
        flags |= Flag.TXE if to_send < depth else 0
        flags |= ISR_RXFF if received >= depth else 0
        flags |= ISR_RXFT if received >= receive_level else 0
        flags |= ISR_TXFT if depth - to_send >= send_level else 0
        return flags

    def _character_received(self, data: int, no_room: bool) -> None:
        if data == self.values["CR2"] >> CR2_ADD_SHIFT:
            self.set_bits("ISR", ISR_CMF)
        super()._character_received(data, no_room and not self.values["CR3"] & CR3_OVRDIS)
