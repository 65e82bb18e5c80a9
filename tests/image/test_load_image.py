"""Every kind of file that someone may hand over: loaded, or one clear message."""

from __future__ import annotations

import random
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from image_bytes import VECTORS, attributes, make_board, make_elf, make_hex

from boardless import Machine
from emulator.board.model import DeviceEntry, Region
from emulator.errors import EXIT_USAGE, ImageError
from emulator.image import check_vectors, load_image
from emulator.image.checks import check_image, core_warning
from emulator.image.model import Reservation


@pytest.fixture
def write(tmp_path: Path):
    def write_file(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def refusal(path: Path, **options) -> str:
    with pytest.raises(ImageError) as caught:
        load_image(path, **options)
    assert caught.value.exit_code == EXIT_USAGE
    assert caught.value.next_step, "a message without a next step"
    assert str(path) in str(caught.value)
    return str(caught.value)


# -- good files --------------------------------------------------------------------------
def test_elf_is_loaded_at_its_physical_address(write):
    image = load_image(write("a.elf", make_elf(attribute_bytes=attributes(t6=13, t7=ord("M")))))
    assert image.format == "elf"
    assert [(s.address, s.data) for s in image.segments] == [(0x0800_0000, VECTORS)]
    assert image.segments[0].name == ".text"
    assert image.core == "cortex-m4"
    assert image.uses_fpu is False
    assert len(image.sha256) == 64


def test_elf_headers_inside_the_first_segment_are_not_flashed(write):
    image = load_image(write("a.elf", make_elf(headers_in_segment=True)), board=make_board())
    assert [(s.address, s.data) for s in image.segments] == [(0x0800_0000, VECTORS)]


def test_an_empty_segment_may_lie_behind_the_end(write):
    """GNU ld gives a .stack of its own segment an offset of the next page, where the file has ended."""
    data = bytearray(make_elf())
    own = data[52:84]
    empty = struct.pack("<8I", 1, 0x20000, 0x1000_0000, 0x1000_0000, 0, 0x1000, 6, 0x10000)
    struct.pack_into("<I", data, 28, len(data))  # e_phoff
    struct.pack_into("<H", data, 44, 2)  # e_phnum
    image = load_image(write("a.elf", bytes(data + own + empty)))
    assert [(s.address, s.data) for s in image.segments] == [(0x0800_0000, VECTORS)]


def test_hex_is_loaded_with_odd_line_ends(write):
    image = load_image(write("a.hex", make_hex()), board=make_board())
    assert image.format == "hex"
    assert [(s.address, s.data) for s in image.segments] == [(0x0800_0000, VECTORS)]
    check_vectors(image, make_board())


def test_bin_takes_the_base_given_or_the_boards(write):
    path = write("a.bin", VECTORS)
    for image in (load_image(path, base=0x0800_0000), load_image(path, board=make_board())):
        assert image.format == "bin"
        assert image.segments[0].address == image.vector_table == 0x0800_0000


def test_the_content_decides_not_the_name(write):
    assert load_image(write("elf_inside.bin", make_elf())).format == "elf"
    assert load_image(write("hex_inside.bin", make_hex())).format == "hex"
    assert load_image(write("binary.dat", VECTORS), base=0x0800_0000).format == "bin"


def test_an_image_may_span_neighbouring_regions(write):
    board = make_board()
    path = write("a.elf", make_elf(bss=(0x2000_3FF0, 0x1010)))
    assert load_image(path, board=board).segments
    assert "16 bytes too long" in refusal(write("b.elf", make_elf(bss=(0x2000_3FF0, 0x1020))), board=board)


# -- files that are none -----------------------------------------------------------------
def test_missing_directory_empty(tmp_path, write):
    assert "no such file" in refusal(tmp_path / "nothing.elf")
    assert "directory" in refusal(tmp_path)
    assert "empty" in refusal(write("a.bin", b""), base=0)


def test_a_device_file_is_not_read_forever():
    assert "regular file" in refusal(Path("/dev/zero"), base=0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"MZ\x90\x00" + bytes(60), "Windows"),
        (b"PK\x03\x04" + bytes(60), "ZIP"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(60), "TensorFlow Lite"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"!<arch>\n" + bytes(60), "static library"),
    ],
)
def test_other_kinds_of_file_are_named(write, content, words):
    assert words in refusal(write("a.bin", content), base=0x0800_0000)


def test_names_that_promise_a_format(write):
    assert "not an ELF" in refusal(write("a.elf", VECTORS))
    assert "not an Intel HEX" in refusal(write("a.hex", VECTORS))
    assert "not a UF2" in refusal(write("a.uf2", VECTORS))


# -- ELF ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"machine": 62, "bits": 64}, "x86-64"),
        ({"machine": 3}, "x86"),
        ({"machine": 183, "bits": 64}, "AArch64"),
        ({"machine": 243}, "RISC-V"),
        ({"machine": 94}, "Xtensa"),
        ({"machine": 9999}, "machine number 9999"),
        ({"big_endian": True}, "big endian"),
        ({"bits": 64}, "not a 32-bit"),
        ({"kind": 1}, "not linked"),
        ({"kind": 3}, "shared library"),
    ],
)
def test_foreign_elf(write, options, words):
    assert words in refusal(write("a.elf", make_elf(**options)))


@pytest.mark.parametrize("kept", [4, 5, 17, 19, 51, 52, 83, 84, 90, 100, 150, -1])
def test_truncated_elf(write, kept):
    assert "cut off" in refusal(write("a.elf", make_elf()[:kept]))


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"t6": 10, "t7": ord("A")}, "v7, profile A"),
        ({"t6": 10, "t7": ord("R")}, "v7, profile R"),
        ({"t6": 14, "t7": ord("A")}, "v8-A"),
        ({"t6": 2}, "v4T"),
    ],
)
def test_elf_for_no_cortex_m(write, tags, words):
    path = write("a.elf", make_elf(attribute_bytes=attributes(**tags)))
    assert words in refusal(path, board=make_board())


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"t6": 17, "t7": ord("M")}, "v8-M.mainline (cortex-m33)"),
        ({"t6": 21, "t7": ord("M")}, "cortex-m55"),
        ({"t6": 13, "t7": ord("M"), "t10": 8}, "FPv5"),
        ({"t6": 13, "t7": ord("M"), "t10": 8, "t27": 1}, "FPv5"),
        ({"t6": 13, "t7": ord("M"), "t10": 6}, "single precision only"),
        ({"t6": 21, "t7": ord("M"), "t48": 1}, "MVE"),
    ],
)
def test_elf_for_another_core_is_warned_of(write, tags, words):
    path = write("a.elf", make_elf(attribute_bytes=attributes(**tags)))
    warning = core_warning(load_image(path, board=make_board()), make_board())
    assert words in warning
    assert str(path) in warning


@pytest.mark.parametrize(
    ("core", "fpu", "tags", "fits"),
    [
        ("cortex-m0plus", "none", {"t6": 12, "t7": ord("M")}, True),
        ("cortex-m0", "none", {"t6": 10, "t7": ord("M")}, False),
        ("cortex-m3", "none", {"t6": 12, "t7": ord("M")}, True),
        ("cortex-m3", "none", {"t6": 13, "t7": ord("M")}, False),
        ("cortex-m4", "single", {"t6": 10, "t7": ord("M")}, True),
        ("cortex-m4", "single", {"t6": 13, "t7": ord("M"), "t10": 6, "t27": 1}, True),
        ("cortex-m4", "none", {"t6": 13, "t7": ord("M"), "t10": 6, "t27": 1}, False),
        ("cortex-m7", "single", {"t6": 13, "t7": ord("M"), "t10": 6, "t27": 1}, True),
        ("cortex-m7", "single", {"t6": 13, "t7": ord("M"), "t10": 8}, False),
        ("cortex-m7", "double", {"t6": 13, "t7": ord("M"), "t10": 8}, True),
        ("cortex-m33", "single", {"t6": 13, "t7": ord("M"), "t10": 6, "t27": 1}, True),
        ("cortex-m33", "single", {"t6": 16, "t7": ord("M")}, True),
        ("cortex-m7", "double", {"t6": 17, "t7": ord("M")}, False),
        ("cortex-m33", "single", {"t6": 17, "t7": ord("M"), "t48": 1}, False),
        ("cortex-m55", "double", {"t6": 21, "t7": ord("M"), "t48": 1}, True),
    ],
)
def test_a_core_with_more_is_fine(write, core, fpu, tags, fits):
    path = write("a.elf", make_elf(attribute_bytes=attributes(**tags)))
    board = make_board(core=core, fpu=fpu)
    warning = core_warning(load_image(path, board=board), board)
    assert (warning == "") is fits
    assert fits or core in warning


def test_elf_outside_the_memory_map(write):
    board = make_board()
    nowhere = refusal(write("a.elf", make_elf(address=0x9000_0000)), board=board)
    assert ".text (0x90000000-0x9000000b, 12 bytes) lies in no memory" in nowhere
    assert "flash 0x08000000-0x0800ffff (64 KB)" in nowhere
    large = refusal(write("b.elf", make_elf(VECTORS + bytes(0x10000))), board=board)
    assert "does not fit flash of test-board: 12 bytes too long" in large
    bss = refusal(write("c.elf", make_elf(bss=(0x2000_0000, 0x6000))), board=board)
    assert ".bss" in bss


def test_damaged_elf_never_ends_in_a_traceback(write):
    good = make_elf(attribute_bytes=attributes(t6=13, t7=ord("M")), bss=(0x2000_0000, 16))
    chance = random.Random(20)
    for _ in range(1500):
        damaged = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(4, len(damaged))] = chance.choice(
                (0, 1, 0x7F, 0xFF, chance.randrange(256))
            )
        path = write("a.elf", bytes(damaged))
        try:
            image = load_image(path, board=make_board())
            assert image.debug is not None
            image.debug.symbol_at(0x0800_0008)
            image.debug.line_at(0x0800_0008)
        except ImageError as error:
            assert str(path) in str(error)


# -- HEX ---------------------------------------------------------------------------------
def test_hex_with_a_bad_checksum(write):
    text = make_hex().replace("BF", "BE", 1)
    assert "checksum" in refusal(write("a.hex", text))


def test_hex_cut_off(write):
    assert "end-of-file" in refusal(write("a.hex", make_hex(end=False)))
    refusal(write("b.hex", make_hex()[:30]))


@pytest.mark.parametrize("content", [":", ":zz", ":0000\n", ":10\n:00000001FF\n", "::::", ":00000001FF\n"])
def test_hex_garbage(write, content):
    refusal(write("a.hex", content))


def test_hex_agrees_with_its_bytes_when_sparse(write):
    text = make_hex(bytes(range(64)), 0x0800_0000, end=False) + make_hex(b"xyz", 0x0800_8000)
    image = load_image(write("a.hex", text))
    assert [(s.address, s.data) for s in image.segments] == [
        (0x0800_0000, bytes(range(64))),
        (0x0800_8000, b"xyz"),
    ]


# -- BIN ---------------------------------------------------------------------------------
def test_bin_without_a_base(write):
    assert "--base" in refusal(write("a.bin", VECTORS))
    assert "too few" in refusal(write("b.bin", VECTORS[:7]), base=0)


def test_base_for_a_format_that_has_addresses(write):
    assert "--base is for raw binaries" in refusal(write("a.elf", make_elf()), base=0x0800_0000)
    assert "--base is for raw binaries" in refusal(write("a.hex", make_hex()), base=0x0800_0000)


@pytest.mark.parametrize(
    ("data", "base", "words"),
    [
        (b"\x00\x10\x00\x30" + VECTORS[4:], None, "does not point into RAM"),
        (b"\x03\x00\x00\x20" + VECTORS[4:], None, "does not point into RAM"),
        (VECTORS[:4] + b"\x08\x00\x00\x08" + VECTORS[8:], None, "no Thumb address"),
        (VECTORS, 0x0800_4000, "points outside the image"),
        (VECTORS, 3, "no load address"),
        (VECTORS, 0xFFFF_FFFC, "no load address"),
        (b"just some text, not firmware", None, "firmware"),
    ],
)
def test_bin_that_is_not_plausible(write, data, base, words):
    assert words in refusal(write("a.bin", data), base=base, board=make_board())


def test_the_stack_may_start_right_after_ram(write):
    data = (0x2000_5000).to_bytes(4, "little") + VECTORS[4:]
    load_image(write("a.bin", data), board=make_board())


@pytest.mark.parametrize("stack_pointer", [0x2000_4FFF, 0x2000_5003, 0x2000_1001, 0x2000_1002])
def test_the_stack_pointer_drops_its_two_low_bits(write, stack_pointer):
    board, data = make_board(), stack_pointer.to_bytes(4, "little") + VECTORS[4:]
    check_vectors(load_image(write("a.bin", data), board=board), board)


# -- vectors -----------------------------------------------------------------------------
def test_vectors_of_an_image_for_another_board(write):
    board = make_board()
    image = load_image(write("a.hex", make_hex(address=0x0800_8000)), board=board)
    with pytest.raises(ImageError, match="holds nothing at 0x00000000"):
        check_vectors(image, board)
    other = (0x2400_0000).to_bytes(4, "little") + VECTORS[4:]
    image = load_image(write("b.hex", make_hex(other)), board=board)
    with pytest.raises(ImageError, match="does not point into RAM"):
        check_vectors(image, board)


def test_a_boot_rom_finds_an_images_vectors_itself(write):
    regions = (Region("rom", 0, 0x4000, "rom"), *(r for r in make_board().regions if r.base))
    board = make_board(regions=regions)
    check_vectors(load_image(write("a.hex", make_hex(address=0x0800_8000)), board=board), board)


@pytest.mark.parametrize("at", [1, 11, 12])
@pytest.mark.parametrize("length", [0, 1, 4, 5, 7, 0xFFFF, 0x7FFF_FFFF])
def test_build_attributes_of_a_damaged_length_end(write, at: int, length: int):
    """pyelftools goes round and round at a length of zero, and on behind one that is too long."""
    good = attributes(t6=13, t7=ord("M"))
    damaged = good[:at] + length.to_bytes(4, "little") + good[at + 4 :]
    zeros = bytes(2000)
    path = write("a.elf", make_elf(attribute_bytes=damaged + zeros))
    try:
        assert load_image(path).segments
    except ImageError as error:
        assert error.next_step


def test_data_in_a_device_s_bytes_is_where_the_board_has_them(write):
    """A backup SRAM lies among the devices; its contents stay over a reset, so nothing is loaded there."""
    image = load_image(write("a.elf", make_elf()))
    kept = replace(image, reserved=(Reservation(0x4002_4000, 4, ".backup"),))
    with pytest.raises(ImageError, match="lies in no memory"):
        check_image(kept, make_board())
    memory = DeviceEntry("backup_sram", "peripherals.quiet:Quiet", 0x4002_4000, 0x1000)
    check_image(kept, make_board(devices=(memory,)))
    outside = replace(image, reserved=(Reservation(0x4002_4FFE, 4, ".backup"),))
    with pytest.raises(ImageError, match="lies in no memory"):
        check_image(outside, make_board(devices=(memory,)))


@pytest.mark.parametrize(
    ("board", "has"), [("stm32f4-discovery", True), ("nucleo-f767zi", True), ("nucleo-f411re", False)]
)
def test_a_backup_sram_keeps_what_is_written(board, has):
    machine = Machine(board)
    machine.bus.write(0x4002_4010, 4, 0x12345678)
    assert machine.bus.read(0x4002_4010, 4) == 0x12345678
    assert bool(machine.unmodelled) is not has  # where there is none, access is told
