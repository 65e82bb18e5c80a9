"""What the TCs of SAM D21 and SAM D5x/E5x share: a counter of 8, 16 or 32 bits with two compare channels.

It counts its GCLK divided by the prescaler, up or down, once or again and again; wraps and matches set
flags. In MFRQ and MPWM the top is CC0. A counter of 32 bits takes the next TC's part; that one's own
registers are not bound to it. Waveforms on pins, captures and events are not modelled; synchronization
takes no time.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

from emulator.device import ClockedParameters, ClockName, DeviceContext
from emulator.schema.table import about
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.parts.counter import DOWN, UP
from peripherals.register_device import RegisterDevice

SOFTWARE_RESET, ENABLE = 1 << 0, 1 << 1
PRESCALERS = (1, 2, 4, 8, 16, 64, 256, 1024)
WIDTHS = (16, 8, 32, 16)
OVERFLOW, MATCHES = 1 << 0, (1 << 4, 1 << 5)
FLAGS = 0x3B
FLAG_SHIFT, STATUS_SHIFT = 16, 24
DIRECTION, ONE_SHOT = 1 << 0, 1 << 2
RETRIGGER, STOP = 1, 2
BY_CHANNEL = (1, 3)
MOST = 0xFFFFFFFF


class TcParameters(ClockedParameters, frozen=True):
    """The generic clock that it counts."""

    clock: Annotated[ClockName, about("Its GCLK.", names_a="clock", example="tc3")] = "core"


class AnyTc(RegisterDevice):
    """One TC. Bytes that share a word are one register: INTENCLR, INTENSET, INTFLAG and STATUS are INTFLAG.

    A chip adds the registers, ``STOPPED`` of STATUS, the flags that are always ``READY``, and where CTRLBSET
    has its command.
    """

    PARAMETERS = TcParameters
    parameters: TcParameters
    LINES = ("global",)
    STOPPED: ClassVar[int]
    READY: ClassVar[int]
    COMMAND_SHIFT: ClassVar[int]
    STATE = ("_enables", "_control")
    PARTS = ("_counter",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._enables = 0
        self._control = 0
        self._counter = ClockedCounter(
            context,
            "count",
            self.parameters.clock,
            MOST,
            on_event=self._plan,
            on_wrap=self._wrapped,
            on_span=self._spanned,
        )

    def reset(self) -> None:
        """Off, at 0."""
        super().reset()
        self._enables = self._control = 0
        self._counter.restart(reload=0xFFFF)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store; what has happened until now has set its flags."""
        self._counter.catch_up()
        super().write(offset, size_bytes, value)
        self._settle_counter()

    # -- effects ---------------------------------------------------------------------------
    def control_changed(self, written: int, old: int) -> None:
        """CTRLA: reset, on or off, width, waveform, prescaler."""
        if written & SOFTWARE_RESET:
            self.reset()
        elif self.values["CTRLA"] & ENABLE and not old & ENABLE:
            self._counter.state.running = True
            self._counter.restart_clock()
        elif old & ENABLE and not self.values["CTRLA"] & ENABLE:
            self._counter.state.running = False

    def control_b(self) -> int:
        """CTRLBCLR and CTRLBSET both read it."""
        return self.values["CTRLB"] | self._control | self._control << 8

    def control_b_written(self, written: int, _old: int) -> None:
        """CTRLBCLR below, CTRLBSET above: direction, one shot, commands."""
        below, above = written & 0xFF, written >> 8 & 0xFF
        self._control = (self._control & ~below | above) & (DIRECTION | ONE_SHOT)
        command = above >> self.COMMAND_SHIFT
        if command == RETRIGGER and self.values["CTRLA"] & ENABLE:
            self._start()
        elif command == STOP:
            self._counter.state.running = False

    def flags(self) -> int:
        """INTENCLR, INTENSET, INTFLAG, STATUS."""
        self._counter.catch_up()
        stopped = 0 if self._counter.state.running else self.STOPPED << STATUS_SHIFT
        flags = self.values["INTFLAG"] & FLAGS << FLAG_SHIFT | self.READY << FLAG_SHIFT
        self.context.touch()
        return flags | stopped | self._enables | self._enables << 8

    def enables_written(self, written: int, _old: int) -> None:
        """INTENCLR below, INTENSET above it; INTFLAG is cleared by ones."""
        self._enables = (self._enables & ~written | written >> 8) & FLAGS
        self._refresh()

    def count(self) -> int:
        """COUNT at this very cycle."""
        return self._counter.read()

    def count_written(self, _written: int, _old: int) -> None:
        """COUNT."""
        self._counter.state.count = self.values["COUNT"] & self._mask()
        self._counter.restart_clock()

    def changed(self, _written: int, _old: int) -> None:
        """PER, CCn: in force at once."""

    # -- a chip's own ----------------------------------------------------------------------
    @abstractmethod
    def waveform(self) -> int:
        """WAVEGEN."""

    @abstractmethod
    def period(self) -> int:
        """PER of a counter of 8 bits."""

    # -- inside ----------------------------------------------------------------------------
    def _mask(self) -> int:
        return (1 << WIDTHS[self.field("CTRLA", 2, 2)]) - 1

    def _channels(self) -> tuple[int, int]:
        """CC0 and CC1; with less than 32 bits both are in one word."""
        width = WIDTHS[self.field("CTRLA", 2, 2)]
        if width == 32:
            return self.values["CC0"], self.values["CC1"]
        word, mask = self.values["CC0"], self._mask()
        return word & mask, word >> width & mask

    def _top(self) -> int:
        if self.waveform() in BY_CHANNEL:
            return self._channels()[0]
        return self.period() if WIDTHS[self.field("CTRLA", 2, 2)] == 8 else self._mask()

    def _start(self) -> None:
        state = self._counter.state
        falls = self._control & DIRECTION
        state.count = self._top() if falls else 0
        state.running = True
        self._counter.restart_clock()

    def _settle_counter(self) -> None:
        state = self._counter.state
        state.direction = DOWN if self._control & DIRECTION else UP
        state.reload = self._top()
        state.prescaler = PRESCALERS[self.field("CTRLA", 8, 3)] - 1
        self._plan()

    def _plan(self) -> None:
        self._counter.plan([*self._channels(), *(value + 1 for value in self._channels())])

    def _wrapped(self) -> None:
        if self._control & ONE_SHOT:
            self._counter.state.running = False
        self._raise(OVERFLOW)

    def _spanned(self, low: int, high: int) -> None:
        for value, flag in zip(self._channels(), MATCHES, strict=True):
            if low <= value <= high:
                self._raise(flag)

    def _raise(self, flag: int) -> None:
        self.set_bits("INTFLAG", flag << FLAG_SHIFT)
        self._refresh()

    def _refresh(self) -> None:
        self.line("global").set_level(bool(self.values["INTFLAG"] >> FLAG_SHIFT & self._enables))
