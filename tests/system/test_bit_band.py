"""Bit-band aliases on whole machines: which boards have them, what a bit of nothing does, how long it takes.

tests/differential/test_bit_band.py compares every access size with QEMU.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from assembled import assemble, finish, machine_with, results

from emulator import Machine
from emulator.board.reader import load_board

RCC_APB1ENR2 = 0x40021058 + 4
SET_BIT = """
    ldr r0, ={alias:#x}
    movs r1, #1
    str r1, [r0]
    ldr r2, ={target:#x}
    ldr r3, [r2]
    str r3, [r4]
    ldr r3, [r0]
    str r3, [r4, #4]
"""


def alias_of(address: int, bit: int) -> int:
    base = address & 0xFFF00000
    return base + 0x02000000 + 32 * (address - base) + 4 * bit


@pytest.mark.parametrize(
    "board", ["nucleo-l4r5zi", "nucleo-l4r5zi-p", "stm32f4-discovery", "virtual-m3", "virtual-m4"]
)
def test_a_bit_of_sram(tmp_path: Path, board: str) -> None:
    target = 0x20002004
    machine = machine_with(tmp_path, SET_BIT.format(alias=alias_of(target, 17), target=target), board)
    finish(machine)
    assert results(machine, 2) == (1 << 17, 1)
    assert not machine.unmodelled


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_bit_of_a_register(tmp_path: Path, hook: str) -> None:
    body = SET_BIT.format(alias=alias_of(RCC_APB1ENR2, 0), target=RCC_APB1ENR2)
    machine = machine_with(tmp_path, body, "nucleo-l4r5zi", hook=hook)
    finish(machine)
    assert results(machine, 2) == (1, 1)  # LPUART1EN
    assert not machine.unmodelled


def test_bits_of_nothing_are_listed(tmp_path: Path) -> None:
    alias = alias_of(0x200FFFFC, 3)
    machine = machine_with(tmp_path, SET_BIT.format(alias=alias, target=0x20002000), "nucleo-l4r5zi")
    finish(machine)
    assert [(u.access, u.address) for u in machine.unmodelled] == [("write", alias), ("read", alias)]


def test_only_boards_that_say_so_have_them(tmp_path: Path) -> None:
    board = replace(load_board("virtual-m4"), core_parameters={})
    target, machine = 0x20002004, Machine(board)
    alias = alias_of(target, 17)
    machine.load(assemble(tmp_path, SET_BIT.format(alias=alias, target=target), board))
    finish(machine)
    assert results(machine, 1) == (0,)
    assert [u.address for u in machine.unmodelled] == [alias, alias]
    for name in (
        "cy8cproto-062-4343w",
        "nucleo-u575zi-q",
        "nucleo-h7a3zi-q",
        "disco-f746ng",
        "nucleo-g0b1re",
    ):
        assert "bit_band" not in load_board(name).core_parameters


def test_a_snapshot_brings_bits_back(tmp_path: Path) -> None:
    target = 0x20002004
    machine = machine_with(tmp_path, SET_BIT.format(alias=alias_of(target, 17), target=target))
    snapshot = machine.snapshot()
    for _ in range(2):
        finish(machine)
        counts = machine.counts
        assert machine.read_memory(target, 4) == (1 << 17).to_bytes(4, "little")
        machine.restore(snapshot)
        assert machine.read_memory(target, 4) == bytes(4)
    assert counts.cycles < 60
