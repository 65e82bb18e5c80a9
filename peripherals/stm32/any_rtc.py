"""What STM32F1's real-time clock and that of the others share: periods of RTCCLK, and who hears of them."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from emulator.clock.clock import PICOSECONDS_PER_SECOND
from emulator.device import DeviceContext
from peripherals.parts.timed_deadline import TimedDeadline
from peripherals.register_device import RegisterDevice
from peripherals.stm32.exti import internal_signal

SYNCHRONIZATION_PERIODS = 2
"""Of RTCCLK, until a shadow register, or INITF, follows."""


class AnyRtc(RegisterDevice):
    """A family adds its registers; moments are in picoseconds since reset, ``_origin_ps`` is its own."""

    LINES = ("global",)
    STATE: ClassVar[tuple[str, ...]] = ("_origin_ps", "_hz")
    PARTS: ClassVar[tuple[str, ...]] = ("_synchronized",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._origin_ps = 0
        self._hz = self.clock_hz()
        self._synchronized = TimedDeadline(context, "synchronized", self.follow, is_work=True)
        context.clocks.on_change(self.clock_changed)

    @abstractmethod
    def follow(self) -> None:
        """Registers are synchronized."""

    @abstractmethod
    def clock_changed(self) -> None:
        """Some clock runs at another frequency, RTCCLK perhaps."""

    # -- for subclasses ----------------------------------------------------------------------
    def periods_since(self, moment_ps: int) -> int:
        """How many periods of RTCCLK are over."""
        return (self.context.clock.picoseconds() - moment_ps) * self._hz // PICOSECONDS_PER_SECOND

    def moment_after(self, moment_ps: int, periods: int) -> int:
        """When so many periods of a RTCCLK that runs are over."""
        return moment_ps - -periods * PICOSECONDS_PER_SECOND // self._hz

    def arm_synchronization(self) -> None:
        """Follow in a while; without a clock never."""
        lasts_ps = SYNCHRONIZATION_PERIODS * PICOSECONDS_PER_SECOND // self._hz if self._hz else 0
        self._synchronized.arm(self.context.clock.picoseconds() + lasts_ps if lasts_ps else None)

    def drive_exti(self, line: int, flags: int) -> None:
        """Show flags on an EXTI line; 0: there is none."""
        if line:
            self.context.signals.set(internal_signal(line), int(bool(flags)))
