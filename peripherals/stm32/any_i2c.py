"""What STM32's I2C interfaces have in common: a master goes through its phases where nobody else is."""

from __future__ import annotations

from abc import abstractmethod

from emulator.device import ClockedParameters, DeviceContext
from peripherals.parts.interrupts import InterruptDevice
from peripherals.parts.paced_deadline import PacedDeadline

AT_REST, STARTING, ADDRESSING, STOPPING = range(4)


class AnyI2c(InterruptDevice):
    """A subclass gives the registers, how long a period of SCL is, and what follows a phase.

    Interrupt lines ``event`` and ``error``; ``clock`` is what periods are counted in.
    """

    PARAMETERS = ClockedParameters
    parameters: ClockedParameters
    LINES = ("event", "error")
    STATE = ("_phase",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._phase = AT_REST
        self._wires = PacedDeadline(context, "wires", self.parameters.clock, self._ended, is_work=True)

    def reset(self) -> None:
        """Off."""
        super().reset()
        self._break_off()

    # -- for subclasses ----------------------------------------------------------------------
    @abstractmethod
    def _period_ticks(self) -> int:
        """Ticks of its clock that a period of SCL takes."""

    @abstractmethod
    def _ended(self) -> None:
        """The phase is over."""

    def _go_on(self, phase: int, periods: int) -> None:
        """Begin a phase of so many periods of SCL."""
        self._phase = phase
        self._wires.arm(periods * self._period_ticks())

    def _break_off(self) -> None:
        """Leave the bus alone."""
        self._wires.disarm()
        self._phase = AT_REST
