"""How far a firmware's heap has grown: what it asks newlib's ``_sbrk`` for."""

from __future__ import annotations

from collections.abc import Callable

from emulator.engine.engine import Engine
from emulator.image.model import Image
from emulator.profiling.memory_layout import HEAP, HEAP_STARTS, MemoryLayout
from emulator.recording.model import NO_INDEX, HighWater

REQUESTS = (("_sbrk", "r0"), ("sbrk", "r0"), ("_sbrk_r", "r1"))
"""Functions that give memory to ``malloc`` (newlib, libc/syscalls), and who holds the bytes asked for."""
MOST_BYTES = 1 << 31


class HeapWatch:
    """Follows the heap from its making on; best from reset, else what was there before is missing.

    ``context()``: the number of the current call context.
    """

    def __init__(self, engine: Engine, image: Image | None, context: Callable[[], int]) -> None:
        self._engine = engine
        self._context = context
        self._grown_bytes = 0
        self._most_bytes = 0
        self._at_cycles = -1
        self._at_context = NO_INDEX
        debug = image.debug if image is not None else None
        found = [(debug.symbol(name), register) for name, register in REQUESTS] if debug is not None else []
        self._start = next(
            (s.address for n in HEAP_STARTS if debug is not None and (s := debug.symbol(n)) is not None), 0
        )
        self.is_there = False
        for symbol, register in found:
            if symbol is not None and symbol.is_function:
                self._watch(symbol.address, register)
                self.is_there = True
                return

    @property
    def end(self) -> int:
        """The heap's end, 0 when it is not known where it begins."""
        return self._start + self._grown_bytes if self._start else 0

    def mark(
        self, layout: MemoryLayout, begin_cycles: int, numbers: Callable[[int], int]
    ) -> HighWater | None:
        """The most that it had; ``numbers``: from a context of the engine's to one of the recording's."""
        if not self._most_bytes:
            return None
        place = next((p for p in layout.places if p.kind == HEAP), None)
        size_bytes = place.size_bytes if place is not None else 0
        context = numbers(self._at_context) if self._at_context != NO_INDEX else NO_INDEX
        at_cycles = max(-1, self._at_cycles - begin_cycles)
        return HighWater(HEAP, "heap", self._most_bytes, size_bytes, at_cycles, context)

    def _watch(self, address: int, register: str) -> None:
        core, hook = self._engine.core, self._engine.hook

        def reached(_address: int) -> None:
            if hook.stop_code or hook.current < 0:
                return  # the hook has refused the block, and comes back
            asked = core.get(register)
            self._grown_bytes += asked if asked < MOST_BYTES else asked - (MOST_BYTES << 1)
            if self._grown_bytes > self._most_bytes:
                self._most_bytes, self._at_cycles = self._grown_bytes, hook.cycles
                self._at_context = self._context()

        core.watch_code(address, reached)
        core.forget_code(address, 4)
