"""Board files: the shipped ones, inheritance, and every error with its file, key and next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.board.reader import list_boards, load_board
from emulator.errors import BoardError

MINIMAL = """
title = "A board"
core = "cortex-m4"
fpu = "single"
reset_hz = 16_000_000
vector_table = 0x08000000
interrupts = 32
priority_bits = 4
console = "uart"

[regions.flash]
base = 0x08000000
size_bytes = 0x10000
kind = "flash"
accelerator = "flash"

[regions.boot]
base = 0
size_bytes = 0x10000
alias_of = "flash"

[regions.ram]
base = 0x20000000
size_bytes = 0x8000
kind = "ram"

[accelerators.flash]
kind = "none"

[devices.uart]
type = "peripherals.stm32.usart:Usart"
base = 0x40000000
interrupts = { global = 3 }
"""


def write(tmp_path: Path, text: str) -> str:
    file = tmp_path / "board.toml"
    file.write_text(text)
    return str(file)


def test_minimal_board(tmp_path: Path) -> None:
    board = load_board(write(tmp_path, MINIMAL))
    assert (board.name, board.core, board.nominal_hz) == ("board", "cortex-m4", 16_000_000)
    assert board.image_bases == (0x08000000,)
    boot = next(region for region in board.regions if region.name == "boot")
    assert (boot.alias_of, boot.kind, boot.accelerator) == ("flash", "flash", "flash")
    assert board.devices[0].size_bytes == 0x400
    assert dict(board.devices[0].interrupts) == {"global": 3}


@pytest.mark.parametrize("name", list_boards())
def test_shipped_boards_load(name: str) -> None:
    board = load_board(name)
    assert board.name == name
    assert board.title
    assert board.sources, "a shipped board says where its facts are from"
    for accelerator in board.accelerators:
        assert set(accelerator.parameters) <= set(accelerator.sources), "every timing parameter has a source"


def test_l4r5_boards() -> None:
    board = load_board("nucleo-l4r5zi-p")
    devices = {device.name: device for device in board.devices}
    assert board.signals["PG10"] == 1
    assert devices["lpuart1"].interrupts["global"] == 70
    assert devices["tim5"].interrupts["global"] == 50
    assert devices["tim5"].base == 0x40000C00
    ram = sum(r.size_bytes for r in board.regions if 0x20000000 <= r.base < 0x30000000)
    assert ram == 640 * 1024
    assert "PG10" not in load_board("nucleo-l4r5zi").signals


def test_a_further_board_of_a_known_family_is_a_short_file(tmp_path: Path) -> None:
    text = """
    title = "Mine"
    family = "stm32l4plus"
    console = "usart2"
    remove = ["devices.octospi2"]
    [regions.flash]
    size_bytes = 0x100000
    [regions.flash_boot]
    size_bytes = 0x100000
    [devices.usart2]
    parameters.fifo = 0
    """
    board = load_board(write(tmp_path, text))
    devices = {device.name: device for device in board.devices}
    assert "octospi2" not in devices
    assert devices["usart2"].parameters == {"clock": "usart2", "fifo": 0}
    assert board.region_at(0x08000000).size_bytes == 0x100000  # type: ignore[union-attr]


ERRORS = [
    # (what to replace, by what, key in the message, reason)
    ("reset_hz = 16_000_000", "", "reset_hz", "missing: the core clock after reset"),
    ("reset_hz = 16_000_000", "reset_hz = 0", "reset_hz", "from 1 to"),
    ('console = "uart"', "", "console", "missing: the device whose serial port"),
    ('console = "uart"', 'console = "usart"', "console", "did you mean 'uart'?"),
    ("fpu =", "fpo =", "fpo", "did you mean 'fpu'?"),
    ("interrupts = 32", 'interrupts = "32"', "interrupts", "must be a whole number"),
    ("interrupts = 32", "interrupts = true", "interrupts", "must be a whole number"),
    ('core = "cortex-m4"', 'core = "cortex-m5"', "core", "did you mean 'cortex-m"),
    ('fpu = "single"', 'fpu = "double"', "fpu", "can't have 'double'"),
    ("priority_bits = 4", "priority_bits = 9", "priority_bits", "2 to 8"),
    ("vector_table = 0x08000000", "vector_table = 0x10000000", "vector_table", "lies in no region"),
    ('alias_of = "flash"', 'alias_of = "flesh"', "regions.boot.alias_of", "did you mean 'flash'?"),
    ("base = 0\nsize_bytes = 0x10000", "base = 0\nsize_bytes = 0x20000", "regions.boot.size_bytes", "larger"),
    ('kind = "ram"', 'kind = "sram"', "regions.ram.kind", "did you mean 'ram'?"),
    ('kind = "ram"', 'kind = "ram"\nwaitstates = 3', "regions.ram.waitstates", "did you mean 'wait_states'?"),
    ("size_bytes = 0x8000", "size_bytes = 0x8100", "regions.ram.size_bytes", "0x1000"),
    ("size_bytes = 0x8000", "", "regions.ram.size_bytes", "missing"),
    ("base = 0x20000000", "base = 0x08008000", "regions.ram.base", "overlaps regions.flash"),
    ("base = 0x40000000", "base = 0x20007FFC", "devices.uart.base", "overlaps regions.ram"),
    ("base = 0x40000000", "base = 0xE000E000", "devices.uart.base", "NVIC"),
    ('accelerator = "flash"', 'accelerator = "flush"', "regions.flash.accelerator", "did you mean 'flash'?"),
    ("{ global = 3 }", "{ global = 32 }", "devices.uart.interrupts", "lines 0 to 31"),
    ("stm32.usart:Usart", "stm32.usart:Uzart", "devices.uart.type", "did you mean 'Usart'?"),
    ("stm32.usart:Usart", "stm32.uzart:Usart", "devices.uart.type", "can't be imported"),
    ("stm32.usart:Usart", "stm32.usart", "devices.uart.type", "package.module:Class"),
    (
        'title = "A board"',
        'title = "A board"\nfamily = "stm32l4pus"',
        "family",
        "did you mean 'stm32l4plus'?",
    ),
    ('title = "A board"', 'title = "A board"\nremove = ["devices.uart"]', "remove", "not inherited"),
    ("[regions.flash]", "[regions.flash", "board.toml", "not valid TOML"),
]


@pytest.mark.parametrize(("old", "new", "key", "reason"), ERRORS)
def test_errors_name_file_key_and_reason(tmp_path: Path, old: str, new: str, key: str, reason: str) -> None:
    assert old in MINIMAL
    with pytest.raises(BoardError) as caught:
        load_board(write(tmp_path, MINIMAL.replace(old, new, 1)))
    message = str(caught.value)
    assert "board.toml" in message
    assert key in message
    assert reason in message


def test_errors_in_a_family_name_the_family_file(tmp_path: Path) -> None:
    text = 'title = "x"\nfamily = "stm32l4plus"\nconsole = "lpuart1"\ninterrupts = 8\n'
    with pytest.raises(BoardError, match=r"peripherals/families/stm32l4any\.toml: devices\.\w+\.interrupts"):
        load_board(write(tmp_path, text))


def test_unknown_names_and_files(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"(?s)did you mean 'nucleo-l4r5zi'.*known: .*nucleo-l4r5zi-p"):
        load_board("nucleo-l4r5z")
    with pytest.raises(BoardError, match="no such board file"):
        load_board(str(tmp_path / "none.toml"))
