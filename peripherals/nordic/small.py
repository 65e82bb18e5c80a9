"""Small devices of nRF52 and nRF53: random numbers and the die's temperature.

Sources: product specifications, chapters "RNG" and "TEMP". The random numbers are a fixed sequence, the
same in every run; a byte takes 30 us, with bias correction 120 us (RNG, electrical specification, typical).
The die has 25 degrees; a measurement takes 36 us (TEMP, electrical specification, typical).
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import DeviceContext
from peripherals.nordic.event_device import EventDevice, Short
from peripherals.nordic.power_clock import PERIPHERAL_CLOCK, TICKS_A_US
from peripherals.parts.paced_deadline import PacedDeadline
from peripherals.register_device import Register, read_only

BYTE_US, CORRECTED_BYTE_US, MEASUREMENT_US = 30, 120, 36
BIAS_CORRECTION = 1
SEED, MULTIPLIER, INCREMENT, STATE_MASK = 1, 6364136223846793005, 1442695040888963407, (1 << 64) - 1
"""A linear congruential sequence of 64 bits (Knuth, MMIX), whose highest byte is the value."""
QUARTER_DEGREES, DEGREES = 4, 25


class Rng(EventDevice):
    """Random numbers, one byte after another from START to STOP."""

    TASKS: ClassVar = {"START": 0x000, "STOP": 0x004}
    EVENTS: ClassVar = {"VALRDY": 0x100}
    SHORTCUTS = (Short(0, "VALRDY", "STOP"),)
    REGISTERS = (
        Register(0x504, "CONFIG", writable=BIAS_CORRECTION),
        read_only(0x508, "VALUE"),
    )
    STATE = ("_state",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._state = SEED
        self._byte = PacedDeadline(context, "byte", PERIPHERAL_CLOCK, self._ready)

    def reset(self) -> None:
        """Stopped, at the beginning of the sequence."""
        super().reset()
        self._byte.disarm()
        self._state = SEED

    def task_start(self) -> None:
        """Make bytes."""
        corrected = self.values["CONFIG"] & BIAS_CORRECTION
        self._byte.arm(TICKS_A_US * (CORRECTED_BYTE_US if corrected else BYTE_US))

    def task_stop(self) -> None:
        """Make no more."""
        self._byte.disarm()

    def _ready(self) -> None:
        self._state = (self._state * MULTIPLIER + INCREMENT) & STATE_MASK
        self.values["VALUE"] = self._state >> 56
        self.task_start()
        self.fire("VALRDY")  # its shortcut may stop


class Temp(EventDevice):
    """The die's temperature, in quarters of a degree."""

    TASKS: ClassVar = {"START": 0x000, "STOP": 0x004}
    EVENTS: ClassVar = {"DATARDY": 0x100}
    REGISTERS = (
        read_only(0x508, "TEMP"),
        *(Register(0x520 + 4 * i, f"A{i}", writable=0xFFF) for i in range(6)),
        *(Register(0x540 + 4 * i, f"B{i}", writable=0x3FFF) for i in range(6)),
        *(Register(0x560 + 4 * i, f"T{i}", writable=0xFF) for i in range(5)),
    )

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._measurement = PacedDeadline(context, "measurement", PERIPHERAL_CLOCK, self._ready)

    def reset(self) -> None:
        """Nothing is measured."""
        super().reset()
        self._measurement.disarm()

    def task_start(self) -> None:
        """Measure once."""
        self._measurement.arm(TICKS_A_US * MEASUREMENT_US)

    def task_stop(self) -> None:
        """Don't."""
        self._measurement.disarm()

    def _ready(self) -> None:
        self.values["TEMP"] = DEGREES * QUARTER_DEGREES
        self.fire("DATARDY")
