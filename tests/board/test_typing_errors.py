"""Typing errors in a copied board: each is found, and told with file, key, reason and next step."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from test_board_file import MINIMAL

from emulator.board.device_types import device_class
from emulator.board.reader import load_board
from emulator.errors import BoardError, BoardProblems

COPY = """
title = "A copy of NUCLEO-L4R5ZI with typing errors"
family = "stm32l4plus"
console = "lpuart1"
core_parameters = { bitband = 1 }

[regions.sram3]
wait_state = 40

[accelerators.flash.parameters]
lines = 9
line_bytes = 7

[devices.rcc.parameters]
hse = 8_000_000
"""
FIVE = (
    ("core_parameters.bitband", "unknown key; did you mean 'bit_band'?", "known here: bit_band"),
    ("regions.sram3.wait_state", "unknown key; did you mean 'wait_states'?", "known here: base"),
    ("accelerators.flash.parameters.line_bytes", "must be 4, 8, 16, 32, 64 or 128, not 7", "line_bytes = 32"),
    (
        "accelerators.flash.parameters.lines",
        "did you mean 'instruction_lines' or 'data_lines'?",
        "known here",
    ),
    ("devices.rcc.parameters.hse", "unknown key; did you mean 'hse_hz'?", "known here: hse_hz, lse_hz"),
)
FAMILY_BOARD = 'title = "Mine"\nfamily = "stm32l4plus"\nconsole = "usart2"\n'
OWN_DEVICE = """
from emulator.device import Device
from peripherals.register_device import Register, RegisterDevice

called = []

class Right(RegisterDevice):
    REGISTERS = (Register(0, "CR"),)

class Half(Device):
    def reset(self): ...

class Foreign:
    def __init__(self, context):
        called.append(context)

def factory(context):
    called.append(context)
"""


def write(folder: Path, text: str) -> str:
    path = folder / "my-board.toml"
    path.write_text(text)
    return str(path)


def problems_in(folder: Path, text: str) -> list[BoardError]:
    with pytest.raises(BoardError) as caught:
        load_board(write(folder, text))
    return list(caught.value.problems) if isinstance(caught.value, BoardProblems) else [caught.value]


def test_five_typing_errors_are_told_at_once(tmp_path: Path) -> None:
    found = problems_in(tmp_path, COPY)
    assert len(found) == len(FIVE)
    for error, (key, reason, next_step) in zip(found, FIVE, strict=True):
        assert error.where == f"{tmp_path / 'my-board.toml'}: {key}"
        assert reason in error.what
        assert next_step in error.next_step


def test_all_of_them_are_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(BoardProblems, match="5 problems") as caught:
        load_board(write(tmp_path, COPY))
    for key, reason, next_step in FIVE:
        assert key in str(caught.value) and reason in str(caught.value) and next_step in str(caught.value)


@pytest.mark.parametrize("number", range(len(FIVE)))
def test_mending_one_leaves_the_others(tmp_path: Path, number: int) -> None:
    line = FIVE[number][0].rpartition(".")[2]
    text = COPY.replace("{ bitband = 1 }", "{}") if line == "bitband" else COPY
    kept = [row for row in text.splitlines() if not row.startswith(f"{line} =")]
    found = problems_in(tmp_path, "\n".join(kept))
    assert [error.where.rpartition(": ")[2] for error in found] == [
        key for key, *_ in FIVE if key != FIVE[number][0]
    ]


def test_the_copy_without_them_loads(tmp_path: Path) -> None:
    wrong = ("core_parameters", "wait_state", "lines", "line_bytes", "hse ")
    kept = [row for row in COPY.splitlines() if not row.startswith(wrong)]
    assert load_board(write(tmp_path, "\n".join(kept))).console == "lpuart1"


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("consle = 1\n", "consle", "did you mean 'console'?"),
        ("reset_hz = 4e6\n", "reset_hz", "must be a whole number from 1 to 4_000_000_000, not 4000000.0"),
        ("interrupts = 241\n", "interrupts", "cortex-m4 has at most 240 external lines"),
        ("priority_bits = 2\n", "priority_bits", "cortex-m4 has 3 to 8 priority bits"),
        ("vector_table = 0x08000004\n", "vector_table", "must be a multiple of 0x80"),
        ("regions = 3\n", "regions", "must be a table"),
        ("remove = ['devices.octospi9']\n", "remove", "'devices.octospi9' is not inherited; did you mean"),
        ("signals = { PG17 = 1 }\n", "signals.PG17", "no pin 'PG17'; did you mean 'PG"),
        ("signals = { PG10 = 2 }\n", "signals.PG10", "must be 0 (off) or 1 (on), not 2"),
        ("[regions.sram3]\nkind = 'sram'\n", "regions.sram3.kind", "did you mean 'ram'?"),
        ("[regions.sram3]\naccelerator = 'flush'\n", "regions.sram3.accelerator", "did you mean 'flash'?"),
        (
            "[core_parameters]\nother_memory = 0\n[regions.sram2]\nfirst_load_cycles = 0\n[regions.sram3]\n"
            "first_load_cycles = 1\n",
            "regions.sram3.first_load_cycles",
            "only where core_parameters.other",
        ),
        ("[regions.sram3]\nwait_states = 256\n", "regions.sram3.wait_states", "from 0 to 255, not 256"),
        ("[regions.sram3]\nsize_bytes = 1000\n", "regions.sram3.size_bytes", "must be a multiple of 0x1000"),
        (
            "[regions.flash]\nwait_states = 4\n",
            "regions.flash.wait_states",
            "accelerator 'flash' stands before",
        ),
        (
            "[regions.'a b']\nbase = 0\nsize_bytes = 4096\nkind = 'ram'\n",
            "regions.a b",
            "the name must be a name",
        ),
        (
            "[accelerators.flash]\nkind = 'stm32-arm'\n",
            "accelerators.flash.kind",
            "no kind of accelerator 'stm32-arm'; did you mean 'stm32-art'?",
        ),
        ("[accelerators.spare]\nkind = 'none'\n", "accelerators.spare", "no region is behind it"),
        (
            "[accelerators.flash.sources]\nway_states = 'x'\n",
            "accelerators.flash.sources.way_states",
            "unknown",
        ),
        (
            "[accelerators.flash.parameters]\ndata_lines = 0\n",
            "accelerators.flash.parameters.data_lines",
            "the data cache is on, but has no lines",
        ),
        ("[devices.usart2]\nbaes = 1\n", "devices.usart2.baes", "did you mean 'base'?"),
        (
            "[devices.usart2]\nbase = 0x40004401\n",
            "devices.usart2.base",
            "must be a multiple of 4 from 0x00000000",
        ),
        (
            "[devices.usart2.interrupts]\nglobl = 3\n",
            "devices.usart2.interrupts.globl",
            "did you mean 'global'?",
        ),
        ("[devices.usart2.interrupts]\nglobal = 95\n", "devices.usart2.interrupts.global", "lines 0 to 94"),
        ("[devices.dma1.interrupts]\nchannel8 = 3\n", "dma1.interrupts.channel8", "numbered up to 7"),
        ("[devices.usart2.parameters]\nfifo = '8'\n", "devices.usart2.parameters.fifo", 'not "8"'),
        (
            "[devices.usart2.parameters]\nfifo = 65\n",
            "devices.usart2.parameters.fifo",
            "from 0 to 64, not 65",
        ),
        (
            "[devices.usart2.parameters]\nlpuart = 1\n",
            "devices.usart2.parameters.lpuart",
            "must be true or false",
        ),
        (
            "[devices.usart2.parameters]\nclock = 'usrt2'\n",
            "devices.usart2.parameters.clock",
            "no clock 'usrt2'; did you mean 'usart2'?",
        ),
        (
            "[devices.tim2.parameters]\nbits = 24\n",
            "devices.tim2.parameters.bits",
            "must be 16 or 32, not 24",
        ),
        ("[devices.rng.parameters]\nseed = 1\n", "devices.rng.parameters.seed", "nothing can be set here"),
        (
            "[devices.gpioa.parameters.resets]\nMODR = 1\n",
            "devices.gpioa.parameters.resets.MODR",
            "did you mean 'MODER'?",
        ),
        (
            "[devices.rcc.parameters.peripheral_resets]\nAHB9RSTR = { dma1 = 0 }\n",
            "devices.rcc.parameters.peripheral_resets.AHB9RSTR",
            "did you mean 'AHB",
        ),
        (
            "[devices.rcc.parameters.peripheral_resets]\nAHB1RSTR = { dma1 = 32 }\n",
            "devices.rcc.parameters.peripheral_resets.AHB1RSTR.dma1",
            "from 0 to 31",
        ),
        (
            "[devices.adc1.parameters]\nset = ['ISR.32']\n",
            "devices.adc1.parameters.set.0",
            "REGISTER.BIT, 0 to 31",
        ),
        (
            "[devices.adc1.parameters]\nfollow = ['ISR.6 = ICR.7']\n",
            "devices.adc1.parameters.follow.0",
            "no register 'ICR'; did you mean",
        ),
        (
            "[devices.flash_interface.parameters]\naccelerator = 'art'\n",
            ".accelerator",
            "no accelerator 'art'",
        ),
        ("[energy]\nregulator = 'external-smps'\n", "energy.core_mv", "missing"),
        ("[energy]\ntimestamp_pin = 'PF16'\nsources.timestamp_pin = 'x'\n", "energy.timestamp_pin", "no pin"),
        ("[energy.run_microamps]\nfast = 1\n", "energy.run_microamps.fast", "a core clock in hertz"),
    ],
)
def test_every_kind_of_mistake(tmp_path: Path, text: str, key: str, reason: str) -> None:
    board = FAMILY_BOARD.replace("console", "#") if key == "consle" else FAMILY_BOARD
    (error,) = problems_in(tmp_path, board + text)
    assert error.where.startswith(f"{tmp_path / 'my-board.toml'}: ")
    assert error.where.endswith(key)
    assert reason in error.what
    assert error.next_step, "what to do about it is missing"


@pytest.mark.parametrize(
    ("of", "reason"),
    [
        ("Rihgt", "has no class 'Rihgt'; did you mean 'Right'?"),
        ("Half", "is not a device"),
        ("Foreign", "is not a device"),
        ("factory", "is not a device"),
        ("called", "is not a device"),
    ],
)
def test_what_is_no_device_is_refused_unexecuted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str, reason: str
) -> None:
    (tmp_path / "own_devices_of_a_test.py").write_text(OWN_DEVICE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_devices_of_a_test", raising=False)
    board = f"{FAMILY_BOARD}[devices.rng]\ntype = 'own_devices_of_a_test:{of}'\n"
    (error,) = problems_in(tmp_path, board)
    assert error.where.endswith("devices.rng.type")
    assert reason in error.what
    assert sys.modules["own_devices_of_a_test"].called == []
    right = device_class("own_devices_of_a_test:Right")
    assert right.REGISTERS[0].name == "CR"  # type: ignore[attr-defined]


@pytest.mark.parametrize("type_path", ["os:system", "subprocess:Popen", "peripherals.stm32.rcc:Rcc"])
def test_functions_and_bases_are_no_devices(type_path: str) -> None:
    with pytest.raises(BoardError, match="is not a device"):
        device_class(type_path)


def test_a_module_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_devices_of_a_test.py").write_text("from nothing_at_all import Device\n")
    monkeypatch.syspath_prepend(tmp_path)
    board = f"{FAMILY_BOARD}[devices.rng]\ntype = 'broken_devices_of_a_test:Rng'\n"
    (error,) = problems_in(tmp_path, board)
    assert "can't be imported: No module named 'nothing_at_all'" in error.what


def test_more_memories_than_the_model_has_room_for(tmp_path: Path) -> None:
    regions = "".join(
        f"[regions.more{i}]\nbase = {0x60000000 + 0x1000 * i}\nsize_bytes = 4096\nkind = 'ram'\n"
        for i in range(30)
    )
    assert "32" in problems_in(tmp_path, FAMILY_BOARD + regions)[0].what
    slow = regions.replace("kind = 'ram'", "kind = 'ram'\nwait_states = 1")
    assert "room for 8" in problems_in(tmp_path, FAMILY_BOARD + slow)[1].what


def test_the_caches_of_a_core_have_one_size(tmp_path: Path) -> None:
    text = 'title = "x"\nfamily = "stm32h7a3"\nconsole = "usart3"\n'
    text += "[accelerators.axi_sram.parameters]\ninstruction_lines = 256\ninstruction_ways = 2\n"
    (error,) = problems_in(tmp_path, text)
    assert "the same cache has 512 in accelerators.flash" in error.what


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (('core = "cortex-m4"', 'core = ""'), "core"),
        (('kind = "none"', 'kind = ""'), "accelerators.flash.kind"),
        (('console = "uart"', 'console = ""'), "console"),
        (
            ("interrupts = { global", 'parameters = { clock = "" }\ninterrupts = { global'),
            "devices.uart.parameters.clock",
        ),
        (('alias_of = "flash"', 'alias_of = ""\nkind = "flash"'), ""),
        (("[devices.uart]", '[devices.uart]\nsource = ""'), ""),
    ],
)
def test_an_empty_name(tmp_path: Path, change: tuple[str, str], key: str) -> None:
    text = MINIMAL
    assert change[0] in text
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(*change))
    if not key:
        load_board(str(file))
        return
    with pytest.raises(BoardError, match=rf"{key}: no [a-z ]+ ''") as caught:
        load_board(str(file))
    assert "known here" in str(caught.value)


@pytest.mark.parametrize(
    ("family", "line", "reason"),
    [
        ("stm32u5", "gpdma1.interrupts.channel16", "up to 15"),
        ("stm32h7a3", "dma2.interrupts.stream8", "up to 7"),
    ],
)
def test_lines_that_are_counted_from_0(tmp_path: Path, family: str, line: str, reason: str) -> None:
    text = f'title = "x"\nfamily = "{family}"\nconsole = "usart3"\n[devices]\n{line} = 3\n'
    (error,) = problems_in(tmp_path, text)
    assert error.where.endswith(f"devices.{line}")
    assert reason in error.what
