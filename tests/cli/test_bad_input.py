"""Input that can't work: one clear message, the promised exit code, never a traceback."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

QUIET_FIRMWARE = """
.syntax unified
.thumb
.section .isr_vector, "a"
.word 0x20010000, start + 1
.space 56
.text
.thumb_func
start: wfi
    b start
"""
LINKER = """SECTIONS { .isr_vector BASE : { KEEP(*(.isr_vector)) } .text : { *(.text*) } }"""


def assemble(folder: Path, core: str = "cortex-m4", base: str = "0x08000000") -> Path:
    (folder / "quiet.s").write_text(QUIET_FIRMWARE)
    (folder / "quiet.ld").write_text(LINKER.replace("BASE", base))
    elf = folder / "quiet.elf"
    compiler = ["arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb", "-nostdlib"]
    subprocess.run([*compiler, "-T", "quiet.ld", "quiet.s", "-o", elf], cwd=folder, check=True)
    return elf


def refused(done: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    assert done.returncode == code, done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("boardless: ") == 1  # one message, then its next step


MACHINES = {"x86-64": 62, "AArch64": 183, "RISC-V": 243}


@pytest.mark.parametrize("command", [["run"], ["bench", "--image"]])
@pytest.mark.parametrize("machine", MACHINES)
def test_elf_of_another_architecture(boardless, tmp_path, command, machine):
    path = tmp_path / "foreign.elf"
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    path.write_bytes(ident + (2).to_bytes(2, "little") + MACHINES[machine].to_bytes(2, "little") + bytes(44))
    refused(boardless(*command, path), machine, "Cortex-M", "arm-none-eabi-gcc")


def test_truncated_elf(boardless, firmware, tmp_path):
    path = tmp_path / "short.elf"
    path.write_bytes(firmware.read_bytes()[:2000])
    refused(boardless("run", path), "cut off")


def test_elf_for_another_core_is_warned_of_and_runs(boardless, tmp_path):
    """There is no instruction in it that the M0+ does not have."""
    elf = assemble(tmp_path, "cortex-m4", "0x00000000")
    done = boardless("run", elf, "--board", "virtual-m0plus", "--json", tmp_path / "run.json")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("v7E-M (cortex-m4), but the cortex-m0plus of virtual-m0plus is v6-M") == 1
    (note,) = json.loads((tmp_path / "run.json").read_text())["notes"]
    assert note in done.stderr


def test_hex_with_a_bad_checksum(boardless, firmware, tmp_path):
    path = tmp_path / "talk.hex"
    subprocess.run(["arm-none-eabi-objcopy", "-O", "ihex", firmware, path], check=True)
    lines = path.read_text().splitlines()
    lines[3] = lines[3][:-2] + f"{int(lines[3][-2:], 16) ^ 1:02X}"
    path.write_text("\n".join(lines))
    refused(boardless("run", path), "line 4", "checksum")


@pytest.mark.parametrize("command", [["run"], ["serve"], ["bench", "--image"], ["explain"], ["profile"]])
def test_bin_without_a_base(boardless, firmware, tmp_path, command):
    path = tmp_path / "talk.bin"
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", firmware, path], check=True)
    refused(boardless(*command, path), "--base", "0x08000000")


def test_an_image_that_does_not_fit(boardless, tmp_path):
    refused(boardless("run", assemble(tmp_path, base="0x30000000")), "0x30000000", "nucleo-l4r5zi")


@pytest.mark.parametrize("command", ["run", "bench"])
def test_unknown_boards_and_keys(boardless, firmware, tmp_path, command):
    image = [firmware] if command == "run" else ["--image", firmware]
    refused(boardless(command, *image, "--board", "nucleo-z9"), "unknown board 'nucleo-z9'")
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\nfamily = "stm32l4plus"\nconsole = "usart2"\ncolour = "red"\n')
    refused(boardless(command, *image, "--board", path), "mine.toml", "colour", "unknown key")


def test_a_jump_to_nowhere(boardless, firmware):
    done = boardless("run", firmware, input="j%")
    refused(done, "no memory", "0x70000000", "pc 0x", "lr 0x", "main", "talk.c:", code=3)


def test_a_stack_that_overflows(boardless, firmware):
    done = boardless("run", firmware, input="s%")
    refused(done, "crashed: stack overflow", "sp 0x1fff", "recurse_forever", "talk.c:", "backtrace", code=3)


def test_a_firmware_that_never_becomes_ready(boardless, tmp_path):
    image = assemble(tmp_path)
    refused(boardless("run", image, "--until", "m-ready"), "never sent 'm-ready'", code=1)
    refused(boardless("bench", "--image", image), "m-ready", code=4)
