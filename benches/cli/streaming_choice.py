"""Whether ``boardless bench`` is to run streaming wake word, and which options go with that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benches.suite.benchmarks import NAMES
from benches.suite.wake_word import NAME
from emulator.errors import UsageError

ALL_NAMES = (*NAMES, NAME)


def is_streaming(
    benchmarks: Sequence[str],
    image: Path | None,
    streaming: Mapping[str, object],
    of_windows: Mapping[str, object],
) -> bool:
    """By the benchmark's name, or by an image that is known to run it.

    ``streaming``: values of the options that go with it alone, ``of_windows``: of those that don't go with
    it. Raises UsageError for options that contradict.
    """
    chosen = NAME in benchmarks or (not benchmarks and image is not None and _is_published(image))
    if not chosen:
        _refuse(streaming, "is of streaming wake word", "name it: `boardless bench sww`")
        return False
    if len(benchmarks) > 1:
        raise UsageError("sww runs alone", next_step="run the others by themselves: `boardless bench kws`")
    _refuse(of_windows, "is not of streaming wake word", "leave it out")
    return True


def _refuse(options: Mapping[str, object], words: str, next_step: str) -> None:
    for name, value in options.items():
        if value is not None and value is not False and value != ():
            raise UsageError(words, where=name, next_step=next_step)


def _is_published(image: Path) -> bool:
    from benches.runs.job import sha256_of  # noqa: PLC0415 -- keeps --help fast
    from benches.silicon.streaming_catalog import streaming_row  # noqa: PLC0415 -- as above

    return streaming_row(sha256_of(image)) is not None
