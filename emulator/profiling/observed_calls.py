"""Calls that one function makes, in order, each from the call to its return."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emulator.engine.core import Core
from emulator.profiling.observed import Stretches
from emulator.thumb.decode import decode_block
from emulator.thumb.instruction import LR, Instruction, Kind

NO_RETURN = 0xF0000000
"""A link register from here on is an exception's return, not an address."""
REGISTER_NAMES = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc")


def calls_in(core: Core, address: int, size_bytes: int) -> Iterator[Instruction]:
    """The calls and tail calls of a function, by its code."""
    end = address + size_bytes
    code = core.read_memory(address, size_bytes)
    for instruction in decode_block(code + bytes(4), address).instructions:
        if instruction.address >= end:
            return
        leaves = instruction.target is not None and not address <= instruction.target < end
        by_register = instruction.kind is Kind.BRANCH_REGISTER
        if (
            instruction.kind is Kind.CALL
            or (instruction.kind is Kind.BRANCH and leaves)
            or (by_register and _branch_register(instruction) not in (None, LR))
        ):
            yield instruction


def _branch_register(instruction: Instruction) -> int | None:
    """Rm of BX and BLX (Armv7-M Architecture Reference Manual, A7.7.19 and A7.7.20)."""
    return instruction.opcode >> 3 & 0xF if instruction.name in ("bx", "blx") else None


class ObservedCalls:
    """Tells of the calls from the instructions of a function, not of those below them.

    ``called(target)``: registers are the callee's; True: its return is to be told of, by ``returned()``,
    and no call before it.
    """

    def __init__(
        self, stretches: Stretches, called: Callable[[int], bool], returned: Callable[[], None]
    ) -> None:
        self._stretches = stretches
        self._called = called
        self._returned = returned
        self._back: tuple[int, int] | None = None  # where it returns to, and the stack pointer there

    def watch(self, address: int, size_bytes: int) -> None:
        """Watch a function."""
        for instruction in calls_in(self._stretches.core, address, size_bytes):
            self._watch_call(instruction)

    def _watch_call(self, instruction: Instruction) -> None:
        self._stretches.watch(instruction.address, lambda: self._reached_call(instruction))
        if instruction.link:
            self._watch_return(instruction.end)

    def _watch_return(self, address: int) -> None:
        self._stretches.watch_once(address, lambda: self._reached(address), owner=self)

    def _reached_call(self, instruction: Instruction) -> None:
        core = self._stretches.core
        self._reached(instruction.address)  # a call right behind another
        if self._back is not None:
            return
        register = _branch_register(instruction)
        target = instruction.target if register is None else core.get(REGISTER_NAMES[register])
        back = instruction.end if instruction.link else core.get("lr")
        if target is None or back >= NO_RETURN or not self._called(target & ~1):
            return
        self._back = (back & ~1, core.get("sp"))
        self._watch_return(back & ~1)

    def _reached(self, address: int) -> None:
        if self._back == (address, self._stretches.core.get("sp")):
            self._back = None
            self._returned()
