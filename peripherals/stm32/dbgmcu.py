"""Debug support registers: the device's identity, and storage (RM0432, "Debug support")."""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice, read_only


class Dbgmcu(RegisterDevice):
    """Parameter ``idcode``: device and revision as the family's manual gives them."""

    def register_table(self) -> tuple[Register, ...]:
        """Put this device's identity in."""
        return (
            read_only(0x00, "IDCODE", int(self.context.parameters["idcode"])),
            Register(0x04, "CR"),
            Register(0x08, "APB1FZR1"),
            Register(0x0C, "APB1FZR2"),
            Register(0x10, "APB2FZR"),
        )
