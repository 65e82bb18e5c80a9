"""SysTick's interrupt comes natively, as often and at the same cycles as with the Python hook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator import Machine
from emulator.system.systick import SysTick
from tests.machine.firmware import build

TICKING = r"""
#define CSR REG(0xE000E010)
#define LOAD REG(0xE000E014)
#define VAL REG(0xE000E018)
volatile u32 seen[8], work;
static void until(u32 n) { while (ticks < n) for (u32 k = 0; k < 50; k++) work += k; }
void main(void)
{
    LOAD = 1999; VAL = 0; CSR = 7;
    until(100); seen[0] = VAL; seen[1] = CSR; seen[2] = CSR;
    until(200);
    __asm volatile("cpsid i"); for (u32 k = 0; k < 3000; k++) work += k; __asm volatile("cpsie i");
    seen[3] = ticks; until(ticks + 20); LOAD = 700; until(ticks + 50); seen[4] = VAL;
    print("five characters\n"); until(ticks + 20);
    CSR = 5; seen[5] = ticks; for (u32 k = 0; k < 3000; k++) work += k;
    seen[6] = ticks; seen[7] = CSR;
    print("end\n");
}
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, cross_tools: None) -> Path:
    return build(tmp_path_factory.mktemp("ticking"), TICKING)


def run(image: Path, hook: str, slice_cycles: int) -> tuple[Any, ...]:
    machine = Machine("virtual-m4", hook=hook)
    machine.load(image)
    machine.execution.set_slice(slice_cycles)
    machine.run(until="end")
    seen = machine.read_memory(machine.symbol("seen").address, 32)
    return machine.counts, seen, machine.console.take(), machine.snapshot().parts["system"]


def test_both_hooks_and_any_slice_count_the_same(image: Path) -> None:
    first = run(image, "python", 20_000_000)
    assert all(run(image, "native", cycles) == first for cycles in (20_000_000, 5_003, 997))


def test_ticks_end_no_slice(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[int] = []
    reached = SysTick._deadline_reached

    def count(systick: SysTick) -> None:
        served.append(1)
        reached(systick)

    monkeypatch.setattr(SysTick, "_deadline_reached", count)
    run(image, "native", 20_000_000)
    assert len(served) < 60  # of 290: the rest came while a waiting loop was looked for or the console sent
