"""Registers of bytes and half-words, bit-band aliases, limits and interruptions of learning."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_learning import BOARD, ROOT, build, learned_from, rules_of

from emulator import Machine
from emulator.board.reader import load_board
from emulator.image import load_image
from emulator.learning import Lesson, learn
from emulator.learning.toml_text import toml_text

TYPES = """
#define REG8(a) (*(volatile unsigned char *)(a))
#define REG16(a) (*(volatile unsigned short *)(a))
"""
pytestmark = pytest.mark.usefixtures("cross_tools")

BYTES = """void main(void) {
    REG8(UNKNOWN + 3) = 0x80;
    while (!(REG8(UNKNOWN + 1) & 1)) { }
    print("ok");
}"""


@pytest.mark.parametrize(
    ("source", "rules", "words"),
    [
        (BYTES, {"follow": ["R001.0 = R003.7"]}, "bit 0 of the byte 0x5f000001 is awaited to become 1"),
        (
            "void main(void) { REG8(UNKNOWN + 3) = 8; while (!(REG8(UNKNOWN + 3) & 0x40)) { }"
            " print(\"ok\"); }",
            {"follow": ["R003.6 = R003.3"]},
            "bit 6 of the byte 0x5f000003 is awaited to become 1",
        ),
        (
            "void main(void) { REG8(UNKNOWN + 1) = 0x55; REG8(UNKNOWN + 2) = 0xAA; REG8(UNKNOWN + 5) = 4;"
            " while (!(REG8(UNKNOWN + 6) & 4)) { }"
            " if (REG8(UNKNOWN + 1) == 0x55 && REG8(UNKNOWN + 2) == 0xAA) print(\"ok\"); }",
            {"follow": ["R006.2 = R005.2"]},
            "after bit 2 of the byte 0x5f000005 was set",
        ),
        (
            "void main(void) { REG16(UNKNOWN + 2) = 1u << 9; while (!(REG16(UNKNOWN + 6) & (1u << 9))) { }"
            " print(\"ok\"); }",
            {"follow": ["R006.9 = R002.9"]},
            "bit 9 of the half-word 0x5f000006 is awaited to become 1",
        ),
        (
            "void main(void) { REG16(UNKNOWN + 2) = 0x8001; while (REG16(UNKNOWN + 2) & 0x8000) { }"
            " if (REG16(UNKNOWN + 2) == 1) print(\"ok\"); }",
            {"clear": ["R002.15"]},
            "bit 15 of the half-word 0x5f000002 is awaited to become 0",
        ),
        (
            "void main(void) { while (!(REG8(UNKNOWN + 7) & 0x20)) { } print(\"ok\"); }",
            {"resets": {"R007": 0x20}},
            "bit 5 of the byte 0x5f000007",
        ),
        (  # written as a word, awaited as a byte of the same word
            "void main(void) { REG(UNKNOWN) = 1u << 4; while (!(REG8(UNKNOWN + 1) & 1)) { } print(\"ok\"); }",
            {"follow": ["R001.0 = R000.4"]},
            "after bit 4 of 0x5f000000 was set",
        ),
    ],
    ids=["byte", "same byte", "neighbours", "half-word", "clears itself", "reset", "byte of a word"],
)  # fmt: skip
def test_registers_of_bytes_and_half_words(tmp_path, source, rules, words):
    learned, machine = learned_from(tmp_path, TYPES + source)
    assert machine.console.take() == b"ok"
    found = rules_of(learned)
    assert {key: found.get(key) for key in rules} == rules
    (device,) = learned.devices
    assert words in " ".join(device.reasons)


def test_the_proposed_lines_for_bytes_make_a_board_that_boots(tmp_path):
    elf = build(tmp_path, TYPES + BYTES)
    file = tmp_path / "learned.toml"
    done = boardless("run", elf, "--board", BOARD, "--learn-board", "--learn-output", file)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "ok"
    assert "R001 = 0x1" in file.read_text()
    assert boardless("run", elf, "--board", file).stdout == "ok"


def boardless(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emulator.cli.main", *map(str, arguments)],
        cwd=ROOT, input="", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


# -- bit-band aliases ------------------------------------------------------------------------
ALIAS = """void main(void) {
    REG(0x42000000u + 0x8000u * 32 + 4 * 4) = 1;
    REG(0x22000000u + 0x100u * 32 + 4 * 3) = 1;
    print("wrote");
}"""


def without_bit_band(folder: Path) -> Path:
    """The board as it would be for a chip whose maker left the aliases out."""
    file = folder / "plain.toml"
    file.write_text(f'family = "stm32l4plus"\ntitle = "x"\nconsole = "{load_board(BOARD).console}"\n'
                    "[core_parameters]\nbit_band = 0\n")  # fmt: skip
    return file


def test_a_write_to_an_alias_says_what_it_would_be(tmp_path):
    elf = build(tmp_path, ALIAS)
    done = boardless("run", elf, "--board", without_bit_band(tmp_path), "--json", tmp_path / "run.json")
    assert done.returncode == 0, done.stderr
    assert "bit-band alias of bit 4 of 0x40008000 in lpuart1; " in done.stderr
    assert "bit-band alias of bit 3 of 0x20000100 in sram1; " in done.stderr
    assert "core_parameters.bit_band = 1" in done.stderr
    notes = [row["what"] for row in json.loads((tmp_path / "run.json").read_text())["unmodelled"]]
    assert any("alias of bit 3 of 0x20000100" in note for note in notes)
    assert "bit-band" not in boardless("run", elf, "--board", BOARD).stderr


def test_an_alias_is_no_register_to_learn(tmp_path):
    source = "void main(void) { while (!REG(0x42000000u + 0x8000u * 32 + 4 * 21)) { } }"
    board = load_board(str(without_bit_band(tmp_path)))
    image = load_image(build(tmp_path, source), board=board)
    learned = learn(Machine, board, image, Lesson(run_limit_s=20))
    assert not learned.devices
    done = boardless("run", image.path, "--board", board.file)
    assert re.search(r"waits: .*bit-band alias of bit 21 of 0x40008000 in lpuart1", done.stderr)


# -- limits and interruptions ------------------------------------------------------------------
MANY = "".join(
    f"REG(UNKNOWN + {0x40 * n}) = 1; while (!(REG(UNKNOWN + {0x40 * n + 4}) & 2)) {{ }}\n" for n in range(60)
)
LONG = "void main(void) {" + MANY + 'print("through"); }'


def test_the_time_limit_is_for_learning_and_running_together(tmp_path):
    elf = build(tmp_path, LONG)
    begin = time.monotonic()
    done = boardless("run", elf, "--board", BOARD, "--learn-board", "--wall-limit", "3")
    assert time.monotonic() - begin < 30
    assert done.returncode == 4, done.stderr
    assert "learning was not through at the limit of 3 s" in done.stderr
    assert done.stdout == ""
    assert re.search(r"learned:      (nothing so far|so far, these lines)", done.stderr)


def test_what_was_found_when_learning_was_stopped(tmp_path):
    board = load_board(BOARD)
    image = load_image(build(tmp_path, LONG), board=board)
    found = []
    works = []
    lesson = Lesson(
        stopped=lambda: len(found) >= 2, found=found.append, works=lambda text, _machine: works.append(text)
    )
    learned = learn(Machine, board, image, lesson)
    assert learned.stopped
    assert rules_of(learned)["follow"] == ["R004.1 = R000.0", "R044.1 = R040.0"]
    assert len(found) == 2
    assert {"run 1", "run 2", "run 3"} == set(works)


def test_the_cycle_limit_is_of_each_run_from_reset(tmp_path):
    source = """void main(void) {
        for (volatile u32 i = 0; i < 20000; i++) { }
        REG(UNKNOWN) = 1; while (!(REG(UNKNOWN) & 2)) { }
        print("late");
    }"""
    elf = build(tmp_path, source)
    few = boardless("run", elf, "--board", BOARD, "--learn-board", "--max-cycles", "50000")
    assert few.returncode == 4
    assert "learned:      nothing" in few.stderr
    assert "limit of 50000 cycles" in few.stderr
    enough = boardless("run", elf, "--board", BOARD, "--learn-board", "--max-cycles", "50000000")
    assert enough.returncode == 0, enough.stderr
    assert enough.stdout == "late"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_prints_what_was_found(tmp_path, number):
    elf = build(tmp_path, LONG)
    file = tmp_path / "learned.toml"
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator.cli.main", "run", str(elf), "--board", BOARD, "--learn-board",
         "--learn-output", str(file)],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
    )  # fmt: skip
    assert process.stderr is not None
    first = process.stderr.readline().decode()
    assert first.startswith("learning:     bit 1 of 0x5f000004 is awaited to become 1 at ")
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert output == b""
    assert b"so far, these lines" in errors
    assert b"interrupted" in errors
    assert b"Traceback" not in errors
    assert load_board(str(file)).devices


def test_progress_on_a_terminal(tmp_path):
    elf = build(tmp_path, LONG)
    master, slave = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "emulator.cli.main", "run", str(elf), "--board", BOARD, "--learn-board",
         "--wall-limit", "3"],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave,
    ) as process:  # fmt: skip
        os.close(slave)
        said = b""
        try:
            while piece := os.read(master, 4096):
                said += piece
        except OSError:
            pass
        process.wait(20)
    os.close(master)
    assert re.search(rb"learning: run \d+, [\d,]+ cycles, \d+ findings so far", said)


def test_a_quiet_devices_registers_of_bytes_read_back_as_toml(tmp_path):
    text = toml_text({"devices": {"x": {"type": "peripherals.quiet:Quiet", "base": 0x5F000000, "parameters": {
        "registers": {"A": 0, "B": 1, "H": 2}, "resets": {"B": 0x12, "H": 0x3456}, "read_only": ["H"],
        "set": ["B.7"], "follow": ["H.15 = A.0"]}}}})  # fmt: skip
    file = tmp_path / "bytes.toml"
    console = load_board(BOARD).console
    file.write_text(f'family = "stm32l4plus"\ntitle = "x"\nconsole = "{console}"\n{text}\n')
    machine = Machine(str(file))
    quiet = machine.devices["x"]
    quiet.reset()
    assert quiet.read(0, 4) == 0x3456 << 16 | 0x92 << 8
    quiet.write(2, 2, 0xFFFF)
    assert quiet.read(2, 2) == 0x3456
    quiet.write(0, 1, 1)
    assert quiet.read(2, 2) == 0xB456
    quiet.write(1, 1, 0)
    assert (quiet.read(0, 1), quiet.read(1, 1)) == (1, 0x80)
    assert [quiet.register_name(n) for n in range(5)] == ["A", "B", "H", "A", "+0x4"]
