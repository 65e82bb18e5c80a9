"""Flash controller of PSoC 6 (registers TRM CY8C6xxA, chapter "FLASHC").

Wait states, the Cortex-M4's cache and its prefetcher reach the memory model; invalidation is
over at once. Programming goes through the boot core's system calls, see
:mod:`peripherals.infineon.ipc`. Parameter ``accelerator``: the memory model's name, "flash".
"""

from __future__ import annotations

from peripherals.parts.parameters import TunedParameters
from peripherals.register_device import Register, RegisterDevice

WAIT_STATES, CACHE_ENABLED, PREFETCH_ENABLED = 0xF, 1 << 31, 1 << 30
INVALIDATE_CACHES, INVALIDATE_BUFFERS = 1 << 0, 1 << 1
KEYED = 0xFA050000


class FlashController(RegisterDevice):
    """The registers at FLASHC base; the flash macro's own (FM_CTL) are another device."""

    PARAMETERS = TunedParameters
    parameters: TunedParameters
    REGISTERS = (
        Register(0x000, "FLASH_CTL", 0x110000, writable=0x77330F, on_write="tuned"),
        Register(0x004, "FLASH_PWR_CTL", 3, writable=3),
        Register(0x008, "FLASH_CMD", writable=0, on_write="invalidated"),
        Register(0x400, "CM0_CA_CTL0", 0xC0000001, writable=0xC7030003),
        Register(0x404, "CM0_CA_CTL1", KEYED | 3, writable=3),
        Register(0x408, "CM0_CA_CTL2", 0x12C, writable=0x3FF),
        Register(0x460, "CM0_STATUS", writable=0, w1c=3),
        Register(0x480, "CM4_CA_CTL0", 0xC0000001, writable=0xC7030003, on_write="tuned"),
        Register(0x484, "CM4_CA_CTL1", KEYED | 3, writable=3),
        Register(0x488, "CM4_CA_CTL2", 0x12C, writable=0x3FF),
        Register(0x4E0, "CM4_STATUS", writable=0, w1c=3),
        Register(0x500, "CRYPTO_BUFF_CTL", 0x40000000, writable=0x40000000),
        Register(0x580, "DW0_BUFF_CTL", 0x40000000, writable=0x40000000),
        Register(0x600, "DW1_BUFF_CTL", 0x40000000, writable=0x40000000),
        Register(0x680, "DMAC_BUFF_CTL", 0x40000000, writable=0x40000000),
    )
    size_bytes = 0x1000

    def reset(self) -> None:
        """Cache and prefetcher on, no wait states, empty."""
        super().reset()
        self._tune()
        self._empty()

    def tuned(self, _written: int, old: int) -> None:
        """FLASH_CTL, CM4_CA_CTL0: what the memory model must know; a cache that goes off is emptied."""
        self._tune()
        if old & CACHE_ENABLED and not self.values["CM4_CA_CTL0"] & CACHE_ENABLED:
            self._empty()

    def invalidated(self, written: int, _old: int) -> None:
        """FLASH_CMD: empty caches; the buffers alone are not modelled apart."""
        if written & INVALIDATE_CACHES:
            self._empty()

    def _tune(self) -> None:
        cache = self.values["CM4_CA_CTL0"]
        enabled = int(bool(cache & CACHE_ENABLED))
        self.context.tuning.configure(
            self._accelerator(),
            wait_states=self.values["FLASH_CTL"] & WAIT_STATES,
            prefetch=int(bool(cache & PREFETCH_ENABLED) and bool(enabled)),
            instruction_cache=enabled,
            data_cache=enabled,
        )

    def _empty(self) -> None:
        for cache in ("instruction", "data"):
            self.context.tuning.invalidate(self._accelerator(), cache)

    def _accelerator(self) -> str:
        return self.parameters.accelerator
