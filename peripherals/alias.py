"""A second window onto other devices: the secure alias of a non-secure address, say."""

from __future__ import annotations

from typing import Annotated, Any

from emulator.device import Device, DeviceParameters
from emulator.schema.table import address


class AliasParameters(DeviceParameters, frozen=True):
    """Where the window leads."""

    target: Annotated[int, address("Address that the window's first byte stands for.", example=0x40000000)]


class AddressAlias(Device):
    """Forwards every access to ``target`` + offset."""

    PARAMETERS = AliasParameters
    parameters: AliasParameters
    size_bytes = 0x1000

    def reset(self) -> None:
        """Hold nothing, forget nothing."""

    def read(self, offset: int, size_bytes: int) -> int:
        """Load from the other address."""
        return self.context.memory.read(self.parameters.target + offset, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store to the other address."""
        self.context.memory.write(self.parameters.target + offset, size_bytes, value)

    def save(self) -> Any:
        """Give nothing: the devices behind save themselves."""
        return None

    def load(self, state: Any) -> None:
        """Take nothing."""

    def register_name(self, offset: int) -> str:
        """Name the address that is meant."""
        return f"0x{self.parameters.target + offset:08x}"
