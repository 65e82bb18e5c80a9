"""QMI, RP2350's interface to its flash chip (datasheet 12.14): direct frames, and what XIP costs.

In direct mode frames leave at the pace of CLKDIV to the chip of select 0, on one line, in 8 or 16 bits; on
two and four lines they take their time and bring zeros. In XIP, a line of the cache costs the clocks of its
transfer: prefix, address, suffix, dummies and data, each on the lines that M0_RFMT says, times
M0_TIMING.CLKDIV. That a transfer goes on where the last one ended (COOLDOWN) is not modelled, nor are
translated addresses (ATRANS), a second chip and its writes, which are told.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.qspi_flash import QspiFlash
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.raspberrypi.flash_windows import FLASH, CachedWindow, FlashAddress, UncachedWindow
from peripherals.register_device import Register, read_only

ENABLE, BUSY, SELECT, AUTO_SELECT = 1 << 0, 1 << 1, 1 << 2, 1 << 6
TX_FULL, TX_EMPTY, RX_EMPTY, RX_FULL = 1 << 10, 1 << 11, 1 << 16, 1 << 17
TX_LEVEL, RX_LEVEL, CLOCK_DIVIDER = 12, 18, 22
FIFO_DEPTH = 4
WIDE, NO_PUSH = 1 << 18, 1 << 20
LANES = (1, 2, 4, 1)
BYTE_BITS, ADDRESS_BITS, LINE_BITS, WORD_BITS = 8, 24, 64, 32
MOST_DIVIDER = 256
TRANSLATIONS = tuple(0x04000000 | 0x400 * (n % 4) for n in range(8))
CHIP_SELECTED = "qspi_ss:selected"


class QmiParameters(DeviceParameters, frozen=True):
    """The flash chip behind it, and the accelerators of the windows onto it."""

    flash: FlashAddress = FLASH
    flash_bytes: Annotated[
        int,
        about("Size of the flash chip.", unit="bytes", at_least=0x1000, at_most=1 << 24, example=0x400000),
    ] = 0x400000
    accelerator: CachedWindow = "xip"
    uncached: UncachedWindow = "xip_direct"


def _window(offset: int, number: int, effect: str) -> tuple[Register, ...]:
    return (
        Register(offset, f"M{number}_TIMING", 0x40000004, writable=0xF3FFF7FF, on_write=effect),
        Register(offset + 0x04, f"M{number}_RFMT", 0x1000, writable=0x1007D3FF, on_write=effect),
        Register(offset + 0x08, f"M{number}_RCMD", 0xA003, writable=0xFFFF),
        Register(offset + 0x0C, f"M{number}_WFMT", 0x1000, writable=0x1007D3FF),
        Register(offset + 0x10, f"M{number}_WCMD", 0xA002, writable=0xFFFF),
    )


class Qmi(AtomicRegisters):
    """The interface."""

    PARAMETERS = QmiParameters
    parameters: QmiParameters
    REGISTERS = (
        Register(0x00, "DIRECT_CSR", 0x01800000, writable=0xFFC000CD, on_read="status", on_write="moved"),
        Register(0x04, "DIRECT_TX", writable=0, on_write="frame_written"),
        read_only(0x08, "DIRECT_RX", on_read="frame_taken"),
        *_window(0x0C, 0, "format_written"),
        *_window(0x20, 1, ""),
        *(
            Register(0x34 + 4 * n, f"ATRANS{n}", reset, writable=0x07FF0FFF, on_write="translated")
            for n, reset in enumerate(TRANSLATIONS)
        ),
    )
    STATE = ("_to_send", "_received")
    PARTS = ("_chip",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._to_send: list[int] = []
        self._received: list[int] = []
        self._chip = QspiFlash(context, self.parameters.flash, self.parameters.flash_bytes)
        self._frame_end = context.clock.deadline(f"{context.name}:frame", self._frame_ends)

    def reset(self) -> None:
        """Direct mode off, the FIFOs empty."""
        super().reset()
        self._frame_end.disarm()
        self._to_send, self._received = [], []
        self._chip.reset()
        self._tune()

    # -- direct mode -------------------------------------------------------------------------
    def status(self) -> int:
        """DIRECT_CSR."""
        sends, received = len(self._to_send), len(self._received)
        value = self.values["DIRECT_CSR"] | (BUSY if self._frame_end.at_cycles is not None else 0)
        value |= (TX_FULL if sends >= FIFO_DEPTH else 0) | (0 if sends else TX_EMPTY)
        value |= (0 if received else RX_EMPTY) | (RX_FULL if received >= FIFO_DEPTH else 0)
        return value | sends << TX_LEVEL | received << RX_LEVEL

    def moved(self, _written: int, old: int) -> None:
        """DIRECT_CSR: the chip is selected or not; off empties the FIFOs."""
        control = self.values["DIRECT_CSR"]
        if not control & ENABLE:
            self._frame_end.disarm()
            self._to_send, self._received = [], []
        if old & SELECT and not control & SELECT:
            self._chip.deselect()
        self._tell_selected()
        self._start()

    def frame_written(self, written: int, _old: int) -> None:
        """DIRECT_TX: a frame to send; with a full FIFO it is lost."""
        if self.values["DIRECT_CSR"] & ENABLE and len(self._to_send) < FIFO_DEPTH:
            self._to_send.append(written)
            self._tell_selected()
            self._start()

    def frame_taken(self) -> int:
        """DIRECT_RX: the oldest received frame."""
        self.context.consumed()
        return self._received.pop(0) if self._received else 0

    def _tell_selected(self) -> None:
        """The level of the select, which firmware sees in the pin's status."""
        control = self.values["DIRECT_CSR"]
        sends = control & AUTO_SELECT and self._to_send
        self.context.signals.set(CHIP_SELECTED, int(bool(control & ENABLE and (control & SELECT or sends))))

    def _start(self) -> None:
        """The next frame, if there is room for what it brings."""
        if self._frame_end.at_cycles is not None or not self._to_send or len(self._received) >= FIFO_DEPTH:
            return
        frame = self._to_send[0]
        clocks = _frame_bits(frame) // LANES[frame >> 16 & 3]
        divider = self.values["DIRECT_CSR"] >> CLOCK_DIVIDER & 0xFF
        self._frame_end.arm_in(clocks * (divider or MOST_DIVIDER))

    def _frame_ends(self) -> None:
        frame = self._to_send.pop(0)
        answer = self._chip.exchange_frame(frame, _frame_bits(frame)) if frame >> 16 & 3 == 0 else 0
        if not frame & NO_PUSH:
            self._received.append(answer)
        control = self.values["DIRECT_CSR"]
        if control & AUTO_SELECT and not control & SELECT and not self._to_send:
            self._chip.deselect()
        self._tell_selected()
        self._start()

    # -- execution in place --------------------------------------------------------------------
    def format_written(self, _written: int, _old: int) -> None:
        """M0_TIMING, M0_RFMT."""
        self._tune()

    def translated(self, _written: int, _old: int) -> None:
        """ATRANSn: other addresses of the chip than those of reset."""
        number = (self.access_offset - 0x34) // 4
        if self.values[f"ATRANS{number}"] != TRANSLATIONS[number]:
            self.report(f"ATRANS{number}", "write", "address translation: windows show the flash as it lies")

    def _tune(self) -> None:
        """Tell the memory model what a line, and a word beside the cache, cost."""
        form, divider = self.values["M0_RFMT"], self.field("M0_TIMING", 0, 8) or MOST_DIVIDER
        clocks = (BYTE_BITS if form >> 12 & 1 else 0) // LANES[form & 3]
        clocks += ADDRESS_BITS // LANES[form >> 2 & 3]
        clocks += (BYTE_BITS if form >> 14 & 3 == 2 else 0) // LANES[form >> 4 & 3]
        clocks += 4 * (form >> 16 & 7) // LANES[form >> 6 & 3]
        lanes = LANES[form >> 8 & 3] * (2 if form >> 28 & 1 else 1)
        line, word = clocks + LINE_BITS // lanes, clocks + WORD_BITS // lanes
        self.context.tuning.configure(self.parameters.accelerator, bus_cycles=line * divider)
        self.context.tuning.configure(self.parameters.uncached, wait_states=word * divider)


def _frame_bits(frame: int) -> int:
    return 2 * BYTE_BITS if frame & WIDE else BYTE_BITS
