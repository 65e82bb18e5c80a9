"""Room for what a call passes in memory: copies of bytes, and arguments that find no register.

The natural place is below the stack pointer. It ends where a section of the image begins; a
section that the stack pointer lies in, or at the end of, is the stack itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from emulator.engine.core import Core
from emulator.errors import UsageError
from emulator.image.model import Image
from emulator.machine.aapcs import STACK_ALIGNMENT_BYTES
from emulator.machine.arguments import Copy

ELSEWHERE = "give scratch=ADDRESS of free RAM, or pass the address of a buffer that the firmware has"


class Scratch:
    """The memory of one call. ``start``: where the copies lie, upwards; None: below the stack pointer."""

    def __init__(self, core: Core, image: Image | None, copies: Iterable[Copy], start: int | None) -> None:
        self._core = core
        self._image = image
        self._top = core.get("sp")
        self._copies = {id(copy.source): copy for copy in copies}  # one object passed twice is one copy
        size_bytes = sum(_aligned(len(copy.data)) for copy in self._copies.values())
        lowest = self._top - size_bytes & -STACK_ALIGNMENT_BYTES if start is None else _aligned(start)
        self._below = lowest if start is None else self._top & -STACK_ALIGNMENT_BYTES
        self._addresses: dict[int, int] = {}
        for identity, copy in self._copies.items():
            self._addresses[identity] = lowest
            lowest += _aligned(len(copy.data))
        if start is not None:
            self._check_in_ram(_aligned(start), lowest)

    def address(self, copy: Copy) -> int:
        """Where the function finds the bytes."""
        return self._addresses[id(copy.source)]

    def write(self, stack: bytes, write_memory: Callable[[int, bytes], None]) -> int:
        """Write copies and stacked arguments; the stack pointer for the function to begin with."""
        stack_pointer = self._below - _aligned(len(stack))
        if stack_pointer < self._top & -STACK_ALIGNMENT_BYTES:
            self._check_room(stack_pointer)
        for identity, address in self._addresses.items():
            write_memory(address, self._copies[identity].data)
        if stack:
            write_memory(stack_pointer, stack)
        return stack_pointer

    def take_back(self) -> None:
        """Give every writable object what the function has left in its copy."""
        for identity, address in self._addresses.items():
            copy = self._copies[identity]
            copy.take_back(self._core.read_memory(address, len(copy.data)))

    def _check_in_ram(self, start: int, end: int) -> None:
        memory = self._core.memory_at(start)
        if memory is None or memory.region.kind != "ram" or end > memory.end:
            raise UsageError(
                f"0x{start:08x} to 0x{end - 1:08x} is not in one RAM",
                where="scratch",
                next_step="`boardless boards NAME` shows a board's memories",
            )

    def _check_room(self, lowest: int) -> None:
        memory = self._core.memory_at(self._top - 1)
        if memory is None or memory.region.kind != "ram":
            raise UsageError(
                f"the stack pointer 0x{self._top:08x} is not in RAM",
                next_step='set it, machine.core.set("sp", ADDRESS), or run the firmware until it has one',
            )
        floor = memory.region.base
        for section in self._image.reserved if self._image is not None else ():
            if floor < section.end <= self._top - 1:
                floor = section.end
            elif floor < section.address < self._top <= section.end:
                floor = section.address
        if lowest < floor:
            raise UsageError(
                f"the arguments take {self._top - lowest:,} bytes below the stack pointer 0x{self._top:08x},"
                f" where {self._top - floor:,} are free",
                next_step=ELSEWHERE,
            )


def _aligned(size_bytes: int) -> int:
    return size_bytes + -size_bytes % STACK_ALIGNMENT_BYTES
