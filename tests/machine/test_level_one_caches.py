"""CCR and the cache operations reach the board's level-one caches, whatever their accelerator is called."""

from __future__ import annotations

import pytest

from emulator import Machine

CCR, ICIALLU = 0xE000ED14, 0xE000EF50
IC, DC = 1 << 17, 1 << 16


@pytest.mark.parametrize("board", ["nucleo-h7a3zi-q", "disco-f746ng"])
def test_ccr_switches_the_caches_on(board: str) -> None:
    machine = Machine(board)
    level_one = [a.name for a in machine.board.accelerators if a.kind == "l1"]
    assert level_one
    machine.system.write(CCR, 4, machine.system.read(CCR, 4) | IC)
    values = machine.engine.memory_map.values()
    assert all(
        values[name]["instruction_cache"] == 1 and values[name]["data_cache"] == 0 for name in level_one
    )
    machine.system.write(CCR, 4, machine.system.read(CCR, 4) | DC)
    machine.system.write(ICIALLU, 4, 0)
    assert all(machine.engine.memory_map.values()[name]["data_cache"] == 1 for name in level_one)
