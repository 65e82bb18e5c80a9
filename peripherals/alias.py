"""A second window onto other devices: the secure alias of a non-secure address, say."""

from __future__ import annotations

from typing import Any

from emulator.device import DeviceContext


class AddressAlias:
    """Forwards every access to ``target`` + offset. Parameter ``target``: an address."""

    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        self._context = context
        self._target = int(context.parameters["target"])

    def reset(self) -> None:
        """Hold nothing, forget nothing."""

    def read(self, offset: int, size_bytes: int) -> int:
        """Load from the other address."""
        return self._context.memory.read(self._target + offset, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Store to the other address."""
        self._context.memory.write(self._target + offset, size_bytes, value)

    def save(self) -> Any:
        """Give nothing: the devices behind save themselves."""
        return None

    def load(self, state: Any) -> None:
        """Take nothing."""

    def register_name(self, offset: int) -> str:
        """Name the address that is meant."""
        return f"0x{self._target + offset:08x}"
