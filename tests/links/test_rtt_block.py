"""RTT's control block in memory, without a core: rings that wrap, blocks that are damaged or half made."""

from __future__ import annotations

import struct

import pytest

from emulator.links.rtt_block import IDENTIFICATION, Mode, find_blocks, read_block

BASE = 0x2000_0000
UP_BUFFER, DOWN_BUFFER, NAME = BASE + 0x200, BASE + 0x300, BASE + 0x400


class Ram:
    """One memory."""

    def __init__(self, size_bytes: int = 0x1000) -> None:
        self.data = bytearray(size_bytes)

    def held_at(self, address: int, size_bytes: int) -> bytes | None:
        start = address - BASE
        inside = start >= 0 and start + size_bytes <= len(self.data)
        return bytes(self.data[start : start + size_bytes]) if inside else None

    def load_memory(self, address: int, data: bytes) -> None:
        assert self.held_at(address, len(data)) is not None
        self.data[address - BASE : address - BASE + len(data)] = data


def make_block(up: tuple[int, ...] = (), down: tuple[int, ...] = (), at: int = BASE) -> Ram:
    """A memory with a block of one channel a direction."""
    ram = Ram()
    up = up or (NAME, UP_BUFFER, 8, 0, 0, 2)
    down = down or (0, DOWN_BUFFER, 8, 0, 0, 0)
    ram.load_memory(at, struct.pack("<16s2I6I6I", IDENTIFICATION, 1, 1, *up, *down))
    ram.load_memory(NAME, b"Terminal\0")
    ram.load_memory(UP_BUFFER, b"abcdefgh")
    return ram


@pytest.mark.parametrize(
    ("written", "read", "taken"),
    [(0, 0, b""), (3, 0, b"abc"), (7, 5, b"fg"), (2, 6, b"ghab"), (0, 5, b"fgh"), (4, 5, b"fghabcd")],
)
def test_a_ring_is_emptied(written, read, taken):
    ram = make_block((NAME, UP_BUFFER, 8, written, read, 1))
    block = read_block(ram, BASE)
    assert block is not None
    (ring,) = block.up
    assert ring.problem(ram) == ""
    assert ring.take(ram) == taken
    assert ring.mode is Mode.TRIM
    assert ring.name_in(ram) == "Terminal"
    again = read_block(ram, BASE)
    assert again is not None
    assert (again.up[0].read, again.up[0].take(ram)) == (written, b"")


@pytest.mark.parametrize(
    ("written", "read", "sent", "in_buffer", "end"),
    [
        (0, 0, 7, b"1234567\0", 7),
        (3, 3, 7, b"67\x0012345", 2),
        (6, 2, 3, b"3" + bytes(5) + b"12", 1),
        (1, 2, 0, bytes(8), 1),
        (7, 0, 0, bytes(8), 7),
    ],
)
def test_a_ring_is_filled_as_far_as_there_is_room(written, read, sent, in_buffer, end):
    ram = make_block(down=(0, DOWN_BUFFER, 8, written, read, 0))
    block = read_block(ram, BASE)
    assert block is not None
    assert block.down[0].put(ram, b"123456789") == sent
    assert ram.held_at(DOWN_BUFFER, 8) == in_buffer
    after = read_block(ram, BASE)
    assert after is not None
    assert after.down[0].written == end


def test_a_block_that_is_not_there_yet():
    ram = make_block()
    assert read_block(ram, BASE + 0x100) is None
    assert read_block(ram, BASE + 0xFF8) is None  # its header would end behind the memory
    ram.load_memory(BASE + 16, bytes(8))  # an identification that was copied first
    assert read_block(ram, BASE) is None


def test_a_channel_that_is_not_set_up():
    block = read_block(make_block((0, 0, 0, 0, 0, 0)), BASE)
    assert block is not None
    assert not block.up[0].is_set_up
    assert block.down[0].is_set_up


def test_damaged_blocks_say_what_is_wrong():
    ram = make_block()
    ram.load_memory(BASE + 16, struct.pack("<2I", 300, 1))
    block = read_block(ram, BASE)
    assert block is not None
    assert block.problem == "it says that it has 300 up and 1 down channels"
    ram.load_memory(BASE + 16, struct.pack("<2I", 200, 1))
    block = read_block(ram, BASE)
    assert block is not None
    assert block.problem == "200 up and 1 down channels do not fit its memory"


@pytest.mark.parametrize(
    ("descriptor", "words"),
    [
        ((0, 0x6000_0000, 8, 0, 0, 0), "its buffer, 8 bytes at 0x60000000, lies in no memory"),
        ((0, UP_BUFFER, 0xFFFF, 0, 0, 0), "its buffer, 65535 bytes at 0x20000200, lies in no memory"),
        ((0, UP_BUFFER, 8, 8, 0, 0), "its WrOff is 8, and its buffer has 8 bytes"),
        ((0, UP_BUFFER, 8, 0, 99, 0), "its RdOff is 99, and its buffer has 8 bytes"),
    ],
)
def test_damaged_channels_say_what_is_wrong(descriptor, words):
    ram = make_block(descriptor)
    block = read_block(ram, BASE)
    assert block is not None
    assert block.up[0].problem(ram) == words


def test_blocks_are_found_in_a_memory():
    ram = make_block(at=BASE + 0x40)
    ram.load_memory(BASE + 0x802, IDENTIFICATION)  # not on a word
    ram.load_memory(BASE + 0x900, IDENTIFICATION)
    assert list(find_blocks(bytes(ram.data), BASE)) == [BASE + 0x40, BASE + 0x900]
