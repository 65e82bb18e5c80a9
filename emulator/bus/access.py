"""Which instruction of the running block makes the register access being served.

Unicorn tells a peripheral callback the block's start, not the access (trap U7). The block
is decoded, so the access is found among its loads and stores: by direction, size and
order, and by address where several fit.
"""

from __future__ import annotations

from emulator.engine.automaton import literal_base
from emulator.engine.core import GENERAL
from emulator.engine.engine import Engine
from emulator.thumb.instruction import Instruction, MemoryAccess

NO_PASS = (1 << 64) - 1


class AccessFinder:
    """Finds the position of an access, remembering how far the block has come."""

    def __init__(self, engine: Engine) -> None:
        self._hook = engine.hook
        self._automaton = engine.automaton
        self._core = engine.core
        self._served = engine.reads  # the access that was served last, by whomever

    def position(self, address: int, size_bytes: int, *, is_store: bool) -> int:
        """Index in the current block of the instruction that accesses ``address``."""
        block = self._automaton.current_block()
        if block is None:
            return 0
        served = self._served
        if served.access_serial != self._hook.block_serial:
            served.access_serial, served.access_cursor = self._hook.block_serial, 0
        fitting = [
            i
            for i in range(served.access_cursor, len(block.instructions))
            if _fits(block.instructions[i], size_bytes, is_store=is_store)
        ]
        found = fitting[0] if fitting else served.access_cursor
        if len(fitting) > 1:
            found = next((i for i in fitting if self._reaches(block.instructions[i], address)), found)
        served.access_cursor = found
        return found

    def forget(self) -> None:
        """Begin anew: after a restored snapshot blocks have the serial numbers of others."""
        self._served.access_serial = NO_PASS

    def done(self, position: int) -> None:
        """The access at ``position`` was served; a single one is not made twice."""
        block = self._automaton.current_block()
        served = self._served
        if block is None or served.access_serial != self._hook.block_serial:
            return
        if position >= len(block.instructions):
            return
        access = block.instructions[position].memory
        if access is not None and access.count == 1:
            served.access_cursor = position + 1

    def _reaches(self, instruction: Instruction, address: int) -> bool:
        access = instruction.memory
        assert access is not None
        start = self._start(instruction, access)
        return (address - start) & 0xFFFFFFFF < access.size_bytes * access.count

    def _start(self, instruction: Instruction, access: MemoryAccess) -> int:
        if access.base == 15:
            return literal_base(instruction) + access.offset
        start = self._core.get(GENERAL[access.base]) + access.offset
        if access.index is not None:
            start += self._core.get(GENERAL[access.index]) << access.shift
        return start & 0xFFFFFFFF


def _fits(instruction: Instruction, size_bytes: int, *, is_store: bool) -> bool:
    access = instruction.memory
    if access is None or access.is_store != is_store:
        return False
    return access.size_bytes >= size_bytes
