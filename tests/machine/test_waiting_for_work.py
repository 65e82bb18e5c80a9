"""Who waits for a device that is at work is not idle; who waits for the next tick, again and again, is."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine, StopReason
from tests.machine.firmware import build

BOARD = "nucleo-h743zi"
PLACES = {
    "0x0 :": "0x08000000 :",
    "0x20000000": "0x20000000",
    "0x20010000": "0x20010000",
    "0x40004000u": "0x24000000u",  # the prologue opens a console: memory here
}
ERASE_S = 1.0
"""Erasing a sector of STM32H743 (peripherals/families/stm32h743.toml)."""
ERASURES = 4
LIMIT_CYCLES = 64_000_000 * 10
"""10 s of the clock that the chip begins with."""
ERASE = r"""
volatile u32 erased;
void main(void) {
    REG(0x52002104) = 0x45670123; REG(0x52002104) = 0xCDEF89AB;
    for (u32 sector = 0; sector < 4; sector++) {
        REG(0x5200210C) = 1u << 7 | sector << 8 | 1u << 2;
        while (REG(0x52002110) & 1u << 2) { }
        erased++;
    }
}
"""
TICKS = r"""
volatile u32 periods;
void main(void) {
    REG(0x40000028) = 63; REG(0x4000002C) = 99999; REG(0x40000014) = 1; REG(0x40000010) = 0;
    REG(0x40000000) = 1; /* TIM2 every 100 ms */
    for (;;) {
        while (!(REG(0x40000010) & 1)) { }
        REG(0x40000010) = 0;
        periods++;
    }
}
"""


def _value(machine: Machine, name: str) -> int:
    assert machine.image is not None
    assert machine.image.debug is not None
    symbol = machine.image.debug.symbol(name)
    assert symbol is not None
    return int.from_bytes(machine.read_memory(symbol.address, 4), "little")


@pytest.mark.parametrize("hook", ["native", "python"])
def test_erasures_that_are_polled_are_waited_for(tmp_path: Path, hook: str) -> None:
    machine = Machine(BOARD, hook=hook)
    machine.load(build(tmp_path, ERASE, core="cortex-m7", places=PLACES))
    assert machine.run(max_cycles=LIMIT_CYCLES, quiet_seconds=1.0) is StopReason.IDLE
    assert _value(machine, "erased") == ERASURES
    assert machine.clock.seconds() == pytest.approx(ERASURES * ERASE_S, rel=0.01)


def test_a_timer_that_is_polled_for_each_of_its_periods_is_no_work(tmp_path: Path) -> None:
    machine = Machine(BOARD)
    machine.load(build(tmp_path, TICKS, core="cortex-m7", places=PLACES))
    assert machine.run(max_cycles=LIMIT_CYCLES, quiet_seconds=0.5) is StopReason.IDLE
    assert 4 <= _value(machine, "periods") <= 6


def test_nothing_is_at_work_when_the_last_erasure_is_over(tmp_path: Path) -> None:
    machine = Machine(BOARD)
    machine.load(build(tmp_path, ERASE, core="cortex-m7", places=PLACES))
    owner = next(entry.name for entry in machine.board.devices if entry.name.startswith("flash"))
    assert machine.run(max_cycles=64_000_000 // 2, quiet_seconds=0.1) is StopReason.MAX_CYCLES
    assert machine.clock.has_work(owner)
    assert machine.run(max_cycles=LIMIT_CYCLES, quiet_seconds=0.1) is StopReason.IDLE
    assert not machine.clock.has_work(owner)
