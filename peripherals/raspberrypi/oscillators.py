"""The crystal and the ring oscillator (RP2040 datasheet 2.16 and 2.17, RP2350 8.2 and 8.3).

Each tells CLOCKS its frequency on the signal ``clock:NAME``, 0 while it does not run. The crystal is
stable after 256 * STARTUP.DELAY of its own periods (2.16.3); the ring oscillator at once. Its
frequency varies from chip to chip: 6.5 MHz with the divider of 16 is what 2.17.1 calls typical. RANDOMBIT is
a pseudo-random sequence, the same in each run. DORMANT is not modelled, and told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar

from emulator.clock.clock import PICOSECONDS_PER_SECOND
from emulator.device import DeviceContext, DeviceParameters
from emulator.schema.table import about
from peripherals.parts.pseudo_random import shifted
from peripherals.parts.timed_deadline import TimedDeadline
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register, read_only

ENABLE, DISABLE = 0xFAB, 0xD1E
DORMANT, WAKE = 0x636F6D61, 0x77616B65  # "coma", "wake"
ENABLE_SHIFT = 12
STABLE, BAD_WRITE, ENABLED, DIV_RUNNING = 1 << 31, 1 << 24, 1 << 12, 1 << 16
RANGES = (0xAA0, 0xAA1, 0xAA2, 0xAA3)
DELAY_PERIODS = 256
RESET_DIVIDER, DIVIDER_PASS, MOST_DIVIDER = 16, 0xAA0, 32
FIRST_RANDOM, RANDOM_TAPS = 0xACE1, 0xB400


class XoscParameters(DeviceParameters, frozen=True):
    """What the board fits."""

    crystal_hz: Annotated[
        int, about("The crystal; 0: none.", unit="Hz", at_least=0, at_most=50_000_000, example=12_000_000)
    ] = 12_000_000


class Oscillator(AtomicRegisters):
    """What both are."""

    def dormant_written(self, _written: int, _old: int) -> None:
        """DORMANT: it would stop until a pin wakes the chip."""
        if self.values["DORMANT"] == DORMANT:
            self.report("DORMANT", "write", "the dormant state")

    def tell(self, hz: int) -> None:
        """CLOCKS hears how fast it runs; 0: it does not."""
        self.context.signals.set(f"clock:{self.context.name}", hz)


class Xosc(Oscillator):
    """The crystal oscillator."""

    PARAMETERS = XoscParameters
    parameters: XoscParameters
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "CTRL", writable=0xFFFFFF, on_write="control_written"),
        Register(0x04, "STATUS", writable=0, w1c=BAD_WRITE),
        Register(0x08, "DORMANT", WAKE, on_write="dormant_written"),
        Register(0x0C, "STARTUP", 0xC4, writable=0x103FFF),
        Register(0x1C, "COUNT", writable=0xFF),
    )
    PARTS = ("_started",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._started = TimedDeadline(context, "started", self._stable)

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._started.arm(None)
        self._tell()

    def control_written(self, _written: int, _old: int) -> None:
        """CTRL: on or off, by its key; another value of the field is a bad write."""
        key = self.field("CTRL", ENABLE_SHIFT, 12)
        if key not in (ENABLE, DISABLE) or self.field("CTRL", 0, 12) not in RANGES:
            self.set_bits("STATUS", BAD_WRITE)
        was_on = self.values["STATUS"] & ENABLED
        if key == DISABLE:
            self.clear_bits("STATUS", ENABLED | STABLE)
            self._started.arm(None)
        elif key == ENABLE and not was_on and self.parameters.crystal_hz:
            self.set_bits("STATUS", ENABLED)
            delay = self.field("STARTUP", 0, 14) * (4 if self.values["STARTUP"] >> 20 & 1 else 1)
            periods = max(1, DELAY_PERIODS * delay)
            later = periods * PICOSECONDS_PER_SECOND // self.parameters.crystal_hz
            self._started.arm(self.context.clock.picoseconds() + later)
        self._tell()

    def _stable(self) -> None:
        self.set_bits("STATUS", STABLE)
        self._tell()

    def _tell(self) -> None:
        runs = self.values["STATUS"] & STABLE
        self.tell(self.parameters.crystal_hz if runs else 0)


class Rosc(Oscillator):
    """The ring oscillator, on at reset."""

    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x00, "CTRL", ENABLE << ENABLE_SHIFT | 0xAA0, writable=0xFFFFFF, on_write="changed"),
        Register(0x04, "FREQA"),
        Register(0x08, "FREQB"),
        Register(0x0C, "DORMANT", WAKE, on_write="dormant_written"),
        Register(0x10, "DIV", DIVIDER_PASS + RESET_DIVIDER, writable=0xFFF, on_write="changed"),
        Register(0x14, "PHASE", 0x8, writable=0xFFF),
        Register(0x18, "STATUS", STABLE | DIV_RUNNING | ENABLED, writable=0, w1c=BAD_WRITE),
        read_only(0x1C, "RANDOMBIT", 0x1, on_read="random_bit"),
        Register(0x20, "COUNT", writable=0xFF),
    )
    RING_HZ: ClassVar[int] = 104_000_000
    PASS: ClassVar[int] = DIVIDER_PASS
    MOST: ClassVar[int] = MOST_DIVIDER
    STATE = ("_random",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._random = FIRST_RANDOM

    def reset(self) -> None:
        """On, at its slowest."""
        super().reset()
        self._random = FIRST_RANDOM
        self.changed(0, 0)

    def changed(self, _written: int, _old: int) -> None:
        """CTRL, DIV: on or off, and how fast."""
        on = self.field("CTRL", ENABLE_SHIFT, 12) != DISABLE
        self.put_bits("STATUS", STABLE | DIV_RUNNING | ENABLED, on)
        divider = self.values["DIV"] - self.PASS
        divider = divider or self.MOST if 0 <= divider < self.MOST else self.MOST  # 2.17.8, DIV
        self.tell(self.RING_HZ // divider if on else 0)

    def random_bit(self) -> int:
        """RANDOMBIT: the next of a sequence."""
        self.context.consumed()
        bit = self._random & 1
        self._random = shifted(self._random, RANDOM_TAPS)
        return bit


class Rp2350Xosc(Xosc):
    """RP2350's: COUNT stands elsewhere."""

    REGISTERS = (*Xosc.REGISTERS[:-1], Register(0x10, "COUNT", writable=0xFFFF))


class Rp2350Rosc(Rosc):
    """RP2350's: a register to randomise its drive besides; 11 MHz, typically, with the divider of reset."""

    RING_HZ, PASS, MOST = 32 * 11_000_000, 0xAA00, 128
    REGISTERS = (
        *Rosc.REGISTERS[:3],
        Register(0x0C, "RANDOM", 0x3F04B16D),
        *(
            replace(row, offset=row.offset + 4)
            if row.name != "DIV"
            else replace(row, offset=row.offset + 4, reset=0xAA20, writable=0xFFFF)
            for row in Rosc.REGISTERS[3:]
        ),
    )
