"""Debug support registers: the device's identity, and storage (RM0432, "Debug support")."""

from __future__ import annotations

from typing import Annotated

from emulator.device import DeviceParameters
from emulator.schema.table import about
from peripherals.parts.parameters import Word
from peripherals.register_device import Register, RegisterDevice, read_only


class DbgmcuParameters(DeviceParameters, frozen=True):
    """Which device it is."""

    idcode: Annotated[
        Word, about("IDCODE: device and revision as the family's manual gives them.", example=0x100F6470)
    ]


class Dbgmcu(RegisterDevice):
    """The identity, and storage."""

    PARAMETERS = DbgmcuParameters
    parameters: DbgmcuParameters

    def register_table(self) -> tuple[Register, ...]:
        """Put this device's identity in."""
        return (
            read_only(0x00, "IDCODE", self.parameters.idcode),
            Register(0x04, "CR"),
            Register(0x08, "APB1FZR1"),
            Register(0x0C, "APB1FZR2"),
            Register(0x10, "APB2FZR"),
        )
