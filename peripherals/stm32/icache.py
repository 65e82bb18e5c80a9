"""Instruction cache on the code bus of STM32U5, U3, L5 and H5 (RM0456, chapter "ICACHE").

It serves instruction fetches and data reads from flash alike. Enabling, invalidating and
WAYSEL (two-way, or direct-mapped) reach the memory model; an invalidation is over at once.
Remapping and the hit and miss monitors are storage only.
"""

from __future__ import annotations

from peripherals.parts.interrupts import Interrupt, InterruptDevice
from peripherals.parts.parameters import TunedParameters
from peripherals.register_device import Register, clears

CR_EN, CR_CACHEINV, CR_WAYSEL = 1 << 0, 1 << 1, 1 << 2
WAYS = 2
SR_BSYENDF, SR_ERRF = 1 << 1, 1 << 2


class Icache(InterruptDevice):
    """The cache's registers."""

    PARAMETERS = TunedParameters
    parameters: TunedParameters
    REGISTERS = (
        Register(0x00, "CR", CR_WAYSEL, writable=0xF0005, on_write="control_written"),
        Register(0x04, "SR", writable=0),
        Register(0x08, "IER", writable=0x6),
        clears(0x0C, "FCR", "SR", SR_BSYENDF | SR_ERRF),
        Register(0x10, "HMONR", writable=0),
        Register(0x14, "MMONR", writable=0),
        *(Register(0x20 + 4 * i, f"CRR{i}") for i in range(4)),
    )
    INTERRUPTS = (Interrupt("global", "SR", "IER"),)

    def reset(self) -> None:
        """Off and empty."""
        super().reset()
        self._apply(invalidate=True)

    def control_written(self, written: int, _old: int) -> None:
        """CR: enable; invalidate."""
        self._apply(invalidate=bool(written & CR_CACHEINV))
        if written & CR_CACHEINV:
            self.set_bits("SR", SR_BSYENDF)

    def _apply(self, *, invalidate: bool) -> None:
        name = self.parameters.accelerator
        enabled = self.values["CR"] & CR_EN
        ways = WAYS if self.values["CR"] & CR_WAYSEL else 1
        self.context.tuning.configure(
            name, instruction_cache=enabled, data_cache=enabled, instruction_ways=ways
        )
        if invalidate:
            self.context.tuning.invalidate(name, "instruction")
            self.context.tuning.invalidate(name, "data")
