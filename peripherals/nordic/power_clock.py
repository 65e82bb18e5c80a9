"""Clock and power control of nRF52 and nRF53 (product specifications, chapters "CLOCK" and "POWER").

The core runs at 64 MHz from the moment of reset, whichever oscillator is behind it; on nRF5340 also at
128 MHz (HFCLKCTRL). Modelled: the oscillators' start-up times and events, LFCLK as the real-time counters
see it, calibration, the causes of the last reset, registers that outlive it. Both oscillators of LFCLK are
taken as exactly 32,768 Hz. Start-up times: see :data:`STARTS`. Not modelled, and reported: System OFF,
power failure warnings. The network core of an nRF5340 stays off: releasing it is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from emulator.device import POWER_ON, RESET_PIN, SOFTWARE, DeviceContext, reset_cause
from emulator.schema.table import about
from peripherals.nordic.event_device import EventDevice, EventParameters
from peripherals.parts.clock_outputs import ClockOutputs
from peripherals.parts.paced_deadline import PacedDeadline
from peripherals.parts.reset_flags import flags_after_reset
from peripherals.register_device import Register, clears, read_only, sets

HIGH_HZ, PERIPHERAL_HZ, LOW_HZ = 64_000_000, 16_000_000, 32_768
TICKS_A_US = PERIPHERAL_HZ // 1_000_000
CRYSTAL, RUNNING = 1, 1 << 16
PERIPHERAL_CLOCK = "pclk16m"
LOW_START_TICKS, CRYSTAL_START_TICKS, SYNTHESIZED_START_TICKS = 9_600, 4_000_000, 1_600
HIGH_START_TICKS, CALIBRATION_TICKS = 5_760, 264_000
"""Of 16 MHz: LFRC 600 us, LFXO 0.25 s, HFXO 0.36 ms (nRF52840 PS v1.7 and nRF5340 PS v1.3, CLOCK, electrical
specification, typical; trm). LFSYNT starts when HFXO runs (100 us) and a calibration takes 16.5 ms: guess."""
ALL_CAUSES = 0x1F000F


class PowerClockParameters(EventParameters, frozen=True):
    """What differs between chips."""

    ram_blocks: Annotated[
        int, about("RAM blocks that RAM[n].POWER switches.", unit="blocks", at_least=0, at_most=9, example=9)
    ] = 8


class PowerClock(EventDevice):
    """CLOCK and POWER of nRF52, which share their registers' space."""

    PARAMETERS = PowerClockParameters
    parameters: PowerClockParameters
    TASKS: ClassVar = {
        "HFCLKSTART": 0x000, "HFCLKSTOP": 0x004, "LFCLKSTART": 0x008, "LFCLKSTOP": 0x00C, "CAL": 0x010,
        "CTSTART": 0x014, "CTSTOP": 0x018, "CONSTLAT": 0x078, "LOWPWR": 0x07C,
    }  # fmt: skip
    EVENTS: ClassVar = {
        "HFCLKSTARTED": 0x100, "LFCLKSTARTED": 0x104, "POFWARN": 0x108, "DONE": 0x10C, "CTTO": 0x110,
        "SLEEPENTER": 0x114, "SLEEPEXIT": 0x118, "USBDETECTED": 0x11C, "USBREMOVED": 0x120,
        "USBPWRRDY": 0x124, "CTSTARTED": 0x128, "CTSTOPPED": 0x12C,
    }  # fmt: skip
    REGISTERS: ClassVar[tuple[Register, ...]] = (
        Register(0x400, "RESETREAS", writable=0, w1c=ALL_CAUSES),
        read_only(0x408, "HFCLKRUN"),
        read_only(0x40C, "HFCLKSTAT", RUNNING),
        read_only(0x414, "LFCLKRUN"),
        read_only(0x418, "LFCLKSTAT"),
        read_only(0x41C, "LFCLKSRCCOPY"),
        read_only(0x428, "RAMSTATUS", 0xF),
        read_only(0x438, "USBREGSTATUS"),
        Register(0x500, "SYSTEMOFF", writable=0, on_write="switched_off"),
        Register(0x510, "POFCON", writable=0xF1F, on_write="warning_set"),
        Register(0x518, "LFCLKSRC", writable=0x30003),
        Register(0x51C, "GPREGRET", writable=0xFF),
        Register(0x520, "GPREGRET2", writable=0xFF),
        Register(0x524, "RAMON", 0x3, writable=0x30003),
        Register(0x528, "HFXODEBOUNCE", 0x10, writable=0xFF),
        Register(0x538, "CTIV", writable=0x7F),
        Register(0x554, "RAMONB", 0x3, writable=0x30003),
        Register(0x55C, "TRACECONFIG", writable=0x30003),
        Register(0x578, "DCDCEN", writable=1),
        Register(0x580, "DCDCEN0", writable=1),
        Register(0x5B4, "LFRCMODE", writable=1),
        read_only(0x640, "MAINREGSTATUS"),
    )
    KEPT = ("GPREGRET", "GPREGRET2")
    SOURCE_RC: ClassVar[int] = 0  # of LFCLK; the crystal is the next
    CAUSES: ClassVar[Mapping[str, int]] = {
        POWER_ON: 0, RESET_PIN: 1 << 0, "watchdog": 1 << 1, SOFTWARE: 1 << 2,
    }  # fmt: skip
    PARTS = ("_outputs",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._outputs = ClockOutputs(context.clocks)
        clock = PERIPHERAL_CLOCK
        self._high = PacedDeadline(context, "hfclk", clock, self._high_started)
        self._low = PacedDeadline(context, "lfclk", clock, self._low_started)
        self._crystal = PacedDeadline(context, "lfxo", clock, self._crystal_started)
        self._calibration = PacedDeadline(context, "cal", clock, lambda: self.fire("DONE"))
        self._timer = PacedDeadline(context, "ct", clock, lambda: self.fire("CTTO"))

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """The core's clock, the peripherals', and LFCLK."""
        return ("core", PERIPHERAL_CLOCK, "lfclk", "lfrc")

    def register_table(self) -> tuple[Register, ...]:
        """Add the RAM blocks' switches."""
        return (*super().register_table(), *self._ram_rows())

    def _ram_rows(self) -> Iterable[Register]:
        for block in range(self.parameters.ram_blocks):
            at, name = 0x900 + 0x10 * block, f"RAM{block}_POWER"
            yield Register(at, name, 0xFFFF)
            yield sets(at + 4, f"{name}SET", name, shows=name)
            yield clears(at + 8, f"{name}CLR", name, shows=name)

    # -- RegisterDevice ----------------------------------------------------------------------
    def reset(self) -> None:
        """HFINT runs, LFCLK stands; what outlives a reset stays."""
        signals = self.context.signals
        flags = flags_after_reset(signals, self.values["RESETREAS"], self.CAUSES)
        powered = not any(signals.get(reset_cause(cause)) for cause in self.CAUSES if cause != POWER_ON)
        kept = {name: 0 if powered else self.values[name] for name in self.KEPT}
        super().reset()
        self.values.update(kept, RESETREAS=flags)
        for deadline in (self._high, self._low, self._crystal, self._calibration, self._timer):
            deadline.disarm()
        self._outputs.forget()
        self._publish()

    # -- tasks -------------------------------------------------------------------------------
    def task_hfclkstart(self) -> None:
        """HFXO starts; when it runs already, the event comes at once."""
        self.values["HFCLKRUN"] = 1
        if self.values["HFCLKSTAT"] & CRYSTAL:
            self.fire("HFCLKSTARTED")
        elif not self._high.armed:
            self._high.arm(HIGH_START_TICKS)

    def task_hfclkstop(self) -> None:
        """Back to HFINT."""
        self._high.disarm()
        self.values["HFCLKRUN"] = 0
        self.values["HFCLKSTAT"] = RUNNING

    def task_lfclkstart(self) -> None:
        """LFRC starts, whichever source is selected; a crystal takes over when it is stable."""
        self.values["LFCLKRUN"] = 1
        self.values["LFCLKSRCCOPY"] = self.values["LFCLKSRC"] & 3
        if self.values["LFCLKSTAT"] & RUNNING:
            self._low_started()
        elif not self._low.armed:
            self._low.arm(LOW_START_TICKS)

    def task_lfclkstop(self) -> None:
        """LFCLK stands still."""
        self._low.disarm()
        self._crystal.disarm()
        self.values["LFCLKRUN"] = self.values["LFCLKSTAT"] = 0
        self._publish()

    def task_cal(self) -> None:
        """Calibrate LFRC."""
        self._calibration.arm(CALIBRATION_TICKS)

    def task_ctstart(self) -> None:
        """The calibration timer starts; CTIV counts quarters of a second."""
        self.fire("CTSTARTED")
        self._timer.arm(max(1, self.values["CTIV"]) * PERIPHERAL_HZ // 4)

    def task_ctstop(self) -> None:
        """And stops."""
        self._timer.disarm()
        self.fire("CTSTOPPED")

    def task_constlat(self) -> None:
        """Constant latency: nothing here depends on it."""

    def task_lowpwr(self) -> None:
        """Low power: nothing here depends on it."""

    # -- effects -----------------------------------------------------------------------------
    def switched_off(self, written: int, _old: int) -> None:
        """SYSTEMOFF: the model stays on."""
        if written & 1:
            self.report("SYSTEMOFF", "write", "System OFF")

    def warning_set(self, _written: int, _old: int) -> None:
        """POFCON: the supply never fails."""
        if self.values["POFCON"] & 1:
            self.report("POFCON", "write", "power failure warnings")

    # -- inside ------------------------------------------------------------------------------
    def _high_started(self) -> None:
        self.values["HFCLKSTAT"] = RUNNING | CRYSTAL
        self.fire("HFCLKSTARTED")

    def _low_started(self) -> None:
        source = self.values["LFCLKSRCCOPY"]
        if source <= self.SOURCE_RC or self.values["LFCLKSTAT"] == RUNNING | source:
            self.values["LFCLKSTAT"] = RUNNING | source
            self._publish()
            self.fire("LFCLKSTARTED")
            return
        self.values["LFCLKSTAT"] = RUNNING | self.SOURCE_RC
        self._publish()
        if not self._crystal.armed:
            is_crystal = source == self.SOURCE_RC + 1
            self._crystal.arm(CRYSTAL_START_TICKS if is_crystal else SYNTHESIZED_START_TICKS)

    def _crystal_started(self) -> None:
        self.values["LFCLKSTAT"] = RUNNING | self.values["LFCLKSRCCOPY"]
        self.fire("LFCLKSTARTED")

    def _publish(self) -> None:
        running = self.values["LFCLKSTAT"] & RUNNING
        self._outputs.publish(
            {
                "core": self._core_hz(),
                PERIPHERAL_CLOCK: PERIPHERAL_HZ,
                "lfclk": LOW_HZ if running else 0,
                "lfrc": LOW_HZ,
            }
        )

    def _core_hz(self) -> int:
        return HIGH_HZ
