"""Every board that people have: a small ELF programs its PLL, UART and timer as vendor code does."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulator import Machine
from emulator.board.model import Board
from emulator.board.reader import list_boards, load_board
from emulator.machine.execution import StopReason

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAIN = Path(__file__).parent / "bringup" / "main.c"
SOURCES = Path(__file__).parents[2] / "firmware" / "bringup"
SLACK_CYCLES = 200  # a turn of the polling loop, the calls around it, a prescaler that runs on

LINKER = """
MEMORY {{ FLASH (rx) : ORIGIN = {flash:#x}, LENGTH = 64K  RAM (rwx) : ORIGIN = {ram:#x}, LENGTH = 16K }}
SECTIONS {{
  .stage2 : {{ KEEP(*(.stage2)) }} > FLASH
  .vectors : {{ KEEP(*(.vectors)) }} > FLASH
  .text : {{ *(.text*) *(.rodata*) . = ALIGN(4); }} > FLASH
  .data : {{ data_start = .; *(.data*) . = ALIGN(4); data_end = .; }} > RAM AT > FLASH
  data_load = LOADADDR(.data);
  .bss (NOLOAD) : {{ *(.bss*) *(COMMON) . = ALIGN(4); bss_end = .; }} > RAM
  stack_top = ORIGIN(RAM) + LENGTH(RAM);
}}
"""


@dataclass(frozen=True)
class BringUp:
    """``source``: the family's file; ``ram``: where data goes; ``defines``: what the board adds.

    ``stage2``: the file of what a boot ROM wants before the vectors.
    """

    source: str
    ram: int
    baud: int = 115_200
    defines: tuple[str, ...] = ()
    stage2: str = ""


BOARDS = {
    "nucleo-l4r5zi": BringUp("l4plus.c", 0x20000000),
    "nucleo-l4r5zi-p": BringUp("l4plus.c", 0x20000000, defines=("EXTERNAL_SMPS",)),
    "nucleo-u575zi-q": BringUp("u5.c", 0x20000000),
    "b-u585i-iot02a": BringUp("u5.c", 0x20000000),
    "nucleo-u385rg-q": BringUp("u3.c", 0x20000000),
    "nucleo-h7a3zi-q": BringUp("h7a3.c", 0x24000000),
    "nucleo-f767zi": BringUp("f7.c", 0x20020000, defines=("CONSOLE_IS_USART3",)),
    "nucleo-h743zi": BringUp("h743.c", 0x24000000),
    "disco-f746ng": BringUp("f7.c", 0x20010000),
    "stm32f4-discovery": BringUp("f4.c", 0x20000000),
    "nucleo-g0b1re": BringUp("g0.c", 0x20000000),
    "nucleo-l476rg": BringUp("l4.c", 0x20000000),
    "disco-l475vg-iot01a": BringUp("l4.c", 0x20000000, defines=("CONSOLE_IS_USART1",)),
    "nucleo-f446re": BringUp("f4.c", 0x20000000, defines=("OVER_DRIVE",)),
    "stm32f429i-disco": BringUp("f4.c", 0x20000000, defines=("OVER_DRIVE", "CONSOLE_IS_USART1")),
    "nucleo-f411re": BringUp("f4.c", 0x20000000, defines=("STM32F411",)),
    "nucleo-f103rb": BringUp("f1.c", 0x20000000),
    "stm32f103c8": BringUp("f1.c", 0x20000000, defines=("CONSOLE_IS_USART1",)),
    "cy8cproto-062-4343w": BringUp("psoc6.c", 0x08010000),
    "nrf52840-dk": BringUp("nrf52.c", 0x20000000),
    "nrf5340-dk": BringUp("nrf53.c", 0x20000000),
    "nrf52-dk": BringUp("nrf52.c", 0x20000000),
    "arduino-nano33-ble": BringUp("nrf52.c", 0x20000000, defines=("ARDUINO_NANO",)),
    "teensy-4.0": BringUp("imxrt1062.c", 0x20000000, stage2="imxrt1062_boot.S"),
    "mimxrt1060-evk": BringUp(
        "imxrt1062.c", 0x20000000, defines=("CONSOLE_IS_LPUART1",), stage2="imxrt1062_boot.S"
    ),
    "rpi-pico": BringUp("rp2040.c", 0x20000000, stage2="rp2040_stage2.S"),
    "rpi-pico2": BringUp("rp2350.c", 0x20000000, stage2="rp2350_image.S"),
    "arduino-zero": BringUp("samd21.c", 0x20000000),
    "metro-m4": BringUp("samd51.c", 0x20000000),
    "ek-ra8d1": BringUp("ra8d1.c", 0x22000000),
}
NATIVE_ALONE = ("ek-ra8d1",)
"""Whose core has vectors, which run in C."""
COMPILED_FOR = {"cortex-m85": "cortex-m55"}
"""GCC before 13 has no name of its own for it."""
WITHOUT_CLOCK_TREE = ("mps2-", "mps3-", "virtual-")


def build(folder: Path, board: Board, bring_up: BringUp) -> Path:
    script, elf = folder / "link.ld", folder / "bringup.elf"
    flash = board.image_bases[0] if bring_up.stage2 else board.vector_table
    script.write_text(LINKER.format(flash=flash, ram=bring_up.ram))
    files = [MAIN, SOURCES / bring_up.source, *([SOURCES / bring_up.stage2] if bring_up.stage2 else [])]
    core = COMPILED_FOR.get(board.core, board.core)
    subprocess.run(
        ["arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb", "-Os", "-g", "-Wall", "-Wextra", "-Werror",
         "-ffreestanding", "-nostartfiles", "--specs=nosys.specs", *(f"-D{d}" for d in bring_up.defines),
         "-T", str(script), f"-I{SOURCES}", *map(str, files), "-o", str(elf)],
        check=True,
    )  # fmt: skip
    return elf


def test_the_calibration_firmware_brings_them_up_alike() -> None:
    table = tomllib.loads((SOURCES / "boards.toml").read_text())
    assert set(BOARDS) - set(table) == {"nucleo-l4r5zi"}, "which has a package of its own"
    for name, entry in table.items():
        first = next(r.base for r in load_board(name).regions if r.kind == "ram" and not r.alias_of)
        assert BOARDS[name].source == entry["source"]
        assert BOARDS[name].ram == entry.get("ram", first)
        assert BOARDS[name].stage2 == entry.get("stage2", "")
        assert BOARDS[name].defines == tuple(entry.get("defines", ()))


def test_no_board_is_forgotten() -> None:
    real = {name for name in list_boards() if not name.startswith(WITHOUT_CLOCK_TREE)}
    assert real == set(BOARDS)


@pytest.mark.usefixtures("cross_tools")
@pytest.mark.parametrize(
    ("name", "hook"),
    [
        (name, hook)
        for name in BOARDS
        for hook in ("native", "python")
        if hook == "native" or name not in NATIVE_ALONE
    ],
)
def test_clock_console_and_timer(name: str, hook: str, tmp_path: Path) -> None:
    board, bring_up = load_board(name), BOARDS[name]
    machine = Machine(board, hook=hook, strict=True)
    machine.load(build(tmp_path, board, bring_up))
    assert machine.run(wall_limit=60) is StopReason.IDLE
    assert machine.clock.core_hz == board.nominal_hz
    text = machine.console.take().decode()
    assert text.startswith("up\r\nclock up, console open\r\n1 ms is ")
    assert machine.console.baud is not None
    assert abs(machine.console.baud - bring_up.baud) <= bring_up.baud * 0.01
    found = re.fullmatch(r"(?s).*1 ms is (\d+) cycles\r\n", text)
    assert found, text
    expected = board.nominal_hz // 1000
    measured = int(found[1])
    assert abs(measured - expected) <= SLACK_CYCLES, f"{measured} of {expected}"
    assert machine.unmodelled == []
