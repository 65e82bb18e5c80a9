"""Whatever stands in a board file: it is a problem that is told, or a board that a machine is made of."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from emulator import Machine
from emulator.board.areas import ALIAS_BYTES, PERIPHERALS, PRIVATE, SRAM_ALIAS
from emulator.board.checks import board_problems
from emulator.board.reader import load_board
from emulator.bus.bit_band import BitBand
from emulator.errors import BoardError
from tests.fuzz.corpus import whole_board

ODD: tuple[Any, ...] = (0, -1, True, 1.5, "x", "", [], {}, [1, "a"], {"a": 1}, 1 << 70, [[]], {"a": []})


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


@pytest.mark.parametrize("board", ["nucleo-l4r5zi", "cy8cproto-062-4343w"])
def test_a_value_of_another_kind_anywhere(board: str) -> None:
    table = whole_board(board)
    assert board_problems(table) == []
    for number, path in enumerate(places(table)):
        for odd in (ODD[number % len(ODD)], ODD[(number + 5) % len(ODD)]):
            changed = copy.deepcopy(table)
            node = changed
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = odd
            for problem in board_problems(changed):
                assert str(problem.what)


# -- the memory map --------------------------------------------------------------------------
def virtual(folder: Path, extra: str, core: str = "m4") -> str:
    file = folder / "mine.toml"
    text = resources.files("peripherals").joinpath(f"boards/virtual-{core}.toml").read_text()
    file.write_text(f"{text}\n{extra}\n")
    return str(file)


@pytest.mark.parametrize(
    ("base", "size", "words"),
    [
        (0x22000000, 0x1000, "bit-band alias of SRAM"),
        (0x21FFF000, 0x2000, "bit-band alias of SRAM"),
        (0x50000000, 0x1000, "the peripherals' area"),
        (0x3FFFF000, 0x2000, "the peripherals' area"),
        (0xE0040000, 0x1000, "the core's own registers"),
        (0x60000000, 0x20001000, "must be a multiple"),
    ],
)
def test_a_memory_where_arm_has_something_else(tmp_path: Path, base: int, size: int, words: str) -> None:
    extra = f'[regions.x]\nbase = {base}\nsize_bytes = {size}\nkind = "ram"'
    with pytest.raises(BoardError, match=words):
        load_board(virtual(tmp_path, extra))


@pytest.mark.parametrize(
    ("base", "size", "words"),
    [
        (0x3FFFFF00, 0x400, "half in the peripherals' area"),
        (0x5FFFFF00, 0x400, "half in the peripherals' area"),
        (0x22000100, 0x400, "in the bit-band alias of SRAM"),
        (0xE00FFF00, 0x400, "half in the core's own registers"),
        (0x60000000, 0x60000000, "size_bytes"),
    ],
)
def test_a_device_that_can_not_be_reached(tmp_path: Path, base: int, size: int, words: str) -> None:
    extra = f'[devices.x]\nbase = {base}\nsize_bytes = {size}\ntype = "peripherals.quiet:Quiet"'
    with pytest.raises(BoardError, match=words):
        load_board(virtual(tmp_path, extra))


@pytest.mark.parametrize(
    ("core", "extra"),
    [
        ("m7", '[regions.x]\nbase = 0x22000000\nsize_bytes = 0x1000\nkind = "ram"'),  # has no aliases
        ("m4", '[regions.x]\nbase = 0x24000000\nsize_bytes = 0x1000\nkind = "ram"'),
        ("m4", '[regions.x]\nbase = 0x60000000\nsize_bytes = 0x20000000\nkind = "ram"'),
        ("m4", '[regions.x]\nbase = 0xE0100000\nsize_bytes = 0x1000\nkind = "ram"'),
        ("m4", '[devices.x]\nbase = 0x60000010\nsize_bytes = 0x1000\ntype = "peripherals.quiet:Quiet"'),
        ("m4", '[devices.x]\nbase = 0xE0042000\nsize_bytes = 0x400\ntype = "peripherals.quiet:Quiet"'),
    ],
)
def test_what_a_machine_can_be_made_of(tmp_path: Path, core: str, extra: str) -> None:
    Machine(virtual(tmp_path, extra, core))


def test_the_areas() -> None:
    assert BitBand.covers(SRAM_ALIAS.start)
    assert BitBand.covers(SRAM_ALIAS.stop - 4)
    assert not BitBand.covers(SRAM_ALIAS.start + ALIAS_BYTES)
    assert (len(PERIPHERALS), len(PRIVATE)) == (0x20000000, 0x100000)
