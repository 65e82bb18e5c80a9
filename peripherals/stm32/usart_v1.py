"""USART and UART with one status and one data register (STM32F1, F2, F4, L1).

RM0090, chapter "Universal synchronous asynchronous receiver transmitter". Modelled: paced
reception and transmission, the flags of plain asynchronous use, interrupts and DMA
requests. The error flags and IDLE are cleared by reading SR and then DR. Not modelled, and
reported: synchronous, smartcard, IrDA, LIN and half-duplex modes.

Parameters: ``clock`` and ``dma`` (prefix of the DMA request signals, by default the name).
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.register_device import Register
from peripherals.stm32.any_usart import AnyUsart, Cr1, Cr3, Flag

SR_READ_CLEARS = 0x1F
UE = 1 << 13
DR_OFFSET = 0x04


class UsartV1(AnyUsart):
    """One USART or UART."""

    REGISTERS = (
        Register(0x00, "SR", Flag.TC, writable=0, w0c=Flag.TC, on_read="status", on_write="status_written"),
        Register(0x04, "DR", writable=0, on_read="take_received", on_write="character_written"),
        Register(0x08, "BRR", writable=0xFFFF, on_write="mode_changed"),
        Register(0x0C, "CR1", writable=0xFFFF, on_write="control_changed"),
        Register(0x10, "CR2", writable=0x7F6F, on_write="mode_changed"),
        Register(0x14, "CR3", writable=0x0FFF, on_write="mode_changed"),
        Register(0x18, "GTPR", writable=0xFFFF),
    )
    FLAG_ENABLES = (
        (Flag.RXNE | Flag.ORE, "CR1", Cr1.RXNEIE),
        (Flag.TXE, "CR1", Cr1.TXEIE),
        (Flag.TC, "CR1", Cr1.TCIE),
        (Flag.IDLE, "CR1", Cr1.IDLEIE),
        (Flag.ORE, "CR3", Cr3.EIE | Cr3.DMAR),
    )
    STATUS = "SR"
    READ_CHANGES = SR_READ_CLEARS
    OUTPUT_OFFSET = DR_OFFSET
    CR1_UE = UE
    CR1_LINE = Cr1.LINE | UE
    STATE = ("_status_was_read",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._status_was_read = False

    def reset(self) -> None:
        """Stop and clear every register."""
        super().reset()
        self._status_was_read = False

    # -- effects -------------------------------------------------------------------------
    def status(self) -> int:
        """SR; the next read of DR clears the errors seen here."""
        self._status_was_read = bool(self.values["SR"] & SR_READ_CLEARS)
        return self.flags()

    def status_written(self, written: int, _old: int) -> None:
        """SR: RXNE and TC are cleared by writing 0."""
        if not written & Flag.RXNE:
            self._uart.take()
        self._refresh()

    def take_received(self) -> int:
        """DR: the received character."""
        self.context.consumed()
        if self._status_was_read:
            self.clear_bits("SR", SR_READ_CLEARS)
            self._status_was_read = False
        data = self._uart.take()
        if data is not None:
            self.values["DR"] = data
        self._refresh()
        return self.values["DR"]

    def character_written(self, written: int, _old: int) -> None:
        """DR: buffer a character; a full buffer is overwritten."""
        self.send("DR", written & 0x1FF)

    # -- AnyUsart ------------------------------------------------------------------------
    def flags(self) -> int:
        """SR as it is."""
        flags = self.values["SR"] | (Flag.RXNE if self._uart.received else 0)
        return flags | (0 if self._uart.to_send else Flag.TXE)
