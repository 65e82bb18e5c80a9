"""What the package ships for a benchmark: firmware images, models and inputs, by name.

Layout: ``benches/images/CORE/BENCHMARK.elf`` (CORE as board files call it, "cortex-m4"),
``benches/models/BENCHMARK.tflite``, and ``benches/inputs/MODEL_NAME/`` in the benchmark's
official layout (``y_labels.csv`` beside binary files).
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from benches.benchmarks import Benchmark
from emulator.errors import UsageError


def image_for(benchmark: Benchmark, board_name: str, core: str) -> Path:
    """The prebuilt image of ``benchmark`` for a board: its own, else the one for its core."""
    folder = _folder() / "images"
    for place in (board_name, core):
        path = folder / place / f"{benchmark.name}.elf"
        if path.is_file():
            return path
    raise UsageError(
        f"no prebuilt {benchmark.name} image for board {board_name} ({core})",
        next_step=f"Build one with `boardless build {benchmark.name}`, or give yours with --image.",
    )


def model_for(benchmark: Benchmark) -> Path:
    """The model that the shipped images of ``benchmark`` hold."""
    return _existing(_folder() / "models" / f"{benchmark.name}.tflite")


def inputs_for(benchmark: Benchmark) -> Path:
    """Folder of the labelled synthetic inputs."""
    return _existing(_folder() / "inputs" / benchmark.model_name)


def _folder() -> Path:
    return Path(str(resources.files("benches")))


def _existing(path: Path) -> Path:
    if not path.exists():
        raise UsageError(
            "this file of the package is missing",
            where=str(path),
            next_step="Install the package again with `pip install .`.",
        )
    return path
