"""SPI of STM32H7 and U5 (RM0433, RM0455 and RM0456, chapter "Serial peripheral interface (SPI)").

A master with nobody on the wires (:mod:`peripherals.stm32.any_spi`): transfers of TSIZE frames or without
an end, both ways or one, packets, FIFOs, suspension, overrun, mode fault by software, interrupts, DMA. Not
modelled, and reported: CRC, I2S, TI's frames. Pauses between frames (MIDI, MSSI) take no time. A slave is
never clocked.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from emulator.device import DeviceContext
from emulator.schema.table import about
from peripherals.register_device import Register, read_only
from peripherals.stm32.any_spi import AnySpi, SpiParameters

SPE, MASRX, CSTART, CSUSP, HDDIR, SSI = 1 << 0, 1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12
RXDMAEN, TXDMAEN, CRCEN = 1 << 14, 1 << 15, 1 << 22
MASTER, SSM, TI_FRAMES = 1 << 22, 1 << 26, 1 << 19
RXP, TXP, DXP, EOT, TXTF, UDR, OVR = (1 << n for n in range(7))
MODF, SUSP, TXC, RXWNE = 1 << 9, 1 << 11, 1 << 12, 1 << 15
CLEARABLE, ENABLED, WITH_EOT = 0xFF8, 0x3FF, SUSP | TXC
I2SMOD = 1 << 0
LEVEL_SHIFT, SIZE_SHIFT = 13, 16
BOTH_WAYS, SENDS_ALONE, RECEIVES_ALONE, ONE_LINE = range(4)
WORD_BYTES = 4


class SpiH7Parameters(SpiParameters, frozen=True):
    """Also the size of its FIFOs."""

    fifo_bytes: Annotated[
        int, about("Each of its FIFOs.", unit="bytes", at_least=4, at_most=64, example=8)
    ] = 16


class SpiH7(AnySpi):
    """One interface."""

    PARAMETERS = SpiH7Parameters
    parameters: SpiH7Parameters
    REGISTERS = (
        Register(0x00, "CR1", writable=0x1FF01, on_write="control_changed"),
        Register(0x04, "CR2", on_write="size_changed"),
        Register(0x08, "CFG1", 0x00070007, on_write="check_changed"),
        Register(0x0C, "CFG2", on_write="mode_changed"),
        Register(0x10, "IER", writable=0x7FF),
        read_only(0x14, "SR", TXP | TXC, on_read="flags"),
        Register(0x18, "IFCR", writable=0, on_write="flags_cleared"),
        Register(0x1C, "AUTOCR"),
        Register(0x20, "TXDR", writable=0, on_write="frames_written"),
        read_only(0x30, "RXDR", on_read="take_received"),
        Register(0x40, "CRCPOLY", 0x107),
        read_only(0x44, "TXCRC"),
        read_only(0x48, "RXCRC"),
        Register(0x4C, "UDRDR"),
        Register(0x50, "I2SCFGR", on_write="audio_changed"),
    )
    STATE: ClassVar[tuple[str, ...]] = (*AnySpi.STATE, "_left", "_unwritten")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._left = 0  # frames of the transfer that are still to be exchanged
        self._unwritten = 0  # frames of the transfer that are still to be written

    def reset(self) -> None:
        """Off and empty."""
        self._left = self._unwritten = 0
        super().reset()

    # -- effects -----------------------------------------------------------------------------
    def control_changed(self, _written: int, old: int) -> None:
        """CR1: on and off, start, suspension."""
        control = self.values["CR1"]
        if control & SPE and self.values["CFG2"] & MASTER and self.values["CFG2"] & SSM and not control & SSI:
            self.set_bits("SR", MODF)
            self.clear_bits("CR1", SPE | CSTART)
            control = self.values["CR1"]
        if not control & SPE:
            if old & SPE:
                self._stop()
                self._received.clear()
                self.values["SR"] &= MODF
            self.clear_bits("CR1", CSTART | CSUSP)
            return
        if not old & SPE:
            self._load_size()
        if control & CSUSP:
            self.clear_bits("CR1", CSUSP | CSTART)
            self.set_bits("SR", SUSP)

    def size_changed(self, _written: int, _old: int) -> None:
        """CR2: frames of the next transfer."""
        self._load_size()

    def check_changed(self, _written: int, _old: int) -> None:
        """CFG1."""
        if self.values["CFG1"] & CRCEN:
            self.report("CFG1", "write", "the CRC of SPI")

    def mode_changed(self, _written: int, _old: int) -> None:
        """CFG2."""
        if self.values["CFG2"] & TI_FRAMES:
            self.report("CFG2", "write", "TI's frames")

    def audio_changed(self, _written: int, _old: int) -> None:
        """I2SCFGR."""
        if self.values["I2SCFGR"] & I2SMOD:
            self.report("I2SCFGR", "write", "I2S")

    def flags_cleared(self, written: int, _old: int) -> None:
        """IFCR; behind EOT a transfer of the same size may follow."""
        if written & self.values["SR"] & EOT:
            self._load_size()
        self.clear_bits("SR", written & CLEARABLE)

    def frames_written(self, written: int, _old: int) -> None:
        """TXDR: as many frames as the access holds; what finds no room is lost."""
        if not self.values["CR1"] & SPE:
            return
        for frame in self._split(written, self._frames_of_access()):
            if len(self._to_send) < self._fifo_frames():
                self._to_send.append(frame)
                self._unwritten = max(0, self._unwritten - 1)
                if self._size() and not self._unwritten:
                    self.set_bits("SR", TXTF)
            self._next()

    def take_received(self) -> int:
        """RXDR: as many frames as the access holds."""
        self.context.consumed()
        value = self._joined(self._frames_of_access())
        self._next()
        self._refresh()
        return value

    def flags(self) -> int:
        """SR as it is; TXC copies EOT in a transfer that has an end."""
        packet, room = self.field("CFG1", 5, 4) + 1, self._fifo_frames() - len(self._to_send)
        flags = self.values["SR"] & ~(RXP | TXP | DXP | RXWNE | TXC)
        flags |= RXP if len(self._received) >= packet else 0
        flags |= TXP if room >= packet and (self._unwritten or not self._size()) else 0
        complete = flags & EOT if self._size() else not (self._to_send or self._frame.armed)
        flags |= TXC if complete else 0
        flags |= DXP if flags & RXP and flags & TXP else 0
        words, rest = divmod(len(self._received) * self._frame_bytes(), WORD_BYTES)
        flags |= (RXWNE if words else 0) | rest // self._frame_bytes() << LEVEL_SHIFT
        return flags | self._left << SIZE_SHIFT

    # -- AnySpi --------------------------------------------------------------------------------
    def _frame_bits(self) -> int:
        return self.field("CFG1", 0, 5) + 1

    def _divider(self) -> int:
        return 2 << self.field("CFG1", 28, 3)

    def _may_begin(self) -> bool:
        control = self.values["CR1"]
        if not (control & SPE and control & CSTART and self.values["CFG2"] & MASTER):
            return False
        if self._size() and not self._left:
            return False
        if self._receives() and len(self._received) >= self._fifo_frames():
            return not control & MASRX and not self.values["SR"] & OVR
        return not self._sends_out() or bool(self._to_send)

    def _takes_from_fifo(self) -> bool:
        return self._sends_out()

    def _frame_came(self, frame: int) -> None:
        if self._receives():
            if len(self._received) < self._fifo_frames():
                self._received.append(frame)
            else:
                self.set_bits("SR", OVR)
        if self._left:
            self._left -= 1
            if not self._left:
                self.clear_bits("CR1", CSTART)
                self.set_bits("SR", EOT)

    def _asserts(self) -> bool:
        enables = self.values["IER"]
        awaited = enables & ENABLED | (WITH_EOT if enables & EOT else 0)
        return bool(self.flags() & awaited)

    def _wanted(self) -> tuple[bool, bool]:
        flags, asks = self.flags(), self.values["CFG1"] if self.values["CR1"] & SPE else 0
        return bool(flags & RXP and asks & RXDMAEN), bool(flags & TXP and asks & TXDMAEN)

    # -- inside ------------------------------------------------------------------------------
    def _load_size(self) -> None:
        """A transfer of TSIZE frames is to begin; 0: without an end."""
        if not self._frame.armed:
            self._left = self._unwritten = self._size()

    def _size(self) -> int:
        return self.field("CR2", 0, 16)

    def _sends_out(self) -> bool:
        way = self.field("CFG2", 17, 2)
        return way in (BOTH_WAYS, SENDS_ALONE) or (way == ONE_LINE and bool(self.values["CR1"] & HDDIR))

    def _receives(self) -> bool:
        way = self.field("CFG2", 17, 2)
        return way in (BOTH_WAYS, RECEIVES_ALONE) or (way == ONE_LINE and not self.values["CR1"] & HDDIR)

    def _frame_bytes(self) -> int:
        bits = self._frame_bits()
        return 1 if bits <= 8 else 2 if bits <= 16 else 4

    def _fifo_frames(self) -> int:
        return self.parameters.fifo_bytes // self._frame_bytes()

    def _frames_of_access(self) -> int:
        return max(1, self.access_bytes // self._frame_bytes())
