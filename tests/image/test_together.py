"""A bootloader and an application together in one chip."""

from __future__ import annotations

from pathlib import Path

import pytest
from image_bytes import VECTORS, make_board, make_elf, make_uf2

from emulator.errors import ImageError
from emulator.image import AddedFile, add_files, check_vectors, load_image

BOARD = make_board()
APPLICATION = 0x0800_4000


@pytest.fixture
def bootloader(tmp_path: Path):
    path = tmp_path / "boot.elf"
    path.write_bytes(make_elf())
    return load_image(path, board=BOARD)


def test_both_are_loaded_and_the_board_begins_with_the_bootloader(bootloader, tmp_path):
    (tmp_path / "app.uf2").write_bytes(make_uf2(b"app!" * 9, APPLICATION))
    (tmp_path / "settings.bin").write_bytes(b"\x01\x02\x03")
    files = [AddedFile(tmp_path / "app.uf2"), AddedFile(tmp_path / "settings.bin", 0x0800_8001)]
    image = add_files(bootloader, files, BOARD)
    assert [(s.address, s.data) for s in image.segments] == [
        (0x0800_0000, VECTORS), (APPLICATION, b"app!" * 9), (0x0800_8001, b"\x01\x02\x03"),
    ]  # fmt: skip
    check_vectors(image, BOARD)
    assert image.sha256 != bootloader.sha256
    elsewhere = add_files(bootloader, [files[0], AddedFile(files[1].path, 0x0800_9000)], BOARD)
    assert elsewhere.sha256 != image.sha256
    assert add_files(bootloader, [], BOARD) is bootloader


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (0x0800_0004, "the binary and .text of {boot} both want 0x08000004-0x08000006"),
        (0x0801_0000, "the binary (0x08010000-0x08010002, 3 bytes) lies in no memory"),
        (None, "a raw binary does not say where it belongs"),
    ],
)
def test_what_can_not_be(bootloader, tmp_path, address, words):
    path = tmp_path / "more.bin"
    path.write_bytes(b"abc")
    with pytest.raises(ImageError) as caught:
        add_files(bootloader, [AddedFile(path, address)], BOARD)
    assert str(caught.value).startswith(str(path))
    assert words.format(boot=bootloader.path) in str(caught.value)
    assert caught.value.next_step


def test_an_address_for_a_file_that_says_it_itself(bootloader, tmp_path):
    path = tmp_path / "app.uf2"
    path.write_bytes(make_uf2(b"app!", APPLICATION))
    with pytest.raises(ImageError, match="a UF2 file says itself"):
        add_files(bootloader, [AddedFile(path, APPLICATION)], BOARD)
