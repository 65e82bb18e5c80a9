"""Labelled synthetic inputs for the four benchmarks, in the official layout.

The official data sets can't be shipped with the project, so accuracy mode, the default
inputs and the training of the shipped models all use this generator. It needs numpy
only. Sample ``i`` of a set depends on the benchmark, the seed and ``i``, never on the
set's size, so a larger set begins with the smaller one, and labels go round, so every
prefix is nearly balanced.

======  =========================  ==========================================  =======
name    bytes of one input         content                                     classes
======  =========================  ==========================================  =======
kws     490                        49 frames of 10 int8 cepstral features      12
vww     27,648 = 96 * 96 * 3       uint8 RGB, row by row                       2
ic      3,072 = 32 * 32 * 3        uint8 RGB, row by row                       10
ad      512 * frames               float32 little endian, 128 log-mel energies  2
                                   a frame, in decibels
======  =========================  ==========================================  =======

An ``ad`` recording is longer than the model's input: the host slides a window of
2,560 bytes over it in steps of 512 and averages the results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benches.synthetic import machine_sounds, people, shapes, spoken_words
from emulator.files import OutputFile, make_folder

TRAINING_SEED = 1
TEST_SEED = 2
"""The shipped inputs are the first samples of the test set with this seed."""

AD_WINDOW_BYTES = 2560
AD_STEP_BYTES = 512


@dataclass(frozen=True)
class Sample:
    """One labelled input: its file name in the official layout, its bytes, its class."""

    name: str
    data: bytes
    label: int


@dataclass(frozen=True)
class _Kind:
    """How one benchmark's samples are made; ``stream`` keeps the benchmarks' random numbers apart."""

    stream: int
    directory: str
    class_names: tuple[str, ...]
    make: Callable[[np.random.Generator, int], bytes]
    file_name: str
    label_suffix: str = ""


_KINDS = {
    "kws": _Kind(
        1, "kws01", spoken_words.CLASS_NAMES, spoken_words.make_word, "tst_{index:06d}_{name}_{label}.bin"
    ),
    "vww": _Kind(2, "vww01", people.CLASS_NAMES, people.make_image, "{index:012d}.bin"),
    "ic": _Kind(3, "ic01", shapes.CLASS_NAMES, shapes.make_image, "{name}_s_{index:06d}.bin"),
    "ad": _Kind(
        4,
        "ad01",
        machine_sounds.CLASS_NAMES,
        machine_sounds.make_recording,
        "{name}_id_01_{index:08d}.bin",
        f",{AD_WINDOW_BYTES},{AD_STEP_BYTES}",
    ),
}

BENCHMARKS = tuple(_KINDS)
SHIPPED_COUNTS = {"kws": 100, "vww": 20, "ic": 40, "ad": 20}


def class_names(benchmark: str) -> tuple[str, ...]:
    """Return the class names of ``benchmark``, in label order; raises ValueError for an unknown one."""
    return _kind(benchmark).class_names


def directory_name(benchmark: str) -> str:
    """Return the official name of the benchmark's input folder, such as ``kws01``."""
    return _kind(benchmark).directory


def make_dataset(benchmark: str, count: int, seed: int, first: int = 0) -> list[Sample]:
    """Return samples ``first`` to ``first + count - 1`` of the set that ``seed`` names.

    Raises ValueError for an unknown benchmark or a negative number.
    """
    kind = _kind(benchmark)
    if count < 0 or first < 0 or seed < 0:
        raise ValueError(f"count {count}, first {first} and seed {seed} must not be negative")
    return [_make_sample(kind, index, seed) for index in range(first, first + count)]


def label_line(benchmark: str, sample: Sample) -> str:
    """Return the sample's line of ``y_labels.csv``: name, classes, label, and for ``ad`` window and step."""
    kind = _kind(benchmark)
    return f"{sample.name},{len(kind.class_names)},{sample.label}{kind.label_suffix}"


def write_dataset(directory: Path, benchmark: str, samples: Sequence[Sample]) -> None:
    """Write ``samples`` as binary files and ``y_labels.csv`` into ``directory``, which is made if missing.

    Raises :class:`UsageError` when a file can't be written.
    """
    make_folder(directory)
    for sample in samples:
        OutputFile(directory / sample.name, "the sample").write_bytes(sample.data)
    lines = [label_line(benchmark, sample) + "\n" for sample in samples]
    OutputFile(directory / "y_labels.csv", "the labels").write_text("".join(lines))


def _kind(benchmark: str) -> _Kind:
    if benchmark not in _KINDS:
        raise ValueError(f"unknown benchmark {benchmark!r}; known: {', '.join(_KINDS)}")
    return _KINDS[benchmark]


def _make_sample(kind: _Kind, index: int, seed: int) -> Sample:
    label = index % len(kind.class_names)
    random = np.random.default_rng((kind.stream, seed, index))
    name = kind.file_name.format(index=index, name=kind.class_names[label], label=label)
    return Sample(name, kind.make(random, label), label)
