"""The stack pointer that the vector table gives: a core has no bits 1:0 in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from assembled import STACK_OFFSET, assemble, finish, results

from emulator import Machine
from emulator.board.reader import load_board

RAM = 0x20000000


@pytest.mark.parametrize("low_bits", [1, 2, 3])
def test_it_is_rounded_down(tmp_path: Path, low_bits: int) -> None:
    """As 0x2001FFFF, "the last byte of RAM", in published firmware."""
    board = load_board("virtual-m4")
    elf = assemble(tmp_path, "mov r0, sp\nstr r0, [r4]", board)
    linked, odd = (n.to_bytes(4, "little") for n in (RAM + STACK_OFFSET, RAM + STACK_OFFSET + low_bits))
    elf.write_bytes(elf.read_bytes().replace(linked, odd, 1))
    machine = Machine(board)
    machine.load(elf)
    assert machine.read_memory(board.vector_table, 4) == odd
    finish(machine)
    assert results(machine, 1) == (RAM + STACK_OFFSET,)
