"""A firmware that waits on unknown registers: told in words, and brought on by learning."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from emulator import Machine
from emulator.board.reader import load_board
from emulator.errors import BoardError
from emulator.image import load_image
from emulator.learning import Learned, Lesson, learn
from emulator.learning.toml_text import toml_text
from emulator.machine.execution import StopReason

ROOT = Path(__file__).parents[2]
BOARD = "nucleo-l4r5zi"
PROLOGUE = r"""
typedef unsigned int u32;
#define REG(a) (*(volatile u32 *)(a))
#define LPUART1 0x40008000u
#define UNKNOWN 0x5F000000u
extern u32 _stack_top;
static void put(char c) { while (!(REG(LPUART1 + 0x1C) & 0x80)) { } REG(LPUART1 + 0x28) = (u32)c; }
static void print(const char *s) { while (*s) put(*s++); }
volatile u32 ticks;
void on_systick(void) { ticks++; }
void on_fault(void) { for (;;) { } }
void main(void);
void start(void) { REG(LPUART1 + 0xC) = 256 * 40 / 1; REG(LPUART1) = 13; main(); for (;;) { } }
__attribute__((section(".vectors"), used)) const void *const vectors[16] = {
    &_stack_top, start, on_fault, on_fault, on_fault, on_fault, on_fault, 0, 0, 0, 0,
    on_fault, 0, 0, on_fault, on_systick};
"""
LINKER = """
SECTIONS {
  .vectors 0x08000000 : { KEEP(*(.vectors)) }
  .text : { *(.text*) *(.rodata*) }
  .data 0x20000000 (NOLOAD) : { *(.data*) *(.bss*) *(COMMON) }
  _stack_top = 0x20010000;
}
"""
READY_BIT = """
void main(void) {
    REG(UNKNOWN) = 1u << 4;
    while (!(REG(UNKNOWN + 8) & (1u << 9))) { }
    print("booted\\n");
}
"""


def build(folder: Path, source: str) -> Path:
    c_file, script, elf = folder / "main.c", folder / "main.ld", folder / "main.elf"
    c_file.write_text(PROLOGUE + source)
    script.write_text(LINKER)
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O1", "-g", "-ffreestanding", "-nostdlib",
         "-T", str(script), str(c_file), "-o", str(elf)],
        check=True,
    )  # fmt: skip
    return elf


def learned_from(folder: Path, source: str, hook: str = "auto") -> tuple[Learned, Machine]:
    """Learn, then run on the learned board until idle."""
    board = load_board(BOARD)
    image = load_image(build(folder, source), board=board)
    learned = learn(lambda b: Machine(b, hook=hook), board, image, Lesson(run_limit_s=20))
    machine = Machine(learned.board, hook=hook)
    machine.load(image)
    assert machine.run(wall_limit=20) is StopReason.IDLE
    return learned, machine


def rules_of(learned: Learned) -> dict[str, object]:
    return {key: value for device in learned.devices for key, value in device.parameters.items()}


def boardless(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emulator.cli.main", *map(str, arguments)],
        cwd=ROOT, input="", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.usefixtures("cross_tools")
def test_without_learning_the_register_and_the_place_are_named(tmp_path: Path) -> None:
    elf = build(tmp_path, READY_BIT)
    done = boardless("run", elf, "--board", BOARD, "--json", tmp_path / "run.json")
    assert done.returncode == 0
    assert done.stdout == ""
    awaited = re.search(r"waits: .*", done.stderr)
    assert awaited is not None, done.stderr
    assert re.search(r"no device 0x5f000008, read again and again at 0x[0-9a-f]{8} main", awaited[0])
    assert "main.c:" in awaited[0]
    assert "not modelled" in awaited[0]
    assert "--learn-board" in done.stderr
    assert re.search(r"no device 0x5f000000: write x1; first at .* main", done.stderr)
    report = json.loads((tmp_path / "run.json").read_text())
    assert [row["address"] for row in report["waits_for"]] == [0x5F000008]


@pytest.mark.usefixtures("cross_tools")
def test_with_learning_it_boots_and_the_board_file_boots(tmp_path: Path) -> None:
    elf = build(tmp_path, READY_BIT)
    file = tmp_path / "learned.toml"
    done = boardless("run", elf, "--board", BOARD, "--learn-board", "--learn-output", file)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "booted\n"
    for line in (
        "[devices.unknown_5f000000]",
        'source = "learned by running"',
        'follow = ["R008.9 = R000.4"]',
    ):
        assert line in done.stderr
        assert line in file.read_text()
    again = boardless("run", elf, "--board", file)
    assert again.stdout == "booted\n"
    assert "waits:" not in again.stderr
    assert load_board(str(file)).console == load_board(BOARD).console


@pytest.mark.usefixtures("cross_tools")
def test_a_field_that_follows_a_selection(tmp_path: Path) -> None:
    """A clock switch: the status field lies two bits above the selection."""
    learned, machine = learned_from(
        tmp_path,
        """void main(void) {
            REG(UNKNOWN) |= 3u;
            while ((REG(UNKNOWN) >> 2 & 3) != 3) { }
            print("switched");
        }""",
    )
    assert machine.console.take() == b"switched"
    assert rules_of(learned)["follow"] == ["R000.2 = R000.0", "R000.3 = R000.1"]


@pytest.mark.usefixtures("cross_tools")
def test_a_start_bit_that_clears_itself_and_a_bit_there_since_reset(tmp_path: Path) -> None:
    learned, machine = learned_from(
        tmp_path,
        """void main(void) {
            while (!(REG(0x5F100000u) & 4)) { }
            REG(UNKNOWN + 12) = 0x80000001u;
            while (REG(UNKNOWN + 12) & 0x80000000u) { }
            print("started");
        }""",
    )
    assert machine.console.take() == b"started"
    rules = rules_of(learned)
    assert rules["clear"] == ["R00C.31"]
    assert rules["resets"] == {"R000": 4}


@pytest.mark.usefixtures("cross_tools")
def test_the_bit_that_leads_on_is_preferred_to_the_one_that_leads_to_an_error(tmp_path: Path) -> None:
    """Bit 3 is an error flag, lower than the ready bit; both leave the loop."""
    learned, machine = learned_from(
        tmp_path,
        """static int ready(void) {
            REG(UNKNOWN) = 1;
            for (;;) {
                u32 status = REG(UNKNOWN + 4);
                if (status & 8) return 0;
                if (status & 32) return 1;
            }
        }
        void main(void) { if (ready()) print("fine"); }""",
    )
    assert machine.console.take() == b"fine"
    assert rules_of(learned)["follow"] == ["R004.5 = R000.0"]


@pytest.mark.usefixtures("cross_tools")
def test_a_wait_with_a_timeout_is_learned_before_it_times_out(tmp_path: Path) -> None:
    """As vendors' start-up code waits: the tick counter is compared in the loop."""
    learned, machine = learned_from(
        tmp_path,
        """void main(void) {
            REG(0xE000E014u) = 3999; REG(0xE000E018u) = 0; REG(0xE000E010u) = 7;
            REG(UNKNOWN) |= 1u << 16;
            u32 begin = ticks;
            while (!(REG(UNKNOWN) & 1u << 17)) {
                if (ticks - begin > 100) { print("timeout"); for (;;) { } }
            }
            print("ready");
            REG(0xE000E010u) = 0;
        }""",
    )
    assert machine.console.take() == b"ready"
    assert rules_of(learned)["follow"] == ["R000.17 = R000.16"]


@pytest.mark.usefixtures("cross_tools")
def test_a_quiet_device_of_the_board_keeps_its_own_rules(tmp_path: Path) -> None:
    quiet = next(d for d in load_board(BOARD).devices if d.name == "otg_fs")
    source = READY_BIT.replace("UNKNOWN + 8", hex(quiet.base + 0x20)).replace("UNKNOWN", hex(quiet.base))
    learned, machine = learned_from(tmp_path, source)
    assert machine.console.take() == b"booted\n"
    (device,) = learned.devices
    assert not device.added
    assert set(quiet.parameters["clear"]) <= set(device.parameters["clear"])


@pytest.mark.usefixtures("cross_tools")
def test_what_no_few_bits_solve_is_said(tmp_path: Path) -> None:
    learned, machine = learned_from(
        tmp_path, 'void main(void) { while (REG(UNKNOWN) != 0x12345678u) { } print("never"); }'
    )
    assert machine.console.take() == b""
    assert not learned.devices
    assert "0x5f000000" in learned.unsolved[0]
    assert "main" in learned.unsolved[0]


@pytest.mark.usefixtures("cross_tools")
def test_waiting_for_input_is_nothing_to_learn(tmp_path: Path) -> None:
    learned, _machine = learned_from(
        tmp_path, "void main(void) { while (!(REG(LPUART1 + 0x1C) & 0x20)) { } }"
    )
    assert not learned.devices
    assert not learned.unsolved


@pytest.mark.usefixtures("cross_tools")
def test_both_hooks_learn_the_same(tmp_path: Path) -> None:
    native, _ = learned_from(tmp_path, READY_BIT)
    python, _ = learned_from(tmp_path, READY_BIT, hook="python")
    assert rules_of(native) == rules_of(python)


@pytest.mark.usefixtures("cross_tools")
def test_output_without_learning_is_an_error(tmp_path: Path) -> None:
    done = boardless("run", build(tmp_path, READY_BIT), "--learn-output", tmp_path / "x.toml")
    assert done.returncode == 2
    assert "--learn-board" in done.stderr


def test_toml_text_reads_back(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    text = toml_text(
        {"title": 'a "b"', "devices": {"x": {"base": 0x5F000000, "parameters": {"set": ["R.1"]}}}}
    )
    file.write_text(text)
    assert "base = 0x5F000000" in text
    with pytest.raises(BoardError, match=r"devices\.x\.type|core|missing"):
        load_board(str(file))
