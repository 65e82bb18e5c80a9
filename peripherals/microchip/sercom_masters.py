"""SERCOM's masters of SPI and I2C with nobody on the wires.

DS40001882 (SAM D21) chapters 27 and 28, DS60001507 (SAM D5x/E5x) chapters 35 and 36. A character of SPI
takes its time and brings ones, or zeros where the board says so. An I2C bus is pulled up: an address is not
acknowledged (MB with RXNACK), and the master keeps the bus until it is told to stop. Time-outs, quick
commands and high speed have no rules of their own here; INACTOUT makes an unknown bus idle at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.device import DeviceContext
from peripherals.parts.paced_deadline import PacedDeadline

STATUS_SHIFT = 16
DATA_EMPTY, SENT, RECEIVED, ERROR, OVERFLOW = 1 << 0, 1 << 1, 1 << 2, 1 << 7, 1 << 2
NINE_BITS, RECEIVE_ON = 1, 1 << 17
DEPTH = 2
MASTER_ON_BUS, BUS_ERROR, NOT_ACKNOWLEDGED, CLOCK_HELD = 1 << 0, 1 << 0, 1 << 2, 1 << 7
STATE_SHIFT, STATE_MASK = 4, 3
UNKNOWN, IDLE, OWNER = range(3)
ADDRESS_PERIODS, BYTE_PERIODS, LEAST_PERIOD = 10, 9, 10
INACTIVE_SHIFT = 28
START_AGAIN, READ_BYTE, STOP = 1, 2, 3


class SpiMaster:
    """Characters out of a buffer of one, into a buffer of two.

    ``value(name)`` reads a register, ``flag(bits)`` sets bits of INTFLAG and, shifted, STATUS; ``moved()``
    says that something else has changed.
    """

    def __init__(
        self,
        context: DeviceContext,
        clock: str,
        miso: int,
        *,
        value: Callable[[str], int],
        flag: Callable[[int], None],
        moved: Callable[[], None],
    ) -> None:
        self._miso, self._value = miso, value
        self._flag, self._moved = flag, moved
        self._waiting: list[int] = []
        self._received: list[int] = []
        self._shift = PacedDeadline(context, "spi", clock, self._ended, is_work=True)

    def stop(self) -> None:
        """Off: everything is forgotten."""
        self._shift.disarm()
        self._waiting.clear()
        self._received.clear()

    def save(self) -> Any:
        """The two buffers."""
        return [list(self._waiting), list(self._received)]

    def load(self, state: Any) -> None:
        """Put them back."""
        self._waiting, self._received = (list(buffer) for buffer in state)

    def flags(self) -> int:
        """What INTFLAG shows beside what is kept."""
        return (0 if self._waiting else DATA_EMPTY) | (RECEIVED if self._received else 0)

    def write(self, data: int) -> None:
        """DATA: a character to send; one more than there is room for is lost."""
        if not self._waiting:
            self._waiting.append(data)
        self._next()

    def take(self) -> int | None:
        """DATA: the oldest received character."""
        return self._received.pop(0) if self._received else None

    def _bits(self) -> int:
        return 9 if self._value("CTRLB") & 7 == NINE_BITS else 8

    def _next(self) -> None:
        if self._waiting and not self._shift.armed:
            self._waiting.pop()
            self._shift.arm(self._bits() * 2 * ((self._value("BAUD") & 0xFF) + 1))

    def _ended(self) -> None:
        if self._value("CTRLB") & RECEIVE_ON:
            if len(self._received) < DEPTH:
                self._received.append((1 << self._bits()) - 1 if self._miso else 0)
            else:
                self._flag(OVERFLOW << STATUS_SHIFT | ERROR)
        self._next()
        if not self._shift.armed:
            self._flag(SENT)
        self._moved()


class I2cMaster:
    """Addresses that nobody acknowledges; the parameters are those of :class:`SpiMaster`."""

    def __init__(
        self,
        context: DeviceContext,
        clock: str,
        *,
        value: Callable[[str], int],
        flag: Callable[[int], None],
        moved: Callable[[], None],
    ) -> None:
        self._value, self._flag, self._moved = value, flag, moved
        self._bus = UNKNOWN
        self._waits = False  # on the bus with nothing to do: MB, the clock is held
        self._refused = False
        self._stopping = False
        self._wires = PacedDeadline(context, "i2c", clock, self._ended, is_work=True)

    def start(self) -> None:
        """On."""
        self._bus = IDLE if self._value("CTRLA") >> INACTIVE_SHIFT & 3 else UNKNOWN

    def stop(self) -> None:
        """Off."""
        self._wires.disarm()
        self._bus = UNKNOWN
        self._waits = self._refused = self._stopping = False

    def save(self) -> Any:
        """Where the transfer is."""
        return [self._bus, self._waits, self._refused, self._stopping]

    def load(self, state: Any) -> None:
        """Put it back."""
        self._bus, self._waits, self._refused, self._stopping = state

    def flags(self) -> int:
        """What INTFLAG and STATUS show beside what is kept."""
        status = self._bus << STATE_SHIFT | (NOT_ACKNOWLEDGED if self._refused else 0)
        status |= CLOCK_HELD if self._waits else 0
        return status << STATUS_SHIFT | (MASTER_ON_BUS if self._waits else 0)

    def flags_written(self, written: int) -> None:
        """INTFLAG.MB is cleared by writing 1; STATUS.BUSSTATE takes IDLE alone."""
        if written & MASTER_ON_BUS:
            self._waits = False
        if written >> STATUS_SHIFT + STATE_SHIFT & STATE_MASK == IDLE:
            self._bus = IDLE

    def address(self) -> None:
        """ADDR: a start condition, or one more, and the address."""
        if self._bus == UNKNOWN:
            self._waits = True
            self._flag(BUS_ERROR << STATUS_SHIFT | ERROR)
        else:
            self._bus = OWNER
            self._go_on(ADDRESS_PERIODS)

    def byte(self) -> None:
        """DATA: a byte for nobody."""
        if self._bus == OWNER and self._waits:
            self._go_on(BYTE_PERIODS)

    def command(self, command: int) -> None:
        """CTRLB.CMD."""
        if self._bus != OWNER or not command or self._wires.armed:
            return
        self._stopping = command == STOP
        self._go_on({START_AGAIN: ADDRESS_PERIODS, READ_BYTE: BYTE_PERIODS, STOP: 1}[command])

    def _go_on(self, periods: int) -> None:
        self._waits = False
        baud, low = self._value("BAUD") & 0xFF, self._value("BAUD") >> 8 & 0xFF
        self._wires.arm(periods * (LEAST_PERIOD + baud + (low or baud)))

    def _ended(self) -> None:
        if self._stopping:
            self._bus, self._stopping = IDLE, False
        else:
            self._waits = self._refused = True
        self._moved()
