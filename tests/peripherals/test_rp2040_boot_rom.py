"""What firmware looks up in RP2040's boot ROM, called as firmware calls it."""

from __future__ import annotations

import ctypes
import math
import random
import struct
from functools import partial
from pathlib import Path

import pytest

from emulator import Machine
from emulator.image.model import Image, Segment
from emulator.machine.execution import StopReason

FLASH, RAM = 0x10000000, 0x20000000
FUNCTION_TABLE, DATA_TABLE, LOOKUP = 0x14, 0x16, 0x18
NEAR = 2**-50
Single, Double = ctypes.c_float, ctypes.c_double
ROWS = (
    "add", "sub", "mul", "div", "", "", "sqrt", "int", "fix", "uint", "ufix", "of_int", "of_fix", "of_uint",
    "of_ufix", "cos", "sin", "tan", "sincos", "exp", "ln", "cmp", "atan2", "of_int64", "of_fix64",
    "of_uint64", "of_ufix64", "int64", "fix64", "uint64", "ufix64", "other",
)  # fmt: skip


@pytest.fixture(scope="module")
def machine() -> Machine:
    """A Pico whose flash holds no second stage."""
    made = Machine("rpi-pico")
    made.load(Image("empty", "", "bin", (Segment(FLASH, bytes(0x200)),)))
    return made


def half_word(machine: Machine, address: int) -> int:
    return int.from_bytes(machine.read_memory(address, 2), "little")


def look_up(machine: Machine, table: int, code: str) -> int:
    lookup = half_word(machine, LOOKUP)
    key = int.from_bytes(code.encode(), "little")
    found = machine.call(lookup, half_word(machine, table), key, returns="uint32").value
    assert found, code
    return found


def real(machine: Machine, table: str, row: str) -> int:
    base = look_up(machine, DATA_TABLE, table)
    return int.from_bytes(machine.read_memory(base + 4 * ROWS.index(row), 4), "little")


def test_without_a_second_stage_it_waits_for_a_program(machine: Machine) -> None:
    other = Machine("rpi-pico")
    other.load(Image("empty", "", "bin", (Segment(FLASH, bytes(0x200)),)))
    assert other.run(max_cycles=50_000_000) is StopReason.IDLE
    assert [entry.what for entry in other.unmodelled if "BOOTSEL" in entry.what]


@pytest.mark.parametrize("value", [0, 1, 0x80000000, 0xFFFFFFFF, 0x00010100, 0x12345678])
def test_bits(machine: Machine, value: int) -> None:
    def call(code: str) -> int:
        return machine.call(look_up(machine, FUNCTION_TABLE, code), value, returns="uint32").value

    digits = f"{value:032b}"
    assert call("P3") == value.bit_count()
    assert call("R3") == int(digits[::-1], 2)
    assert call("L3") == (len(digits) - len(digits.lstrip("0")))
    assert call("T3") == (len(digits) - len(digits.rstrip("0")))


@pytest.mark.parametrize(
    ("target", "source", "count"), [(0, 0, 16), (1, 1, 15), (3, 2, 7), (2, 2, 1), (0, 1, 0)]
)
def test_bytes(machine: Machine, target: int, source: int, count: int) -> None:
    data = bytes(range(1, 33))
    machine.write_memory(RAM, data + bytes(32))
    copy = look_up(machine, FUNCTION_TABLE, "MC")
    machine.call(copy, RAM + 32 + target, RAM + source, count)
    expected = bytes(target) + data[source : source + count]
    assert machine.read_memory(RAM + 32, 32) == expected.ljust(32, b"\0")
    machine.call(look_up(machine, FUNCTION_TABLE, "MS"), RAM + target, 0xA5, count)
    filled = data[:target] + b"\xa5" * count + data[target + count :]
    assert machine.read_memory(RAM, 32) == filled


def test_the_flash_is_erased_and_programmed(machine: Machine) -> None:
    sector, data = 0x80000, bytes(range(256))
    machine.write_memory(FLASH + sector, bytes(0x2000))
    for code in ("IF", "EX"):
        machine.call(look_up(machine, FUNCTION_TABLE, code), returns=None)
    begin = machine.clock.picoseconds()
    machine.call(look_up(machine, FUNCTION_TABLE, "RE"), sector, 0x1000, 0x10000, 0xD8, returns=None)
    assert 45.0 < (machine.clock.picoseconds() - begin) / 1e9 < 46.0
    assert machine.read_memory(FLASH + sector, 0x1001) == b"\xff" * 0x1000 + b"\0"
    machine.write_memory(RAM, data)
    machine.call(look_up(machine, FUNCTION_TABLE, "RP"), sector + 0x100, RAM, 0x100, returns=None)
    assert machine.read_memory(FLASH + sector, 0x200) == b"\xff" * 0x100 + data
    for code in ("FC", "CX"):
        machine.call(look_up(machine, FUNCTION_TABLE, code), returns=None)


def values(count: int, low: float, high: float) -> list[float]:
    generator = random.Random(f"{low} {high}")
    return [0.0, 1.0, low, high, *(generator.uniform(low, high) for _ in range(count))]


@pytest.mark.parametrize("table", ["SF", "SD"])
def test_real_functions_of_one_argument(machine: Machine, table: str) -> None:
    kind, name, near = (Single, "float", 2**-23) if table == "SF" else (Double, "double", NEAR)
    for row, exact, low, high in (
        ("sin", math.sin, -100.0, 100.0), ("cos", math.cos, -100.0, 100.0), ("tan", math.tan, -1.5, 1.5),
        ("exp", math.exp, -80.0, 80.0), ("ln", math.log, 0.001, 1e6), ("sqrt", math.sqrt, 0.25, 1e12),
    ):  # fmt: skip
        function = real(machine, table, row)
        for value in values(8, low, high):
            given = kind(value).value
            if row == "ln" and given == 0:
                continue
            got = machine.call(function, kind(given), returns=name, float_abi="soft").value
            assert got == pytest.approx(exact(given), rel=near, abs=2 * near), (row, given)


@pytest.mark.parametrize("table", ["SF", "SD"])
def test_real_functions_of_two_arguments(machine: Machine, table: str) -> None:
    kind, name, near = (Single, "float", 2**-23) if table == "SF" else (Double, "double", NEAR)
    for row, exact in (
        ("add", lambda a, b: a + b), ("sub", lambda a, b: a - b), ("mul", lambda a, b: a * b),
        ("div", lambda a, b: a / b), ("atan2", math.atan2),
    ):  # fmt: skip
        function = real(machine, table, row)
        for pair in zip(values(6, -10.0, 10.0), values(6, -3.0, 3.0)[::-1], strict=True):
            a, b = (kind(value).value for value in pair)
            if row == "div" and b == 0:
                continue
            got = machine.call(function, kind(a), kind(b), returns=name, float_abi="soft").value
            exactly = row in ("add", "sub", "mul", "div")
            assert got == (kind(exact(a, b)).value if exactly else pytest.approx(exact(a, b), rel=near)), (
                row,
                a,
                b,
            )
    compare = real(machine, table, "cmp")
    for a, b, order in ((1.0, 2.0, -1), (2.0, 2.0, 0), (-1.0, -2.0, 1)):
        assert machine.call(compare, kind(a), kind(b), float_abi="soft").value == order


@pytest.mark.parametrize("table", ["SF", "SD"])
def test_a_table_says_how_long_it_is(machine: Machine, table: str) -> None:
    """Debug builds of vendor start-up code look."""
    assert machine.read_memory(look_up(machine, DATA_TABLE, table) - 2, 1)[0] == len(ROWS)


@pytest.mark.parametrize("table", ["SF", "SD"])
def test_conversions_go_down_and_clamp(machine: Machine, table: str) -> None:
    kind, name = (Single, "float") if table == "SF" else (Double, "double")
    for value in (0.0, 1.5, -1.5, -1.0, 1e9, -1e9, 1e30, -1e30, 3e9, 123456.75):
        given = kind(value).value
        for row, returns, least, most in (
            ("int", "int32", -(2**31), 2**31 - 1), ("uint", "uint32", 0, 2**32 - 1),
            ("int64", "int64", -(2**63), 2**63 - 1), ("uint64", "uint64", 0, 2**64 - 1),
        ):  # fmt: skip
            call = partial(machine.call, returns=returns, float_abi="soft")
            expected = min(max(math.floor(given), least), most)
            assert call(real(machine, table, row), kind(given)).value == expected, (row, given)
            fixed = min(max(math.floor(given * 16), least), most)
            fix = row.replace("uint", "ufix").replace("int", "fix")
            assert call(real(machine, table, fix), kind(given), 4).value == fixed, (fix, given)
    for row, word in (("of_int", -77), ("of_uint", 0xFFFFFF00)):
        back = partial(machine.call, returns=name, float_abi="soft")
        assert back(real(machine, table, row), word).value == word
        assert back(real(machine, table, row.replace("int", "fix")), word, 8).value == word / 256
    other = machine.call(real(machine, table, "other"), kind(0.1), float_abi="soft",
                         returns="double" if table == "SF" else "float").value  # fmt: skip
    assert other == Single(0.1).value


def test_it_starts_where_the_watchdogs_scratch_registers_say(tmp_path: Path) -> None:
    machine = Machine("rpi-pico")
    loop = bytes.fromhex("fee7")
    machine.load(Image("empty", "", "bin", (Segment(FLASH, bytes(0x200)), Segment(RAM + 0x100, loop))))
    dog = machine.devices["watchdog"]
    magic, entry, stack = 0xB007C0D3, RAM + 0x101, RAM + 0x1000
    words = struct.pack("<4I", magic, entry ^ -magic & 0xFFFFFFFF, stack, entry)
    for n in range(4):
        dog.write(0x1C + 4 * n, 4, int.from_bytes(words[4 * n : 4 * n + 4], "little"))
    dog.write(0x0C, 4, 0x600D)
    machine.request_reset("a test", "watchdog")
    assert machine.run_to(RAM + 0x100, max_cycles=1_000_000) is StopReason.BREAK
    assert machine.registers()["sp"] == stack
    assert (dog.read(0x0C, 4), dog.read(0x1C, 4)) == (0x600D, 0)


def test_it_leaves_the_watchdogs_scratch_registers_alone() -> None:
    """What a firmware keeps there says whether its own watchdog has reset it."""
    machine = Machine("rpi-pico")
    machine.load(Image("empty", "", "bin", (Segment(FLASH, bytes(0x200)),)))
    dog = machine.devices["watchdog"]
    dog.write(0x1C, 4, 0x600DCAFE)
    machine.request_reset("a test", "watchdog")
    machine.run(max_cycles=50_000_000)
    assert (dog.read(0x08, 4), dog.read(0x1C, 4)) == (1, 0x600DCAFE)
