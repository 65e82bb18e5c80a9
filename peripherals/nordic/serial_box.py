"""SPI and TWI masters of nRF52 and nRF53, which share an instance's registers (chapters "SPIM" and "TWIM").

ENABLE says which one an instance is: 7 is SPIM, 6 TWIM, 1 and 5 the older ones without EasyDMA. Nobody is on
the wires: an SPI transfer takes its time and reads the level of the MISO pin; a TWI address is not
acknowledged, which is the ERROR event with ANACK in ERRORSRC. Slaves (SPIS, TWIS) are told as not modelled.
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import DeviceContext, NothingAnswers
from peripherals.nordic.easy_dma import BUFFERS, NO_MEMORY
from peripherals.nordic.event_device import EventDevice, Short
from peripherals.nordic.power_clock import PERIPHERAL_CLOCK, PERIPHERAL_HZ
from peripherals.parts.paced_deadline import PacedDeadline
from peripherals.register_device import Register, read_only

SPI, SPI_SLAVE, TWI, TWI_MASTER, SPI_MASTER, TWI_SLAVE = 1, 2, 5, 6, 7, 9
OFF = 0
BYTE_BITS, ADDRESS_BITS = 8, 10
ADDRESS_REFUSED = 1 << 1
NOT_CONNECTED, PORT_BIT, PIN = 1 << 31, 5, 0x1F
RATE_SHIFT = 28  # FREQUENCY / 2^28 is in MHz: 0x80000000 is 8 MHz, 0x02000000 is 125 kHz
FAST_RATES = {0x0A000000: 16_000_000, 0x14000000: 32_000_000}
TWI_RATES = {0x01980000: 100_000, 0x04000000: 250_000, 0x06400000: 400_000}


class SerialBox(EventDevice):
    """One instance."""

    TASKS: ClassVar = {
        "STARTRX": 0x000, "STARTTX": 0x008, "START": 0x010, "STOP": 0x014, "SUSPEND": 0x01C, "RESUME": 0x020,
    }  # fmt: skip
    EVENTS: ClassVar = {
        "STOPPED": 0x104, "READY": 0x108, "ENDRX": 0x110, "END": 0x118, "TXDSENT": 0x11C, "ENDTX": 0x120,
        "ERROR": 0x124, "BB": 0x138, "SUSPENDED": 0x148, "STARTED": 0x14C, "TXSTARTED": 0x150,
        "LASTRX": 0x15C, "LASTTX": 0x160,
    }  # fmt: skip
    SHORTCUTS = (
        Short(7, "LASTTX", "STARTRX"), Short(8, "LASTTX", "SUSPEND"), Short(9, "LASTTX", "STOP"),
        Short(10, "LASTRX", "STARTTX"), Short(12, "LASTRX", "STOP"), Short(17, "END", "START"),
    )  # fmt: skip
    REGISTERS = (
        read_only(0x400, "STALLSTAT"),
        Register(0x4C4, "ERRORSRC", writable=0, w1c=0x7),
        Register(0x500, "ENABLE", writable=0xF, on_write="enabled"),
        Register(0x508, "PSEL_SCK", 0xFFFFFFFF),
        Register(0x50C, "PSEL_MOSI", 0xFFFFFFFF),
        Register(0x510, "PSEL_MISO", 0xFFFFFFFF),
        Register(0x514, "PSEL_CSN", 0xFFFFFFFF),
        read_only(0x518, "RXD", on_read="byte_taken"),
        Register(0x51C, "TXD", writable=0xFF, on_write="byte_written"),
        Register(0x524, "FREQUENCY", 0x04000000),
        *BUFFERS,
        Register(0x554, "CONFIG", writable=0x7),
        Register(0x560, "IFTIMING_RXDELAY", 0x2),
        Register(0x564, "IFTIMING_CSNDUR", 0x2),
        Register(0x568, "CSNPOL"),
        Register(0x56C, "PSELDCX", 0xFFFFFFFF),
        Register(0x570, "DCXCNT"),
        Register(0x588, "ADDRESS", writable=0x7F),
        Register(0x5C0, "ORC", writable=0xFF),
    )
    STATE = ("_waiting",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._transfer = PacedDeadline(context, "transfer", PERIPHERAL_CLOCK, self._ended)
        self._waiting = 0  # bytes of the older SPI that were written and not exchanged

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._transfer.disarm()
        self._waiting = 0

    # -- effects -----------------------------------------------------------------------------
    def enabled(self, written: int, _old: int) -> None:
        """ENABLE."""
        if written & 0xF in (SPI_SLAVE, TWI_SLAVE):
            self.report("ENABLE", "write", "a slave on SPI or TWI")
        if written & 0xF == OFF:
            self._transfer.disarm()
            self._waiting = 0

    def byte_written(self, _written: int, _old: int) -> None:
        """TXD: the older SPI exchanges a byte."""
        if self._mode() == SPI:
            self._waiting += 1
            if not self._transfer.armed:
                self._transfer.arm(self._ticks(BYTE_BITS))

    def byte_taken(self) -> int:
        """RXD: what MISO had."""
        self.context.consumed()
        return self._level()

    # -- tasks -------------------------------------------------------------------------------
    def task_start(self) -> None:
        """SPIM: exchange the buffers."""
        if self._mode() == SPI_MASTER:
            count = max(self.values["TXD_MAXCNT"], self.values["RXD_MAXCNT"])
            self.fire("STARTED")
            self._transfer.arm(max(1, self._ticks(BYTE_BITS * count)))

    def task_startrx(self) -> None:
        """TWI: address and read."""
        self._address("STARTED")

    def task_starttx(self) -> None:
        """TWI: address and write."""
        self._address("TXSTARTED")

    def task_stop(self) -> None:
        """Stop."""
        self._transfer.disarm()
        self.fire("STOPPED")

    def task_suspend(self) -> None:
        """TWI: hold the clock."""
        self.fire("SUSPENDED")

    def task_resume(self) -> None:
        """Nothing is held."""

    # -- inside ------------------------------------------------------------------------------
    def _mode(self) -> int:
        return self.values["ENABLE"]

    def _address(self, event: str) -> None:
        if self._mode() in (TWI, TWI_MASTER):
            if self._mode() == TWI_MASTER:
                self.fire(event)
            self._transfer.arm(self._ticks(ADDRESS_BITS))

    def _ticks(self, bits: int) -> int:
        """Clocks of 16 MHz that so many bits take."""
        frequency = self.values["FREQUENCY"]
        if self._mode() in (TWI, TWI_MASTER):
            hz = TWI_RATES.get(frequency, min(TWI_RATES.values()))
        else:
            hz = FAST_RATES.get(frequency) or max(1, frequency * 1_000_000 >> RATE_SHIFT)
        return max(1, -(-bits * PERIPHERAL_HZ // hz))

    def _level(self) -> int:
        """A byte of what is on MISO."""
        pin = self.values["PSEL_MISO"]
        if pin & NOT_CONNECTED:
            return 0
        return 0xFF if self.context.signals.get(f"P{pin >> PORT_BIT & 1}_{pin & PIN}") else 0

    def _ended(self) -> None:
        mode = self._mode()
        if mode == SPI_MASTER:
            self._fill()
            self.values["RXD_AMOUNT"] = self.values["RXD_MAXCNT"]
            self.values["TXD_AMOUNT"] = self.values["TXD_MAXCNT"]
            for event in ("ENDRX", "ENDTX", "END"):
                self.fire(event)
        elif mode == SPI:
            self._waiting -= 1
            if self._waiting:
                self._transfer.arm(self._ticks(BYTE_BITS))
            self.fire("READY")
        elif mode in (TWI, TWI_MASTER):
            self.values["RXD_AMOUNT"] = self.values["TXD_AMOUNT"] = 0
            self.set_bits("ERRORSRC", ADDRESS_REFUSED)
            self.fire("ERROR")

    def _fill(self) -> None:
        """What was read goes to memory."""
        try:
            for place in range(self.values["RXD_MAXCNT"]):
                self.context.memory.write(self.values["RXD_PTR"] + place, 1, self._level())
        except NothingAnswers:
            self.report("RXD_PTR", "write", NO_MEMORY)
