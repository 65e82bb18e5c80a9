"""CACHE of nRF5340's application core (chapter "CACHE"): instructions and data of the flash and of XIP.

Switching, invalidating and erasing reach the memory model, and are over at once. Not modelled, and reported:
the hit counters, the mode in which the cache is RAM, and the lock that freezes its contents.
"""

from __future__ import annotations

from peripherals.parts.parameters import TunedParameters
from peripherals.register_device import Register, RegisterDevice, read_only

ON, COUNTERS = 1, ("IHIT", "IMISS", "DHIT", "DMISS")


class Cache(RegisterDevice):
    """Its controller."""

    PARAMETERS = TunedParameters
    parameters: TunedParameters
    REGISTERS = (
        *(read_only(0x400 + 4 * i, f"PROFILING0_{name}") for i, name in enumerate(COUNTERS)),
        *(read_only(0x420 + 4 * i, f"PROFILING1_{name}") for i, name in enumerate(COUNTERS)),
        Register(0x500, "ENABLE", writable=ON, on_write="switched"),
        Register(0x504, "INVALIDATE", writable=0, on_write="emptied"),
        Register(0x508, "ERASE", writable=0, on_write="emptied"),
        Register(0x50C, "PROFILINGENABLE", writable=ON, on_write="profiled"),
        Register(0x510, "PROFILINGCLEAR", writable=0),
        Register(0x514, "MODE", writable=ON, on_write="made_ram"),
        Register(0x518, "DEBUGLOCK", writable=ON),
        Register(0x51C, "ERASESTATUS", writable=0, w0c=ON),
        Register(0x520, "WRITELOCK", writable=ON, on_write="locked"),
    )
    size_bytes = 0x1000

    def reset(self) -> None:
        """Off and empty."""
        super().reset()
        self._tune()
        self._empty()

    def switched(self, _written: int, old: int) -> None:
        """ENABLE: a cache that goes on is empty."""
        if self.values["ENABLE"] and not old:
            self._empty()
        self._tune()

    def emptied(self, written: int, _old: int) -> None:
        """INVALIDATE, ERASE."""
        if written & ON:
            self._empty()
            self.set_bits("ERASESTATUS", ON)

    def profiled(self, _written: int, _old: int) -> None:
        """PROFILINGENABLE: the counters stand still."""
        if self.values["PROFILINGENABLE"]:
            self.report("PROFILINGENABLE", "write", "hit and miss counters")

    def made_ram(self, _written: int, _old: int) -> None:
        """MODE: it is a cache."""
        if self.values["MODE"]:
            self.report("MODE", "write", "the cache as RAM")

    def locked(self, _written: int, _old: int) -> None:
        """WRITELOCK: lines come and go as before."""
        if self.values["WRITELOCK"]:
            self.report("WRITELOCK", "write", "a cache whose contents are locked")

    def _tune(self) -> None:
        self.context.tuning.configure(self.parameters.accelerator, instruction_cache=self.values["ENABLE"])

    def _empty(self) -> None:
        self.context.tuning.invalidate(self.parameters.accelerator, "instruction")
