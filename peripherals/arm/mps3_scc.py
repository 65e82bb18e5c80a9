"""MPS3 serial configuration controller (Arm DAI 0547: "Serial Configuration Controller").

As on MPS2, with the oscillators of MPS3: number 1 is the system's clock. It also gives the board its
clock ``peripheral``, which the APB devices of the FPGA run from.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.device import DeviceContext
from peripherals.arm.mps2_scc import Mps2Scc
from peripherals.parts.clock_outputs import ClockOutputs

PERIPHERAL_CLOCK, PERIPHERAL_HZ = "peripheral", 25_000_000
REFERENCE_HZ, MOTHERBOARD_HZ, GRAPHICS_HZ, AUDIO_HZ, LCD_HZ = (
    24_000_000, 50_000_000, 50_000_000, 24_576_000, 23_750_000,
)  # fmt: skip
"""DAI 0547, table "Clocks": OSCCLK0, and 2 to 5."""


class Mps3Scc(Mps2Scc):
    """The controller; clock ``peripheral``."""

    PARTS = ("_outputs",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._outputs = ClockOutputs(context.clocks)

    @classmethod
    def clocks(cls) -> Iterable[str]:
        """What the FPGA's devices run from."""
        return (PERIPHERAL_CLOCK,)

    def reset(self) -> None:
        """The clock never changes."""
        super().reset()
        self._outputs.forget()
        self._outputs.publish({PERIPHERAL_CLOCK: PERIPHERAL_HZ})

    def oscillators(self) -> tuple[int, ...]:
        """In hertz, by their numbers."""
        return (REFERENCE_HZ, self.clock_hz(), MOTHERBOARD_HZ, GRAPHICS_HZ, AUDIO_HZ, LCD_HZ)
