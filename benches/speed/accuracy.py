"""What an accuracy run takes: the command, on two processes, with as many inputs as asked for.

The shipped sets are shorter: their files stand in the list again and again.
"""

from __future__ import annotations

import csv
import itertools
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benches.speed.rows import Goal, Row, children_seconds, row
from benches.speed.start import boardless_command
from benches.suite import shipped
from benches.suite.benchmarks import KEYWORD_SPOTTING, VISUAL_WAKE_WORDS, Benchmark
from benches.suite.input_files import LABELS_FILE, dataset_folder
from emulator.errors import CheckFailed
from emulator.files import OutputFile, read_bytes

JOBS = 2
TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Set:
    """So many inputs of a benchmark, and the seconds that they may take."""

    benchmark: Benchmark
    inputs: int
    most_s: float


SETS = (Set(VISUAL_WAKE_WORDS, 100, 20), Set(KEYWORD_SPOTTING, 1000, 40))


def accuracy_rows(board: str, share: float) -> Iterator[Row]:
    """Each set beside the processor's time of all processes; ``share`` of its inputs, scaled to all."""
    for item in SETS:
        inputs = max(JOBS, round(item.inputs * share))
        with tempfile.TemporaryDirectory(prefix="boardless-") as folder:
            _write_set(Path(folder), item.benchmark, inputs)
            whole_s, busy_s = _timed(item.benchmark, board, folder)
        what = f"{item.benchmark.name}: accuracy of {item.inputs} inputs on {JOBS} processes, all processors"
        scale = item.inputs / inputs
        yield row(what, "s", whole_s * scale, busy_s * scale, Goal(item.most_s, of_ratio=False))


def _write_set(folder: Path, benchmark: Benchmark, inputs: int) -> None:
    shipped_folder = dataset_folder(shipped.inputs_for(benchmark), benchmark)
    listed = list(csv.reader(read_bytes(shipped_folder / LABELS_FILE).decode("utf-8").splitlines()))
    for line in listed:
        (folder / line[0]).symlink_to((shipped_folder / line[0]).absolute())
    lines = itertools.islice(itertools.cycle(listed), inputs)
    OutputFile(folder / LABELS_FILE).write_text("".join(f"{','.join(line)}\n" for line in lines))


def _timed(benchmark: Benchmark, board: str, folder: str) -> tuple[float, float]:
    """Seconds of the clock and of the processor. Raises CheckFailed when the command fails."""
    of_whom = (benchmark.name, "--board", board, "--inputs", folder, "--jobs", str(JOBS))
    command: Sequence[str] = [*boardless_command(), "bench", *of_whom, "--mode", "accuracy"]
    busy, began = children_seconds(), time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=TIMEOUT_S)
    taken = time.perf_counter() - began, children_seconds() - busy
    if done.returncode:
        raise CheckFailed(f"{' '.join(command)}: {done.stderr.strip()}")
    return taken
