"""What is not modelled is told when firmware turns it on: a row each, and nothing for what is not on."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine
from emulator.errors import UsageError
from emulator.system.debug import DEMCR, DEMCR_TRCENA
from emulator.system.features import Architecture
from emulator.system.turned_on import FEATURES, Feature
from tests.machine.firmware import build

BOARDS = {Architecture.V6M: "virtual-m0plus", Architecture.V7M: "virtual-m7", Architecture.V8M: "virtual-m33"}
ITM_TER, ITM_TCR, ITM_LAR = 0xE0000E00, 0xE0000E80, 0xE0000FB0
DWT_FUNCTION0, STIM1, STIM0 = 0xE0001028, 0xE0000004, 0xE0000000
AIRCR, SCR, FP_CTRL = 0xE000ED0C, 0xE000ED10, 0xE0002000


def told(machine: Machine) -> list[tuple[str, str, str]]:
    return [(u.device, u.register, u.what) for u in machine.unmodelled if u.is_mode]


def with_trace(board: str) -> Machine:
    machine = Machine(board)
    machine.system.write(DEMCR, 4, DEMCR_TRCENA)
    machine.system.write(ITM_LAR, 4, 0xC5ACCE55)
    machine.system.write(ITM_TCR, 4, 1)
    machine.system.write(ITM_TER, 4, 0xFFFFFFFF)
    return machine


def cases() -> list[tuple[Feature, Architecture]]:
    return [(feature, core) for feature in FEATURES for core in feature.found_in]


@pytest.mark.parametrize(("feature", "core"), cases(), ids=lambda value: getattr(value, "name", ""))
def test_every_row(feature: Feature, core: Architecture) -> None:
    machine = with_trace(BOARDS[core])
    assert told(machine) == []
    for bit in (bit for bit in range(32) if feature.bits >> bit & 1):
        machine.system.write(feature.register, 4, feature.key | 1 << bit)
    rows = [row for row in told(machine) if row[2] == feature.words]
    assert [row[0] for row in rows] == ["core"]
    assert rows[0][1].startswith(feature.name.rstrip("_"))


def test_what_the_hardware_ignores_turns_nothing_on() -> None:
    machine = Machine("virtual-m7")
    for register, value in (
        (DWT_FUNCTION0, 5),
        (STIM1, 65),
        (ITM_TCR, 2),
        (AIRCR, 1),
        (FP_CTRL, 2),
        (SCR, 2),
    ):
        machine.system.write(register, 4, value)  # no TRCENA, no port, no VECTKEY, another bit
    assert told(machine) == []
    machine = with_trace("virtual-m7")
    machine.system.write(STIM0, 1, 65)  # port 0 is shown
    machine.system.write(DWT_FUNCTION0 + 16, 1, 4)  # a byte of it
    assert [row[1] for row in told(machine)] == ["DWT_FUNCTION1"]


def test_cores_without_it() -> None:
    for board, register in (
        ("virtual-m4", 0xE000EDD0),
        ("virtual-m4", 0xE000EF9C),
        ("virtual-m0", 0xE000E008),
    ):
        machine = Machine(board)
        machine.system.write(register, 4, 0xFFFFFFFF)
        assert told(machine) == []


def test_an_interrupt_that_no_device_has() -> None:
    """STM32's FPU has a line (81 on L4+) that SYSCFG enables from reset: no model raises it."""
    machine = Machine("nucleo-l4r5zi")
    machine.system.write(0xE000E104, 4, 1 << 37 - 32)  # USART1's, which there is
    assert told(machine) == []
    for _ in range(2):
        machine.system.write(0xE000E108, 4, 1 << 81 - 64)
    assert told(machine) == [
        ("core", "NVIC_ISER2", "interrupt 81: nothing that is modelled raises it"),
    ]


FIRMWARE = """
void main(void) { for (int i = 0; i < 3; i++) REG(0xE0002000) = 3; REG(0xE000ED10) = 4; print("done"); }
"""
PATCHES = "core FP_CTRL (0xe0002000): write{} (flash patches and hardware breakpoints: nothing matches)"


def test_strict_makes_it_an_error(tmp_path: Path) -> None:
    machine = Machine("virtual-m4", strict=True)
    machine.load(build(tmp_path, FIRMWARE))
    with pytest.raises(UsageError, match="FP_CTRL"):
        machine.run()


def test_counts(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, FIRMWARE))
    machine.run()
    assert [(u.register, u.count) for u in machine.unmodelled] == [("FP_CTRL", 3), ("SCR", 1)]
