"""Arm semihosting: what a BKPT 0xAB asks of the host.

Operations and parameter blocks: Arm "Semihosting for AArch32 and AArch64", 2.0.
Host files are off unless a directory is given; names are then looked up inside it, and
nothing outside it can be reached, not through ``..``, an absolute name or a symbolic link.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO, cast

from emulator.clock.clock import Clock
from emulator.system.core import CoreRegisters, MemoryFault

MAX_STRING_BYTES = 1 << 16
MAX_TRANSFER_BYTES = 1 << 24
STOPPED_APPLICATION_EXIT = 0x20026
FAILED = 0xFFFFFFFF
CONSOLE_NAME = ":tt"
FEATURES_NAME = ":semihosting-features"
FEATURES = b"SHFB\x03"  # bit 0: SYS_EXIT_EXTENDED; bit 1: ":tt" opens standard output and error apart
OPEN_MODES = ("rb", "rb", "r+b", "r+b", "wb", "wb", "w+b", "w+b", "ab", "ab", "a+b", "a+b")
TICKS_HZ = 1_000_000
EPOCH_SECONDS = 1_600_000_000
"""Modelled time starts here: SYS_TIME must not depend on the host, or runs would differ."""

EBADF, ENOENT, EIO, EACCES, EINVAL, ENOSYS = 9, 2, 5, 13, 22, 38


class Operation(IntEnum):
    """Semihosting operation numbers."""

    OPEN = 0x01
    CLOSE = 0x02
    WRITEC = 0x03
    WRITE0 = 0x04
    WRITE = 0x05
    READ = 0x06
    READC = 0x07
    ISERROR = 0x08
    ISTTY = 0x09
    SEEK = 0x0A
    FLEN = 0x0C
    TMPNAM = 0x0D
    REMOVE = 0x0E
    RENAME = 0x0F
    CLOCK = 0x10
    TIME = 0x11
    SYSTEM = 0x12
    ERRNO = 0x13
    GET_CMDLINE = 0x15
    HEAPINFO = 0x16
    EXIT = 0x18
    EXIT_EXTENDED = 0x20
    ELAPSED = 0x30
    TICKFREQ = 0x31


@dataclass(frozen=True, slots=True)
class SemihostResult:
    """What goes into r0, and the exit code when the firmware ended itself."""

    r0: int
    exit_code: int | None = None


@dataclass(slots=True)
class _OpenFile:
    """One handle: the console (``stream`` None, no ``content``), a host file, or fixed bytes."""

    stream: BinaryIO | None = None
    content: bytes | None = None
    position: int = 0
    is_console: bool = False


@dataclass(slots=True)
class _Refused(Exception):
    """An operation that fails with an errno."""

    errno: int


@dataclass(slots=True)
class _Call:
    """The operation at hand."""

    core: CoreRegisters
    clock: Clock
    parameter: int
    words: list[int] = field(default_factory=list)

    def word(self, index: int) -> int:
        """A word of the parameter block."""
        data = self.core.read_memory(self.parameter + 4 * index, 4)
        return int.from_bytes(data, "little")

    def text(self, address: int, size_bytes: int) -> str:
        """A name of known length."""
        if size_bytes > MAX_STRING_BYTES:
            raise _Refused(EINVAL)
        return self.core.read_memory(address, size_bytes).decode("utf-8", "replace")


class SemihostingHost:
    """Serves semihosting calls. ``files_dir``: the only place for host files, None: none.

    ``console`` gets what the firmware writes to its console; console input is at its end
    at once unless ``console_input`` gives bytes. ``command_line`` answers GET_CMDLINE. ``tell``
    gets, in words, what whoever runs the firmware should know of a refused file.
    """

    def __init__(
        self,
        files_dir: Path | None,
        console: Callable[[bytes], None],
        *,
        console_input: Callable[[int], bytes] = lambda _count: b"",
        command_line: str = "",
        tell: Callable[[str], None] = lambda _words: None,
    ) -> None:
        self._root = None if files_dir is None else files_dir.resolve()
        self._console = console
        self._tell = tell
        self._console_input = console_input
        self.command_line = command_line
        self.heap = (0, 0, 0, 0)  # heap base and limit, stack base and limit; 0: the program knows
        self._files: dict[int, _OpenFile] = {}
        self._errno = 0
        self._operations: dict[int, Callable[[_Call], int]] = {
            Operation.OPEN: self._open,
            Operation.CLOSE: self._close,
            Operation.WRITEC: self._write_character,
            Operation.WRITE0: self._write_string,
            Operation.WRITE: self._write,
            Operation.READ: self._read,
            Operation.READC: self._read_character,
            Operation.ISERROR: self._is_error,
            Operation.ISTTY: self._is_console,
            Operation.SEEK: self._seek,
            Operation.FLEN: self._length,
            Operation.TMPNAM: self._temporary_name,
            Operation.REMOVE: self._remove,
            Operation.RENAME: self._rename,
            Operation.CLOCK: self._centiseconds,
            Operation.TIME: self._seconds,
            Operation.ERRNO: self._last_errno,
            Operation.GET_CMDLINE: self._command_line_to,
            Operation.HEAPINFO: self._heap_info,
            Operation.ELAPSED: self._elapsed,
            Operation.TICKFREQ: self._tick_frequency,
        }

    def close(self) -> None:
        """Close every host file (reset, end of the run)."""
        for file in self._files.values():
            if file.stream is not None:
                file.stream.close()
        self._files.clear()
        self._errno = 0

    def call(
        self, operation: int, parameter_address: int, core: CoreRegisters, clock: Clock
    ) -> SemihostResult:
        """Serve one call: ``operation`` is r0, ``parameter_address`` r1.

        A failing operation answers -1 and sets the errno; nothing is raised for what the
        firmware passes.
        """
        call = _Call(core, clock, parameter_address)
        if operation in (Operation.EXIT, Operation.EXIT_EXTENDED):
            return self._exit(operation, call)
        serve = self._operations.get(operation)
        try:
            if serve is None:
                raise _Refused(ENOSYS)
            return SemihostResult(serve(call) & 0xFFFFFFFF)
        except _Refused as refused:
            self._errno = refused.errno
        except MemoryFault:
            self._errno = EINVAL
        except OSError as error:
            self._errno = error.errno or EIO
        return SemihostResult(FAILED)

    def _exit(self, operation: int, call: _Call) -> SemihostResult:
        reason, code = call.parameter, 0
        if operation == Operation.EXIT_EXTENDED:
            try:
                reason, code = call.word(0), call.word(1)
            except MemoryFault:
                reason = 0
        self.close()
        if reason != STOPPED_APPLICATION_EXIT:
            return SemihostResult(0, code or 1)
        return SemihostResult(0, code)

    # -- console -------------------------------------------------------------------------
    def _write_character(self, call: _Call) -> int:
        self._console(call.core.read_memory(call.parameter, 1))
        return 0

    def _write_string(self, call: _Call) -> int:
        text = bytearray()
        while len(text) < MAX_STRING_BYTES:
            byte = call.core.read_memory(call.parameter + len(text), 1)
            if byte == b"\0":
                break
            text += byte
        self._console(bytes(text))
        return 0

    def _read_character(self, _call: _Call) -> int:
        data = self._console_input(1)
        return data[0] if data else FAILED

    # -- handles -------------------------------------------------------------------------
    def _file(self, call: _Call) -> _OpenFile:
        file = self._files.get(call.word(0))
        if file is None:
            raise _Refused(EBADF)
        return file

    def _open(self, call: _Call) -> int:
        mode = call.word(1)
        if mode >= len(OPEN_MODES):
            raise _Refused(EINVAL)
        name = call.text(call.word(0), call.word(2))
        if name == CONSOLE_NAME:
            file = _OpenFile(is_console=True)
        elif name == FEATURES_NAME:
            file = _OpenFile(content=FEATURES)
        else:
            file = _OpenFile(stream=self._open_host_file(name, OPEN_MODES[mode]))
        handle = next(h for h in range(1, len(self._files) + 2) if h not in self._files)
        self._files[handle] = file
        return handle

    def _open_host_file(self, name: str, mode: str) -> BinaryIO:
        path = self._inside(name)
        flags = os.O_NOFOLLOW if hasattr(os, "O_NOFOLLOW") else 0
        if path.exists() and not path.is_file():
            raise _Refused(EACCES)
        opened = open(path, mode, opener=lambda p, f: os.open(p, f | flags, 0o644))  # noqa: SIM115
        return cast(BinaryIO, opened)

    def _inside(self, name: str) -> Path:
        """The host path of a name; refused when it leaves the directory."""
        if self._root is None:
            self._tell(
                f"the firmware asks for the host's file {name!r}: closed; --files-dir opens a folder to it"
            )
            raise _Refused(EACCES)
        if not name or "\0" in name:
            raise _Refused(ENOENT)
        path = self._root / name.replace("\\", "/")
        resolved = path.resolve()
        if resolved == self._root or not resolved.is_relative_to(self._root):
            self._tell(f"the firmware asks for the host's file {name!r}: it is not inside --files-dir")
            raise _Refused(EACCES)
        return resolved

    def _close(self, call: _Call) -> int:
        file = self._file(call)
        if file.stream is not None:
            file.stream.close()
        del self._files[call.word(0)]
        return 0

    def _write(self, call: _Call) -> int:
        """Answer the number of bytes that were not written."""
        file, size = self._file(call), call.word(2)
        if size > MAX_TRANSFER_BYTES:
            raise _Refused(EINVAL)
        data = call.core.read_memory(call.word(1), size) if size else b""
        if file.is_console:
            self._console(data)
        elif file.stream is not None and file.stream.writable():
            file.stream.write(data)
            file.stream.flush()
        else:
            self._errno = EBADF
            return size
        return 0

    def _read(self, call: _Call) -> int:
        """Answer the number of bytes that were not read."""
        file, size = self._file(call), call.word(2)
        wanted = min(size, MAX_TRANSFER_BYTES)
        if file.is_console:
            data = self._console_input(wanted)[:wanted]
        elif file.content is not None:
            data = file.content[file.position : file.position + wanted]
            file.position += len(data)
        elif file.stream is not None and file.stream.readable():
            data = file.stream.read(wanted)
        else:
            self._errno = EBADF
            return size
        if data:
            call.core.write_memory(call.word(1), data)
        return size - len(data)

    def _is_error(self, call: _Call) -> int:
        return int(call.word(0) >> 31)

    def _is_console(self, call: _Call) -> int:
        return int(self._file(call).is_console)

    def _seek(self, call: _Call) -> int:
        file, position = self._file(call), call.word(1)
        if file.content is not None:
            file.position = position
        elif file.stream is not None:
            file.stream.seek(position)
        else:
            raise _Refused(EINVAL)
        return 0

    def _length(self, call: _Call) -> int:
        file = self._file(call)
        if file.content is not None:
            return len(file.content)
        if file.stream is None:
            return 0
        return os.fstat(file.stream.fileno()).st_size

    # -- names ---------------------------------------------------------------------------
    def _temporary_name(self, call: _Call) -> int:
        identifier, size = call.word(1), call.word(2)
        name = f"tmp{identifier & 0xFF:03d}".encode() + b"\0"
        if identifier > 0xFF or size < len(name):
            raise _Refused(EINVAL)
        call.core.write_memory(call.word(0), name)
        return 0

    def _remove(self, call: _Call) -> int:
        self._inside(call.text(call.word(0), call.word(1))).unlink()
        return 0

    def _rename(self, call: _Call) -> int:
        old = self._inside(call.text(call.word(0), call.word(1)))
        new = self._inside(call.text(call.word(2), call.word(3)))
        old.rename(new)
        return 0

    # -- time ----------------------------------------------------------------------------
    def _centiseconds(self, call: _Call) -> int:
        return call.clock.picoseconds() // 10**10

    def _seconds(self, call: _Call) -> int:
        return EPOCH_SECONDS + call.clock.picoseconds() // 10**12

    def _elapsed(self, call: _Call) -> int:
        ticks = call.clock.picoseconds() // (10**12 // TICKS_HZ)
        call.core.write_memory(call.parameter, struct.pack("<Q", ticks))
        return 0

    def _tick_frequency(self, _call: _Call) -> int:
        return TICKS_HZ

    # -- the rest ------------------------------------------------------------------------
    def _last_errno(self, _call: _Call) -> int:
        return self._errno

    def _command_line_to(self, call: _Call) -> int:
        line = self.command_line.encode("utf-8", "surrogateescape")
        if len(line) + 1 > call.word(1):
            raise _Refused(EINVAL)
        call.core.write_memory(call.word(0), line + b"\0")
        call.core.write_memory(call.parameter + 4, struct.pack("<I", len(line)))
        return 0

    def _heap_info(self, call: _Call) -> int:
        """Zeros tell the C library to use its own linker symbols, and to keep its stack."""
        call.core.write_memory(call.word(0), struct.pack("<4I", *self.heap))
        return 0
