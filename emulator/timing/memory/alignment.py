"""What the alignment of a load or store costs: extra cycles, and a buffer of unaligned stores.

Twin: alignment.h. The figures are the core model's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.timing.memory.port import STORE
from emulator.timing.model import UnalignedTiming


@dataclass(slots=True)
class Alignment:
    """The figures, and what is under way; see :class:`emulator.timing.model.UnalignedTiming`."""

    timing: UnalignedTiming = field(default_factory=UnalignedTiming)
    paid: int = 0  # by the last datum
    stores_drained: int = 0  # the cycle at which the buffer of unaligned stores is empty
    goes_along: int = 0  # the cycle in which an unaligned load goes along with the last
    second_access: int = 0  # the cycle of an unaligned load's second access

    def extra(self, address: int, size_bytes: int) -> int:
        """Extra cycles of an unaligned datum."""
        if size_bytes == 4:
            if address & 1:
                return self.timing.word_odd
            return self.timing.word_half if address & 2 else 0
        return self.timing.halfword_odd if size_bytes == 2 and address & 1 else 0

    def stall(self, address: int, size_bytes: int, t: int, kind: int) -> int:
        """What the alignment of a load or store costs at cycle ``t``."""
        extra, drain = self.extra(address, size_bytes), self.timing.store_drain
        if extra and drain:
            if kind == STORE:
                patience = t + self.timing.store_entries * drain
                self.stores_drained = max(t, self.stores_drained) + drain
                extra = max(0, self.stores_drained - patience)
            elif t <= self.goes_along <= t + 1:
                self.goes_along = 0
                self.second_access = t
                extra = 0
            else:
                self.goes_along = t + extra + 1
                self.second_access = t + extra
        self.paid = extra
        return extra

    def skip(self, cycles: int) -> None:
        """Let time pass in which nothing is run: what is under way stays as far ahead."""
        self.stores_drained += cycles
        self.second_access += cycles
        if self.goes_along:
            self.goes_along += cycles
