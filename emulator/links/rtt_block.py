"""SEGGER RTT's control block as it lies in a firmware's RAM (SEGGER_RTT.h of the J-Link software).

16 bytes of identification, the numbers of up and down channels, then a descriptor of 24 bytes for each:
name, buffer, its size, where the writer and where the reader have come to, flags.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

IDENTIFICATION = b"SEGGER RTT".ljust(16, b"\0")
HEADER = struct.Struct("<16s2I")
DESCRIPTOR = struct.Struct("<6I")
WRITE_OFFSET, READ_OFFSET = 12, 16
MOST_CHANNELS = 255
"""More are none: probe-rs takes such a block for damaged, too."""
LONGEST_NAME_BYTES = 64
MODE_MASK = 3


class Memory(Protocol):
    """The memories of a chip; nothing but their bytes."""

    def held_at(self, address: int, size_bytes: int) -> bytes | None:
        """Bytes of one memory, None where there is none."""

    def load_memory(self, address: int, data: bytes) -> None:
        """Replace them."""


class Mode(Enum):
    """What a firmware does with text that finds no room."""

    SKIP = 0
    TRIM = 1
    BLOCK = 2


@dataclass(frozen=True, slots=True)
class Ring:
    """A channel's descriptor. ``address``: of the descriptor; ``label``: "up channel 0"."""

    label: str
    address: int
    name: int
    buffer: int
    size_bytes: int
    written: int
    read: int
    flags: int

    @property
    def is_set_up(self) -> bool:
        """Whether the firmware has given it a buffer."""
        return bool(self.buffer and self.size_bytes)

    @property
    def mode(self) -> Mode | None:
        """What happens when it is full."""
        return Mode(self.flags & MODE_MASK) if self.flags & MODE_MASK in (0, 1, 2) else None

    def problem(self, memory: Memory) -> str:
        """Say why nothing can be read or written; empty: it can."""
        if memory.held_at(self.buffer, self.size_bytes) is None:
            return f"its buffer, {self.size_bytes} bytes at 0x{self.buffer:08x}, lies in no memory"
        for what, offset in (("WrOff", self.written), ("RdOff", self.read)):
            if offset >= self.size_bytes:
                return f"its {what} is {offset}, and its buffer has {self.size_bytes} bytes"
        return ""

    def take(self, memory: Memory) -> bytes:
        """What the firmware has written and nobody has read, which is read now."""
        data = memory.held_at(self.buffer, self.size_bytes) or b""
        if self.written >= self.read:
            taken = data[self.read : self.written]
        else:
            taken = data[self.read :] + data[: self.written]
        if taken:
            memory.load_memory(self.address + READ_OFFSET, self.written.to_bytes(4, "little"))
        return taken

    def put(self, memory: Memory, data: bytes) -> int:
        """Write as much for the firmware as there is room; how many bytes that was."""
        room = (self.read - self.written - 1) % self.size_bytes
        data = data[:room]
        first = data[: self.size_bytes - self.written]
        if first:
            memory.load_memory(self.buffer + self.written, first)
        if len(first) < len(data):
            memory.load_memory(self.buffer, data[len(first) :])
        if data:
            end = (self.written + len(data)) % self.size_bytes
            memory.load_memory(self.address + WRITE_OFFSET, end.to_bytes(4, "little"))
        return len(data)

    def name_in(self, memory: Memory) -> str:
        """The channel's name, "" without one."""
        text = bytearray()
        while self.name and len(text) < LONGEST_NAME_BYTES:
            byte = memory.held_at(self.name + len(text), 1)
            if byte in (None, b"\0"):
                break
            text += byte or b""
        return text.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class ControlBlock:
    """A block at this moment. ``problem``: what it can't be read for."""

    up: tuple[Ring, ...] = ()
    down: tuple[Ring, ...] = ()
    problem: str = ""


def read_block(memory: Memory, address: int) -> ControlBlock | None:
    """The block at ``address``; None while none is there, or no firmware has finished setting it up."""
    header = memory.held_at(address, HEADER.size)
    if header is None:
        return None
    identification, up, down = HEADER.unpack(header)
    if identification != IDENTIFICATION or not up + down:
        return None
    if up > MOST_CHANNELS or down > MOST_CHANNELS:
        return ControlBlock(problem=f"it says that it has {up} up and {down} down channels")
    table = memory.held_at(address + HEADER.size, (up + down) * DESCRIPTOR.size)
    if table is None:
        return ControlBlock(problem=f"{up} up and {down} down channels do not fit its memory")
    rings = []
    for number, fields in enumerate(DESCRIPTOR.iter_unpack(table)):
        label = f"up channel {number}" if number < up else f"down channel {number - up}"
        rings.append(Ring(label, address + HEADER.size + number * DESCRIPTOR.size, *fields))
    return ControlBlock(tuple(rings[:up]), tuple(rings[up:]))


def find_blocks(data: bytes, base: int) -> Iterator[int]:
    """Yield the addresses of what looks like control blocks in a memory's bytes, which begin at ``base``."""
    at = data.find(IDENTIFICATION)
    while at >= 0:
        if at % 4 == 0:
            yield base + at
        at = data.find(IDENTIFICATION, at + 1)
