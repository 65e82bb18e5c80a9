"""Each cause of a reset leaves its own flags in the chip's reset-status register, until they are cleared."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import pytest
from device_bench import Bench, get, put

from emulator import Machine
from emulator.board.reader import load_board
from emulator.device import POWER_ON
from emulator.machine.execution import StopReason
from peripherals.parts.reset_flags import flags_after_reset

SPIN = struct.pack("<H", 0xE7FE)
ASK_FOR_RESET = struct.pack("<4HII", 0x4801, 0x4902, 0x6001, 0xE7FE, 0xE000ED0C, 0x05FA0004)
"""ldr r0, =AIRCR; ldr r1, =VECTKEY | SYSRESETREQ; str r1, [r0]; b ."""
START_WATCHDOG, WINDOW_WATCHDOG_ON = 0xCCCC, 0x80


@dataclass(frozen=True)
class Chip:
    """Where a family keeps its reset flags, and what they are after each cause.

    ``flags``: which bits of the register are flags. ``clear``: what firmware writes to it.
    """

    board: str
    device: str
    register: str
    flags: int
    clear: int
    power_on: int
    pin: int
    software: int
    watchdogs: tuple[tuple[str, int], ...] = ()


def stm32(board: str, power_on: int, rmvf: int = 1 << 23) -> Chip:
    """RCC_CSR: WWDGRSTF 30, IWDGRSTF 29, SFTRSTF 28, PINRSTF 26; the pin is low at every reset.

    RM0008 (F1), RM0090 (F4), RM0385 (F7), RM0432 (L4+), RM0444 (G0), RM0456 (U5), RM0487 (U3): "RCC clock
    control and status register"; RMVF is bit 24 in F4 and F7, bit 23 in the others.
    """
    watchdogs = (("iwdg", 0x24 << 24), ("wwdg", 0x44 << 24))
    return Chip(board, "rcc", "CSR", 0xFE << 24, rmvf, power_on << 24, 0x04 << 24, 0x14 << 24, watchdogs)


CHIPS = (
    stm32("stm32f4-discovery", 0x0E, 1 << 24),
    stm32("nucleo-f103rb", 0x0C, 1 << 24),
    stm32("disco-f746ng", 0x0E, 1 << 24),
    stm32("nucleo-l4r5zi", 0x0C),
    stm32("nucleo-l476rg", 0x0C),
    stm32("nucleo-g0b1re", 0x0C),
    stm32("nucleo-u575zi-q", 0x0C),
    stm32("nucleo-u385rg-q", 0x0C),
    # RM0455 "Reset source identification (RCC_RSR)": CDRSTF 19, BORRSTF 21, PINRSTF 22, PORRSTF 23,
    # SFTRSTF 24, IWDGRSTF 26, WWDGRSTF 28; RMVF 16
    *(
        Chip(
            board, "rcc", "RSR", 0x55E80000, 1 << 16, 0x00E80000, 1 << 22, 1 << 24 | 1 << 22,
            (("iwdg", 1 << 26 | 1 << 22), ("wwdg", 1 << 28 | 1 << 22)),
        )
        for board in ("nucleo-h7a3zi-q", "nucleo-h743zi")
    ),
    # registers TRM CY8C6xxA, RES_CAUSE: RESET_SOFT 4; nothing for power-on and XRES
    Chip("cy8cproto-062-4343w", "srss_resets", "RES_CAUSE", 0x1FF, 0x1FF, 0, 0, 1 << 4),
    # nRF52840 PS, POWER, RESETREAS: RESETPIN 0, SREQ 2; nothing for power-on
    Chip("nrf52840-dk", "power_clock", "RESETREAS", 0x1F000F, 0x1F000F, 0, 1 << 0, 1 << 2),
    # nRF5340 PS, RESET, RESETREAS: RESETPIN 0, SREQ 3
    Chip("nrf5340-dk", "clock", "RESETREAS", 0x30000FF, 0x30000FF, 0, 1 << 0, 1 << 3),
    # DDI 0479, RSTINFO: SYSRESETREQ 0
    Chip("mps2-an386", "syscon", "RSTINFO", 0x7, 0x7, 0, 0, 1 << 0),
    # ECM0601256, RESET_SYNDROME: PoR 0, SYSRSTREQ0 4, RESETREQ 8; cleared by writing 0
    Chip("mps2-an505", "sysctl", "RESET_SYNDROME", 0x3FF, 0, 1 << 0, 1 << 8, 1 << 4),
)  # fmt: skip


def booted(chip: Chip, folder: Path, code: bytes) -> Machine:
    """A machine whose firmware is ``code`` behind two vectors."""
    board = load_board(chip.board)
    ram = next(r for r in board.regions if r.kind == "ram" and not r.base <= board.vector_table < r.end)
    image = folder / "image.bin"
    image.write_bytes(struct.pack("<II", ram.base + 0x1000, (board.vector_table + 8) | 1) + code)
    machine = Machine(board)
    machine.load(image, base=board.vector_table)
    return machine


def flags(machine: Machine, chip: Chip) -> int:
    return get(machine.devices[chip.device], chip.register) & chip.flags


def clear(machine: Machine, chip: Chip) -> None:
    put(machine.devices[chip.device], chip.register, chip.clear)
    assert flags(machine, chip) == 0


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.board)
def test_software(chip: Chip, tmp_path: Path) -> None:
    machine = booted(chip, tmp_path, ASK_FOR_RESET)
    assert flags(machine, chip) == chip.power_on
    machine.run(max_cycles=200)
    assert flags(machine, chip) == chip.power_on | chip.software, "flags stay until they are cleared"
    clear(machine, chip)
    machine.run(max_cycles=200)
    assert flags(machine, chip) == chip.software


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.board)
def test_pin_and_power_on(chip: Chip, tmp_path: Path) -> None:
    machine = booted(chip, tmp_path, SPIN)
    clear(machine, chip)
    machine.reset()
    assert flags(machine, chip) == chip.pin
    machine.request_reset("the power comes back", POWER_ON)
    assert machine.run(wall_limit=30) is StopReason.IDLE
    assert flags(machine, chip) == chip.power_on, "a power-on clears what was there"


@pytest.mark.parametrize(
    ("chip", "watchdog", "expected"),
    [(chip, *row) for chip in CHIPS for row in chip.watchdogs],
    ids=lambda value: value.board if isinstance(value, Chip) else "",
)
def test_watchdogs(chip: Chip, watchdog: str, expected: int, tmp_path: Path) -> None:
    machine = booted(chip, tmp_path, SPIN)
    clear(machine, chip)
    device = machine.devices[watchdog]
    if watchdog == "iwdg":
        put(device, "KR", START_WATCHDOG)
    else:
        put(device, "CR", WINDOW_WATCHDOG_ON | 0x41)
    assert flags(machine, chip) == 0
    assert machine.run(wall_limit=30) is StopReason.IDLE
    assert flags(machine, chip) == expected
    clear(machine, chip)
    machine.reset()
    assert flags(machine, chip) == chip.pin, "the watchdog's flag does not come back"


def test_a_snapshot_keeps_flags(tmp_path: Path) -> None:
    machine = booted(CHIPS[0], tmp_path, SPIN)
    snapshot = machine.snapshot()
    clear(machine, CHIPS[0])
    machine.restore(snapshot)
    assert flags(machine, CHIPS[0]) == CHIPS[0].power_on


def test_a_software_reset_of_the_iot_kit_by_its_own_register(tmp_path: Path) -> None:
    """ECM0601256, SWRESET: bit 9, and RESET_SYNDROME.SWRESETREQ 9."""
    chip = CHIPS[-1]
    machine = booted(chip, tmp_path, SPIN)
    clear(machine, chip)
    put(machine.devices[chip.device], "SWRESET", 1 << 9)
    assert machine.run(wall_limit=30) is StopReason.IDLE
    assert flags(machine, chip) == 1 << 9


def test_causes_add_up_and_a_power_on_clears() -> None:
    bench = Bench()
    causes = {POWER_ON: 1, "pin": 2, "dog": 4}
    assert flags_after_reset(bench.signals, 0x80, causes) == 1, "no cause is known: a power-on"
    bench.signals.set("reset_cause:dog", 1)
    assert flags_after_reset(bench.signals, 0x80, causes) == 0x84
    bench.signals.set("reset_cause:pin", 1)
    assert flags_after_reset(bench.signals, 0x80, causes) == 0x86
    assert flags_after_reset(bench.signals, 0x80, causes, clears=("pin",)) & 0x80 == 0
