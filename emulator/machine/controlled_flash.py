"""Memories that only their controller changes: firmware's stores go to it, and it puts bytes there.

The hardware's controller decides what becomes of a store. Unicorn asks a hook whether a store to a read-only
memory is right, and then makes it all the same, whatever the hook has put there (2.1.4; tests/unicorn_traps,
test_a_store_to_a_read_only_memory_may_be_taken_by_its_hook). So what the controller made of a store is put
back behind the block that stored, or before the controller is asked again.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.device import NothingAnswers
from emulator.engine.engine import Engine
from emulator.system.core import MemoryFault

Stored = Callable[[int, int, int], bool]
"""Takes a store, or refuses it: address, bytes, value."""


class ControlledFlash:
    """One machine's; implements :class:`emulator.device.FlashArray`.

    ``stop()``: come back to Python at the next block, where :meth:`settle` is called.
    """

    def __init__(self, engine: Engine, stop: Callable[[], None]) -> None:
        self._engine = engine
        self._stop = stop
        self._served: list[tuple[range, Stored]] = []
        self._made: dict[int, bytes] = {}  # what is to be put back, by address
        engine.core.store_to_flash = self._store

    def serve_stores(self, first: int, size_bytes: int, stored: Stored) -> None:
        """See :class:`emulator.device.FlashArray`."""
        self._served.append((range(first, first + size_bytes), stored))

    def put(self, address: int, data: bytes) -> None:
        """Put bytes there, and forget the code that was."""
        self.settle()
        try:
            self._engine.write_memory(address, data)
        except MemoryFault:
            raise NothingAnswers from None

    def settle(self) -> None:
        """Put back what a controller made of stores."""
        for address, data in self._made.items():
            self._engine.core.load_memory(address, data)
        self._made.clear()

    def _store(self, address: int, size_bytes: int, value: int) -> bool:
        self.settle()
        value &= (1 << 8 * size_bytes) - 1
        if not any(address in place and stored(address, size_bytes, value) for place, stored in self._served):
            return False
        made = self._engine.core.read_memory(address, size_bytes)
        if made != value.to_bytes(size_bytes, "little"):
            self._made[address] = made
            self._stop()
        return True
