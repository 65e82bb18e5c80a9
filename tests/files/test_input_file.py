"""Only a regular file of a sensible size is read, and what is wrong with another is said."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.errors import BoardError, UsageError
from emulator.files import check_input_file, check_input_folder, read_bytes, read_text


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    signal.alarm(20)
    yield
    signal.alarm(0)


def test_a_file_is_read_whole(tmp_path):
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbfone\r\ntwo\n")
    assert read_bytes(tmp_path / "x") == b"\xef\xbb\xbfone\r\ntwo\n"
    assert read_text(str(tmp_path / "x")) == "one\ntwo\n"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("fifo", "this is a pipe"),
        ("/dev/zero", "this is a device"),
        ("/dev/null", "this is a device"),
        ("folder", "this is a directory"),
        ("missing", "no such board file"),
        ("/proc/self/mem", "can't be read: Input/output error"),  # unreadable for the administrator too
        ("a\0b", "null"),
        ("x" * 5000, "File name too long"),
    ],
)
def test_what_is_no_file_is_refused_at_once(tmp_path, path, words):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BoardError, match=words) as caught:
        read_bytes(tmp_path / path, error=BoardError, what="board file", next_step="give another")
    assert caught.value.where.endswith(path)
    assert caught.value.next_step == "give another"
    if path != "/proc/self/mem":
        with pytest.raises(UsageError):
            check_input_file(tmp_path / path)


def test_the_limit(tmp_path):
    (tmp_path / "x").write_bytes(bytes(100))
    assert len(read_bytes(tmp_path / "x", limit_bytes=100)) == 100
    with pytest.raises(UsageError, match="at most 99 bytes are read, it has 100"):
        read_bytes(tmp_path / "x", limit_bytes=99)
    with pytest.raises(UsageError, match="at most 10 bytes"):
        read_bytes("/proc/self/status", limit_bytes=10)  # has no size beforehand


def test_a_hole_of_a_terabyte_is_not_read(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UsageError, match="too large"):
        read_bytes(tmp_path / "huge")


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "x").write_bytes(b"good \xff")
    with pytest.raises(UsageError, match="byte 5 is 0xff"):
        read_text(tmp_path / "x")


def test_a_file_that_may_not_be_read(open_folder, as_ordinary_user):
    (open_folder / "x").write_bytes(b"")
    (open_folder / "x").chmod(0)

    def tried() -> None:
        with pytest.raises(UsageError, match="Permission denied"):
            read_bytes(open_folder / "x")

    as_ordinary_user(tried)


def test_folders(tmp_path):
    check_input_folder(tmp_path)
    (tmp_path / "file").write_text("")
    for path, words in ((tmp_path / "file", "not a folder"), (Path("/no/such"), "no such folder")):
        with pytest.raises(UsageError, match=words):
            check_input_folder(path)
