"""Looks at a machine's memory without touching it: a debugger's read has no side effects.

A device register is read as the firmware would read it, and whatever that did to any part (a
character taken, a flag cleared, a deadline armed) is undone. Memories are read as they are.
"""

from __future__ import annotations

import copy
import ctypes
from collections.abc import Callable, Mapping

from emulator.board.areas import PRIVATE
from emulator.bus.bus import Bus
from emulator.engine.engine import Engine
from emulator.machine.requests import RunRequests
from emulator.machine.snapshot import Saves
from emulator.system.system import System

UNTOUCHED = ("memory_map", "banks", "hook", "outside", "execution", "requests")
"""Parts of the engine: no register's read gets there."""
WORD_BYTES = 4


class Peek:
    """Reads one machine. ``saved_parts()``: what a snapshot holds, in the order of putting back."""

    def __init__(
        self,
        engine: Engine,
        bus: Bus,
        system: System,
        requests: RunRequests,
        saved_parts: Callable[[], Mapping[str, Saves]],
    ) -> None:
        self._engine, self._bus, self._system, self._requests = engine, bus, system, requests
        self._saved_parts = saved_parts
        self._windows = [range(base, base + size) for base, size in bus.windows()]

    def read(self, address: int, size_bytes: int) -> bytes:
        """As many bytes from ``address`` on as there are, up to ``size_bytes``."""
        found = b""
        while len(found) < size_bytes:
            at, left = address + len(found), size_bytes - len(found)
            memory = self._engine.core.memory_at(at)
            if memory is not None:
                found += memory.held(at, left)
            elif self.is_device(at):
                found += self._read_registers(at, left)
            else:
                break
        return found

    def is_device(self, address: int) -> bool:
        """Whether a device, or the core's own registers, answer there."""
        return address in PRIVATE or any(address in window for window in self._windows)

    def _read_registers(self, address: int, size_bytes: int) -> bytes:
        """Up to the next multiple of a word, in one access if it is one."""
        size = min(size_bytes, WORD_BYTES - address % WORD_BYTES)
        parts = {name: part for name, part in self._saved_parts().items() if name not in UNTOUCHED}
        saved = {name: copy.deepcopy(part.save()) for name, part in parts.items()}
        unmodelled, reads = dict(self._bus.unmodelled), bytes(self._engine.reads)
        counts = {key: entry.count for key, entry in unmodelled.items()}
        asked = self._requests.failure, self._requests.reset, self._engine.hook.stop_request
        try:
            if size in (1, 2, WORD_BYTES) and address % size == 0:
                return self._load(address, size)
            return b"".join(self._load(address + n, 1) for n in range(size))
        finally:
            for name, part in parts.items():
                part.load(saved[name])
            self._bus.unmodelled.clear()
            self._bus.unmodelled.update(unmodelled)
            for key, count in counts.items():
                unmodelled[key].count = count
            self._requests.failure, self._requests.reset, self._engine.hook.stop_request = asked
            ctypes.memmove(ctypes.addressof(self._engine.reads), reads, len(reads))

    def _load(self, address: int, size_bytes: int) -> bytes:
        if address in PRIVATE and self._bus.device_at(address) is None:
            value = self._system.read(address, size_bytes)
        else:
            value = self._bus.read(address, size_bytes)
        return (value & (1 << 8 * size_bytes) - 1).to_bytes(size_bytes, "little")
