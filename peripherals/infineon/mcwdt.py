"""Multi-counter watchdogs of PSoC 6 (registers TRM CY8C6xxA, "MCWDT_STRUCT").

Modelled: two 16-bit and one 32-bit counter each on the low-frequency clock, clear on match,
reset bits, the lock. Not modelled, and reported: cascading, interrupts and resets on a match.
"""

from __future__ import annotations

from emulator.device import DeviceContext
from peripherals.infineon.srss_power import unlocked
from peripherals.parts.banked import BankedDevice
from peripherals.register_device import Register, read_only

STRUCTURES = range(2)
STRIDE = 0x40
PICOSECONDS = 10**12
ENABLE_BITS, RESET_BITS, ENABLED_SHIFT = (0, 8, 16), (3, 11, 19), 1
CLEAR_ON_MATCH = (1 << 2, 1 << 10)
CASCADES = 1 << 3 | 1 << 11
LOCK_SHIFT = 30


def _rows(number: int) -> tuple[Register, ...]:
    base, prefix = STRIDE * number, f"MCWDT{number}_"
    return (
        read_only(base + 0x04, prefix + "CNTLOW", on_read="low_counts"),
        read_only(base + 0x08, prefix + "CNTHIGH", on_read="high_count"),
        Register(base + 0x0C, prefix + "MATCH"),
        Register(base + 0x10, prefix + "CONFIG", writable=0x1F010F0F, on_write="mode_written"),
        Register(base + 0x14, prefix + "CTL", writable=0, on_write="control_written"),
        Register(base + 0x18, prefix + "INTR", writable=0, w1c=7),
        Register(base + 0x1C, prefix + "INTR_SET", writable=0),
        Register(base + 0x20, prefix + "INTR_MASK", writable=7, on_write="mask_written"),
        read_only(base + 0x24, prefix + "INTR_MASKED"),
        Register(base + 0x28, prefix + "LOCK", writable=0, on_write="lock_written"),
    )


class Mcwdt(BankedDevice):
    """Both multi-counter watchdogs."""

    REGISTERS = tuple(row for number in STRUCTURES for row in _rows(number))
    STATE = ("_since", "_counted")
    size_bytes = 0x100

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        counters = [(number, counter) for number in STRUCTURES for counter in range(3)]
        self._since: dict[tuple[int, int], int | None] = dict.fromkeys(counters)  # picoseconds at the start
        self._counted: dict[tuple[int, int], int] = dict.fromkeys(counters, 0)  # ticks before that

    def reset(self) -> None:
        """Stop and clear every counter."""
        super().reset()
        for key in self._since:
            self._since[key], self._counted[key] = None, 0

    # -- effects ---------------------------------------------------------------------------
    def low_counts(self) -> int:
        """CNTLOW: both 16-bit counters."""
        value = 0
        for counter in range(2):
            match = self._value("MATCH") >> 16 * counter & 0xFFFF
            clears = self._value("CONFIG") & CLEAR_ON_MATCH[counter]
            value |= self._count(counter) % (match + 1 if clears else 0x10000) << 16 * counter
        return value

    def high_count(self) -> int:
        """CNTHIGH: the 32-bit counter."""
        return self._count(2) & 0xFFFFFFFF

    def control_written(self, written: int, _old: int) -> None:
        """CTL: start, stop and clear counters, unless locked."""
        if self._value("LOCK"):
            return
        control = 0
        for counter in range(3):
            key = (self.bank, counter)
            on = written >> ENABLE_BITS[counter] & 1
            self._counted[key] = self._ticks(key)
            self._since[key] = self.context.clock.picoseconds() if on else None
            if written >> RESET_BITS[counter] & 1:
                self._counted[key] = 0
            control |= (on | on << ENABLED_SHIFT) << ENABLE_BITS[counter]
        self.values[f"MCWDT{self.bank}_CTL"] = control

    def mode_written(self, _written: int, _old: int) -> None:
        """CONFIG: clearing on match is modelled."""
        if self._value("CONFIG") & CASCADES:
            self.report(f"MCWDT{self.bank}_CONFIG", "write", "cascaded counters")

    def mask_written(self, written: int, _old: int) -> None:
        """INTR_MASK: nothing interrupts."""
        if written:
            self.report(f"MCWDT{self.bank}_INTR_MASK", "write", "interrupts of the multi-counter watchdog")

    def lock_written(self, written: int, old: int) -> None:
        """LOCK: two writes open it."""
        lock = unlocked(old >> LOCK_SHIFT, written >> LOCK_SHIFT)
        self.values[f"MCWDT{self.bank}_LOCK"] = lock << LOCK_SHIFT

    # -- inside ----------------------------------------------------------------------------
    def _value(self, register: str) -> int:
        return self.values[f"MCWDT{self.bank}_{register}"]

    def _ticks(self, key: tuple[int, int]) -> int:
        since = self._since[key]
        if since is None:
            return self._counted[key]
        elapsed = self.context.clock.picoseconds() - since
        return self._counted[key] + elapsed * self.context.clocks.hz("lf") // PICOSECONDS

    def _count(self, counter: int) -> int:
        if self._since[self.bank, counter] is not None:
            self.context.touch()
        return self._ticks((self.bank, counter))
