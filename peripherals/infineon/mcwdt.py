"""Multi-counter watchdogs of PSoC 6 (registers TRM CY8C6xxA, "MCWDT_STRUCT").

Modelled: two 16-bit and one 32-bit counter each on the low-frequency clock, clear on match,
reset bits, the lock. Not modelled, and reported: cascading, interrupts and resets on a match.
"""

from __future__ import annotations

from typing import Any

from emulator.device import DeviceContext
from peripherals.infineon.interrupt_rows import interrupt_rows
from peripherals.infineon.lock import unlocked
from peripherals.parts.banked import Bank, BankedDevice
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.register_device import Register, read_only

STRUCTURES = range(2)
FLAGS = 0x7
ENABLE_BITS, RESET_BITS, ENABLED_SHIFT = (0, 8, 16), (3, 11, 19), 1
MAXIMA = (0xFFFF, 0xFFFF, 0xFFFFFFFF)
LOW_COUNTERS = range(2)
CLEAR_ON_MATCH = (1 << 2, 1 << 10)
CASCADES = 1 << 3 | 1 << 11
LOCK_SHIFT = 30


def _rows(number: int) -> tuple[Register, ...]:
    base, prefix = Mcwdt.BANK_BYTES * number, f"MCWDT{number}_"
    return (
        read_only(base + 0x04, prefix + "CNTLOW", on_read="low_counts"),
        read_only(base + 0x08, prefix + "CNTHIGH", on_read="high_count"),
        Register(base + 0x0C, prefix + "MATCH", on_write="mode_written"),
        Register(base + 0x10, prefix + "CONFIG", writable=0x1F010F0F, on_write="mode_written"),
        Register(base + 0x14, prefix + "CTL", writable=0, on_write="control_written"),
        *interrupt_rows(base + 0x18, prefix + "INTR", FLAGS, on_write="interrupts_written"),
        Register(base + 0x28, prefix + "LOCK", writable=0, on_write="lock_written"),
    )


class _Structure(Bank):
    """One multi-counter watchdog: its three counters."""

    def __init__(self, device: Mcwdt, number: int) -> None:
        super().__init__(device, f"MCWDT{number}_")
        self.counters = tuple(
            ClockedCounter(device.context, f"{number}.{counter}", "lf", maximum)
            for counter, maximum in enumerate(MAXIMA)
        )

    def reset(self) -> None:
        """Stop and clear every counter."""
        for counter, maximum in zip(self.counters, MAXIMA, strict=True):
            counter.restart(reload=maximum)

    def control(self, written: int) -> None:
        """Start, stop and clear counters."""
        control = 0
        for number, counter in enumerate(self.counters):
            on = written >> ENABLE_BITS[number] & 1
            counter.catch_up()
            if on and not counter.state.running:
                counter.restart_clock()
            counter.state.running = bool(on)
            if written >> RESET_BITS[number] & 1:
                counter.state.count = 0
            control |= (on | on << ENABLED_SHIFT) << ENABLE_BITS[number]
        self.put("CTL", control)

    def adopt(self) -> None:
        """Take the low counters' periods: they clear on a match, or run to their end."""
        for number in LOW_COUNTERS:
            clears = self.value("CONFIG") & CLEAR_ON_MATCH[number]
            self.counters[number].catch_up()
            match = self.value("MATCH") >> 16 * number & 0xFFFF
            self.counters[number].state.reload = match if clears else MAXIMA[number]


class Mcwdt(BankedDevice):
    """Both multi-counter watchdogs."""

    LINES = tuple(f"mcwdt{number}" for number in STRUCTURES)
    size_bytes = 0x100

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._structures = tuple(_Structure(self, number) for number in STRUCTURES)

    def register_table(self) -> tuple[Register, ...]:
        """The rows of both."""
        return tuple(row for number in STRUCTURES for row in _rows(number))

    def reset(self) -> None:
        """Stop and clear every counter."""
        super().reset()
        for structure in self._structures:
            structure.reset()

    def save(self) -> Any:
        """Give registers and counters."""
        counters = [[counter.save() for counter in s.counters] for s in self._structures]
        return {"device": super().save(), "counters": counters}

    def load(self, state: Any) -> None:
        """Put a saved state back."""
        super().load(state["device"])
        for structure, saved in zip(self._structures, state["counters"], strict=True):
            for counter, counted in zip(structure.counters, saved, strict=True):
                counter.load(counted)

    # -- effects ---------------------------------------------------------------------------
    def low_counts(self) -> int:
        """CNTLOW: both 16-bit counters."""
        counters = self._here().counters
        return counters[0].read() | counters[1].read() << 16

    def high_count(self) -> int:
        """CNTHIGH: the 32-bit counter."""
        return self._here().counters[2].read()

    def control_written(self, written: int, _old: int) -> None:
        """CTL: start, stop and clear counters, unless locked."""
        if not self._here().value("LOCK"):
            self._here().control(written)

    def mode_written(self, _written: int, _old: int) -> None:
        """CONFIG, MATCH: clearing on match is modelled."""
        if self._here().value("CONFIG") & CASCADES:
            self._here().report("CONFIG", "write", "cascaded counters")
        self._here().adopt()

    def interrupts_written(self, _written: int, _old: int) -> None:
        """INTR_MASK: nothing interrupts."""
        if self._here().value("INTR_MASK"):
            self._here().report("INTR_MASK", "write", "interrupts of the multi-counter watchdog")

    def lock_written(self, written: int, old: int) -> None:
        """LOCK: two writes open it."""
        self._here().put("LOCK", unlocked(old >> LOCK_SHIFT, written >> LOCK_SHIFT) << LOCK_SHIFT)

    # -- inside ----------------------------------------------------------------------------
    def _here(self) -> _Structure:
        return self._structures[self.bank]
