"""The SSI before the flash (RP2040 datasheet 4.10; Synopsys DW_apb_ssi 4.01a), and what its XIP costs.

Frames leave at the pace of BAUDR. The chip is selected while there are frames to send, or as IO_QSPI
overrides its pin (signal ``override:qspi_ss``). Modelled: both directions, sending alone, receiving alone
and EEPROM reads on one line, to the flash chip; frames on two and four lines take their time and bring
zeros. In XIP, a line of the cache costs the clocks of its transfer: instruction, address, wait
cycles, data, each on the lines that CTRLR0 and SPI_CTRLR0 say. DMA and interrupts are not modelled, and told.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import ClockedParameters, DeviceContext
from emulator.schema.table import about
from peripherals.parts.qspi_flash import QspiFlash
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.raspberrypi.flash_windows import FLASH, CachedWindow, FlashAddress, UncachedWindow
from peripherals.register_device import Register, read_only

FIFO_DEPTH = 16
BUSY, TX_NOT_FULL, TX_EMPTY, RX_NOT_EMPTY, RX_FULL = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
BOTH, SEND, RECEIVE, EEPROM = range(4)
LINE_BYTES, WORD_BYTES, BYTE_BITS = 8, 4, 8
INSTRUCTION_BITS = (0, 4, 8, 16)
LANES = (1, 2, 4, 1)
SELECT_OVERRIDE = "override:qspi_ss"
NORMAL, _INVERTED, LOW, HIGH = range(4)


class SsiParameters(ClockedParameters, frozen=True):
    """The flash chip behind it, and the accelerators of the windows onto it."""

    flash: FlashAddress = FLASH
    flash_bytes: Annotated[
        int,
        about("Size of the flash chip.", unit="bytes", at_least=0x1000, at_most=1 << 24, example=0x200000),
    ] = 0x200000
    accelerator: CachedWindow = "xip"
    uncached: UncachedWindow = "xip_direct"


class Ssi(AtomicRegisters):
    """The controller."""

    PARAMETERS = SsiParameters
    parameters: SsiParameters
    REGISTERS = (
        Register(0x00, "CTRLR0", writable=0x17FFFFF, on_write="format_written"),
        Register(0x04, "CTRLR1", writable=0xFFFF),
        Register(0x08, "SSIENR", writable=0x1, on_write="enabled"),
        Register(0x0C, "MWCR", writable=0x7),
        Register(0x10, "SER", writable=0x1, on_write="selected"),
        Register(0x14, "BAUDR", writable=0xFFFE, on_write="format_written"),
        Register(0x18, "TXFTLR", writable=0xFF),
        Register(0x1C, "RXFTLR", writable=0xFF),
        read_only(0x20, "TXFLR", on_read="to_send"),
        read_only(0x24, "RXFLR", on_read="received"),
        read_only(0x28, "SR", on_read="status"),
        Register(0x2C, "IMR", 0x3F, writable=0x3F),
        read_only(0x30, "ISR"),
        read_only(0x34, "RISR"),
        read_only(0x38, "TXOICR"),
        read_only(0x3C, "RXOICR"),
        read_only(0x40, "RXUICR"),
        read_only(0x44, "MSTICR"),
        read_only(0x48, "ICR"),
        Register(0x4C, "DMACR", writable=0x3, on_write="dma_written"),
        Register(0x50, "DMATDLR", writable=0xFF),
        Register(0x54, "DMARDLR", writable=0xFF),
        read_only(0x58, "IDR", 0x51535049),
        read_only(0x5C, "SSI_VERSION_ID", 0x3430312A),
        Register(0x60, "DR0", writable=0, on_read="frame_taken", on_write="frame_written"),
        Register(0xF0, "RX_SAMPLE_DLY", writable=0xFF),
        Register(0xF4, "SPI_CTRLR0", 0x3000000, on_write="format_written"),
        Register(0xF8, "TXD_DRIVE_EDGE", writable=0xFF),
    )
    STATE = ("_to_send", "_received", "_reading")
    PARTS = ("_chip",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._to_send: list[int] = []
        self._received: list[int] = []
        self._reading = 0  # frames that an EEPROM read or a pure reception still brings
        self._chip = QspiFlash(context, self.parameters.flash, self.parameters.flash_bytes)
        self._frame_end = context.clock.deadline(f"{context.name}:frame", self._frame_ends)
        context.signals.watch(SELECT_OVERRIDE, lambda _level: self._maybe_deselect())

    def reset(self) -> None:
        """Off, the FIFOs empty."""
        super().reset()
        self._stop()
        self._chip.reset()
        self._tune()

    # -- effects ---------------------------------------------------------------------------
    def format_written(self, _written: int, _old: int) -> None:
        """CTRLR0, BAUDR, SPI_CTRLR0: how a transfer from XIP is made."""
        self._tune()

    def enabled(self, _written: int, _old: int) -> None:
        """SSIENR: off empties the FIFOs."""
        if not self.values["SSIENR"]:
            self._stop()
            self._maybe_deselect()
        self._tune()

    def selected(self, _written: int, _old: int) -> None:
        """SER: with a slave, what waits is sent."""
        self._start()

    def dma_written(self, written: int, _old: int) -> None:
        """DMACR: requests."""
        if written:
            self.report("DMACR", "write", "DMA to or from the flash's SSI")

    def to_send(self) -> int:
        """TXFLR."""
        return len(self._to_send)

    def received(self) -> int:
        """RXFLR."""
        return len(self._received)

    def status(self) -> int:
        """SR."""
        sends, received = len(self._to_send), len(self._received)
        value = BUSY if self._busy() else 0
        value |= TX_NOT_FULL if sends < FIFO_DEPTH else 0
        value |= TX_EMPTY if not sends else 0
        value |= RX_NOT_EMPTY if received else 0
        return value | (RX_FULL if received >= FIFO_DEPTH else 0)

    def frame_written(self, written: int, _old: int) -> None:
        """DR0: a frame to send; with a full FIFO it is lost."""
        if self.values["SSIENR"] and len(self._to_send) < FIFO_DEPTH:
            self._to_send.append(written)
            self._start()

    def frame_taken(self) -> int:
        """DR0: the oldest received frame."""
        self.context.consumed()
        return self._received.pop(0) if self._received else 0

    # -- frames ----------------------------------------------------------------------------
    def _mode(self) -> int:
        return self.field("CTRLR0", 8, 2)

    def _lanes(self) -> int:
        return LANES[self.field("CTRLR0", 21, 2)]

    def _frame_bits(self) -> int:
        return self.field("CTRLR0", 16, 5) + 1

    def _divider(self) -> int:
        return self.values["BAUDR"] or 2

    def _busy(self) -> bool:
        return self._frame_end.at_cycles is not None

    def _start(self) -> None:
        runs = self.values["SSIENR"] and self.values["SER"] and not self._busy()
        if runs and (self._to_send or self._reading):
            clocks = -(-self._frame_bits() // self._lanes())
            self._frame_end.arm_in(clocks * self._divider())

    def _stop(self) -> None:
        self._frame_end.disarm()
        self._to_send, self._received, self._reading = [], [], 0

    def _frame_ends(self) -> None:
        mode = self._mode()
        if self._reading:
            self._reading -= 1
            self._receive(self._exchange(0))
        elif self._to_send:
            answer = self._exchange(self._to_send.pop(0))
            if mode == BOTH:
                self._receive(answer)
            elif not self._to_send and mode in (EEPROM, RECEIVE):
                self._reading = self.values["CTRLR1"] + 1
        self._start()
        self._maybe_deselect()

    def _exchange(self, frame: int) -> int:
        """All bits of a frame, the most significant first."""
        if self._lanes() > 1 or self._override() == HIGH:
            return 0
        return self._chip.exchange_frame(frame, self._frame_bits())

    def _receive(self, frame: int) -> None:
        if len(self._received) < FIFO_DEPTH:
            self._received.append(frame)

    def _override(self) -> int:
        return self.context.signals.get(SELECT_OVERRIDE)

    def _maybe_deselect(self) -> None:
        override = self._override()
        if override == HIGH or (override == NORMAL and not self._busy()):
            self._chip.deselect()

    # -- execution in place ------------------------------------------------------------------
    def _tune(self) -> None:
        """Tell the memory model what a line, and a word beside the cache, cost."""
        clocks, divider = self._overhead_clocks(), self._divider()
        lanes = self._lanes()
        line = (clocks + LINE_BYTES * BYTE_BITS // lanes) * divider
        word = (clocks + WORD_BYTES * BYTE_BITS // lanes) * divider
        self.context.tuning.configure(self.parameters.accelerator, bus_cycles=line)
        self.context.tuning.configure(self.parameters.uncached, wait_states=word)

    def _overhead_clocks(self) -> int:
        """Clocks before the data: instruction, address, wait cycles (4.10.10)."""
        instruction = INSTRUCTION_BITS[self.field("SPI_CTRLR0", 8, 2)]
        address = 4 * self.field("SPI_CTRLR0", 2, 4)
        transfer, lanes = self.field("SPI_CTRLR0", 0, 2), self._lanes()
        instruction_lanes = lanes if transfer >= 2 else 1
        address_lanes = lanes if transfer >= 1 else 1
        clocks = -(-instruction // instruction_lanes) + -(-address // address_lanes)
        return clocks + self.field("SPI_CTRLR0", 11, 5)
