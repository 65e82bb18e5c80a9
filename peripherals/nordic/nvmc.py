"""NVMC, the flash controller of nRF52 and nRF53 (product specifications, chapter "NVMC").

The instruction cache of nRF52 reaches the memory model. CONFIG opens the flash for writing or for erasing;
an erase takes its time, in which READY is 0. The time goes by while firmware waits for READY: that the
core stands still when it fetches from the flash meanwhile is not modelled.
"""

from __future__ import annotations

from typing import Annotated

from emulator.device import DeviceContext
from emulator.schema.table import about
from peripherals.nordic.power_clock import PERIPHERAL_CLOCK
from peripherals.parts.paced_deadline import PacedDeadline
from peripherals.parts.parameters import TunedParameters
from peripherals.register_device import Register, RegisterDevice, read_only

CACHE_ON, PROFILING_ON, READY = 1 << 0, 1 << 8, 1
TICKS_A_US = 16


class NvmcParameters(TunedParameters, frozen=True):
    """What stands before the flash."""

    cached_wait_states: Annotated[
        int,
        about("Wait states of the flash behind the cache.", unit="cycles", at_least=0, at_most=15, example=3),
    ] = 3
    uncached_wait_states: Annotated[
        int, about("Wait states while the cache is off.", unit="cycles", at_least=0, at_most=15, example=2)
    ] = 2


class Nvmc(RegisterDevice):
    """The controller; ``accelerator`` is "" on nRF53, whose cache is a device of its own."""

    PARAMETERS = NvmcParameters
    parameters: NvmcParameters
    REGISTERS = (
        read_only(0x400, "READY", READY),
        read_only(0x408, "READYNEXT", READY),
        Register(0x504, "CONFIG", writable=7, on_write="opened"),
        Register(0x508, "ERASEPAGE", writable=0),
        Register(0x50C, "ERASEALL", writable=0),
        Register(0x510, "ERASEPCR0", writable=0),
        Register(0x514, "ERASEUICR", writable=0),
        Register(0x518, "ERASEPAGEPARTIAL", writable=0),
        Register(0x51C, "ERASEPAGEPARTIALCFG", 0xA, writable=0x7F),
        Register(0x540, "ICACHECNF", writable=CACHE_ON | PROFILING_ON, on_write="cache_switched"),
        Register(0x548, "IHIT"),
        Register(0x54C, "IMISS"),
        Register(0x584, "CONFIGNS", writable=3, on_write="opened"),
        Register(0x588, "WRITEUICRNS", writable=0),
    )
    size_bytes = 0x1000

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._busy = PacedDeadline(context, "busy", PERIPHERAL_CLOCK, self._done)

    def reset(self) -> None:
        """Read only, the cache off."""
        super().reset()
        self._busy.disarm()
        self._tune()

    def cache_switched(self, _written: int, old: int) -> None:
        """ICACHECNF: a cache that goes off is emptied."""
        if old & CACHE_ON and not self.values["ICACHECNF"] & CACHE_ON:
            self.context.tuning.invalidate(self.parameters.accelerator, "instruction")
        self._tune()

    def opened(self, _written: int, _old: int) -> None:
        """CONFIG: the flash is not written to."""
        if self.values["CONFIG"]:
            self.report("CONFIG", "write", "flash programming")

    def _tune(self) -> None:
        if self.parameters.accelerator:
            on = self.values["ICACHECNF"] & CACHE_ON
            waits = self.parameters.cached_wait_states if on else self.parameters.uncached_wait_states
            self.context.tuning.configure(
                self.parameters.accelerator, wait_states=waits, instruction_cache=on
            )

    def _done(self) -> None:
        self.values["READY"] = self.values["READYNEXT"] = READY
