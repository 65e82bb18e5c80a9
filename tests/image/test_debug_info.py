"""Symbols and lines of a real compiler's ELF, compared with binutils' own answers."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest
from image_bytes import make_board

from emulator.errors import ImageError
from emulator.image import check_vectors, load_image
from emulator.image.checks import core_warning

SOURCE = """\
int counter = 7;
volatile int zeroed[20];

__attribute__((noinline)) int twice(int value)
{
    return value * 2;
}

void Reset_Handler(void)
{
    counter = twice(counter);
    zeroed[1] = counter;
    for (;;) {
    }
}
__attribute__((section(".isr_vector"), used)) void *const table[2] = {
    (void *)0x20001000, Reset_Handler};
"""
LINKER = """\
ENTRY(Reset_Handler)
SECTIONS {
  .isr_vector 0x08000000 : { KEEP(*(.isr_vector)) }
  .text : { *(.text*) }
  .data 0x20000000 : AT(LOADADDR(.text) + SIZEOF(.text)) { *(.data*) }
  .bss : { *(.bss*) }
}
"""


def build(folder: Path, *options: str) -> Path:
    (folder / "small.c").write_text(SOURCE)
    (folder / "small.ld").write_text(LINKER)
    command = ["arm-none-eabi-gcc", "-mthumb", "-O1", *options, "-nostdlib", "-Wl,--build-id=none"]
    subprocess.run([*command, "-T", "small.ld", "small.c", "-o", "small.elf"], cwd=folder, check=True)
    return folder / "small.elf"


@pytest.mark.parametrize("dwarf", ["-gdwarf-4", "-gdwarf-5"])
def test_symbols_and_lines(tmp_path, dwarf):
    path = build(tmp_path, "-mcpu=cortex-m4", dwarf)
    image = load_image(path, board=make_board())
    check_vectors(image, make_board())
    assert image.vector_table == 0x0800_0000
    assert image.core == "cortex-m4"
    debug = image.debug
    assert debug is not None
    twice = debug.symbol("twice")
    assert twice is not None
    assert twice.is_function
    assert debug.symbol_at(twice.address | 1) == twice
    assert debug.symbol_at(twice.address + twice.size_bytes - 1) == twice
    counter = debug.symbol("counter")
    assert counter is not None
    assert not counter.is_function
    assert debug.symbol_at(counter.address + 3) == counter
    assert debug.symbol("nothing") is None
    assert debug.symbol_at(0x1000) is None
    assert debug.line_at(0x1000) is None
    reset = debug.symbol("Reset_Handler")
    assert reset is not None
    addresses = [*range(twice.address, reset.address + reset.size_bytes, 2)]
    answer = subprocess.run(
        ["arm-none-eabi-addr2line", "-e", path, *map(hex, addresses)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for address, expected in zip(addresses, answer, strict=True):
        line = debug.line_at(address)
        assert line is not None
        assert line.file == "small.c"
        assert str(line.line) == expected.split(" ")[0].rpartition(":")[2]


def test_load_addresses_and_reservations(tmp_path):
    image = load_image(build(tmp_path, "-mcpu=cortex-m3"), board=make_board())
    loaded = {s.name: s for s in image.segments}
    data = next(s for name, s in loaded.items() if ".data" in name)
    assert data.data == b"\x07\0\0\0"
    assert 0x0800_0000 < data.address < 0x0800_1000
    assert {(r.name, r.size_bytes) for r in image.reserved} >= {(".data", 4), (".bss", 80)}


def test_damaged_names_are_none(tmp_path):
    """The strings of the symbols claim to be compressed in a way that nobody knows."""
    elf = bytearray((Path(__file__).parents[2] / "benches/images/kws-mps2-an386.elf").read_bytes())
    headers, size, count = *struct.unpack_from("<I", elf, 0x20), *struct.unpack_from("<2H", elf, 0x2E)
    for at in range(headers, headers + size * count, size):
        if struct.unpack_from("<I", elf, at + 4)[0] == 3:  # SHT_STRTAB
            elf[at + 9] |= 0x08  # SHF_COMPRESSED
    damaged = tmp_path / "damaged.elf"
    damaged.write_bytes(elf)
    image = load_image(damaged)
    assert image.debug is None or image.debug.symbols() == []


def test_without_debug_information(tmp_path):
    path = build(tmp_path, "-mcpu=cortex-m0", "-s")
    image = load_image(path)
    assert image.debug is not None
    assert image.debug.symbol_at(0x0800_0008) is None
    assert image.debug.line_at(0x0800_0008) is None
    assert image.vector_table == 0x0800_0000


def test_the_three_formats_hold_the_same_bytes(tmp_path):
    path = build(tmp_path, "-mcpu=cortex-m4")
    for kind, suffix in (("ihex", "hex"), ("binary", "bin")):
        subprocess.run(["arm-none-eabi-objcopy", "-O", kind, path, tmp_path / f"small.{suffix}"], check=True)
    board = make_board()
    images = [load_image(tmp_path / f"small.{s}", board=board) for s in ("elf", "hex", "bin")]
    flat = []
    for image in images:
        flash = bytearray(0x200)
        for segment in image.segments:
            at = segment.address - 0x0800_0000
            flash[at : at + len(segment.data)] = segment.data
        flat.append(bytes(flash))
        check_vectors(image, board)
    assert flat[0] == flat[1] == flat[2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-mcpu=cortex-m33",), "v8-M.mainline"),
        (("-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-d16"), "double-precision"),
    ],
)
def test_real_builds_for_other_cores(tmp_path, options, words):
    board = make_board()
    assert words in core_warning(load_image(build(tmp_path, *options), board=board), board)


def test_a_real_build_for_no_cortex_m(tmp_path):
    with pytest.raises(ImageError, match="profile A"):
        load_image(build(tmp_path, "-mcpu=cortex-a9"), board=make_board())
