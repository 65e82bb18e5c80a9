"""Types of options and arguments: what files, folders and numbers a command takes.

A test walks all commands and wants every file among these, so that each is read and written by the
rules of :mod:`emulator.files`.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.errors import UsageError
from emulator.files import OutputFile, check_input_file, check_input_folder

if TYPE_CHECKING:
    from emulator.image.together import AddedFile

    ParamType = click.ParamType[object]
else:
    ParamType = click.ParamType  # generic since click 8.5

NO_ADDRESS = "no 32-bit address, such as 0x08000000"
LARGEST_COUNT = (1 << 63) - 1
LONGEST_S = 1e9
"""About thirty years: what every clock of a host can count to."""


class ValueType(ParamType):
    """A value that needs nothing but itself to be looked at."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:  # noqa: ARG002 -- click's
        """What click calls."""
        return self.take(value)

    def take(self, value: object) -> object:
        """Give what the command works with."""
        raise NotImplementedError


class InputFile(ValueType):
    """A regular file that is there and can be read. Gives its path.

    ``checked`` False: whoever reads it says what is wrong with it.
    """

    name = "file"

    def __init__(self, *, checked: bool = True) -> None:
        self.checked = checked

    def take(self, value: object) -> Path:
        """Raise UsageError for what is none."""
        path = Path(str(value))
        if self.checked:
            check_input_file(path)
        return path


class FileAtAddress(ValueType):
    """A file, and behind an @ the address for it. ``folder``: where its path begins."""

    name = "FILE[@ADDRESS]"

    def __init__(self, folder: Path = Path()) -> None:
        self._folder = folder

    def take(self, value: object) -> AddedFile:
        """Raise UsageError for a file that is not there, and for what is no address."""
        from emulator.image.together import AddedFile  # noqa: PLC0415 -- keeps --help fast

        text = str(value)
        name, at, address = text.rpartition("@")
        if not at or (self._folder / text).is_file():
            return AddedFile(self._file(text))
        path = self._file(name)
        number = _address(address)
        if number is None:
            raise UsageError(f"{address!r} is {NO_ADDRESS}", where=name)
        return AddedFile(path, number)

    def _file(self, name: str) -> Path:
        path = self._folder / name
        check_input_file(path)
        return path


class InputFolder(ValueType):
    """A folder that is there. Gives its path."""

    name = "folder"

    def take(self, value: object) -> Path:
        """Raise UsageError for what is none."""
        check_input_folder(str(value))
        return Path(str(value))


class InputFileOrFolder(ValueType):
    """A regular file, or a folder of them. Gives its path."""

    name = "path"

    def take(self, value: object) -> Path:
        """Raise UsageError for what is neither."""
        path = Path(str(value))
        if path.is_dir():
            check_input_folder(path)
        else:
            check_input_file(path)
        return path


class BoardName(ValueType):
    """A shipped board's name, or the path of a board file; the reader of boards looks at it."""

    name = "board"

    def take(self, value: object) -> str:
        """Take it as it is."""
        return str(value)


class ConsoleText(ValueType):
    """A text that a console is to send. Gives its bytes."""

    name = "text"

    def take(self, value: object) -> bytes:
        """Raise UsageError for an empty one: it would come before anything is sent."""
        if isinstance(value, bytes):
            return value
        text = os.fsencode(str(value))
        if not text:
            raise UsageError("the text to wait for is empty", next_step="leave the option away, or give one")
        return text


class OutputTarget(ValueType):
    """A file to write. Gives an :class:`OutputFile` that was tried out, before anything runs.

    ``what`` it will hold, for messages. ``standard_output``: whether ``-`` means that.
    """

    name = "file"

    def __init__(self, what: str, *, standard_output: bool = False) -> None:
        self.what = what
        self.standard_output = standard_output

    def take(self, value: object) -> OutputFile:
        """Raise UsageError when it can't be written."""
        if isinstance(value, OutputFile):
            return value
        output = OutputFile(str(value), self.what)
        if output.is_standard_output and not self.standard_output:
            raise UsageError(f"{self.what} does not go to standard output", next_step="name a file")
        output.try_out()
        return output


class OutputPlace(ValueType):
    """A file to write, or a folder for several. Gives its path; the command tries out each file."""

    name = "path"

    def take(self, value: object) -> Path:
        """Take it as it is."""
        return Path(str(value))


class LinkPath(ValueType):
    """A path where a symbolic link will be made. Gives it."""

    name = "path"

    def take(self, value: object) -> Path:
        """Raise UsageError when there is no folder for it, or something else than a link is there."""
        path = Path(str(value))
        folder = path.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise UsageError("there is no folder for the link that can be written to", where=str(path))
        if os.path.exists(path):  # noqa: PTH110 -- False, not an error, for what is no path at all
            raise UsageError(
                "the link can't be made: something is there", where=str(path), next_step="remove it"
            )
        return path


class Address(ParamType):
    """An address such as ``0x08000000``, in any base that Python writes."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse; a usage error for what is no address."""
        if isinstance(value, int):
            return value
        address = _address(str(value))
        if address is None:
            self.fail(f"{value!r} is {NO_ADDRESS}", param, ctx)
        return address


def _address(text: str) -> int | None:
    """The 32-bit number in any base that Python writes; None for what is none."""
    try:
        number = int(text, 0)
    except ValueError:
        return None
    return number if 0 <= number < 1 << 32 else None


class Count(click.IntRange):
    """A whole number from ``least`` on that fits 63 bits."""

    name = "number"

    def __init__(self, least: int = 1, most: int = LARGEST_COUNT) -> None:
        super().__init__(min=least, max=most)


class Seconds(click.FloatRange):
    """A time of the host above 0; neither infinite nor NaN."""

    name = "seconds"

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True, max=LONGEST_S)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse; a usage error for what is no such time."""
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):  # NaN is neither below nor above a limit
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        return seconds


class PartsPerMillion(ParamType):
    """By how much a clock is too fast, or below 0 too slow; at most ``most`` either way."""

    name = "ppm"

    def __init__(self, most: float) -> None:
        self.most = most

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse; a usage error for what is no such error."""
        try:
            error = float(str(value))
        except ValueError:
            error = math.nan
        if not -self.most <= error <= self.most:
            self.fail(f"{value!r} is no number from {-self.most:g} to {self.most:g}", param, ctx)
        return error


def json_target(what: str = "the report") -> OutputTarget:
    """The type of ``--json``: a file, or ``-`` for standard output."""
    return OutputTarget(what, standard_output=True)
