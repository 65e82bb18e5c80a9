"""The private peripheral bus: the core's own registers, and a vendor's device among them."""

from __future__ import annotations

from typing import Protocol

from emulator.bus.bus import Bus


class CoreRegisterBlock(Protocol):
    """The core's memory-mapped registers: NVIC, SysTick, DWT and the others."""

    def read(self, address: int, size_bytes: int) -> int:
        """A load of 1, 2 or 4 bytes."""

    def write(self, address: int, size_bytes: int, value: int) -> None:
        """A store of 1, 2 or 4 bytes."""

    def refuses(self, address: int, *, is_store: bool) -> bool:
        """Whether the running code may not make this access; it is a bus fault then."""


class PrivateBus:
    """Sends an access to the device that is there, or else to the core's registers.

    Who may come here the core says, of both (ARMv7-M Architecture Reference Manual B3.1.1).
    """

    def __init__(self, bus: Bus, core_registers: CoreRegisterBlock) -> None:
        self._bus = bus
        self._core_registers = core_registers

    def read(self, address: int, size_bytes: int) -> int:
        """A load; 0 when it is refused."""
        if self._core_registers.refuses(address, is_store=False):
            return 0
        if self._bus.device_at(address) is not None:
            return self._bus.read(address, size_bytes)
        return self._core_registers.read(address, size_bytes)

    def write(self, address: int, size_bytes: int, value: int) -> None:
        """A store; without effect when it is refused."""
        if self._core_registers.refuses(address, is_store=True):
            return
        if self._bus.device_at(address) is not None:
            self._bus.write(address, size_bytes, value)
        else:
            self._core_registers.write(address, size_bytes, value)
