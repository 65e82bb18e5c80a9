"""Reads a file whole, if it is one: a regular file of a size that makes sense.

A pipe, ``/dev/zero`` or a directory is refused before anything is read of it: opening a pipe that
nobody writes to would hang, and an endless file would fill the memory.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from emulator.errors import BoardlessError, UsageError

MEBIBYTE = 1 << 20
TEXT_LIMIT_BYTES = 16 * MEBIBYTE
"""More than any board, catalogue, port list or report has."""
DATA_LIMIT_BYTES = 256 * MEBIBYTE
"""More than any firmware, model or recording for a microcontroller has."""
PIECE_BYTES = MEBIBYTE
KINDS = (
    (stat.S_ISDIR, "this is a directory, not a file"),
    (stat.S_ISFIFO, "this is a pipe, not a regular file"),
    (stat.S_ISSOCK, "this is a socket, not a regular file"),
    (stat.S_ISCHR, "this is a device, not a regular file"),
    (stat.S_ISBLK, "this is a device, not a regular file"),
)


def read_bytes(
    path: str | Path,
    *,
    limit_bytes: int = DATA_LIMIT_BYTES,
    error: type[BoardlessError] = UsageError,
    what: str = "file",
    next_step: str = "",
) -> bytes:
    """The content of a regular file of at most ``limit_bytes``; ``what`` it is to be, in words.

    Raises ``error``, naming the path and what is wrong with it, when there is no such file, when
    it is not a regular one, is too large, or can't be read.
    """
    where = str(path)
    try:
        descriptor = _open(path)
        try:
            status = os.fstat(descriptor)
            problem = _kind_problem(status.st_mode) or _size_problem(status.st_size, limit_bytes)
            if problem:
                raise error(problem, where=where, next_step=next_step)
            data = _read(descriptor, limit_bytes)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as problem:  # ValueError: a null character in the name
        raise error(_words(problem, what), where=where, next_step=next_step) from problem
    if len(data) > limit_bytes:  # it grew, or is one of /proc, which have no size
        raise error(_too_large(limit_bytes), where=where, next_step=next_step)
    return data


def read_text(
    path: str | Path,
    *,
    limit_bytes: int = TEXT_LIMIT_BYTES,
    error: type[BoardlessError] = UsageError,
    what: str = "file",
    next_step: str = "",
) -> str:
    """The content of a regular file as UTF-8 text, a byte order mark left out.

    Raises ``error`` as :func:`read_bytes` does, and for bytes that are no UTF-8.
    """
    data = read_bytes(path, limit_bytes=limit_bytes, error=error, what=what, next_step=next_step)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as problem:
        raise error(
            f"is no text: byte {problem.start} is 0x{data[problem.start]:02x}, which is not UTF-8",
            where=str(path),
            next_step=next_step,
        ) from problem


def begins_with(path: str | Path, magic: bytes) -> bool:
    """Whether a regular file is there whose content begins so; False for what can't be read."""
    try:
        descriptor = _open(path)
        try:
            is_regular = not _kind_problem(os.fstat(descriptor).st_mode)
            return is_regular and os.read(descriptor, len(magic)) == magic
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return False


def check_input_file(path: str | Path, *, error: type[BoardlessError] = UsageError) -> None:
    """Raise ``error`` when ``path`` is no regular file that can be opened; nothing is read."""
    where = str(path)
    try:
        descriptor = _open(path)
        try:
            problem = _kind_problem(os.fstat(descriptor).st_mode)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as failure:
        raise error(_words(failure), where=where) from failure
    if problem:
        raise error(problem, where=where)


def check_input_folder(path: str | Path, *, error: type[BoardlessError] = UsageError) -> None:
    """Raise ``error`` when ``path`` is no folder that can be listed."""
    try:
        with os.scandir(path):
            pass
    except NotADirectoryError as failure:
        raise error("this is not a folder", where=str(path)) from failure
    except FileNotFoundError as failure:
        raise error("no such folder", where=str(path)) from failure
    except (OSError, ValueError) as failure:
        raise error(_words(failure), where=str(path)) from failure


def _open(path: str | Path) -> int:
    """Open without waiting: for a pipe's writer, or for a device."""
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)


def _read(descriptor: int, limit_bytes: int) -> bytes:
    pieces = []
    left = limit_bytes + 1
    while left and (piece := os.read(descriptor, min(left, PIECE_BYTES))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _kind_problem(mode: int) -> str:
    return next((words for is_kind, words in KINDS if is_kind(mode)), "")


def _size_problem(size_bytes: int, limit_bytes: int) -> str:
    return _too_large(limit_bytes, size_bytes) if size_bytes > limit_bytes else ""


def _too_large(limit_bytes: int, size_bytes: int | None = None) -> str:
    size = "" if size_bytes is None else f", it has {size_bytes:,} bytes"
    return f"the file is too large: at most {limit_bytes:,} bytes are read{size}"


def _words(problem: OSError | ValueError, what: str = "file") -> str:
    if isinstance(problem, FileNotFoundError):
        return f"no such {what}"
    if isinstance(problem, OSError) and problem.errno == errno.ENXIO:
        return "this is a socket or a device, not a regular file"
    reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
    return f"can't be read: {reason}"
