"""Names from a second file: the ELF before it was stripped, a linker map; and files that do not fit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from image_bytes import make_board
from test_debug_functions import build

from emulator.errors import ImageError
from emulator.image import add_symbols, load_image
from emulator.image.map_file import read_map
from emulator.image.model import Image

# armlink's layout: Arm Compiler for Embedded, armlink User Guide, "--symbols"
ARMLINK_MAP = """\
Component: Arm Compiler for Embedded 6.21 Tool: armlink [5ec1fa00]

==============================================================================

Image Symbol Table

    Local Symbols

    Symbol Name                              Value     Ov Type        Size  Object(Section)

    ../clib/microlib/init/entry.s            0x00000000   Number         0  entry.o ABSOLUTE
    [Anonymous Symbol]                       0x{eval:08x}   Section        0  first.o(.text.eval)
    $t.0                                     0x{eval:08x}   Thumb Code     0  first.o(.text.eval)
    eval                                     0x{odd_eval:08x}   Thumb Code   {size:3d}  first.o(.text.eval)

    Global Symbols

    Symbol Name                              Value     Ov Type        Size  Object(Section)

    BuildAttributes$$THM_ISAv4$E$P           0x00000000   Number         0  anon$$obj.o ABSOLUTE
    Reset_Handler                            0x{odd_reset:08x}   Thumb Code    16  reset.o(.text.Reset)
    samples                                  0x20000000   Data         128  first.o(.bss.samples)
"""


def stripped(path: Path, kind: str) -> Image:
    """The image without its names, as an ELF, HEX or BIN file."""
    other = path.with_suffix(f".{kind}")
    options = {"hex": ["-O", "ihex"], "bin": ["-O", "binary"], "axf": ["--strip-all"]}[kind]
    subprocess.run(["arm-none-eabi-objcopy", *options, path, other], check=True)
    return load_image(other, board=make_board())


@pytest.mark.parametrize("kind", ["hex", "bin", "axf"])
def test_names_of_the_elf(tmp_path, kind):
    path = build(tmp_path, "-g")
    image = stripped(path, kind)
    assert image.debug is None or not image.debug.symbols()
    named = add_symbols(image, path)
    assert named.segments == image.segments
    assert {r.name for r in named.reserved} >= {".text", ".bss"}
    assert named.debug is not None
    reset = named.debug.symbol("Reset_Handler")
    assert reset is not None
    line = named.debug.line_at(reset.address)
    assert line is not None
    assert line.file == "vectors.c"


def test_another_builds_elf_is_refused(tmp_path):
    (tmp_path / "other").mkdir()
    image = stripped(build(tmp_path), "hex")
    other = build(tmp_path / "other", "-O1")
    with pytest.raises(ImageError, match=r"\d+ of its \d+ functions are others there, first \w+ at 0x08000"):
        add_symbols(image, other)
    subprocess.run(["arm-none-eabi-strip", other], check=True)
    with pytest.raises(ImageError, match="has no functions with names"):
        add_symbols(image, other)


def test_names_of_gnu_lds_map(tmp_path):
    path = build(tmp_path, "-Wl,-Map=test.map", "-fdata-sections")
    named = add_symbols(stripped(path, "hex"), tmp_path / "test.map")
    assert named.debug is not None
    elf = load_image(path).debug
    assert elf is not None
    mine = {(s.name, s.address, s.is_function) for s in named.debug.symbols() if s.size_bytes}
    assert {(s.name, s.address, s.is_function) for s in elf.symbols() if s.size_bytes} <= mine
    evals = [s for s in named.debug.symbols() if s.name == "eval"]
    assert len(evals) == 2
    assert all(s.file.endswith(".o") for s in evals)  # static ones: of which object
    assert named.debug.line_at(evals[0].address) is None
    assert named.debug.symbol_at(evals[0].address + 2) == evals[0]


def test_another_builds_map_is_refused(tmp_path):
    (tmp_path / "other").mkdir()
    image = stripped(build(tmp_path), "bin")
    build(tmp_path / "other", "-Os", "-Wl,-Map=test.map")
    with pytest.raises(ImageError, match="no function of it begins at 0x08000"):
        add_symbols(image, tmp_path / "other" / "test.map")


def test_names_of_armlinks_map(tmp_path):
    path = build(tmp_path)
    debug = load_image(path).debug
    assert debug is not None
    eval_, reset = debug.symbol("eval"), debug.symbol("Reset_Handler")
    assert eval_ is not None
    assert reset is not None
    text = ARMLINK_MAP.format(eval=eval_.address, odd_eval=eval_.address | 1, size=eval_.size_bytes,
                              odd_reset=reset.address | 1)  # fmt: skip
    (tmp_path / "arm.map").write_text(text)
    named = add_symbols(stripped(path, "axf"), tmp_path / "arm.map").debug
    assert named is not None
    assert [(s.name, s.address, s.size_bytes, s.is_function, s.file) for s in named.symbols()] == sorted(
        [
            ("eval", eval_.address, eval_.size_bytes, True, "first.o"),
            ("Reset_Handler", reset.address, 16, True, ""),
            ("samples", 0x2000_0000, 128, False, ""),
        ],
        key=lambda row: row[1],
    )


def test_what_is_neither_is_refused(tmp_path):
    image = load_image(build(tmp_path))
    (tmp_path / "notes.txt").write_text("main is at 0x08000000\n")
    with pytest.raises(ImageError, match="neither an ELF nor a linker map"):
        add_symbols(image, tmp_path / "notes.txt")
    assert read_map("Linker script and memory map\n") == []
