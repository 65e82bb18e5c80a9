"""What the package ships for a benchmark: firmware images, models and inputs.

Images: ``benches/images/BENCHMARK-SUPPORT.elf``, for the board support packages whose images are
prebuilt; other boards, and a user's own that they don't fit, get one that is built then and there.
Models: ``models/BENCHMARK.tflite`` in the firmware's folder. Inputs:
``benches/inputs/DATASET/`` in the benchmark's official layout.
"""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from elftools.elf.elffile import ELFFile

from benches.build.firmware import BuildOptions, build_firmware, shipped_model
from benches.build.support import BoardSupport, fitted, load_support, support_for
from benches.suite.benchmarks import Benchmark
from emulator.board.model import Board
from emulator.errors import UsageError
from emulator.files import read_bytes


def image_for_board(benchmark: Benchmark, board: Board) -> Path:
    """Find the prebuilt image, or build one for a board whose core or memory it does not suit.

    What is built lasts as long as the process. Raises :class:`UsageError` for a board without
    support package or when no compiler is found, :class:`ImageError` when nothing fits.
    """
    model = model_for(benchmark)
    return prebuilt_for_board(benchmark, board) or image_of_model(benchmark, board, model)


def image_of_model(benchmark: Benchmark, board: Board, model: Path) -> Path:
    """Build a board's image around a model; it lasts, and may fail, as above."""
    return built_image(benchmark.name, fitted(support_for(board), board), board.name, model)


def built_image(
    benchmark: str, support: BoardSupport, board_name: str, model: Path, mode: str = "performance"
) -> Path:
    """The same with a package that was chosen; ``mode``: the benchmark's."""
    folder = tempfile.mkdtemp(prefix="boardless-images-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / f"{benchmark}-{board_name}.elf"
    build_firmware(benchmark, model, support, path, BuildOptions(toolchain=toolchain_here(), mode=mode))
    return path


def prebuilt_for_board(benchmark: Benchmark, board: Board) -> Path | None:
    """Find the prebuilt image whose core and memory a board has; None when one must be built."""
    return prebuilt_image(benchmark.name, board)


def prebuilt_image(benchmark: str, board: Board) -> Path | None:
    """The same by the benchmark's name, whose package ships one."""
    support = support_for(board)
    if not support.prebuilt or fitted(support, board).core != support.core:
        return None
    image = _image(benchmark, support.name)
    return image if _fits(image, board) else None


def toolchain_here() -> str:
    """The compiler that images are built with: Arm's, or the Python package where that alone is installed."""
    return "gcc" if shutil.which("arm-none-eabi-gcc") or not find_spec("ziglang") else "zig"


def _fits(image: Path, board: Board) -> bool:
    """Whether the board has memory wherever the image has segments."""
    elf = ELFFile(io.BytesIO(read_bytes(image)))
    segments = [segment.header for segment in elf.iter_segments("PT_LOAD")]
    spans = [(header.p_vaddr, header.p_vaddr + header.p_memsz) for header in segments]
    regions = [board.region_at(start) for start, _end in spans]
    return all(
        region is not None and end <= region.end for region, (_, end) in zip(regions, spans, strict=True)
    )


def image_for(benchmark: Benchmark, board_name: str) -> Path:
    """Find the prebuilt image of ``benchmark`` for a board. Raises :class:`UsageError`."""
    return _image(benchmark.name, board_name)


def _image(benchmark: str, board_name: str) -> Path:
    path = _folder() / "images" / f"{benchmark}-{load_support(board_name).name}.elf"
    if not path.is_file():
        raise UsageError(
            f"no prebuilt {benchmark} image for board {board_name}",
            next_step=f"Build one with `boardless build {benchmark}`, or give yours with --image.",
        )
    return path


def model_for(benchmark: Benchmark) -> Path:
    """Find the model that the shipped images of ``benchmark`` hold. Raises :class:`UsageError`."""
    return _existing(shipped_model(benchmark.name))


def inputs_for(benchmark: Benchmark) -> Path:
    """Find the folder of the labelled synthetic inputs."""
    return _existing(_folder() / "inputs" / benchmark.dataset_name)


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
