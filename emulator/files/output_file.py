"""A file that a command writes: whole or not at all, and tried before a long run.

What is written goes to a temporary file beside the target, which takes the target's place when it
is complete. So a program that is killed, or a disk that is full, leaves what was there before. A
target that is a device, a pipe or a directory is refused: a rename would put a file in its place.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator.errors import UsageError

STANDARD_OUTPUT = "-"
PART_SUFFIX = ".part"
NEXT_STEP = "name a file in a folder that exists and that you may write to"


class OutputFile:
    """One target. ``path``: as the user gave it; ``-`` is standard output where that is offered.

    ``what``: what it will hold, in words, for messages.
    """

    def __init__(self, path: str | Path, what: str = "the file") -> None:
        self.path = Path(path)
        self.what = what
        self._written: tuple[int, int] | None = None

    def __str__(self) -> str:
        return str(self.path)

    @property
    def is_standard_output(self) -> bool:
        """Whether this is the program's own standard output."""
        return str(self.path) == STANDARD_OUTPUT

    def try_out(self) -> None:
        """Raise :class:`UsageError` when the target can't be written, before there is anything to write."""
        if self.is_standard_output:
            return
        target = self._target()
        try:
            descriptor, part = self._open_part(target)
            try:
                os.close(descriptor)
            finally:  # a signal may come here, too
                os.unlink(part)  # noqa: PTH108 -- a name, as tempfile gives it
        except OSError as error:
            raise self._failure(error) from error

    def write_bytes(self, data: bytes) -> None:
        """Put ``data`` in the target's place. Raises :class:`UsageError`; the old file stays then."""
        if self.is_standard_output:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
            return
        target = self._target()
        try:
            self._replace(target, data)
        except OSError as error:
            raise self._failure(error) from error

    def make(self, write: Callable[[Path], None]) -> None:
        """The same for what ``write`` puts at a path of ours: a database, say. Its errors come through."""
        target = self._target()
        try:
            descriptor, part = self._open_part(target)
            os.close(descriptor)
            try:
                write(Path(part))
                self._take_place(Path(part), target)
            except BaseException:
                Path(part).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._failure(error) from error

    def write_text(self, text: str) -> None:
        """The same for text, as UTF-8; a name that is no Unicode is written as the bytes that it is."""
        self.write_bytes(text.encode("utf-8", "surrogateescape"))

    def write_json(self, content: Any) -> None:
        """The same for a JSON document."""
        self.write_text(json.dumps(content, indent=2) + "\n")

    def remove(self) -> None:
        """Take away what this object wrote, unless somebody else's file is there by now."""
        if self._written is None:
            return
        target = Path(os.path.realpath(self.path))
        try:
            status = target.lstat()
            if (status.st_dev, status.st_ino) == self._written:
                target.unlink()
        except OSError:
            return  # gone already
        finally:
            self._written = None

    # -- inside ----------------------------------------------------------------------------
    def _target(self) -> Path:
        """The file behind links. Raises :class:`UsageError` for what can't be replaced."""
        if str(self.path) in ("", "."):
            raise UsageError(f"{self.what} needs a file name", next_step=NEXT_STEP)
        try:
            target = Path(os.path.realpath(self.path))
            try:
                mode = target.stat().st_mode
            except FileNotFoundError:
                mode = stat.S_IFREG
            is_folder = stat.S_ISDIR(mode)
            if is_folder or not stat.S_ISREG(mode):
                kind = "a directory" if is_folder else "not a regular file but a device, a pipe or a socket"
                raise UsageError(
                    f"{self.what} can't be written: this is {kind}",
                    where=str(self.path),
                    next_step="name a file",
                )
            if target.exists() and not os.access(target, os.W_OK):
                raise PermissionError(13, "the file is write protected")
        except (OSError, ValueError) as error:
            raise self._failure(error) from error
        if not target.parent.is_dir():
            raise UsageError(
                f"{self.what} can't be written: no such folder", where=str(self.path), next_step=NEXT_STEP
            )
        return target

    @staticmethod
    def _open_part(target: Path) -> tuple[int, str]:
        name = target.name[:100]  # a name may be as long as the file system's limit already
        return tempfile.mkstemp(prefix=f".{name}.", suffix=PART_SUFFIX, dir=target.parent)

    def _replace(self, target: Path, data: bytes) -> None:
        descriptor, part = self._open_part(target)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            self._take_place(Path(part), target)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise

    def _take_place(self, part: Path, target: Path) -> None:
        descriptor = os.open(part, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fchmod(descriptor, _mode_for(target))
            os.fsync(descriptor)
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        part.replace(target)
        self._written = (status.st_dev, status.st_ino)

    def _failure(self, error: OSError | ValueError) -> UsageError:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return UsageError(
            f"{self.what} can't be written: {reason}", where=str(self.path), next_step=NEXT_STEP
        )


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing. Raises :class:`UsageError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"the folder can't be made: {reason}", where=str(folder)) from error


def _mode_for(target: Path) -> int:
    """The permissions of the file that is replaced, else those that a new file would get."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
