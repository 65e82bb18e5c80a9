"""Wait states of RA8D1's memories (R01UH0995, chapters "Flash Memory" and "SRAM"): FLWT, SRAMWTSC.

Told to the accelerators in front of them. The flash cache (FCACHEE) is a kept bit; its invalidation is over
at once. Error correction of the SRAM finds none.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from emulator.device import DeviceParameters
from emulator.schema.table import about
from peripherals.register_device import Register, RegisterDevice


class MemoryParameters(DeviceParameters, frozen=True):
    """Which memory."""

    accelerator: Annotated[
        str, about("The accelerator in front of it.", names_a="accelerator", example="flash")
    ]


class MemorySettings(RegisterDevice):
    """``WAITS``: the register whose value is the number of wait states."""

    PARAMETERS = MemoryParameters
    parameters: MemoryParameters
    WAITS: ClassVar[str]

    def reset(self) -> None:
        """No wait states."""
        super().reset()
        self.waits_set(0, 0)

    def waits_set(self, _written: int, _old: int) -> None:
        """The number of wait states."""
        self.context.tuning.configure(self.parameters.accelerator, wait_states=self.values[self.WAITS])


class FlashSettings(MemorySettings):
    """FLAD and FCACHE."""

    WAITS = "FLWT"
    REGISTERS = (
        Register(0x40, "FCKMHZ", 0x3C, writable=0xFF),
        Register(0x100, "FCACHEE", writable=0x1),
        Register(0x104, "FCACHEIV", writable=0),
        Register(0x11C, "FLWT", writable=0x7, on_write="waits_set"),
        Register(0x140, "FSAR", 0x0101, writable=0x0101),
    )


class SramSettings(MemorySettings):
    """SRAM: protection, wait states, error correction."""

    WAITS = "SRAMWTSC"
    REGISTERS = (
        Register(0x00, "SRAMPRCR", writable=0x1),
        Register(0x04, "SRAMPRCR_NS", writable=0x1),
        Register(0x08, "SRAMWTSC", writable=0x1, on_write="waits_set"),
        Register(0x10, "SRAMCR0", writable=0x9D),
        Register(0x14, "SRAMCR1", writable=0x1),
        Register(0x30, "SRAMECCRGN0", writable=0x3),
        Register(0x40, "SRAMESR", writable=0),
        Register(0x48, "SRAMESCLR", writable=0),
        Register(0x50, "SRAMEAR0", writable=0),
        Register(0x54, "SRAMEAR1", writable=0),
        Register(0x58, "SRAMEAR2", writable=0),
        Register(0x110, "STBRAMCR", writable=0x1),
        Register(0x150, "STBRAMEAR", writable=0),
    )
