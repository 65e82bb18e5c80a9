"""What a region holds before an image is loaded: option bytes, information pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_board_file import MINIMAL, write

from boardless import Machine
from emulator.board.reader import load_board
from emulator.errors import BoardError

OPTIONS = """
[regions.options]
base = 0x1FFFF000
size_bytes = 0x1000
kind = "flash"
"""
BYTES = bytes.fromhex("a55aff00")


def test_they_are_there_and_the_rest_is_erased(tmp_path: Path) -> None:
    given = MINIMAL + OPTIONS + 'contents = "a5 5a ff00"\ncontents_at = 0x1FFFF800\n'
    machine = Machine(load_board(write(tmp_path, given)))
    assert machine.read_memory(0x1FFFF7FC, 12) == b"\xff" * 4 + BYTES + b"\xff" * 4


def test_a_file_beside_the_board_s_begins_at_the_base(tmp_path: Path) -> None:
    (tmp_path / "page.bin").write_bytes(BYTES)
    given = MINIMAL + OPTIONS.replace('"flash"', '"rom"') + 'contents_file = "page.bin"\n'
    machine = Machine(load_board(write(tmp_path, given)))
    assert machine.read_memory(0x1FFFF000, 8) == BYTES + bytes(4)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ('contents = "a5 5"', "regions.options.contents: is not hexadecimal"),
        ('contents = "a5"\ncontents_at = 0x1FFFE000', "they are not all in the region"),
        ('contents = "a55a"\ncontents_at = 0x1FFFFFFF', "they are not all in the region"),
        ('contents = "a5"\ncontents_file = "page.bin"', "contents says the same"),
        ('contents_file = "none.bin"', "none.bin"),
        ('contents_file = "long.bin"', "has 4097 bytes, the region room for 4096"),
    ],
)
def test_what_is_wrong_with_them(tmp_path: Path, keys: str, words: str) -> None:
    (tmp_path / "page.bin").write_bytes(BYTES)
    (tmp_path / "long.bin").write_bytes(bytes(0x1001))
    with pytest.raises(BoardError) as error:
        load_board(write(tmp_path, MINIMAL + OPTIONS + keys + "\n"))
    assert words in str(error.value)


def test_an_alias_has_none_of_its_own(tmp_path: Path) -> None:
    given = MINIMAL.replace('alias_of = "flash"', 'alias_of = "flash"\ncontents = "00"')
    with pytest.raises(BoardError) as error:
        load_board(write(tmp_path, given))
    assert "regions.boot.contents: the bytes are flash's" in str(error.value)
