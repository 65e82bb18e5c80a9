"""Inputs from files: single ones, and labelled sets in the benchmark's official layout.

The official layout is a folder with ``y_labels.csv`` (no header: file, classes, class, and for
anomaly detection the bytes per inference and the stride) beside one binary file per input.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benches.suite.benchmarks import Benchmark
from emulator.errors import UsageError
from emulator.files import read_bytes

LABELS_FILE = "y_labels.csv"


@dataclass(frozen=True, slots=True)
class InputData:
    """An input by name, exactly as long as the benchmark takes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """One line of ``y_labels.csv``: a file, its class, and how it is cut into inputs.

    ``words``: the line behind the file's name, as it stands there: classes, class, bytes, stride.
    """

    path: Path
    label: int
    piece_bytes: int
    stride_bytes: int
    words: tuple[str, ...] = ()

    def pieces(self) -> tuple[bytes, ...]:
        """The inputs that the file holds, in order. Raises :class:`UsageError` when too short."""
        data = read_bytes(self.path)
        starts = range(0, len(data) - self.piece_bytes + 1, self.stride_bytes)
        pieces = tuple(data[start : start + self.piece_bytes] for start in starts)
        if not pieces:
            raise UsageError(
                f"holds {len(data)} bytes, one input takes {self.piece_bytes}", where=str(self.path)
            )
        return pieces


def dataset_folder(path: Path, benchmark: Benchmark) -> Path:
    """``path`` itself when it holds labels, else its subfolder named as the benchmark ("kws01")."""
    for folder in (path, path / benchmark.dataset_name, path / benchmark.name):
        if (folder / LABELS_FILE).is_file():
            return folder
    raise UsageError(
        f"neither it nor its subfolder {benchmark.dataset_name} holds {LABELS_FILE}",
        where=str(path),
        next_step="Give a folder in the official layout: y_labels.csv beside the input files.",
    )


def read_labels(folder: Path, benchmark: Benchmark) -> tuple[LabelledFile, ...]:
    """All lines of the folder's ``y_labels.csv``."""
    labels = folder / LABELS_FILE
    files = []
    for number, row in enumerate(
        csv.reader(read_bytes(labels).decode("utf-8", "replace").splitlines()), start=1
    ):
        if not row or not row[0].strip():
            continue
        try:
            numbers = [int(word) for word in row[1:5] if word.strip()]
            if len(numbers) < 2 or any(number <= 0 for number in numbers[2:]):
                raise ValueError
        except ValueError as error:
            raise UsageError(
                f"not `file,classes,class[,bytes,stride]`: {','.join(row)}",
                where=f"{labels}:{number}",
            ) from error
        piece = numbers[2] if len(numbers) > 2 else benchmark.input_bytes
        if piece != benchmark.input_bytes:
            raise UsageError(
                f"{piece} bytes an inference; {benchmark.name} takes {benchmark.input_bytes}",
                where=f"{labels}:{number}",
            )
        stride = numbers[3] if len(numbers) > 3 else piece
        words = tuple(word.strip() for word in row[1:5] if word.strip())
        files.append(LabelledFile(folder / row[0].strip(), numbers[1], piece, stride, words))
    if not files:
        raise UsageError("the labels file is empty", where=str(labels))
    return tuple(files)


def load_inputs(
    paths: Sequence[Path], benchmark: Benchmark, limit: int | None = None
) -> tuple[InputData, ...]:
    """Inputs for performance mode: each file's first input; of a folder the labelled files.

    ``limit`` bounds how many are taken from folders; named files are all taken.
    """
    inputs: list[InputData] = []
    for path in paths:
        if path.is_dir():
            labelled = read_labels(dataset_folder(path, benchmark), benchmark)
            inputs += [InputData(item.path.name, item.pieces()[0]) for item in labelled[:limit]]
        else:
            inputs.append(InputData(path.name, _first_input(path, benchmark)))
    return tuple(inputs)


def _first_input(path: Path, benchmark: Benchmark) -> bytes:
    return content_of_input(read_bytes(path), benchmark, str(path))


def content_of_input(data: bytes, benchmark: Benchmark, where: str) -> bytes:
    """The first input of a file's content. Raises UsageError for one that does not fit, by ``where``."""
    is_recording = benchmark.name == "ad" and len(data) > benchmark.input_bytes and len(data) % 4 == 0
    if len(data) != benchmark.input_bytes and not is_recording:
        raise UsageError(
            f"holds {len(data)} bytes; an input of {benchmark.name} has {benchmark.input_bytes}",
            where=where,
        )
    return data[: benchmark.input_bytes]
