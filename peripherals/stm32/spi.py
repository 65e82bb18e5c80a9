"""SPI of STM32F1 and F4, and, with FIFOs, of F7, G0 and L4 (RM0008, RM0090, RM0385, RM0351, chapter "SPI").

A master with nobody on the wires (:mod:`peripherals.stm32.any_spi`): full duplex, one line in either
direction, receiving alone; overrun, mode fault by software (SSM with SSI low), interrupts, DMA. Not modelled,
and reported: CRC, I2S, TI's frames. A slave is never clocked.
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import DeviceContext
from peripherals.register_device import Register, read_only
from peripherals.stm32.any_spi import AnySpi

MSTR, SPE, SSI, SSM, RXONLY, LONG_FRAME = 1 << 2, 1 << 6, 1 << 8, 1 << 9, 1 << 10, 1 << 11
CRCEN, BIDIOE, BIDIMODE = 1 << 13, 1 << 14, 1 << 15
RXDMAEN, TXDMAEN, FRF, ERRIE, RXNEIE, TXEIE, FRXTH = 1, 2, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 12
RXNE, TXE, CRCERR, MODF, OVR, BSY = 1 << 0, 1 << 1, 1 << 4, 1 << 5, 1 << 6, 1 << 7
ERRORS = CRCERR | MODF | OVR
FIFO_BYTES, RECEIVED_SHIFT, TO_SEND_SHIFT = 4, 9, 11
SHORTEST, BYTE_BITS, DEFAULT_FRAME_BITS = 4, 8, 8
I2SMOD = 1 << 11


class Spi(AnySpi):
    """One interface of the older kind: a frame to send and a received one are held."""

    CR2_MASK: ClassVar[int] = 0xF7
    CR2_RESET: ClassVar[int] = 0
    STATE = (*AnySpi.STATE, "_overrun_was_read")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._overrun_was_read = False

    def register_table(self) -> tuple[Register, ...]:
        """CR2 has more in the newer kind."""
        return (
            Register(0x00, "CR1", writable=0xFFFF, on_write="control_changed"),
            Register(0x04, "CR2", self.CR2_RESET, writable=self.CR2_MASK, on_write="mode_changed"),
            Register(0x08, "SR", writable=0, w0c=CRCERR, on_read="status"),
            Register(0x0C, "DR", writable=0, on_read="take_received", on_write="frame_written"),
            Register(0x10, "CRCPR", 0x7, writable=0xFFFF),
            read_only(0x14, "RXCRCR"),
            read_only(0x18, "TXCRCR"),
            Register(0x1C, "I2SCFGR", writable=0x1FFF, on_write="audio_changed"),
            Register(0x20, "I2SPR", 0x2, writable=0x3FF),
        )

    def reset(self) -> None:
        """Off and empty."""
        self._overrun_was_read = False
        super().reset()

    # -- effects -----------------------------------------------------------------------------
    def control_changed(self, _written: int, old: int) -> None:
        """CR1: on and off; a master whose select is low is none any more."""
        self.clear_bits("SR", MODF)
        control = self.values["CR1"]
        if control & CRCEN:
            self.report("CR1", "write", "the CRC of SPI")
        if control & MSTR and control & SSM and not control & SSI:
            self.set_bits("SR", MODF)
            self.clear_bits("CR1", MSTR | SPE)
        if old & SPE and not self.values["CR1"] & SPE:
            self._stop()

    def mode_changed(self, _written: int, _old: int) -> None:
        """CR2."""
        if self.values["CR2"] & FRF:
            self.report("CR2", "write", "TI's frames")

    def audio_changed(self, _written: int, _old: int) -> None:
        """I2SCFGR."""
        if self.values["I2SCFGR"] & I2SMOD:
            self.report("I2SCFGR", "write", "I2S")

    def frame_written(self, written: int, _old: int) -> None:
        """DR: frames to send; what finds no room is lost."""
        for frame in self._split(written, self._frames_of_access()):
            if len(self._to_send) < self._fifo_frames():
                self._to_send.append(frame)
            self._next()

    def take_received(self) -> int:
        """DR: what came."""
        self.context.consumed()
        self._overrun_was_read = bool(self.values["SR"] & OVR)
        if self._received:
            self.values["DR"] = self._joined(self._frames_of_access())
        self._next()
        self._refresh()
        return self.values["DR"]

    def status(self) -> int:
        """SR; behind a read of DR it ends an overrun."""
        flags = self._flags()
        if self._overrun_was_read:
            self._overrun_was_read = False
            self.clear_bits("SR", OVR)
            self._next()
            self._refresh()
        return flags

    # -- AnySpi --------------------------------------------------------------------------------
    def _frame_bits(self) -> int:
        return 16 if self.values["CR1"] & LONG_FRAME else DEFAULT_FRAME_BITS

    def _divider(self) -> int:
        return 2 << self.field("CR1", 3, 3)

    def _may_begin(self) -> bool:
        control = self.values["CR1"]
        if not (control & SPE and control & MSTR):
            return False
        if self._receives_alone():  # what can't change anything any more need not go on
            return not self.values["SR"] & OVR
        return bool(self._to_send)

    def _takes_from_fifo(self) -> bool:
        return not self._receives_alone()

    def _frame_came(self, frame: int) -> None:
        if self.values["CR1"] & BIDIMODE and self.values["CR1"] & BIDIOE:
            return
        if len(self._received) < self._fifo_frames():
            self._received.append(frame)
        else:
            self.set_bits("SR", OVR)

    def _asserts(self) -> bool:
        flags, enables = self._flags(), self.values["CR2"]
        return bool(
            (flags & RXNE and enables & RXNEIE)
            or (flags & TXE and enables & TXEIE)
            or (flags & ERRORS and enables & ERRIE)
        )

    def _wanted(self) -> tuple[bool, bool]:
        flags, enables = self._flags(), self.values["CR2"]
        return bool(flags & RXNE and enables & RXDMAEN), bool(flags & TXE and enables & TXDMAEN)

    # -- what the newer kind has otherwise -------------------------------------------------------
    def _fifo_frames(self) -> int:
        """How many frames wait, and how many that came are held."""
        return 1

    def _frames_of_access(self) -> int:
        """How many frames an access to DR moves."""
        return 1

    def _flags(self) -> int:
        """SR as it is."""
        flags = self.values["SR"] | (BSY if self._frame.armed else 0)
        return flags | (RXNE if self._received else 0) | (0 if self._to_send else TXE)

    # -- inside ------------------------------------------------------------------------------
    def _receives_alone(self) -> bool:
        control = self.values["CR1"]
        if control & BIDIMODE:
            return not control & BIDIOE
        return bool(control & RXONLY)


class FifoSpi(Spi):
    """The newer kind: frames of 4 to 16 bits, FIFOs of four bytes, two short frames in one access."""

    CR2_MASK = 0x7FFF
    CR2_RESET = 0x700

    def _frame_bits(self) -> int:
        bits = self.field("CR2", 8, 4) + 1
        return bits if bits >= SHORTEST else DEFAULT_FRAME_BITS

    def _fifo_frames(self) -> int:
        return FIFO_BYTES // self._frame_bytes()

    def _frames_of_access(self) -> int:
        return 2 if self._frame_bytes() == 1 and self.access_bytes > 1 else 1

    def _flags(self) -> int:
        received, to_send = (len(fifo) * self._frame_bytes() for fifo in (self._received, self._to_send))
        flags = self.values["SR"] | (BSY if self._frame.armed else 0)
        threshold = 1 if self.values["CR2"] & FRXTH else 2
        flags |= (RXNE if received >= threshold else 0) | (TXE if to_send <= FIFO_BYTES // 2 else 0)
        return flags | min(received, 3) << RECEIVED_SHIFT | min(to_send, 3) << TO_SEND_SHIFT

    def _frame_bytes(self) -> int:
        return -(-self._frame_bits() // BYTE_BITS)
