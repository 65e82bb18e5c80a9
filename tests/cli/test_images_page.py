"""docs/images.md: a bootloader and an application together, as the page shows it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from talking_firmware import ROOT, code_block, run

from tests.machine.firmware import build

PAGE = (ROOT / "docs" / "images.md").read_text()
BOOTLOADER = r"""
static void (*const *const application)(void) = (void (*const *)(void))0x4000;
void main(void) { print("bootloader\n"); REG(0xE000ED08) = 0x4000; application[1](); }
"""
APPLICATION = r"""
void main(void) { print("application\n"); for (;;) { } }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    build(folder, BOOTLOADER, name="boot")
    build(folder, APPLICATION, name="app", places={"0x0 :": "0x4000 :"})
    return folder


def test_as_the_page_shows_it(folder: Path) -> None:
    for part in code_block(PAGE, "console").split("$ boardless ")[1:]:
        command, _, shown = part.partition("\n")
        done = run(folder, *shlex.split(command))
        assert (done.returncode, done.stdout) == (0, shown), done.stderr


def test_what_is_wrong_with_a_further_file(folder: Path) -> None:
    arguments = ("run", "boot.elf", "--board", "virtual-m4", "--load")
    (folder / "raw.bin").write_bytes(b"abcd")
    for given, words in (
        ("none.bin@0x4000", "none.bin: no such file"),
        ("raw.bin@0x4000@", "no such file"),
        ("raw.bin@0x1_0000_0000", "is no 32-bit address"),
        ("raw.bin", "a raw binary does not say where it belongs"),
        ("raw.bin@0x0", "both want 0x00000000-0x00000003"),
        ("app.elf@0x8000", "an ELF says itself where it belongs"),
    ):
        done = run(folder, *arguments, given)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert words in done.stderr, done.stderr


def test_vectors_that_are_none(folder: Path) -> None:
    done = run(folder, "run", "boot.elf", "--board", "virtual-m4", "--vectors", "0x4000")
    assert done.returncode == 2
    assert "holds nothing at 0x00004000" in done.stderr
