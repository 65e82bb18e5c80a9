"""MPS2 FPGA system control I/O: LEDs, buttons and counters (Arm DAI 0385, DAI 0505).

The counters are computed when they are read. The prescaled counter divides the clock by
PRESCALE + 1. LEDs are signals ``led:0`` and ``led:1``. Parameter ``clock``.
"""

from __future__ import annotations

from emulator.device import ClockedParameters, DeviceContext
from peripherals.register_device import Register, RegisterDevice, read_only

SLOW_HZ, FAST_HZ = 1, 100
COUNTERS = ("CLK1HZ", "CLK100HZ", "COUNTER", "PSCNTR")
MASK = 0xFFFFFFFF


class FpgaIo(RegisterDevice):
    """LEDs and free-running counters."""

    PARAMETERS = ClockedParameters
    parameters: ClockedParameters
    REGISTERS = (
        Register(0x00, "LED0", writable=0x3, on_write="leds_changed"),
        read_only(0x08, "BUTTON"),
        Register(0x10, "CLK1HZ", writable=0, on_read="seconds", on_write="seconds_written"),
        Register(0x14, "CLK100HZ", writable=0, on_read="hundredths", on_write="hundredths_written"),
        Register(0x18, "COUNTER", writable=0, on_read="cycles", on_write="cycles_written"),
        Register(0x1C, "PRESCALE", on_write="prescaler_changed"),
        Register(0x20, "PSCNTR", writable=0, on_read="prescaled", on_write="prescaled_written"),
        Register(0x4C, "MISC"),
    )
    STATE = ("_offsets",)
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._offsets = dict.fromkeys(COUNTERS, 0)  # added to what the time alone gives

    def reset(self) -> None:
        """LEDs off; the counters start at 0."""
        super().reset()
        for name in COUNTERS:
            self._set_counter(name, 0)

    def leds_changed(self, _written: int, _old: int) -> None:
        """LED0: show."""
        for led in (0, 1):
            self.context.signals.set(f"led:{led}", self.values["LED0"] >> led & 1)

    def seconds(self) -> int:
        """CLK1HZ: seconds."""
        return self._counter("CLK1HZ")

    def hundredths(self) -> int:
        """CLK100HZ: hundredths of a second."""
        return self._counter("CLK100HZ")

    def cycles(self) -> int:
        """COUNTER: clocks."""
        return self._counter("COUNTER")

    def prescaled(self) -> int:
        """PSCNTR: clocks divided by PRESCALE + 1."""
        return self._counter("PSCNTR")

    def seconds_written(self, written: int, _old: int) -> None:
        """CLK1HZ: count on from here."""
        self._set_counter("CLK1HZ", written)

    def hundredths_written(self, written: int, _old: int) -> None:
        """CLK100HZ: count on from here."""
        self._set_counter("CLK100HZ", written)

    def cycles_written(self, written: int, _old: int) -> None:
        """COUNTER: count on from here."""
        self._set_counter("COUNTER", written)

    def prescaled_written(self, written: int, _old: int) -> None:
        """PSCNTR: count on from here."""
        self._set_counter("PSCNTR", written)

    def prescaler_changed(self, _written: int, old: int) -> None:
        """PRESCALE: the prescaled counter keeps its count."""
        new, self.values["PRESCALE"] = self.values["PRESCALE"], old
        count = self._counter("PSCNTR")
        self.values["PRESCALE"] = new
        self._set_counter("PSCNTR", count)

    def _elapsed(self, name: str) -> int:
        clock = self.context.clock
        if name == "CLK1HZ":
            return clock.picoseconds() * SLOW_HZ // 10**12
        if name == "CLK100HZ":
            return clock.picoseconds() * FAST_HZ // 10**12
        clocks = clock.ticks_in(clock.now(), self.clock_hz())
        return clocks if name == "COUNTER" else clocks // (self.values["PRESCALE"] + 1)

    def _counter(self, name: str) -> int:
        self.context.touch()
        return (self._elapsed(name) + self._offsets[name]) & MASK

    def _set_counter(self, name: str, value: int) -> None:
        self._offsets[name] = value - self._elapsed(name)
