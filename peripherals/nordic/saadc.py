"""SAADC, the analogue-to-digital converter of nRF52 and nRF53 (product specifications, chapter "SAADC").

A pin's voltage is the signal ``analog:AINn`` in millivolts, 0 where nothing drives it; the supply has 3 V.
Modelled: channels with gain, reference, acquisition time and differential inputs, resolution, oversampling,
buffers by EasyDMA, limits, the pace of SAMPLERATE, calibration. A conversion takes its acquisition time and 2
us (electrical specification, typical), a calibration 8 us (guess). There is no noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from emulator.device import DeviceContext, NothingAnswers
from peripherals.nordic.easy_dma import NO_MEMORY
from peripherals.nordic.event_device import EventDevice
from peripherals.nordic.power_clock import PERIPHERAL_CLOCK, TICKS_A_US
from peripherals.parts.paced_deadline import PacedDeadline
from peripherals.parts.twos_complement import signed
from peripherals.register_device import Register, read_only

CHANNELS, SAMPLE_BYTES = 8, 2
ANALOG_INPUTS, SUPPLY = range(1, 9), 9
SUPPLY_MV, INTERNAL_MV = 3000, 600
GAINS = ((1, 6), (1, 5), (1, 4), (1, 3), (1, 2), (1, 1), (2, 1), (4, 1))
ACQUISITION_US = (3, 5, 10, 15, 20, 40)
CONVERSION_US, CALIBRATION_US = 2, 8
DIFFERENTIAL, BURST = 1 << 20, 1 << 24
RESOLUTIONS = (8, 10, 12, 14)
PACED, PACE = 1 << 12, 0x7FF
BUSY = 1


class Saadc(EventDevice):
    """The converter."""

    TASKS: ClassVar = {"START": 0x000, "SAMPLE": 0x004, "STOP": 0x008, "CALIBRATEOFFSET": 0x00C}
    REGISTERS = (
        read_only(0x400, "STATUS", on_read="status"),
        Register(0x500, "ENABLE", writable=1, on_write="enabled"),
        *(
            row
            for n in range(CHANNELS)
            for row in (
                Register(0x510 + 0x10 * n, f"CH{n}_PSELP", writable=0x1F),
                Register(0x514 + 0x10 * n, f"CH{n}_PSELN", writable=0x1F),
                Register(0x518 + 0x10 * n, f"CH{n}_CONFIG", 0x20000, writable=0x1171733),
                Register(0x51C + 0x10 * n, f"CH{n}_LIMIT", 0x7FFF8000),
            )
        ),
        Register(0x5F0, "RESOLUTION", 0x1, writable=0x7),
        Register(0x5F4, "OVERSAMPLE", writable=0xF),
        Register(0x5F8, "SAMPLERATE", writable=PACED | PACE, on_write="paced"),
        Register(0x62C, "RESULT_PTR"),
        Register(0x630, "RESULT_MAXCNT", writable=0x7FFF),
        read_only(0x634, "RESULT_AMOUNT"),
    )
    STATE = ("_started", "_next", "_left", "_taken")

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._conversion = PacedDeadline(context, "conversion", PERIPHERAL_CLOCK, self._converted)
        self._calibration = PacedDeadline(context, "calibration", PERIPHERAL_CLOCK, self._calibrated)
        self._pace = PacedDeadline(context, "pace", PERIPHERAL_CLOCK, self.task_sample)
        self._stop_all()

    def events(self) -> Mapping[str, int]:
        """Of the converter, and two limits a channel."""
        limits = {
            f"CH{n}_LIMIT{kind}": 0x118 + 8 * n + place
            for n in range(CHANNELS)
            for kind, place in (("H", 0), ("L", 4))
        }
        return {
            "STARTED": 0x100, "END": 0x104, "DONE": 0x108, "RESULTDONE": 0x10C, "CALIBRATEDONE": 0x110,
            "STOPPED": 0x114, **limits,
        }  # fmt: skip

    def reset(self) -> None:
        """Off."""
        super().reset()
        for deadline in (self._conversion, self._calibration, self._pace):
            deadline.disarm()
        self._stop_all()

    # -- effects -----------------------------------------------------------------------------
    def enabled(self, _written: int, _old: int) -> None:
        """ENABLE: off stops all."""
        if not self.values["ENABLE"]:
            self._conversion.disarm()
            self._pace.disarm()
            self._stop_all()

    def status(self) -> int:
        """STATUS."""
        return BUSY if self._conversion.armed else 0

    def paced(self, _written: int, _old: int) -> None:
        """SAMPLERATE: without a timer nothing samples by itself."""
        if not self.values["SAMPLERATE"] & PACED:
            self._pace.disarm()

    # -- tasks -------------------------------------------------------------------------------
    def task_start(self) -> None:
        """Fill a buffer from now on."""
        if self.values["ENABLE"]:
            self._started, self._taken = True, 0
            self._next, self._left = self.values["RESULT_PTR"], self.values["RESULT_MAXCNT"]
            self.values["RESULT_AMOUNT"] = 0
            self.fire("STARTED")

    def task_sample(self) -> None:
        """Convert every channel that has an input."""
        if not self._started or not self._channels():
            return
        if not self._conversion.armed:
            microseconds = sum(self._conversion_us(n) for n in self._channels())
            self._conversion.arm(TICKS_A_US * microseconds)
        rate = self.values["SAMPLERATE"]
        if rate & PACED:
            self._pace.arm(max(1, rate & PACE))

    def task_stop(self) -> None:
        """No more samples."""
        self._conversion.disarm()
        self._pace.disarm()
        self._stop_all()
        self.fire("STOPPED")

    def task_calibrateoffset(self) -> None:
        """There is no offset, which takes its time to find out."""
        self._calibration.arm(TICKS_A_US * CALIBRATION_US)

    # -- inside ------------------------------------------------------------------------------
    def _stop_all(self) -> None:
        self._started = False
        self._next = self._left = self._taken = 0

    def _channels(self) -> list[int]:
        return [n for n in range(CHANNELS) if self.values[f"CH{n}_PSELP"]]

    def _repeats(self, channel: int) -> int:
        """Conversions that one SAMPLE makes of a channel."""
        burst = self.values[f"CH{channel}_CONFIG"] & BURST
        return 1 << self.values["OVERSAMPLE"] if burst else 1

    def _conversion_us(self, channel: int) -> int:
        code = min(self.field(f"CH{channel}_CONFIG", 16, 3), len(ACQUISITION_US) - 1)
        return self._repeats(channel) * (ACQUISITION_US[code] + CONVERSION_US)

    def _millivolts(self, selection: int) -> int:
        if selection in ANALOG_INPUTS:
            return self.context.signals.get(f"analog:AIN{selection - 1}")
        return SUPPLY_MV if selection == SUPPLY else 0

    def _value(self, channel: int) -> int:
        """V * gain / reference * 2^(resolution - m), m 1 for differential inputs; within its range."""
        config = self.values[f"CH{channel}_CONFIG"]
        differential = bool(config & DIFFERENTIAL)
        volts = self._millivolts(self.values[f"CH{channel}_PSELP"])
        if differential:
            volts -= self._millivolts(self.values[f"CH{channel}_PSELN"])
        up, down = GAINS[config >> 8 & 7]
        reference = SUPPLY_MV // 4 if config & 1 << 12 else INTERNAL_MV
        bits = RESOLUTIONS[min(self.values["RESOLUTION"], len(RESOLUTIONS) - 1)] - differential
        lowest = -(1 << bits) if differential else 0
        return max(lowest, min((1 << bits) - 1, volts * up * (1 << bits) // (down * reference)))

    def _converted(self) -> None:
        channels = self._channels()
        self._taken += 1
        self.fire("DONE")
        averaged = len(channels) > 1 or any(self._repeats(n) > 1 for n in channels)
        if not averaged and self._taken < 1 << self.values["OVERSAMPLE"]:
            return
        self._taken = 0
        for channel in channels:
            self._store(channel)

    def _store(self, channel: int) -> None:
        if not self._left:
            return
        value = self._value(channel)
        try:
            self.context.memory.write(self._next, SAMPLE_BYTES, value & 0xFFFF)
        except NothingAnswers:
            self.report("RESULT_PTR", "write", NO_MEMORY)
        self._next, self._left = self._next + SAMPLE_BYTES, self._left - 1
        self.values["RESULT_AMOUNT"] += 1
        self.fire("RESULTDONE")
        limit = self.values[f"CH{channel}_LIMIT"]
        if value > signed(limit >> 16, 16):
            self.fire(f"CH{channel}_LIMITH")
        if value < signed(limit, 16):
            self.fire(f"CH{channel}_LIMITL")
        if not self._left:
            self._started = False
            self._pace.disarm()
            self.fire("END")

    def _calibrated(self) -> None:
        self.fire("CALIBRATEDONE")
