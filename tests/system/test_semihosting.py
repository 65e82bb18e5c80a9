"""Semihosting: console, files inside their directory and nowhere else, time, exit."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_core import RAM, FakeCore

from emulator.clock.clock import Clock
from emulator.system.semihosting import Operation, SemihostingHost

BLOCK, NAME, DATA = RAM, RAM + 0x100, RAM + 0x800
FAILED = 0xFFFFFFFF
READ, READ_PLUS, WRITE, APPEND = 1, 3, 5, 9


class Firmware:
    """Calls the host as firmware would."""

    def __init__(self, files_dir: Path | None, console_input: bytes = b"") -> None:
        self.core = FakeCore()
        self.cycles = 0
        self.clock = Clock(1_000_000)
        self.clock.attach(lambda: self.cycles, lambda _next: None)
        self.output = bytearray()
        self._input = bytearray(console_input)
        self.host = SemihostingHost(
            files_dir, self.output.extend, console_input=self._take, command_line="bench -n 3"
        )

    def _take(self, count: int) -> bytes:
        taken = bytes(self._input[:count])
        del self._input[:count]
        return taken

    def call(self, operation: int, *words: int) -> int:
        self.core.write_memory(BLOCK, struct.pack(f"<{len(words)}I", *words))
        return self.host.call(operation, BLOCK, self.core, self.clock).r0

    def open(self, name: str, mode: int) -> int:
        self.core.write_memory(NAME, name.encode() + b"\0")
        return self.call(Operation.OPEN, NAME, mode, len(name.encode()))

    def write(self, handle: int, data: bytes) -> int:
        self.core.write_memory(DATA, data)
        return self.call(Operation.WRITE, handle, DATA, len(data))

    def read(self, handle: int, count: int) -> bytes:
        left = self.call(Operation.READ, handle, DATA, count)
        return self.core.read_memory(DATA, count - left) if count > left else b""

    def errno(self) -> int:
        return self.call(Operation.ERRNO)


@pytest.fixture
def firmware(tmp_path: Path) -> Firmware:
    root = tmp_path / "files"
    root.mkdir()
    return Firmware(root, b"in")


def test_console(firmware: Firmware) -> None:
    firmware.core.write_memory(BLOCK, b"x")
    assert firmware.host.call(Operation.WRITEC, BLOCK, firmware.core, firmware.clock).r0 == 0
    firmware.core.write_memory(DATA, b"hello\0rest")
    firmware.host.call(Operation.WRITE0, DATA, firmware.core, firmware.clock)
    handle = firmware.open(":tt", WRITE)
    assert firmware.call(Operation.ISTTY, handle) == 1
    assert firmware.write(handle, b"!") == 0
    assert firmware.output == b"xhello!"
    assert firmware.call(Operation.READC) == ord("i")
    assert firmware.read(firmware.open(":tt", READ), 10) == b"n"
    assert firmware.call(Operation.READC) == FAILED


def test_files(firmware: Firmware, tmp_path: Path) -> None:
    handle = firmware.open("out.bin", WRITE)
    assert handle >= 1
    assert firmware.write(handle, b"0123456789") == 0
    assert firmware.call(Operation.FLEN, handle) == 10
    assert firmware.call(Operation.CLOSE, handle) == 0
    assert (tmp_path / "files" / "out.bin").read_bytes() == b"0123456789"
    handle = firmware.open("out.bin", READ)
    assert firmware.call(Operation.SEEK, handle, 7) == 0
    assert firmware.read(handle, 10) == b"789"
    assert firmware.write(handle, b"no") == 2, "opened for reading: nothing written"
    firmware.call(Operation.CLOSE, handle)
    handle = firmware.open("out.bin", APPEND)
    firmware.write(handle, b"ab")
    firmware.call(Operation.CLOSE, handle)
    firmware.core.write_memory(NAME, b"out.bin\0")
    firmware.core.write_memory(DATA, b"new.bin\0")
    assert firmware.call(Operation.RENAME, NAME, 7, DATA, 7) == 0
    assert (tmp_path / "files" / "new.bin").read_bytes() == b"0123456789ab"
    firmware.core.write_memory(NAME, b"new.bin\0")
    assert firmware.call(Operation.REMOVE, NAME, 7) == 0
    assert not list((tmp_path / "files").iterdir())


def link_out(root: Path) -> str:
    (root / "link").symlink_to(root.parent / "secret.txt")
    return "link"


def link_dir(root: Path) -> str:
    (root / "dir").symlink_to(root.parent)
    return "dir/secret.txt"


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "a/../../secret.txt",
        "..\\secret.txt",
        "/etc/passwd",
        ".",
        "",
        "\0",
        link_out,
        link_dir,
    ],
)
@pytest.mark.parametrize("mode", [READ, READ_PLUS, WRITE, APPEND])
def test_nothing_outside_the_directory(
    firmware: Firmware, tmp_path: Path, name: str | Callable[[Path], str], mode: int
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    wanted = name if isinstance(name, str) else name(tmp_path / "files")
    assert firmware.open(wanted, mode) == FAILED
    assert firmware.errno() in (2, 13)
    assert secret.read_text() == "secret"
    firmware.core.write_memory(NAME, wanted.encode() + b"\0")
    assert firmware.call(Operation.REMOVE, NAME, len(wanted)) == FAILED
    assert firmware.call(Operation.RENAME, NAME, len(wanted), NAME, len(wanted)) == FAILED
    assert secret.exists()


def test_a_directory_cant_be_opened_and_a_missing_file_says_so(firmware: Firmware, tmp_path: Path) -> None:
    (tmp_path / "files" / "sub").mkdir()
    assert firmware.open("sub", READ) == FAILED
    assert firmware.open("none.bin", READ) == FAILED
    assert firmware.errno() == 2


def test_files_are_off_by_default() -> None:
    firmware = Firmware(None)
    assert firmware.open("out.bin", WRITE) == FAILED
    assert firmware.errno() == 13
    assert firmware.open(":tt", WRITE) != FAILED


def test_bad_calls_fail_and_nothing_more(firmware: Firmware) -> None:
    for operation in range(0x00, 0x40):
        if operation in (Operation.EXIT, Operation.EXIT_EXTENDED):
            continue
        for parameter in (0, BLOCK, 0xFFFFFFFC):
            firmware.core.write_memory(BLOCK, b"\xff" * 16)
            result = firmware.host.call(operation, parameter, firmware.core, firmware.clock)
            assert 0 <= result.r0 <= 0xFFFFFFFF
            assert result.exit_code is None
    assert firmware.call(0x99) == FAILED
    assert firmware.errno() == 38
    assert firmware.call(Operation.CLOSE, 77) == FAILED
    assert firmware.errno() == 9


def test_time_is_modelled_time(firmware: Firmware) -> None:
    before = firmware.call(Operation.TIME)
    firmware.cycles = 2_500_000
    assert firmware.call(Operation.CLOCK) == 250
    assert firmware.call(Operation.TIME) == before + 2
    assert firmware.call(Operation.TICKFREQ) == 1_000_000
    assert firmware.call(Operation.ELAPSED, 0, 0) == 0
    assert struct.unpack("<Q", firmware.core.read_memory(BLOCK, 8)) == (2_500_000,)


def test_command_line_heap_names_features(firmware: Firmware) -> None:
    assert firmware.call(Operation.GET_CMDLINE, DATA, 64) == 0
    assert firmware.core.read_memory(DATA, 11) == b"bench -n 3\0"
    assert firmware.core.word(BLOCK + 4) == 10
    assert firmware.call(Operation.GET_CMDLINE, DATA, 4) == FAILED
    assert firmware.call(Operation.HEAPINFO, DATA) == 0
    assert firmware.core.read_memory(DATA, 16) == bytes(16)
    assert firmware.call(Operation.TMPNAM, DATA, 7, 20) == 0
    assert firmware.core.read_memory(DATA, 7) == b"tmp007\0"
    handle = firmware.open(":semihosting-features", READ)
    assert firmware.read(handle, 10) == b"SHFB\x03"
    assert firmware.call(Operation.ISERROR, 0xFFFFFFFF) == 1


@pytest.mark.parametrize(
    ("operation", "parameter", "block", "code"),
    [
        (Operation.EXIT, 0x20026, (), 0),
        (Operation.EXIT, 0x20023, (), 1),
        (Operation.EXIT_EXTENDED, BLOCK, (0x20026, 42), 42),
        (Operation.EXIT_EXTENDED, BLOCK, (0x20026, 0), 0),
        (Operation.EXIT_EXTENDED, BLOCK, (0x20024, 0), 1),
        (Operation.EXIT_EXTENDED, 0, (), 1),
    ],
)
def test_exit(firmware: Firmware, operation: int, parameter: int, block: tuple[int, ...], code: int) -> None:
    firmware.core.write_memory(BLOCK, struct.pack(f"<{len(block)}I", *block))
    assert firmware.host.call(operation, parameter, firmware.core, firmware.clock).exit_code == code
