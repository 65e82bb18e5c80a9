"""``banks_signal`` and ``bank_bytes`` of a region: what a board file may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine
from emulator.board.reader import load_board
from emulator.errors import BoardError
from emulator.system.core import MemoryFault
from tests.board.test_board_file import MINIMAL, write

BANKED = """
[regions.banked]
base = 0x30000000
size_bytes = 0x4000
"""


def test_so_many_banks_answer_as_the_signal_says(tmp_path: Path) -> None:
    given = BANKED + 'kind = "ram"\nbanks_signal = "power:ram"\nbank_bytes = 0x1000\n'
    machine = Machine(load_board(write(tmp_path, MINIMAL + given)))
    core, parts = machine.core, machine._parts
    machine.signals.set("power:ram", 3)
    parts.banks.settle()
    assert core.read_memory(0x30002FFC, 4) == bytes(4)
    for access in (0x30002FFE, 0x30003000):
        with pytest.raises(MemoryFault):
            core.read_memory(access, 4)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ('kind = "ram"\nbanks_signal = "power"', "banks_signal: says nothing without bank_bytes"),
        ('kind = "ram"\nbank_bytes = 0x1000', "bank_bytes: says nothing without banks_signal"),
        ('kind = "ram"\nbanks_signal = "power"\nbank_bytes = 0x3000', "not so many whole banks"),
        ('kind = "flash"\nbanks_signal = "power"\nbank_bytes = 0x1000', "only a RAM"),
    ],
)
def test_what_is_wrong_with_them(tmp_path: Path, keys: str, words: str) -> None:
    with pytest.raises(BoardError) as error:
        load_board(write(tmp_path, MINIMAL + BANKED + keys + "\n"))
    assert words in str(error.value)
