"""What the package ships for a benchmark: firmware images, models and inputs.

Images: ``benches/images/BENCHMARK-SUPPORT.elf``, one for each board support package of the
firmware. Models: ``models/BENCHMARK.tflite`` in the firmware's folder. Inputs:
``benches/inputs/MODEL_NAME/`` in the benchmark's official layout.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from benches.benchmarks import Benchmark
from benches.build.support import firmware_folder, load_support
from emulator.errors import UsageError


def image_for(benchmark: Benchmark, board_name: str) -> Path:
    """Find the prebuilt image of ``benchmark`` for a board. Raises :class:`UsageError`."""
    path = _folder() / "images" / f"{benchmark.name}-{load_support(board_name).name}.elf"
    if not path.is_file():
        raise UsageError(
            f"no prebuilt {benchmark.name} image for board {board_name}",
            next_step=f"Build one with `boardless build {benchmark.name}`, or give yours with --image.",
        )
    return path


def model_for(benchmark: Benchmark) -> Path:
    """Find the model that the shipped images of ``benchmark`` hold."""
    return _existing(firmware_folder() / "models" / f"{benchmark.name}.tflite")


def inputs_for(benchmark: Benchmark) -> Path:
    """Find the folder of the labelled synthetic inputs."""
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
