"""The official models on NUCLEO-L4R5ZI: modelled latency, flash and RAM against what is published.

``pytest tests/firmware/test_budgets.py --shared DIR --images DIR -s`` prints the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benches.build.firmware import BuiltFirmware, build_firmware
from benches.build.support import load_support
from benches.measure.performance import PerformanceSession
from benches.runs.job import image_job, run_performance
from benches.suite import shipped
from benches.suite.benchmarks import find
from benches.suite.input_files import load_inputs
from emulator import Machine
from emulator.board.reader import load_board

BOARD = "nucleo-l4r5zi"
OFFICIAL = {
    "kws": "kws_ref_model", "vww": "vww_96_int8", "ic": "pretrainedResnet_quant", "ad": "ad01_int8",
}  # fmt: skip
LARGE_IC = "pretrainedResnet_large_int8"
LATENCY_LIMIT_MS = {
    "kws_ref_model": 45.0, "pretrainedResnet_quant": 165.0, "vww_96_int8": 125.0, "ad01_int8": 5.0,
    LARGE_IC: 850.0,
}  # fmt: skip
ST = "closed/STMicroelectronics/code/NUCLEO_L4R5ZI-P"
PUBLISHED = [
    ("kws", "v1.3", "nucleo-l4r5zi-p", f"{ST}/keyword_spotting/Binaries/KWS_l4r5zip_Performance_962100.hex"),
    ("ic", "v1.2", BOARD, "closed/bosch/code/NUCLEO_L4R5ZI_int8/ic/l4r5_ic.bin"),
    ("ad", "v1.2", BOARD, "closed/bosch/code/NUCLEO_L4R5ZI_int8/ad/l4r5_ad.bin"),
    ("ad", "v1.2", BOARD, "closed/bosch/code/NUCLEO_L4R5ZI_int8_max_performance/ad/l4r5_ad.bin"),
    ("ad", "v1.3", "nucleo-l4r5zi-p", f"{ST}/anomaly_detection/Binaries/AD_l4r5zip_Performance_921600.hex"),
]  # fmt: skip
FLASH_BASE = 0x08000000
UNTOUCHED = bytes.fromhex("a55ac33c")


def _official(benchmark: str, models: Path, folder: Path, name: str = "") -> BuiltFirmware:
    model = models / "models" / f"{name or OFFICIAL[benchmark]}.tflite"
    return build_firmware(benchmark, model, load_support(BOARD), folder / f"{benchmark}.elf")


def _memory(image: Path, board_name: str) -> tuple[int, int]:
    """Bytes of flash that the image fills, and of RAM that it writes up to the end of an inference."""
    board = load_board(board_name)
    machine = Machine(board, timing="count")
    regions = [region for region in board.regions if region.kind == "ram" and not region.alias_of]
    for region in regions:
        machine.write_memory(region.base, UNTOUCHED * (region.size_bytes // 4))
    loaded = machine.load(image, base=FLASH_BASE if image.suffix == ".bin" else None)
    session = PerformanceSession(machine)
    session.host.load(load_inputs((shipped.inputs_for(session.benchmark),), session.benchmark, 1)[0].data)
    session.host.infer(1, 0)
    touched = 0
    for region in regions:
        data = machine.read_memory(region.base, region.size_bytes)
        touched += sum(4 for at in range(0, len(data), 4) if data[at : at + 4] != UNTOUCHED)
    return sum(len(segment.data) for segment in loaded.segments), touched


@pytest.mark.parametrize(("benchmark_name", "model_name"), [*OFFICIAL.items(), ("ic", LARGE_IC)])
def test_official_models_are_fast_enough_and_right(
    benchmark_name: str, model_name: str, reference_data: Path, tmp_path: Path, cross_tools: None
) -> None:
    built = _official(benchmark_name, reference_data, tmp_path, model_name)
    benchmark = find(benchmark_name)
    model = reference_data / "models" / f"{model_name}.tflite"
    job = replace(image_job(built.path, BOARD, benchmark), model=model)
    machine = Machine(BOARD)
    machine.load(built.path)
    run = run_performance(job, machine)
    latency_ms = (run.device_latency_us or 0) / 1e3
    print(f"{model_name}: {latency_ms:.3f} ms (at most {LATENCY_LIMIT_MS[model_name]:g}),"
          f" flash {built.flash_bytes}, RAM {built.ram_bytes}, arena {built.arena_bytes}")  # fmt: skip
    assert machine.clock.core_hz == 120_000_000
    assert run.measurement.golden.match
    assert 0 < latency_ms <= LATENCY_LIMIT_MS[model_name]


@pytest.mark.parametrize(("benchmark_name", "version", "board", "path"), PUBLISHED)
def test_flash_and_ram_are_within_published_images(
    benchmark_name: str, version: str, board: str, path: str, reference_data: Path,
    development_image: Callable[[str, str], Path], tmp_path: Path, cross_tools: None,
) -> None:  # fmt: skip
    theirs = _memory(development_image(version, path), board)
    ours = _memory(_official(benchmark_name, reference_data, tmp_path).path, BOARD)
    print(
        f"{benchmark_name}: flash {ours[0]} of {theirs[0]}, RAM {ours[1]} of {theirs[1]} ({version} {path})"
    )
    assert ours[0] <= theirs[0]
    assert ours[1] <= theirs[1]


REFERENCE_VWW_ARENA_BYTES = 200 * 1024
"""mlcommons/tiny, benchmark/reference_submissions/person_detection/submitter_implemented.cpp, for
this board; that submission holds the model file as it is in flash."""


def test_visual_wake_words_stay_within_the_reference_submission(
    reference_data: Path, tmp_path: Path, cross_tools: None
) -> None:
    """No published image of this benchmark is at hand: the least that the reference one must use."""
    flash, ram = _memory(_official("vww", reference_data, tmp_path).path, BOARD)
    print(f"vww: flash {flash}, RAM {ram}")
    assert flash <= (reference_data / "models" / "vww_96_int8.tflite").stat().st_size
    assert ram <= REFERENCE_VWW_ARENA_BYTES
