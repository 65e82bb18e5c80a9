"""UF2 files: whose blocks are taken, in which order, and what is said of damaged ones."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from image_bytes import VECTORS, make_board, make_uf2, uf2_block

from emulator.errors import EXIT_USAGE, ImageError
from emulator.image import check_vectors, load_image
from emulator.image.uf2 import load_uf2

BASE, RAM = 0x0800_0000, 0x2000_0000
STM32F4, SAMD21 = 0x57755A57, 0x68ED2B88
CODE = VECTORS + bytes(range(256)) * 4


def refusal(data: bytes, *families: int) -> str:
    with pytest.raises(ImageError) as caught:
        load_uf2(data, "fw.uf2", families)
    assert caught.value.exit_code == EXIT_USAGE
    assert caught.value.next_step
    assert "fw.uf2" in str(caught.value)
    return str(caught.value)


def contents(data: bytes, *families: int) -> list[tuple[int, bytes]]:
    return [(segment.address, segment.data) for segment in load_uf2(data, "fw.uf2", families)]


def test_a_file_is_loaded_whatever_it_is_called(tmp_path: Path):
    path = tmp_path / "fw.bin"
    path.write_bytes(make_uf2(CODE))
    image = load_image(path, board=make_board())
    assert image.format == "uf2"
    assert [(s.address, s.data, s.name) for s in image.segments] == [(BASE, CODE, "blocks 0 to 4")]
    check_vectors(image, make_board())
    with pytest.raises(ImageError, match="--base is for raw binaries; a UF2 file says itself"):
        load_image(path, base=BASE)


@pytest.mark.parametrize("payload", [4, 256, 476])
def test_blocks_in_any_order_and_twice(payload):
    data = make_uf2(CODE, payload=payload)
    blocks = [data[at : at + 512] for at in range(0, len(data), 512)]
    blocks.append(blocks[0])
    random.Random(payload).shuffle(blocks)
    assert contents(b"".join(blocks)) == [(BASE, CODE)]


def test_a_gap_makes_two_segments():
    data = uf2_block(b"abcd", BASE, 0, 2) + uf2_block(b"efgh", BASE + 256, 1, 2)
    assert contents(data) == [(BASE, b"abcd"), (BASE + 256, b"efgh")]


def test_what_is_not_for_the_flash_is_left():
    comment = uf2_block(b"source text.", 0, 1, 3, flags=1)
    file = uf2_block(b"content!", 0xFFFFFFF0, 2, 3, family=None, flags=0x1000)
    data = uf2_block(b"abcd", BASE, 0, 3) + comment
    assert contents(data + uf2_block(b"", 0, 2, 3)) == [(BASE, b"abcd")]
    assert "nothing for the chip's memory" in refusal(file)


def test_the_boards_family_is_taken_of_several():
    data = make_uf2(b"four", family=STM32F4) + make_uf2(b"samd", 0x2000, family=SAMD21)
    assert contents(data, STM32F4) == [(BASE, b"four")]
    assert contents(data, SAMD21) == [(0x2000, b"samd")]
    assert contents(data, SAMD21, STM32F4) == [(0x2000, b"samd"), (BASE, b"four")]
    several = refusal(data)
    assert "several families: STM32F4 (0x57755a57), SAMD21 (0x68ed2b88)" in several
    assert "uf2_families = [0x57755A57]" in several


def test_another_family_alone_is_refused_and_none_is_anyones():
    assert "for the family SAMD21 (0x68ed2b88), and the board takes STM32F4" in refusal(
        make_uf2(family=SAMD21), STM32F4
    )
    assert contents(make_uf2(family=None), STM32F4) == [(BASE, VECTORS)]
    assert contents(make_uf2(family=0x12345678)) == [(BASE, VECTORS)]


def test_extension_tags_and_the_block_that_only_a_loader_needs():
    version = struct.pack("<I", 0x9FC7BC09) + b"0.1.2\0\0\0"
    data = uf2_block(VECTORS, BASE, flags=0x8000, tags=version)
    assert contents(data) == [(BASE, VECTORS)]
    erratum = uf2_block(
        b"\xef" * 256, 0x10FFFF00, 0, 2, family=0xE48BFF57, flags=0x8000, tags=struct.pack("<I", 0x9957E304)
    )
    assert contents(erratum + make_uf2(family=0xE48BFF59)) == [(BASE, VECTORS)]


@pytest.mark.parametrize("at", [1, 4, 7, 508, 511])
def test_a_block_whose_magic_is_damaged(at):
    data = bytearray(make_uf2(CODE))
    data[512 * 2 + at] ^= 0x40
    assert "damaged UF2 file: block 2, at offset 0x400, is none: it begins with" in refusal(bytes(data))


def test_damaged_fields():
    def block(*fields: int) -> bytes:
        data = bytearray(uf2_block(b"abcd", BASE))
        struct.pack_into("<5I", data, 8, *fields)
        return bytes(data)

    assert "offset 0x0, has a payload of 477 bytes, and room for 476" in refusal(block(0, BASE, 477, 0, 1))
    assert "room for 452" in refusal(block(0x4000, BASE, 476, 0, 1))
    assert "has number 3, of 3" in refusal(block(0, BASE, 4, 3, 3))
    assert "goes beyond 4 GiB, from 0xfffffffd on" in refusal(block(0, 0xFFFFFFFD, 4, 0, 1))


def test_cut_off():
    data = make_uf2(CODE)
    assert "3 of 5 blocks of family STM32F4 (0x57755a57) are missing, first block 2" in refusal(data[:1024])
    assert "its last block, at offset 0x400, has 76 bytes and not 512" in refusal(data[:1100])


def test_two_blocks_for_the_same_bytes():
    data = uf2_block(b"abcdefgh", BASE, 0, 2) + uf2_block(b"ijkl", BASE + 4, 1, 2)
    assert (
        "two blocks want the bytes at 0x08000004: block 0 of 2 (at offset 0x0)"
        " and block 1 of 2 (at offset 0x200)" in refusal(data)
    )
    twice = uf2_block(b"abcd", BASE, 0, 2) + uf2_block(b"efgh", BASE, 0, 2)
    assert "block 0 of 2 (at offset 0x200) has the number of that at offset 0x0" in refusal(twice)


def test_files_of_one_family_put_together():
    """A bootloader and an application, each numbered for itself."""
    data = make_uf2(CODE) + make_uf2(b"boot", 0x0801_0000)
    assert contents(data) == [(BASE, CODE), (0x0801_0000, b"boot")]


def test_the_memory_map_is_told_of_blocks(tmp_path: Path):
    path = tmp_path / "fw.uf2"
    path.write_bytes(make_uf2(CODE, 0x9000_0000))
    with pytest.raises(
        ImageError, match=r"blocks 0 to 4 \(0x90000000-0x9000040b, 1036 bytes\) lies in no memory"
    ):
        load_image(path, board=make_board())


def test_damage_never_ends_in_a_traceback():
    good = make_uf2(CODE) + make_uf2(b"samd", family=SAMD21)
    chance = random.Random(7)
    for _ in range(2000):
        damaged = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            at = 512 * chance.randrange(len(good) // 512) + chance.choice((*range(32), 288, 508))
            damaged[at] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
        try:
            assert contents(bytes(damaged), STM32F4)
        except ImageError as error:
            assert "fw.uf2" in str(error)
