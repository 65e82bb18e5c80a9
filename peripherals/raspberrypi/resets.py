"""Subsystem resets (RP2040 datasheet 2.14): which blocks are held in reset, and which are done.

A block is reset when its bit is set; RESET_DONE is the complement of RESET. What a block that is held
in reset does with an access is not modelled: it answers as one that was just reset.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from emulator.device import DeviceParameters
from emulator.schema.table import Name, about
from peripherals.raspberrypi.atomic import AtomicRegisters
from peripherals.register_device import Register, read_only


class ResetsParameters(DeviceParameters, frozen=True):
    """What the bits of RESET reset."""

    blocks: Annotated[
        dict[Name, Annotated[int, msgspec.Meta(ge=0, le=31)]],
        about("Which bit of RESET resets which device.", example={"uart0": 22, "uart1": 23}),
    ] = msgspec.field(default_factory=dict)
    mask: Annotated[
        int, about("The bits of RESET that exist.", hexadecimal=True, at_least=1, example=0x1FFFFFF)
    ] = 0x1FFFFFF


class Resets(AtomicRegisters):
    """RESET, WDSEL, RESET_DONE."""

    PARAMETERS = ResetsParameters
    parameters: ResetsParameters

    def register_table(self) -> tuple[Register, ...]:
        """As many blocks as the chip has; all are in reset at first."""
        mask = self.parameters.mask
        return (
            Register(0x00, "RESET", mask, writable=mask, on_write="resets_written"),
            Register(0x04, "WDSEL", writable=mask),
            read_only(0x08, "RESET_DONE", on_read="done"),
        )

    def reset(self) -> None:
        """Hold every block in reset."""
        super().reset()
        self._drive()

    def resets_written(self, _written: int, _old: int) -> None:
        """RESET: hold or release blocks."""
        self._drive()

    def done(self) -> int:
        """RESET_DONE: the blocks that can be used."""
        return ~self.values["RESET"] & self.parameters.mask

    def _drive(self) -> None:
        for device, bit in self.parameters.blocks.items():
            self.context.signals.set(f"reset:{device}", self.values["RESET"] >> bit & 1)
