"""CMCC of SAM D5x/E5x (datasheet DS60001507, chapter 11): the cache before the flash.

4 KB, four ways, lines of 16 bytes, for fetches and data alike. It is switched by CTRL and emptied as a
whole; a single line's invalidation empties it, too. Locked ways, a part of it as a memory, and one kind of
access that goes by it are not modelled, and told. The monitor counts cycles and hits.
"""

from __future__ import annotations

from peripherals.parts.parameters import TunedParameters
from peripherals.register_device import Register, RegisterDevice, read_only

ENABLE, INVALIDATE = 1 << 0, 1 << 0
NO_FETCHES, NO_DATA = 1 << 1, 1 << 2
WHOLE = 2
"""CFG.CSIZESW of 4 KB."""
COUNT_CYCLES = 0


class Cmcc(RegisterDevice):
    """The cache controller."""

    PARAMETERS = TunedParameters
    parameters: TunedParameters
    REGISTERS = (
        read_only(0x00, "TYPE", 0x12D2),
        Register(0x04, "CFG", WHOLE << 4, writable=0x76, on_write="tuned"),
        Register(0x08, "CTRL", writable=0, on_write="switched"),
        read_only(0x0C, "SR"),
        Register(0x10, "LCKWAY", writable=0xF, on_write="locked"),
        Register(0x20, "MAINT0", writable=0, on_write="invalidated"),
        Register(0x24, "MAINT1", writable=0, on_write="line_invalidated"),
        Register(0x28, "MCFG", writable=0x3),
        Register(0x2C, "MEN", writable=0x1, on_write="monitor_reset"),
        Register(0x30, "MCTRL", writable=0, on_write="monitor_reset"),
        read_only(0x34, "MSR", on_read="counted"),
    )
    STATE = ("_since",)
    _since = 0

    def reset(self) -> None:
        """Off, empty."""
        super().reset()
        self._since = 0
        self.invalidated(INVALIDATE, 0)
        self.tuned(0, 0)

    # -- effects ---------------------------------------------------------------------------
    def switched(self, written: int, _old: int) -> None:
        """CTRL.CEN: SR.CSTS follows at once."""
        self.values["SR"] = written & ENABLE
        self.tuned(0, 0)

    def tuned(self, _written: int, _old: int) -> None:
        """CFG, or CTRL: what the memory model must know."""
        around = self.values["CFG"] & (NO_FETCHES | NO_DATA)
        if around in (NO_FETCHES, NO_DATA) and self.values["SR"]:
            self.report("CFG", "write", "a cache for one of fetches and data alone: it serves both")
        if self.field("CFG", 4, 3) != WHOLE:
            self.report("CFG", "write", "a smaller cache, with memory in its place: it keeps its size")
        on = self.values["SR"] and around != NO_FETCHES | NO_DATA
        self.context.tuning.configure(self.parameters.accelerator, instruction_cache=int(bool(on)))

    def locked(self, written: int, _old: int) -> None:
        """LCKWAY."""
        if written:
            self.report("LCKWAY", "write", "locked ways: none is")

    def invalidated(self, written: int, _old: int) -> None:
        """MAINT0.INVALL."""
        if written & INVALIDATE:
            self.context.tuning.invalidate(self.parameters.accelerator, "instruction")

    def line_invalidated(self, _written: int, _old: int) -> None:
        """MAINT1."""
        self.context.tuning.invalidate(self.parameters.accelerator, "instruction")

    def monitor_reset(self, _written: int, _old: int) -> None:
        """MEN, MCTRL.SWRST: it counts from 0 on."""
        self._since = self._events()

    def counted(self) -> int:
        """MSR."""
        self.context.touch()
        return self._events() - self._since & 0xFFFFFFFF if self.values["MEN"] else 0

    def _events(self) -> int:
        if self.values["MCFG"] == COUNT_CYCLES:
            return self.context.clock.now()
        hits, _misses = self.context.tuning.hits_and_misses(self.parameters.accelerator, "instruction")
        return hits
