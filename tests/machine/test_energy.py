"""The energy model: power by clock and mode, integrated over modelled time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from emulator import Machine
from emulator.board.reader import list_boards, load_board
from emulator.board.supply import EnergyFacts, EnergyTable
from emulator.errors import UsageError
from emulator.schema.checks import problems_of
from tests.machine.firmware import build

FACTS = EnergyFacts(
    supply_mv=1800,
    measured_mv=3000,
    regulator="ldo",
    run_microamps={10_000_000: 1000, 20_000_000: 3000},
    sleep_microamps={20_000_000: 1000},
)


def test_currents_between_and_beyond_the_points():
    def microwatts(hertz: int) -> int:
        return FACTS.power_nanowatts(hertz, asleep=False) // 1000

    assert microwatts(10_000_000) == 1800
    assert microwatts(15_000_000) == 3600
    assert microwatts(5_000_000) == 900
    assert microwatts(40_000_000) == 10800
    assert FACTS.power_nanowatts(10_000_000, asleep=True) == 900_000


def test_regulators():
    assert replace(FACTS, regulator="smps").power_nanowatts(10_000_000, asleep=False) == 3_000_000
    external = replace(FACTS, regulator="external-smps", core_mv=1200, efficiency_percent=80)
    assert external.power_nanowatts(10_000_000, asleep=False) == 1_500_000


def test_running_and_sleeping_take_what_they_take(tmp_path: Path):
    source = """
    volatile u32 turns;
    void main(void) {
        REG(0xE000E014) = 24999; REG(0xE000E018) = 0; REG(0xE000E010) = 7;
        for (;;) { for (volatile u32 i = 0; i < 500; i++) { } __asm__ volatile("wfi"); }
    }"""
    board = replace(load_board("virtual-m4"), energy=FACTS)
    machine = Machine(board)
    machine.load(build(tmp_path, source))
    meter = machine.energy_meter()
    machine.execution.between_slices = meter.update
    machine.run(max_cycles=2_500_000, quiet_seconds=10)
    total = meter.energy_at(meter.now_picoseconds())
    hertz = machine.clock.core_hz
    slept = machine.engine.outside.sleep_cycles
    awake = machine.counts.cycles - slept
    assert awake > 100_000 < slept
    expected = (
        FACTS.power_nanowatts(hertz, asleep=False) * awake + FACTS.power_nanowatts(hertz, asleep=True) * slept
    ) * 1e-9
    assert total == pytest.approx(expected / hertz, rel=1e-6)
    half = meter.energy_at(meter.now_picoseconds() // 2)
    assert half == pytest.approx(total / 2, rel=0.02)


def test_a_line_that_a_cache_brings_in_takes_its_charge(tmp_path: Path):
    source = """
    void main(void) {
        const volatile u32 *from = (const volatile u32 *)0x00010000;
        u32 sum = 0;
        for (u32 i = 0; i < 4096; i += 8) { sum += from[i]; }
        for (volatile u32 i = sum & 0; i < 2000; i++) { }
        for (;;) { }
    }"""
    flash = replace(next(a for a in load_board("nucleo-l4r5zi").accelerators), name="flash")
    virtual = load_board("virtual-m4")
    regions = tuple(replace(r, accelerator="flash") if r.name == "flash" else r for r in virtual.regions)
    board = replace(virtual, energy=FACTS, accelerators=(flash,), regions=regions)
    joules = []
    for charge in (0, 500):
        facts = replace(FACTS, line_fill_picocoulombs={"flash": charge} if charge else {})
        machine = Machine(replace(board, energy=facts))
        machine.load(build(tmp_path, source))
        meter = machine.energy_meter()
        machine.execution.between_slices = meter.update
        machine.run(max_cycles=100_000)
        joules.append(meter.energy_at(meter.now_picoseconds()))
        fills = machine.engine.memory_map.line_fills()["flash"]
    assert fills > 500
    assert joules[1] - joules[0] == pytest.approx(fills * 500e-12 * 1.8, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "volts"),
    [({}, 1.8), ({"regulator": "smps"}, 3.0),
     ({"regulator": "external-smps", "core_mv": 1200, "efficiency_percent": 80}, 1.5)],
)  # fmt: skip
def test_a_charge_carries_over_as_currents_do(changes, volts):
    facts = replace(FACTS, line_fill_picocoulombs={"flash": 100}, **changes)
    assert facts.line_fill_energy("flash") * 1e-21 == pytest.approx(100e-12 * volts)
    assert facts.line_fill_energy("sram") == 0


def test_every_shipped_energy_table_has_sources():
    boards = [board for board in map(load_board, list_boards()) if board.energy is not None]
    assert {"nucleo-l4r5zi", "nucleo-l4r5zi-p", "nucleo-u575zi-q", "nucleo-u385rg-q", "nucleo-h7a3zi-q"} <= {
        board.name for board in boards
    }
    for board in boards:
        assert board.energy.sources["run_microamps"]
        assert 1e6 < board.energy.power_nanowatts(board.nominal_hz, asleep=False) < 1e9


def test_a_board_without_a_model():
    with pytest.raises(UsageError, match="no energy model"):
        Machine("virtual-m4").energy_meter()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"supply_mv": 0}, "energy.supply_mv"),
        ({"colour": 1}, "energy.colour"),
        ({"regulator": "steam"}, "energy.regulator"),
        ({"regulator": "external-smps"}, "energy.core_mv"),
        ({"sources": {}}, "energy.sources.supply_mv"),
        ({"run_microamps": {"fast": 1}}, "energy.run_microamps"),
        ({"line_fill_picocoulombs": {"flash": 1}}, "energy.sources.line_fill_picocoulombs"),
        ({"line_fill_picocoulombs": {"flash": -1}}, "energy.line_fill_picocoulombs"),
    ],
)
def test_a_wrong_table_is_refused(change, key):
    table = {
        "supply_mv": 1800,
        "measured_mv": 3000,
        "regulator": "ldo",
        "run_microamps": {"1_000": 1},
        "sleep_microamps": {"1_000": 1},
        "sources": dict.fromkeys(("supply_mv", "regulator", "run_microamps", "sleep_microamps"), "a sheet"),
    }
    assert problems_of(EnergyTable, table) == []
    problems = problems_of(EnergyTable, {**table, **change})
    assert problems[0].below("energy").key.startswith(key)
