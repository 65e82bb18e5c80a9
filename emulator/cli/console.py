"""Standard output and standard error of a command: what can't be written is not lost in silence.

A reader that has left (``| head -1``) ends the command quietly; a full disk or a closed output is
one message and exit code 2.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

from emulator.errors import EXIT_USAGE

EXIT_SIGNALLED = 128
"""Added to a signal's number: what a shell reports of a program that the signal ended."""
EXIT_READER_LEFT = EXIT_SIGNALLED + signal.SIGPIPE
STDIN, STDOUT, STDERR = 0, 1, 2
NAMES = {STDOUT: "standard output", STDERR: "standard error"}
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
Result = TypeVar("Result")


class ConsoleLostError(Exception):
    """Standard output or standard error can't be written; nobody but :func:`guarded` deals with it."""

    def __init__(self, name: str, error: OSError | None = None) -> None:
        self.reader_left = isinstance(error, BrokenPipeError)
        reason = "it is closed" if error is None else error.strerror or str(error)
        super().__init__(f"{name} can't be written: {reason}")


class GuardedStream:
    """A text or binary stream whose errors are :class:`ConsoleLostError`."""

    def __init__(self, stream: Any, name: str) -> None:
        self._stream = stream
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._stream, attribute)

    @property
    def buffer(self) -> GuardedStream:
        """The bytes below the text."""
        return GuardedStream(self._stream.buffer, self._name)

    def write(self, data: Any) -> Any:
        """Write as the stream does."""
        with self._losses():
            return self._stream.write(data)

    def writelines(self, lines: Any) -> None:
        """Write as the stream does."""
        with self._losses():
            self._stream.writelines(lines)

    def flush(self) -> None:
        """Flush as the stream does."""
        with self._losses():
            self._stream.flush()

    @contextmanager
    def _losses(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConsoleLostError(self._name, error) from error


def guarded(work: Callable[[], Result]) -> Result:
    """Do a command's work with both streams guarded, and see to it that everything is written.

    Raises SystemExit when it was not: 141 for a reader that left, 2 for anything else.
    """
    for descriptor in (STDIN, STDERR):
        _fill_gap(descriptor)
    if sys.stderr is None:
        sys.stderr = os.fdopen(STDERR, "w", closefd=False)
    stdout, stderr = sys.stdout, sys.stderr
    try:
        if stdout is None:
            _fill_gap(STDOUT)
            raise ConsoleLostError(NAMES[STDOUT])
        sys.stdout, sys.stderr = _guard(stdout, STDOUT), _guard(stderr, STDERR)
        with _ending_signals():
            return _written_to_the_end(work)
    except ConsoleLostError as lost:
        for stream in (stdout, stderr):
            _silence(stream)
        if lost.reader_left:
            raise SystemExit(EXIT_READER_LEFT) from None
        with suppress(OSError, ValueError, AttributeError):
            stderr.write(f"boardless: {lost}\n")
            stderr.flush()
        raise SystemExit(EXIT_USAGE) from None
    finally:
        sys.stdout, sys.stderr = stdout, stderr


def _written_to_the_end(work: Callable[[], Result]) -> Result:
    try:
        return work()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _guard(stream: Any, descriptor: int) -> Any:
    if isinstance(stream, GuardedStream):
        return stream
    with suppress(AttributeError, ValueError, OSError):
        stream.reconfigure(errors="backslashreplace")  # a file's name need not be Unicode
    return GuardedStream(stream, NAMES[descriptor])


def _fill_gap(descriptor: int) -> None:
    """Open /dev/null in a closed descriptor's place, else the next file opened would get its number."""
    try:
        os.fstat(descriptor)
    except OSError:
        null = os.open(os.devnull, os.O_RDWR)
        if null != descriptor:
            os.dup2(null, descriptor)
            os.close(null)


def _silence(stream: Any) -> None:
    """What a broken stream still holds goes nowhere, so that the interpreter's end does not complain."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        descriptor = stream.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, descriptor)
        os.close(null)
        with suppress(OSError):
            stream.flush()
    except ValueError:  # closed
        return


@contextmanager
def _ending_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the command by way of every ``finally``: links and temporary files go."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(EXIT_SIGNALLED + number)

    before = {}
    for number in ENDING_SIGNALS:
        try:
            if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
                before[number] = signal.signal(number, leave)
        except ValueError:  # not the main thread: whoever runs us there handles signals
            break
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
