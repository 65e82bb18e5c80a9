"""RP2350's boot ROM: which images it starts, and what firmware looks up, called as firmware calls it."""

from __future__ import annotations

import struct

import pytest

from benches.build.boot_rom import build_boot_rom, shipped_rom
from emulator import Machine
from emulator.image.model import Image, Segment
from emulator.machine.execution import StopReason

FLASH, RAM = 0x10000000, 0x20000000
LOOKUP, SECURE, DATA = 0x16, 4, 0x40
BLOCK, END, LAST = 0xFFFFDED3, 0xAB123579, 0xFF
ARM, RISCV, RP2040, NON_SECURE = 0x1021, 0x1101, 0x0021, 0x1011
STACK, ENTRY = RAM + 0x40000, FLASH + 0x208
VECTORS = struct.pack("<II", STACK, ENTRY | 1) + bytes.fromhex("30bffde7")  # WFI, again


def definition(kind: int, *items: int) -> bytes:
    words = [kind << 16 | 0x0142, *items]
    return struct.pack(f"<{len(words) + 4}I", BLOCK, *words, len(words) << 8 | LAST, 0, END)


def flash(block: bytes) -> Image:
    data = block.ljust(0x200, b"\xff") + VECTORS
    return Image("made", "", "bin", (Segment(FLASH, data.ljust(0x400, b"\xff")),))


GOOD = definition(ARM, 0x0203, FLASH + 0x200)


def started(image: Image) -> Machine:
    machine = Machine("rpi-pico2")
    machine.load(image)
    assert machine.run(max_cycles=200_000_000) is StopReason.IDLE
    return machine


@pytest.fixture(scope="module")
def machine() -> Machine:
    """A Pico 2 whose firmware sleeps."""
    return started(flash(GOOD))


def look_up(machine: Machine, code: str, flags: int = SECURE) -> int:
    lookup = int.from_bytes(machine.read_memory(LOOKUP, 2), "little")
    return machine.call(lookup, int.from_bytes(code.encode(), "little"), flags, returns="uint32").value


def words(machine: Machine, address: int, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}I", machine.read_memory(address, 4 * count))


@pytest.mark.usefixtures("cross_tools")
def test_it_is_what_the_sources_give() -> None:
    rom = shipped_rom("rp2350").read_bytes()
    assert rom == build_boot_rom("rp2350")
    assert rom[0x10:0x13] == b"Mu\x02"


@pytest.mark.parametrize(
    "items", [(0x0203, FLASH + 0x200), (0x0344, ENTRY | 1, STACK), (0x0444, ENTRY | 1, STACK, RAM)]
)
def test_an_image_starts_by_its_vectors_or_its_entry(items: tuple[int, ...]) -> None:
    machine = started(flash(definition(ARM, *items)))
    assert FLASH + 0x208 <= machine.registers()["pc"] < FLASH + 0x210
    assert machine.registers()["sp"] == STACK
    assert not machine.unmodelled


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (b"", "no image definition"),
        (definition(RISCV), "RISC-V cores, which are not emulated"),
        (definition(RP2040), "for another chip"),
        (definition(NON_SECURE), "non-secure"),
        (GOOD[:-8] + struct.pack("<II", 0x100, END), "block loop is broken"),
    ],
)
def test_others_are_refused_in_words(block: bytes, words: str) -> None:
    machine = started(flash(block))
    assert machine.registers()["pc"] < 0x8000
    assert [entry.what for entry in machine.unmodelled if words in entry.what]


def test_a_signed_image_starts_and_it_is_said_that_nobody_checks_it() -> None:
    signed = definition(ARM, 0x0203, FLASH + 0x200, 0x01000209, 0)
    machine = started(flash(signed))
    assert machine.registers()["pc"] >= FLASH
    assert ["not checked" in entry.what for entry in machine.unmodelled] == [True]


def test_a_load_map_moves_what_runs_elsewhere() -> None:
    # behind the map item, which is the third word: 16 bytes from 0x200 on
    place = 4 + 4 + 8
    load_map = (0x01000406, 0x200 - place, RAM + 0x100, 16)
    machine = started(flash(definition(ARM, 0x0203, FLASH + 0x200, *load_map)))
    assert machine.read_memory(RAM + 0x100, len(VECTORS)) == VECTORS


def test_what_firmware_asks_of_the_chip(machine: Machine) -> None:
    info = look_up(machine, "GS")
    assert machine.call(info, RAM, 9, 1 | 4 | 0x10, returns="int32").value == 9
    found = words(machine, RAM, 9)
    assert found[:5] == (0x15, 1, 0x81DB2C8A, 0xE6616054, 0x100)
    assert machine.call(info, RAM, 3, 1, returns="int32").value == -13
    table = look_up(machine, "GP")
    assert machine.call(table, RAM, 4, 1, returns="int32").value == 4
    assert words(machine, RAM, 4) == (1, 0, 0xFC000000, 0xFC000000)
    assert machine.call(look_up(machine, "OA"), RAM, 4, 1 << 17 | 2, returns="int32").value == 0
    assert words(machine, RAM, 1) == (0xE6616054,)
    assert look_up(machine, "ZZ") == 0
    assert look_up(machine, "XF") == 0, "that is data"
    assert words(machine, look_up(machine, "XF", DATA), 1) == (0x400E0000,)
    (flash_info,) = words(machine, look_up(machine, "FD", DATA), 1)
    assert words(machine, flash_info, 1) == (0xC00,), "16 MB at select 0, none at 1"


def test_flash_is_erased_and_programmed_in_its_time(machine: Machine) -> None:
    data = bytes(range(256))
    machine.write_memory(RAM, data)
    operation = look_up(machine, "FO")
    place = FLASH + 0x10000
    assert machine.call(operation, 0x00000100, place + 1, 0x1000, 0, returns="int32").value == -11
    assert machine.call(operation, 0x00000100, 0x20000000, 0x1000, 0, returns="int32").value == -10
    before = machine.clock.picoseconds()
    assert machine.call(operation, 0x00000100, place, 0x1000, 0, returns="int32").value == 0
    after = machine.clock.picoseconds()
    assert 45 <= (after - before) / 1e9 < 47, "tSE: 45 ms"
    assert machine.call(operation, 0x00010100, place, 0x100, RAM, returns="int32").value == 0
    assert 0.4 <= (machine.clock.picoseconds() - after) / 1e9 < 4
    assert machine.read_memory(place, 257) == data + b"\xff"
    assert machine.call(operation, 0x00020100, place + 3, 5, RAM + 0x400, returns="int32").value == 0
    assert machine.read_memory(RAM + 0x400, 5) == data[3:8]


def test_what_bootram_holds_goes_on_with_xip_as_the_boot_left_it(machine: Machine) -> None:
    (place,) = words(machine, look_up(machine, "XF", DATA), 1)
    registers = [0x400D000C + 4 * n for n in range(3)]
    left = [words(machine, register, 1)[0] for register in registers]
    assert left == [0x40000103, 0x000492A8, 0x000000EB]
    machine.write_memory(RAM + 0x800, machine.read_memory(place, 256))
    machine.call(look_up(machine, "CX"))
    assert words(machine, registers[2], 1) == (0xA003,)
    machine.call(RAM + 0x801)
    assert [words(machine, register, 1)[0] for register in registers] == left
